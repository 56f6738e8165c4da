//! What a run that restores a database measures, entry by entry of its journal.
//!
//! Nothing is measured of a run that did not get that far, and of one that was interrupted: how long
//! somebody took to come back says nothing about how long a restore takes.

use jiff::Timestamp;
use serde_json::Value;

use super::action::Change;
use super::plan::Plan;
use super::record::{Act, End, Entry, Record, RunId};
use crate::domain::recovery::MeasuredRestore;

/// Actions that make a copy, and the argument that names what of.
const RESTORES: [(&str, &str); 4] = [
    ("rds.restore_snapshot", "instance"),
    ("rds.restore_point_in_time", "instance"),
    ("rds.restore_cluster_snapshot", "cluster"),
    ("rds.restore_cluster_point_in_time", "cluster"),
];

/// Actions that make the copy what the source is: without them its data cannot be used yet.
const BUILDING: [&str; 4] = [
    "rds.copy_settings",
    "rds.reboot",
    "rds.add_members",
    "rds.copy_cluster_settings",
];

/// A restore that is being measured.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measure {
    started_at: Option<Timestamp>,
    asked_at: Option<Timestamp>,
    available_at: Option<Timestamp>,
    /// Changes of the plan that have come about.
    done: Vec<usize>,
    is_spoilt: bool,
    result: Option<MeasuredRestore>,
}

impl Measure {
    /// What was measured; `None` if the run restores nothing, has not come so far, or was interrupted
    /// before that.
    pub const fn result(&self) -> Option<&MeasuredRestore> {
        self.result.as_ref()
    }

    /// Takes one more entry in.
    pub fn apply(&mut self, entry: &Entry, (run, plan): (&RunId, &Plan)) {
        if self.result.is_some() || self.is_spoilt {
            return;
        }
        let at = entry.at.cloud;
        match &entry.record {
            Record::Started { .. } => self.started_at = Some(at),
            Record::Intent { act, .. }
                if !act.is_undo() && copy_of(plan).is_some_and(|(place, ..)| Act::make(place) == *act) =>
            {
                self.asked_at = Some(at);
            }
            Record::Ended { act, end } if !act.is_undo() => {
                self.ended(act.change, matches!(end, End::Done | End::AlreadyThere), at, plan);
                self.conclude(at, (run, plan));
            }
            Record::Halted { .. }
            | Record::Parked { .. }
            | Record::Stopped { .. }
            | Record::Resumed { .. } => self.is_spoilt = true,
            _ => {}
        }
    }

    fn ended(&mut self, change: usize, well: bool, at: Timestamp, plan: &Plan) {
        let Some((copy, ..)) = copy_of(plan) else {
            return;
        };
        if change != copy && !is_building(plan, change) {
            return;
        }
        if !well {
            self.is_spoilt = true;
            return;
        }
        self.done.push(change);
        if change == copy {
            self.available_at = Some(at);
        }
    }

    fn conclude(&mut self, at: Timestamp, (run, plan): (&RunId, &Plan)) {
        let Some((copy, change, source)) = copy_of(plan) else {
            return;
        };
        let (Some(started_at), Some(asked_at), Some(available_at)) =
            (self.started_at, self.asked_at, self.available_at)
        else {
            return;
        };
        let mut needed = (0..plan.changes.len()).filter(|place| *place == copy || is_building(plan, *place));
        if !needed.all(|place| self.done.contains(&place)) {
            return;
        }
        self.result = Some(MeasuredRestore {
            run: run.0.clone(),
            runbook: plan.runbook.name.clone(),
            account: change.target.account.clone(),
            region: change.target.region.clone(),
            kind: change.target.kind,
            source: source.to_owned(),
            into: change.target.name.clone(),
            started_at,
            ready_at: at,
            restore_s: available_at.duration_since(asked_at).as_secs(),
            ready_s: at.duration_since(started_at).as_secs(),
            data_at: change
                .with
                .get("data_at")
                .and_then(Value::as_str)
                .and_then(|at| at.parse().ok()),
        });
    }
}

fn is_building(plan: &Plan, place: usize) -> bool {
    plan.changes
        .get(place)
        .is_some_and(|change| BUILDING.contains(&change.action.as_str()))
}

/// The change that makes the copy, its place, and the name of what it is of.
fn copy_of(plan: &Plan) -> Option<(usize, &Change, &str)> {
    plan.changes.iter().enumerate().find_map(|(place, change)| {
        let (_, argument) = RESTORES.iter().find(|(action, _)| *action == change.action)?;
        let source = change.with.get(*argument)?.as_str()?;
        Some((place, change, source))
    })
}
