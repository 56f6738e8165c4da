//! `qd doctor`: whatever the console needs, looked at once, each with what to do if it is not as it
//! should be.

mod access;
mod machine;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::domain::focus::{Focus, Probing};
use crate::domain::picture::Picture;
use crate::domain::text;
use crate::headless::job::Outcome;
use crate::headless::out::{Page, Report};
use crate::headless::paint::Tone;
use crate::headless::status;
use crate::headless::table::wrapped;
use crate::headless::{Exit, Job, Out};
pub use machine::Machine;

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it belongs to.
    pub group: &'static str,
    /// What was looked at.
    pub name: String,
    /// How it is.
    pub state: CheckState,
    /// What was found.
    pub detail: String,
    /// What to do.
    pub fix: Option<String>,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Info,
    /// Something will be missing.
    Warn,
    /// Something does not work.
    Fail,
}

impl CheckState {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warn => "WARN",
            Self::Fail => "FAIL",
        }
    }

    const fn tone(self) -> Tone {
        match self {
            Self::Ok => Tone::Ok,
            Self::Info => Tone::Muted,
            Self::Warn => Tone::Warn,
            Self::Fail => Tone::Crit,
        }
    }
}

impl Check {
    fn new(
        group: &'static str,
        name: impl Into<String>,
        state: CheckState,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            group,
            name: name.into(),
            state,
            detail: detail.into(),
            fix: None,
        }
    }

    fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// What `qd doctor -o json` prints.
#[derive(Debug, Clone, Serialize)]
struct Findings {
    schema: &'static str,
    at: Timestamp,
    checks: Vec<Check>,
}

/// How AWS is to be reached, or why that is not known.
pub enum Reach {
    /// So.
    Job(Box<Job>),
    /// Something that was asked for is wrong.
    Unusable(String),
}

/// Looks, prints, and tells how it ended.
pub fn run(reach: Reach, machine: &Machine, probing: Probing, out: &Out) -> anyhow::Result<Exit> {
    let mut checks = Vec::new();
    let (at, exit) = match reach {
        Reach::Unusable(why) => {
            checks.push(Check::new("credentials", "scopes", CheckState::Fail, why));
            (machine.now, Exit::Usage)
        }
        Reach::Job(job) => match ask(*job, probing)? {
            Outcome::Stopped(exit) => return Ok(exit),
            Outcome::Done((picture, more)) => {
                checks.extend(access::credentials(&picture, machine));
                checks.extend(access::clock(&picture));
                checks.extend(access::permissions(&picture, &more));
                checks.extend(access::gpu_hosts(&picture, probing));
                (picture.at, status::reach(&picture.inventory))
            }
        },
    };
    checks.extend(machine.checks());
    out.report(&Findings {
        schema: "quarterdeck.doctor/1",
        at: status::build::second(at),
        checks,
    })?;
    Ok(exit)
}

type Asked = (Arc<Picture>, Vec<access::Attempt>);

fn ask(job: Job, probing: Probing) -> anyhow::Result<Outcome<Asked>> {
    let wall = job.clocks.wall.clone();
    let kinds = status::collected(&status::KINDS.iter().copied().collect::<BTreeSet<_>>());
    let focus = Focus::once(kinds, probing);
    job.collect_and(focus, move |cloud, picture| {
        Box::pin(async move { access::attempts(&*cloud, &picture, &*wall).await })
    })
}

impl Report for Findings {
    fn text(&self, page: &Page) -> String {
        let mut out = String::new();
        let mut groups: Vec<&'static str> = Vec::new();
        for check in &self.checks {
            if !groups.contains(&check.group) {
                groups.push(check.group);
            }
        }
        for group in groups {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&page.paint.apply(Tone::Strong, group));
            out.push('\n');
            for check in self.checks.iter().filter(|check| check.group == group) {
                out.push_str(&check.lines(page));
            }
        }
        out
    }

    fn records(&self) -> serde_json::Result<Vec<Value>> {
        self.checks.iter().map(serde_json::to_value).collect()
    }
}

impl Check {
    fn lines(&self, page: &Page) -> String {
        let text = if self.name.is_empty() {
            self.detail.clone()
        } else {
            format!("{}: {}", self.name, self.detail)
        };
        let room = page
            .width
            .map_or(usize::MAX, |width| width.saturating_sub(6).max(30));
        let mut lines = wrapped(&text::clean(&text), room);
        if let Some(fix) = &self.fix {
            lines.extend(wrapped(&text::clean(&format!("-> {fix}")), room));
        }
        let mut out = String::new();
        for (number, line) in lines.iter().enumerate() {
            let word = if number == 0 { self.state.word() } else { "" };
            let padding = " ".repeat(6 - word.len());
            let word = page.paint.apply(self.state.tone(), word);
            out.push_str(&format!("{word}{padding}{line}\n"));
        }
        out
    }
}
