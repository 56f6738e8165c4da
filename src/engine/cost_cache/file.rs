//! The cache as one file per account in the state folder, readable by its owner alone.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, io, process};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CostCache, DAY, MOST_AGE, MOST_CALLS, PaidQuestion, Recall};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ops::Reply;

/// The format's name; a file of another one is not used.
const SCHEMA: &str = "quarterdeck.cost-cache/1";

/// Whether answers of earlier processes are good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reuse {
    Yes,
    No,
}

/// A cache in a folder.
#[derive(Debug)]
pub struct FileCostCache {
    folder: PathBuf,
    /// What sets places apart that are not AWS itself.
    endpoint: Option<String>,
    reuse: Reuse,
    /// Records that could not be written, by account: this process at least goes by them.
    unsaved: Mutex<BTreeMap<String, Record>>,
    /// One change after another: the three questions are answered at the same time.
    changing: Mutex<()>,
}

/// What is kept of an account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    schema: String,
    account: String,
    /// Of each paid call of the last day, when it was made.
    paid: Vec<Timestamp>,
    answers: BTreeMap<String, Kept>,
}

/// A kept answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    period: String,
    at: Timestamp,
    answer: KeptAnswer,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum KeptAnswer {
    Reply(Arc<Reply>),
    NoData(Fault),
}

impl FileCostCache {
    /// A cache below the state folder. `endpoint` is where AWS's services are looked for, if not at
    /// AWS: its accounts are not AWS's, whatever their numbers.
    pub fn new(state_dir: &Path, endpoint: Option<&str>) -> Self {
        Self {
            folder: state_dir.join("cost-explorer"),
            endpoint: endpoint.map(str::to_owned),
            reuse: Reuse::Yes,
            unsaved: Mutex::default(),
            changing: Mutex::default(),
        }
    }

    /// The same, but every question is asked again, whatever it costs.
    #[must_use]
    pub fn renewing(mut self) -> Self {
        self.reuse = Reuse::No;
        self
    }

    /// The file of an account. Logins that share a state folder have files of their own, since
    /// nobody may read another's.
    fn path(&self, account: &str) -> PathBuf {
        let user = rustix::process::geteuid().as_raw();
        let place = match &self.endpoint {
            Some(endpoint) => format!("-{}", short_hash(endpoint)),
            None => String::new(),
        };
        self.folder.join(format!("{account}{place}-{user}.json"))
    }

    /// What is known of an account: what could not be written, else what the file says.
    fn record(&self, account: &str) -> Record {
        let unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
        unsaved
            .get(account)
            .cloned()
            .or_else(|| self.load(account))
            .unwrap_or_else(|| Record {
                schema: SCHEMA.to_owned(),
                account: account.to_owned(),
                ..Record::default()
            })
    }

    fn load(&self, account: &str) -> Option<Record> {
        let path = self.path(account);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the cost cache cannot be read");
                return None;
            }
        };
        match serde_json::from_slice::<Record>(&bytes) {
            Ok(record) if record.schema == SCHEMA && record.account == account => Some(record),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the cost cache is damaged and not used");
                None
            }
        }
    }

    /// Writes beside and renames, so that nobody reads half a file.
    fn save(&self, record: &Record) -> io::Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        let path = self.path(&record.account);
        let beside = path.with_extension(format!("{}.tmp", process::id()));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(&serde_json::to_vec(record)?)?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    }
}

impl Record {
    fn paid_within_a_day(&self, now: Timestamp) -> usize {
        self.paid
            .iter()
            .filter(|at| now.duration_since(**at) < DAY)
            .count()
    }
}

impl Kept {
    fn recalled(&self) -> Recall {
        Recall::Answered {
            at: self.at,
            result: match &self.answer {
                KeptAnswer::Reply(reply) => Ok(reply.clone()),
                KeptAnswer::NoData(fault) => Err(fault.clone()),
            },
        }
    }
}

impl CostCache for FileCostCache {
    fn recall(&self, account: &str, question: &PaidQuestion, now: Timestamp) -> Recall {
        if self.reuse == Reuse::No {
            return Recall::Ask;
        }
        let record = self.record(account);
        let kept = record
            .answers
            .get(question.name)
            .filter(|kept| kept.period == question.period);
        let spent = record.paid_within_a_day(now) + question.calls > MOST_CALLS;
        match kept {
            Some(kept) if now.duration_since(kept.at) <= MOST_AGE || spent => kept.recalled(),
            None if spent => Recall::Spent(spent_today()),
            Some(_) | None => Recall::Ask,
        }
    }

    fn keep(
        &self,
        account: &str,
        question: &PaidQuestion,
        at: Timestamp,
        result: &Result<Arc<Reply>, Fault>,
    ) {
        let answer = match result {
            Ok(reply) => Some(KeptAnswer::Reply(reply.clone())),
            Err(fault) => match fault.kind {
                FaultKind::NoData => Some(KeptAnswer::NoData(fault.clone())),
                // It may have been answered and billed, and nobody heard it.
                FaultKind::Timeout => None,
                // Refused calls are not billed.
                _ => return,
            },
        };
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut record = self.record(account);
        record.paid.retain(|paid| at.duration_since(*paid) < DAY);
        record.paid.extend(std::iter::repeat_n(at, question.calls));
        if let Some(answer) = answer {
            let kept = Kept {
                period: question.period.clone(),
                at,
                answer,
            };
            record.answers.insert(question.name.to_owned(), kept);
        }
        let saved = self.save(&record);
        let mut unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
        match saved {
            Ok(()) => {
                unsaved.remove(account);
            }
            Err(error) => {
                tracing::warn!(folder = %self.folder.display(), %error, "the cost cache cannot be written");
                unsaved.insert(account.to_owned(), record);
            }
        }
    }
}

fn spent_today() -> Fault {
    Fault::new(
        FaultKind::NoData,
        "ce",
        "",
        format!(
            "Cost Explorer was asked {MOST_CALLS} times in the last day, and each call is billed; `qd spend --refresh` asks again"
        ),
    )
}

/// The first eight hexadecimal digits of the SHA-256.
fn short_hash(text: &str) -> String {
    use std::fmt::Write;

    use sha2::{Digest, Sha256};
    let mut hash = String::new();
    for byte in &Sha256::digest(text.as_bytes())[..4] {
        // Writing to a string cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    hash
}

#[cfg(test)]
mod tests;
