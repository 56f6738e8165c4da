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

/// `asg.suspend_processes`.
pub struct SuspendProcesses;

/// `asg.resume_processes`.
pub struct ResumeProcesses;

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

fn schema(name: &'static str, about: &'static str) -> ActionSchema {
    ActionSchema {
        name,
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

const PACE: Pace = Pace {
    every_s: 5,
    timeout_s: 2 * 60,
    settle_s: 15,
};

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

fn plan(
    action: &dyn Action,
    with: &Arguments,
    (view, site): (&View, &Site<'_>),
    to: To,
) -> Result<Proposal, Refusal> {
    let wanted = read(with)?;
    let group = group(view, &wanted.group)?;
    let before = state(group, &wanted.processes);
    let after = match to {
        To::Suspended => fields([("suspended", json!(wanted.processes))]),
        To::Running => fields([("suspended", json!([]))]),
    };
    if before == after {
        return Ok(Proposal::nothing());
    }
    let moved: Vec<String> = names(&before)
        .symmetric_difference(&names(&after))
        .cloned()
        .collect();
    let verb = match to {
        To::Suspended => "suspend",
        To::Running => "resume",
    };
    let mut proposal = Proposal::one(Change {
        summary: format!("{verb} {}", moved.join(", ")),
        before,
        after,
        ..Change::draft(action, target(site, group), with)
    });
    match to {
        To::Suspended if moved.iter().any(|name| name == "Terminate") => proposal.warnings.push(format!(
            "{}: with Terminate suspended a group cannot scale in, and may grow a tenth beyond its maximum",
            group.name
        )),
        To::Suspended if moved.iter().any(|name| name == "Launch") => proposal.warnings.push(format!(
            "{}: with Launch suspended a lost instance is not replaced",
            group.name
        )),
        To::Running => {
            for held in group.suspended.iter().filter(|known| moved.contains(&known.name)) {
                proposal.warnings.push(format!(
                    "{}: {} is suspended: {}",
                    group.name, held.name, held.reason
                ));
            }
            if moved.iter().any(|name| name == "AlarmNotification") {
                proposal.warnings.push(format!(
                    "{}: alarms that are in breach act at once when AlarmNotification is resumed",
                    group.name
                ));
            }
        }
        To::Suspended => {}
    }
    Ok(proposal)
}

fn look(change: &Change, view: &View) -> Sight {
    match read(&change.with) {
        Ok(with) => sight(view, &change.target.id, |group| state(group, &with.processes)),
        Err(_) => Sight::Gone,
    }
}

fn progress(change: &Change, view: &View) -> Progress {
    match look(change, view) {
        Sight::Here(live) if live == change.after => Progress::Done,
        Sight::Here(_) => Progress::Waiting("the group does not show it yet".to_owned()),
        Sight::Gone => Progress::Failed("the group does not exist any more".to_owned()),
        Sight::Unreadable(unread) => Progress::Waiting(unread.to_string()),
    }
}

/// The other action, for exactly the processes that this one moved.
fn invert(change: &Change, other: &dyn Action) -> Undo {
    let (before, after) = (names(&change.before), names(&change.after));
    let moved: Vec<String> = before.symmetric_difference(&after).cloned().collect();
    let mut with = change.with.clone();
    with.insert("processes".to_owned(), json!(moved));
    let only = |side: &BTreeSet<String>| {
        let list: Vec<&String> = moved.iter().filter(|name| side.contains(*name)).collect();
        fields([("suspended", json!(list))])
    };
    let verb = if after.len() > before.len() {
        "resume"
    } else {
        "suspend"
    };
    Undo::By(vec![Change {
        summary: format!("{verb} {}", moved.join(", ")),
        before: only(&after),
        after: only(&before),
        ..Change::draft(other, change.target.clone(), &with)
    }])
}

fn project(change: &Change, view: &mut View) {
    let (Ok(with), Some(group)) = (read(&change.with), view.group_mut(&change.target.name)) else {
        return;
    };
    let after = names(&change.after);
    group
        .suspended
        .retain(|known| !with.processes.contains(&known.name));
    group
        .suspended
        .extend(after.into_iter().map(|name| SuspendedProcess {
            name,
            reason: "planned".to_owned(),
        }));
}

/// The processes that a change is to move, for its call.
fn moved(change: &Change) -> Vec<String> {
    names(&change.before)
        .symmetric_difference(&names(&change.after))
        .cloned()
        .collect()
}

impl Action for SuspendProcesses {
    fn name(&self) -> &'static str {
        "asg.suspend_processes"
    }

    fn schema(&self) -> ActionSchema {
        schema(
            self.name(),
            "Suspends named scaling processes of an Auto Scaling group.\n\
             What somebody else had suspended before is left alone, and undo resumes exactly those that this \
             step suspended. To hold a group at night suspend AlarmNotification and ScheduledActions; never \
             Launch or Terminate, without which it cannot scale.",
        )
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        read(with)?;
        Ok(vec![Query::AutoScaling(autoscaling::Read::Groups)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        plan(self, with, (view, site), To::Suspended)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        look(change, view)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        Ok(Mutation::AutoScaling(autoscaling::Write::SuspendProcesses {
            group: change.target.name.clone(),
            processes: moved(change),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        progress(change, view)
    }

    fn invert(&self, change: &Change) -> Undo {
        invert(change, &ResumeProcesses)
    }

    fn project(&self, change: &Change, view: &mut View) {
        project(change, view);
    }
}

impl Action for ResumeProcesses {
    fn name(&self) -> &'static str {
        "asg.resume_processes"
    }

    fn schema(&self) -> ActionSchema {
        schema(
            self.name(),
            "Resumes named scaling processes of an Auto Scaling group.\n\
             Scheduled actions that were missed meanwhile are not made up for; alarms in breach act at once. \
             Undo suspends exactly those that this step resumed.",
        )
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        read(with)?;
        Ok(vec![Query::AutoScaling(autoscaling::Read::Groups)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        plan(self, with, (view, site), To::Running)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        look(change, view)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        Ok(Mutation::AutoScaling(autoscaling::Write::ResumeProcesses {
            group: change.target.name.clone(),
            processes: moved(change),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        progress(change, view)
    }

    fn invert(&self, change: &Change) -> Undo {
        invert(change, &SuspendProcesses)
    }

    fn project(&self, change: &Change, view: &mut View) {
        project(change, view);
    }
}
