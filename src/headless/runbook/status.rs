//! `qd runbook status`: where a run stands, from its journal.

use crate::engine::run::RunStore;
use crate::headless::Exit;
use crate::headless::runbook::desk::Place;
use crate::headless::runbook::document::RunDocument;
use crate::headless::runbook::failure::Failure;
use crate::headless::runbook::history;
use crate::headless::runbook::resume::ledger_of;
use crate::runbook::machine::Ledger;
use crate::runbook::record::{RunId, Status};
use crate::runbook::tell::{self, Commands, Line, Role, status_role};

/// Prints it.
pub fn run(place: &Place, wanted: &str) -> Result<Exit, Failure> {
    let store = history::store(place)?;
    let id = store.find(wanted)?;
    place.out.report(&document(&store, &id, &place.commands)?)?;
    Ok(Exit::Done)
}

/// What is known of a run now.
pub fn document(store: &RunStore, id: &RunId, commands: &Commands) -> Result<RunDocument, Failure> {
    let head = store.head(id)?;
    let (_, ledger) = ledger_of(store, &id.0)?;
    let mut lines = head_lines(&head, &ledger);
    let summary = store.summary(id)?;
    let document = RunDocument::of_head(&head, &summary, (store, commands));
    if head.exit.is_some() {
        lines.extend(tell::summary(&summary, commands));
        return Ok(document.told(lines));
    }
    lines.push(
        Line::of(status_role(head.status), head.status.word().to_uppercase()).with(
            Role::Plain,
            match head.status {
                Status::Running => format!(
                    ": driven by {}@{}, pid {}",
                    head.driver.user, head.driver.host, head.driver.pid
                ),
                _ => ": no process drives it".to_owned(),
            },
        ),
    );
    let commands_now: Vec<(&str, String)> = match head.status {
        Status::Running => vec![("follow it:", commands.attach(id))],
        Status::Interrupted | Status::WaitingCredentials => {
            let mut ways = vec![("go on:", commands.resume(id))];
            if summary.takes_back {
                ways.push(("take back:", commands.roll_back(id)));
            }
            ways.push(("leave it so:", commands.abandon(id)));
            ways
        }
        Status::Succeeded | Status::Failed | Status::RolledBack | Status::Partial | Status::Abandoned => {
            Vec::new()
        }
    };
    lines.extend(commands_now.into_iter().map(|(what, command)| {
        Line::indented(2)
            .padded(Role::Plain, what, 14)
            .hanging()
            .with(Role::Key, command)
    }));
    Ok(document.told(lines))
}

fn head_lines(head: &crate::engine::run::RunHead, ledger: &Ledger) -> Vec<Line> {
    let mut lines = vec![
        Line::of(Role::Heading, format!("{} {}", head.runbook, head.id)),
        Line::default()
            .padded(Role::Dim, "account", 12)
            .with(Role::Key, &head.account)
            .with(Role::Plain, format!(" {}", head.region)),
        Line::default().padded(Role::Dim, "by", 12).with(
            Role::Plain,
            format!("{}@{}, {}", head.who.user, head.who.host, head.who.origin),
        ),
    ];
    if let Some(reason) = &head.reason {
        lines.push(
            Line::default()
                .padded(Role::Dim, "because", 12)
                .hanging()
                .with(Role::Plain, reason),
        );
    }
    lines.extend(tell::state(ledger));
    lines
}
