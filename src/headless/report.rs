//! `qd report`: one Markdown page of an estate's state, spend and open findings, for whoever was not
//! there.

mod page;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::domain::focus::{Focus, Probing};
use crate::domain::health::Severity;
use crate::domain::ids::Kind;
use crate::headless::format::Format;
use crate::headless::job::Outcome;
use crate::headless::out::{complain, print};
use crate::headless::status::{self, KINDS};
use crate::headless::{Exit, Job, Out};

pub use page::{Heading, Page, write};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where it is written to; standard output if nowhere.
    pub out: Option<PathBuf>,
    /// From which severity on findings make the command fail.
    pub fail_on: Option<Severity>,
    /// Whether nvidia-smi may be run on the hosts.
    pub probing: Probing,
    /// What the page is about.
    pub heading: Heading,
}

/// Asks, writes, and tells how it ended, as `qd status` does.
pub fn run(job: Job, request: &Request, out: &Out) -> anyhow::Result<Exit> {
    if !matches!(out.format(), Format::Table | Format::Wide) {
        complain("qd: a report is Markdown: leave -o out; `qd status -o json` has the same as data");
        return Ok(Exit::Usage);
    }
    let mut kinds: BTreeSet<Kind> = KINDS.iter().copied().collect();
    if request.probing == Probing::No {
        kinds.remove(&Kind::Gpu);
        kinds.remove(&Kind::GpuHost);
    }
    let policies = job.policies.clone();
    let picture = match job.collect(Focus::once(status::collected(&kinds), request.probing))? {
        Outcome::Done(picture) => picture,
        Outcome::Stopped(exit) => return Ok(exit),
    };
    let status = status::build::status(&picture, &policies, &kinds);
    let text = write(&Page {
        heading: &request.heading,
        status: &status,
        changes: &picture.changes,
        zone: &out.page().zone,
    })?;
    match &request.out {
        Some(path) => {
            save(path, &text).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        None => print(&text)?,
    }
    Ok(status::exit(&picture.inventory, &status, request.fail_on))
}

/// Writes beside the file first: whoever reads it meanwhile sees the old page or the new one.
fn save(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let aside = path.with_file_name(name);
    let mut file = fs::File::create(&aside)?;
    file.write_all(text.as_bytes())?;
    drop(file);
    fs::rename(&aside, path)
}
