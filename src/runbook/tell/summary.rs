//! What a run came to, and how to go on.

use jiff::SignedDuration;

use super::{Line, Role, count};
use crate::domain::exit::Exit;
use crate::domain::recovery::MeasuredRestore;
use crate::domain::units::HumanDuration;
use crate::runbook::machine::Summary;
use crate::runbook::plan::Afterwards;
use crate::runbook::record::{RunId, Status};

/// How the program is called again for the same place: `qd`, with the flags that say where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commands {
    /// The program and those flags, as a shell takes them.
    pub program: String,
}

impl Commands {
    /// Of these words: the program and its flags.
    pub fn of<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let words: Vec<String> = words.into_iter().map(shell_word).collect();
        Self {
            program: words.join(" "),
        }
    }

    /// What takes a run up again.
    pub fn resume(&self, run: &RunId) -> String {
        format!("{} runbook resume {run}", self.program)
    }

    /// What takes back what a run did.
    pub fn roll_back(&self, run: &RunId) -> String {
        format!("{} runbook rollback {run}", self.program)
    }

    /// What gives a run up.
    pub fn abandon(&self, run: &RunId) -> String {
        format!("{} runbook abandon {run}", self.program)
    }

    /// What shows a run.
    pub fn status(&self, run: &RunId) -> String {
        format!("{} runbook status {run}", self.program)
    }

    /// What shows the journal of a run.
    pub fn logs(&self, run: &RunId) -> String {
        format!("{} runbook logs {run}", self.program)
    }

    /// What lists runs.
    pub fn history(&self) -> String {
        format!("{} runbook history", self.program)
    }

    /// What plans a runbook anew with these parameters.
    pub fn plan<'p>(&self, runbook: &str, set: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
        let mut words = vec![format!("{} runbook plan {}", self.program, shell_word(runbook))];
        words.extend(set_words(set));
        words.join(" ")
    }

    /// What runs a runbook with these parameters.
    pub fn run<'p>(&self, runbook: &str, set: impl IntoIterator<Item = (&'p str, &'p str)>) -> String {
        let mut words = vec![format!("{} runbook run {}", self.program, shell_word(runbook))];
        words.extend(set_words(set));
        words.join(" ")
    }

    /// What lists locks and who holds them.
    pub fn locks(&self) -> String {
        format!("{} runbook lock ls", self.program)
    }

    /// What follows a run.
    pub fn attach(&self, run: &RunId) -> String {
        format!("{} runbook attach {run}", self.program)
    }
}

/// Parameters as the command line takes them.
fn set_words<'p>(set: impl IntoIterator<Item = (&'p str, &'p str)>) -> impl Iterator<Item = String> {
    set.into_iter()
        .map(|(name, value)| format!("--set {}", shell_word(&format!("{name}={value}"))))
}

