//! Lines of a journal: how they are chained, written and read back.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Entry, Moment, Record, VERSION};

/// The end of a chain: what the next line continues.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    next_seq: u64,
    last_hash: String,
}

/// What a line begins with: the hash of everything after this.
const OPENING: &str = "{\"hash\":\"";
const SEPARATOR: &str = "\",";

impl Chain {
    /// Makes the next line, with its line break, and moves on. To be appended in one write.
    pub fn append(&mut self, at: Moment, record: Record) -> (Entry, String) {
        let entry = Entry {
            v: VERSION,
            seq: self.next_seq,
            at,
            prev: self.last_hash.clone(),
            record,
        };
        let body = serde_json::to_string(&entry).expect("an entry has no map with keys that are not text");
        let hash = hash(&body);
        let line = format!("{OPENING}{hash}{SEPARATOR}{}\n", &body[1..]);
        self.next_seq += 1;
        self.last_hash = hash;
        (entry, line)
    }

    /// Takes in the next line of a journal, without its line break, and moves on.
    ///
    /// # Errors
    /// If it was changed, does not continue the chain, or is of another version.
    pub fn accept(&mut self, line: &str) -> Result<Entry, JournalError> {
        let number = usize::try_from(self.next_seq)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        parse(number, line, self)
    }

    /// The number of the next line.
    pub const fn next_seq(&self) -> u64 {
        self.next_seq
    }
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A journal, read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Journal {
    /// Its entries, oldest first.
    pub entries: Vec<Entry>,
    /// Where the next line goes on.
    pub chain: Chain,
    /// How many bytes of the text hold whole lines. What follows is the beginning of a line whose
    /// writing was cut short; it is to be cut off before anything is appended.
    pub whole_bytes: usize,
    /// Whether there was such a beginning.
    pub torn: bool,
}

/// Why a journal cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum JournalError {
    /// There is no whole line in it.
    #[error("the journal is empty")]
    Empty,
    /// A line is not what this program writes, or was changed.
    #[error("line {line} of the journal was changed or damaged: {reason}")]
    Damaged {
        /// From 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// Lines are missing or in another order.
    #[error("line {line} of the journal does not continue the line before it")]
    Broken {
        /// From 1.
        line: usize,
    },
    /// Another version of this program wrote it.
    #[error("the journal has format {found}; this version reads {VERSION}")]
    Version {
        /// The version found.
        found: u64,
    },
}

/// Reads a journal. A last line without a line break was cut short while it was written: nothing was
/// done on the strength of it, so it is left out. Anything else that is wrong is an error.
pub fn read(text: &str) -> Result<Journal, JournalError> {
    let whole_bytes = text.rfind('\n').map_or(0, |end| end + 1);
    let mut chain = Chain::default();
    let mut entries = Vec::new();
    for (index, line) in text[..whole_bytes].lines().enumerate() {
        let entry = parse(index + 1, line, &mut chain)?;
        entries.push(entry);
    }
    if entries.is_empty() {
        return Err(JournalError::Empty);
    }
    Ok(Journal {
        entries,
        chain,
        whole_bytes,
        torn: whole_bytes < text.len(),
    })
}

fn parse(line: usize, text: &str, chain: &mut Chain) -> Result<Entry, JournalError> {
    let damaged = |reason: &str| JournalError::Damaged {
        line,
        reason: reason.to_owned(),
    };
    let (found, rest) = text
        .strip_prefix(OPENING)
        .and_then(|rest| rest.split_once(SEPARATOR))
        .ok_or_else(|| damaged("it does not begin with a hash"))?;
    let body = format!("{{{rest}");
    if hash(&body) != found {
        return Err(damaged("its hash is another"));
    }
    #[derive(Deserialize)]
    struct Versioned {
        v: u64,
    }
    let version: Versioned = serde_json::from_str(&body).map_err(|error| damaged(&error.to_string()))?;
    if version.v != u64::from(VERSION) {
        return Err(JournalError::Version { found: version.v });
    }
    let entry: Entry = serde_json::from_str(&body).map_err(|error| damaged(&error.to_string()))?;
    if entry.seq != chain.next_seq || entry.prev != chain.last_hash {
        return Err(JournalError::Broken { line });
    }
    chain.next_seq += 1;
    found.clone_into(&mut chain.last_hash);
    Ok(entry)
}
