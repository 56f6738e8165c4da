//! `asg.suspend_processes` and `asg.resume_processes`: processes by name, never all of them.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{group, sight, target};
use crate::domain::asg::{Group, SuspendedProcess};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, autoscaling};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// Suspends or resumes processes.
pub struct Processes {
    to: To,
}

/// `asg.suspend_processes`.
pub const SUSPEND: Processes = Processes { to: To::Suspended };

/// `asg.resume_processes`.
pub const RESUME: Processes = Processes { to: To::Running };

/// What can be suspended.
const PROCESSES: [&str; 9] = [
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    group: String,
    processes: BTreeSet<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Suspended,
    Running,
}

impl To {
    fn summary(self, moved: &[String]) -> String {
        let verb = match self {
            Self::Suspended => "suspend",
            Self::Running => "resume",
        };
        format!("{verb} {}", moved.join(", "))
    }
}

fn read(with: &Arguments) -> Result<With, BadArguments> {
    let with: With = parse(with)?;
    if with.processes.is_empty() {
        return Err(BadArguments(
            "processes is empty, which AWS would take for all of them".to_owned(),
        ));
    }
    match with
        .processes
        .iter()
        .find(|name| !PROCESSES.contains(&name.as_str()))
    {
        Some(unknown) => Err(BadArguments(format!("there is no scaling process {unknown}"))),
        None => Ok(with),
    }
}

/// Those of the processes that are suspended.
fn state(group: &Group, processes: &BTreeSet<String>) -> Fields {
    let suspended: Vec<&String> = processes
        .iter()
        .filter(|name| group.suspended.iter().any(|known| &known.name == *name))
        .collect();
    fields([("suspended", json!(suspended))])
}

fn names(fields: &Fields) -> BTreeSet<String> {
    let list = fields.get("suspended").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}

/// The processes that a change moves.
fn moved(before: &Fields, after: &Fields) -> Vec<String> {
    names(before)
        .symmetric_difference(&names(after))
        .cloned()
        .collect()
}

/// What somebody should know before processes are suspended.
fn suspending(group: &Group, moved: &[String]) -> Option<String> {
    let has = |process: &str| moved.iter().any(|name| name == process);
    if has("Terminate") {
        Some(format!(
            "{}: with Terminate suspended a group cannot scale in, and may grow a tenth beyond its maximum",
            group.name
        ))
    } else if has("Launch") {
        Some(format!(
            "{}: with Launch suspended a lost instance is not replaced",
            group.name
        ))
    } else {
        None
    }
}

/// What somebody should know before processes are resumed.
fn resuming(group: &Group, moved: &[String]) -> Vec<String> {
    let held = group.suspended.iter().filter(|known| moved.contains(&known.name));
    let mut warnings: Vec<String> = held
        .map(|held| format!("{}: {} is suspended: {}", group.name, held.name, held.reason))
        .collect();
    if moved.iter().any(|name| name == "AlarmNotification") {
        warnings.push(format!(
            "{}: alarms that are in breach act at once when AlarmNotification is resumed",
            group.name
        ));
    }
    warnings
}

impl Action for Processes {
    fn name(&self) -> &'static str {
        match self.to {
            To::Suspended => "asg.suspend_processes",
            To::Running => "asg.resume_processes",
        }
    }

    fn schema(&self) -> ActionSchema {
        let about = match self.to {
            To::Suspended => {
                "Suspends named scaling processes of an Auto Scaling group.\n\
                 What somebody else had suspended before is left alone, and undo resumes exactly those that this \
                 step suspended. To hold a group at night suspend AlarmNotification and ScheduledActions; never \
                 Launch or Terminate, without which it cannot scale."
            }
            To::Running => {
                "Resumes named scaling processes of an Auto Scaling group.\n\
                 Scheduled actions that were missed meanwhile are not made up for; alarms in breach act at once. \
                 Undo suspends exactly those that this step resumed."
            }
        };
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about,
            fields: vec![
                FieldSchema::required("group", Type::Text, "The group."),
                FieldSchema::required(
                    "processes",
                    Type::list(Type::Text),
                    "The processes by name; never none, which AWS takes for all of them.",
                ),
            ],
            outputs: vec![OutputSchema::new(
                "suspended",
                Type::list(Type::Text),
                "Those of the processes that are suspended now.",
            )],
            live: Vec::new(),
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Immediate,
            planning: Planning::Planned,
            target: Some(Kind::Asg),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 5,
            timeout_s: 2 * 60,
            settle_s: 15,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        read(with)?;
        Ok(vec![Query::AutoScaling(autoscaling::Read::Groups)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted = read(with)?;
        let group = group(view, &wanted.group)?;
        let before = state(group, &wanted.processes);
        let after = match self.to {
            To::Suspended => fields([("suspended", json!(wanted.processes))]),
            To::Running => fields([("suspended", json!([]))]),
        };
        if before == after {
            return Ok(Proposal::nothing());
        }
        let moved = moved(&before, &after);
        let mut proposal = Proposal::one(Change {
            summary: self.to.summary(&moved),
            before,
            after,
            ..Change::draft(self, target(site, group), with)
        });
        match self.to {
            To::Suspended => proposal.warnings.extend(suspending(group, &moved)),
            To::Running => proposal.warnings.extend(resuming(group, &moved)),
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        match read(&change.with) {
            Ok(with) => sight(view, &change.target.id, |group| state(group, &with.processes)),
            Err(_) => Sight::Gone,
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let group = change.target.name.clone();
        let processes = moved(&change.before, &change.after);
        Ok(Mutation::AutoScaling(match self.to {
            To::Suspended => autoscaling::Write::SuspendProcesses { group, processes },
            To::Running => autoscaling::Write::ResumeProcesses { group, processes },
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        self.sight(change, view).progress(
            change,
            "the group does not show it yet",
            Progress::gone("the group"),
        )
    }

    /// The other action, for exactly the processes that this one moved.
    fn invert(&self, change: &Change) -> Undo {
        let opposite = match self.to {
            To::Suspended => &RESUME,
            To::Running => &SUSPEND,
        };
        let moved = moved(&change.before, &change.after);
        let mut with = change.with.clone();
        with.insert("processes".to_owned(), json!(moved));
        let only = |side: &Fields| {
            let side = names(side);
            let list: Vec<&String> = moved.iter().filter(|name| side.contains(*name)).collect();
            fields([("suspended", json!(list))])
        };
        Undo::By(vec![Change {
            summary: opposite.to.summary(&moved),
            before: only(&change.after),
            after: only(&change.before),
            ..Change::draft(opposite, change.target.clone(), &with)
        }])
    }

    fn project(&self, change: &Change, view: &mut View) {
        let (Ok(with), Some(group)) = (read(&change.with), view.group_mut(&change.target.name)) else {
            return;
        };
        group
            .suspended
            .retain(|known| !with.processes.contains(&known.name));
        let after = names(&change.after).into_iter();
        group.suspended.extend(after.map(|name| SuspendedProcess {
            name,
            reason: "planned".to_owned(),
        }));
    }
}