/// A word as a POSIX shell takes it: quoted where it must be.
pub(super) fn shell_word(word: &str) -> String {
    let plain = |character: char| {
        character.is_ascii_alphanumeric()
            || matches!(
                character,
                '-' | '_' | '.' | '/' | ':' | '=' | ',' | '@' | '+' | '%'
            )
    };
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The part that a status plays.
pub const fn status_role(status: Status) -> Role {
    match status {
        Status::Succeeded => Role::Good,
        Status::Running => Role::Change,
        Status::Failed | Status::Partial => Role::Bad,
        Status::RolledBack | Status::WaitingCredentials | Status::Interrupted | Status::Abandoned => {
            Role::Warn
        }
    }
}

/// How long a restore took.
fn restored(measured: &MeasuredRestore) -> Line {
    let age = measured.data_age().map_or_else(String::new, |age| {
        format!(", with data {} old", HumanDuration(age.max(SignedDuration::ZERO)))
    });
    Line::indented(2)
        .with(Role::Plain, "measured: ")
        .hanging()
        .with(
            Role::Key,
            format!(
                "{} could be used after {}",
                measured.into,
                HumanDuration(measured.took())
            ),
        )
        .with(
            Role::Plain,
            format!(
                ", of which AWS needed {}{age}",
                HumanDuration::from_secs(measured.restore_s)
            ),
        )
}

/// What a run came to: the verdict, its targets, why it stopped, what remains, and what to run next.
pub fn summary(summary: &Summary, commands: &Commands) -> Vec<Line> {
    let mut lines = vec![verdict(summary)];
    let targets = &summary.targets;
    let counted: Vec<String> = [
        (targets.ok, "as wanted"),
        (targets.failed, "failed"),
        (targets.skipped, "not begun or taken back"),
        (targets.unknown, "unknown"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{number} {what}"))
    .collect();
    if !counted.is_empty() {
        lines.push(Line::indented(2).with(Role::Plain, format!("changes: {}", counted.join(", "))));
    }
    if let Some(measured) = &summary.measured {
        lines.push(restored(measured));
    }
    if let Some(savings) = &summary.savings {
        lines.push(
            Line::indented(2)
                .with(Role::Plain, "savings: ")
                .hanging()
                .with(Role::Key, savings.words()),
        );
    }
    for reason in &summary.reasons {
        lines.push(
            Line::indented(2)
                .with(Role::Bad, "because ")
                .hanging()
                .with(Role::Plain, reason),
        );
    }
    for warning in &summary.warnings {
        lines.push(
            Line::indented(2)
                .with(Role::Warn, "warning ")
                .hanging()
                .with(Role::Plain, warning),
        );
    }
    if summary.rolled_back {
        lines.push(Line::indented(2).with(Role::Good, "everything that was changed was taken back"));
    }
    for what in &summary.remains {
        lines.push(
            Line::indented(2)
                .with(Role::Warn, "remains ")
                .hanging()
                .with(Role::Plain, what),
        );
    }
    if !summary.changed {
        lines.push(Line::indented(2).with(Role::Plain, "nothing was changed"));
    }
    lines.extend(next(summary, commands));
    lines.extend(afterwards(&summary.afterwards, commands));
    lines
}

/// Commands that are printed of what is offered next; the rest is counted.
const OFFERED: usize = 8;

/// What is offered next: what it is for, and the commands.
pub fn afterwards(offered: &[Afterwards], commands: &Commands) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut said: Option<(&str, &str)> = None;
    for next in offered.iter().take(OFFERED) {
        let what = (next.runbook.as_str(), next.about.as_str());
        if said != Some(what) {
            said = Some(what);
            lines.push(
                Line::indented(2)
                    .padded(Role::Plain, "afterwards:", 14)
                    .hanging()
                    .with(Role::Plain, &next.about),
            );
        }
        if let Some(why) = &next.unread {
            lines.push(Line::indented(4).with(Role::Warn, why));
        }
        lines.push(
            Line::indented(4)
                .hanging()
                .with(Role::Key, afterwards_command(next, commands)),
        );
    }
    let more = offered.len().saturating_sub(OFFERED);
    if more > 0 {
        lines.push(Line::indented(4).with(Role::Dim, format!("and {more} more")));
    }
    lines
}

/// The command that runs what is offered next.
pub fn afterwards_command(next: &Afterwards, commands: &Commands) -> String {
    let set = next
        .set
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    commands.run(&next.runbook, set)
}

fn verdict(summary: &Summary) -> Line {
    let line = Line::of(status_role(summary.status), summary.status.word().to_uppercase())
        .with(Role::Plain, format!(" {}", summary.runbook));
    let line = if summary.journaled {
        line.with(Role::Plain, format!(" {}", summary.run_id))
    } else {
        line
    };
    line.with(
        Role::Dim,
        format!(": {} (exit {})", came_to(summary), summary.exit.code()),
    )
}

/// What the exit means here: 0 stands for several ends that a person tells apart.
fn came_to(summary: &Summary) -> String {
    if summary.exit != Exit::Done {
        return summary.exit.meaning().to_owned();
    }
    let changes = || count(summary.made, "change");
    match (summary.status, summary.changed) {
        (Status::Succeeded, true) => format!("{} made and verified", changes()),
        (Status::Succeeded, false) => "nothing had to be changed".to_owned(),
        (Status::RolledBack, true) => format!("{} taken back, as was asked", changes()),
        (Status::RolledBack, false) => "nothing had to be taken back".to_owned(),
        (Status::Abandoned, true) => "given up; nothing of it remains".to_owned(),
        (Status::Abandoned, false) => "given up; nothing was changed".to_owned(),
        (
            Status::Failed
            | Status::Partial
            | Status::Running
            | Status::WaitingCredentials
            | Status::Interrupted,
            _,
        ) => summary.exit.meaning().to_owned(),
    }
}

/// The commands that make sense now.
fn next(summary: &Summary, commands: &Commands) -> Vec<Line> {
    let run = &summary.run_id;
    let mut lines = Vec::new();
    let mut advise = |what: &str, command: String| {
        lines.push(
            Line::indented(2)
                .padded(Role::Plain, what, 14)
                .hanging()
                .with(Role::Key, command),
        );
    };
    if summary.exit == Exit::LockHeld {
        advise("who has it:", commands.locks());
    }
    if !summary.journaled {
        return lines;
    }
    if summary.resumable {
        advise("go on:", commands.resume(run));
    }
    let may_take_back = match summary.status {
        Status::Interrupted
        | Status::WaitingCredentials
        | Status::Running
        | Status::Partial
        | Status::Abandoned => summary.takes_back,
        Status::Succeeded | Status::Failed | Status::RolledBack => false,
    };
    if may_take_back {
        advise("take back:", commands.roll_back(run));
    }
    // A run that is over is not gone on with, but what it was for can be tried again.
    if matches!(
        summary.status,
        Status::Partial | Status::Failed | Status::RolledBack | Status::Abandoned
    ) {
        let set = summary
            .set
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        advise("plan again:", commands.plan(&summary.runbook, set));
    }
    if matches!(
        summary.status,
        Status::Partial | Status::Interrupted | Status::WaitingCredentials
    ) {
        advise("leave it so:", commands.abandon(run));
    }
    if summary.exit == Exit::RollbackFailed {
        lines.insert(
            0,
            Line::indented(2).with(
                Role::Bad,
                format!(
                    "a person is needed now: {} could not be taken back",
                    count(summary.remains.len(), "change")
                ),
            ),
        );
    }
    lines
}
