//! `asg.put_scheduled_action` and `asg.delete_scheduled_action`.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{group, sight, target};
use crate::domain::asg::{Group, ScheduledAction};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, autoscaling};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `asg.put_scheduled_action`.
pub struct PutScheduledAction;

/// `asg.delete_scheduled_action`.
pub struct DeleteScheduledAction;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    group: String,
    name: String,
    recurrence: Option<String>,
    time_zone: Option<String>,
    start: Option<Timestamp>,
    min: Option<u32>,
    max: Option<u32>,
    desired: Option<u32>,
}

/// Only the name of the group and of the action: what both actions have.
#[derive(Deserialize)]
struct Named {
    group: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delete {
    group: String,
    name: String,
}

impl Put {
    fn action(&self) -> ScheduledAction {
        ScheduledAction {
            name: self.name.clone(),
            recurrence: self.recurrence.clone(),
            time_zone: self.time_zone.clone(),
            start: self.start,
            min: self.min,
            max: self.max,
            desired: self.desired,
        }
    }
}

/// The action as far as it can be told apart. AWS computes the next start of a recurring one itself.
fn described(action: &ScheduledAction) -> Value {
    let start = match action.recurrence {
        Some(_) => None,
        None => action.start,
    };
    json!({
        "recurrence": action.recurrence,
        "time_zone": action.time_zone,
        "start": start,
        "min": action.min,
        "max": action.max,
        "desired": action.desired,
    })
}

fn state(group: &Group, name: &str) -> Fields {
    let known = group.scheduled_actions.iter().find(|action| action.name == name);
    fields([("action", known.map_or(Value::Null, described))])
}

fn look(change: &Change, view: &View) -> Sight {
    match parse::<Named>(&change.with) {
        Ok(with) => sight(view, &with.group, |group| state(group, &with.name)),
        Err(_) => Sight::Gone,
    }
}

fn progress(change: &Change, view: &View) -> Progress {
    look(change, view).progress(
        change,
        "the group does not show it yet",
        Progress::gone("the group"),
    )
}

/// The scheduled action that a change leads to; `None` if it leads to none.
fn wanted(fields: &Fields, name: &str) -> Result<Option<ScheduledAction>, BadArguments> {
    #[derive(Deserialize)]
    struct Described {
        recurrence: Option<String>,
        time_zone: Option<String>,
        start: Option<Timestamp>,
        min: Option<u32>,
        max: Option<u32>,
        desired: Option<u32>,
    }
    let value = fields.get("action").cloned().unwrap_or(Value::Null);
    let described: Option<Described> = serde_json::from_value(value)?;
    Ok(described.map(|described| ScheduledAction {
        name: name.to_owned(),
        recurrence: described.recurrence,
        time_zone: described.time_zone,
        start: described.start,
        min: described.min,
        max: described.max,
        desired: described.desired,
    }))
}

fn invert(change: &Change) -> Undo {
    let Ok(with) = parse::<Named>(&change.with) else {
        return Undo::Impossible("the change names no scheduled action".to_owned());
    };
    let mut names = Arguments::new();
    names.insert("group".to_owned(), json!(with.group));
    names.insert("name".to_owned(), json!(with.name));
    let (action, summary): (&dyn Action, String) = match change.before.get("action") {
        None | Some(Value::Null) => (
            &DeleteScheduledAction,
            format!("remove the scheduled action {}", with.name),
        ),
        Some(Value::Object(before)) => {
            names.extend(before.clone());
            names.retain(|_, value| !value.is_null());
            (
                &PutScheduledAction,
                format!("put the scheduled action {} back", with.name),
            )
        }
        Some(_) => return Undo::Impossible("the scheduled action before is not known".to_owned()),
    };
    Undo::By(vec![Change {
        summary,
        before: change.after.clone(),
        after: change.before.clone(),
        ..Change::draft(action, change.target.clone(), &names)
    }])
}

fn project(change: &Change, view: &mut View) {
    let Ok(with) = parse::<Named>(&change.with) else {
        return;
    };
    let (Some(group), Ok(wanted)) = (view.group_mut(&with.group), wanted(&change.after, &with.name)) else {
        return;
    };
    group.scheduled_actions.retain(|action| action.name != with.name);
    group.scheduled_actions.extend(wanted);
}

const PACE: Pace = Pace {
    every_s: 5,
    timeout_s: 2 * 60,
    settle_s: 15,
};

fn reads() -> Vec<Query> {
    vec![Query::AutoScaling(autoscaling::Read::Groups)]
}

fn schema(name: &'static str, about: &'static str, more: Vec<FieldSchema>) -> ActionSchema {
    let mut fields = vec![
        FieldSchema::required("group", Type::Text, "The group."),
        FieldSchema::required("name", Type::Text, "The scheduled action's name."),
    ];
    fields.extend(more);
    ActionSchema {
        name,
        role: Role::Action,
        about,
        fields,
        outputs: Vec::new(),
        live: Vec::new(),
        risk: Risk::Reversible,
        floor: ConfirmLevel::Ack,
        completion: Completion::Immediate,
        planning: Planning::Planned,
        target: Some(Kind::Asg),
    }
}

impl Action for PutScheduledAction {
    fn name(&self) -> &'static str {
        "asg.put_scheduled_action"
    }

    fn schema(&self) -> ActionSchema {
        schema(
            self.name(),
            "Creates or replaces a scheduled action of an Auto Scaling group.\n\
             At least one size must be given; set minimum and desired together, since a desired capacity alone \
             is clamped by the bounds and silently does less. Undo removes it, or puts the one before back.",
            vec![
                FieldSchema::optional(
                    "recurrence",
                    Type::Text,
                    "a single time",
                    "Five-field cron expression.",
                ),
                FieldSchema::optional(
                    "time_zone",
                    Type::Text,
                    "UTC",
                    "IANA time zone of the expression.",
                ),
                FieldSchema::optional(
                    "start",
                    Type::Time,
                    "the next time of the expression",
                    "The only start.",
                ),
                FieldSchema::optional("min", Type::Int, "not set", "The least capacity that it sets."),
                FieldSchema::optional("max", Type::Int, "not set", "The most capacity that it sets."),
                FieldSchema::optional("desired", Type::Int, "not set", "The capacity that it sets."),
            ],
        )
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<Put>(with)?;
        Ok(reads())
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let put: Put = parse(with)?;
        let group = group(view, &put.group)?;
        if put.min.is_none() && put.max.is_none() && put.desired.is_none() {
            return Err(BadArguments(
                "a scheduled action sets at least one of min, max and desired".to_owned(),
            )
            .into());
        }
        if put.recurrence.is_none() && put.start.is_none() {
            return Err(BadArguments("a scheduled action has a recurrence or a start".to_owned()).into());
        }
        if put.recurrence.is_none() && put.start.is_some_and(|start| start <= site.now) {
            return Err(BadArguments("the start is in the past".to_owned()).into());
        }
        let before = state(group, &put.name);
        let after = fields([("action", described(&put.action()))]);
        if before == after {
            return Ok(Proposal::nothing());
        }
        let verb = if before.get("action") == Some(&Value::Null) {
            "add"
        } else {
            "replace"
        };
        let proposal = Proposal::one(Change {
            summary: format!("{verb} the scheduled action {}", put.name),
            before,
            after,
            ..Change::draft(self, target(site, group), with)
        });
        Ok(if put.desired.is_some() && put.min.is_none() {
            proposal.warn(format!(
                "{}: without min the desired capacity is clamped by the bounds of the moment",
                put.name
            ))
        } else {
            proposal
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        look(change, view)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: Named = parse(&change.with)?;
        let action = wanted(&change.after, &with.name)?
            .ok_or_else(|| BadArguments("the change leads to no scheduled action".to_owned()))?;
        Ok(Mutation::AutoScaling(autoscaling::Write::PutScheduledAction {
            group: with.group,
            action,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        progress(change, view)
    }

    fn invert(&self, change: &Change) -> Undo {
        invert(change)
    }

    fn project(&self, change: &Change, view: &mut View) {
        project(change, view);
    }
}

impl Action for DeleteScheduledAction {
    fn name(&self) -> &'static str {
        "asg.delete_scheduled_action"
    }

    fn schema(&self) -> ActionSchema {
        schema(
            self.name(),
            "Removes a scheduled action of an Auto Scaling group.\nUndo puts it back as it was.",
            Vec::new(),
        )
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<Delete>(with)?;
        Ok(reads())
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let delete: Delete = parse(with)?;
        let group = group(view, &delete.group)?;
        let before = state(group, &delete.name);
        let after = fields([("action", Value::Null)]);
        if before == after {
            return Ok(Proposal::nothing());
        }
        Ok(Proposal::one(Change {
            summary: format!("remove the scheduled action {}", delete.name),
            before,
            after,
            ..Change::draft(self, target(site, group), with)
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        look(change, view)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: Named = parse(&change.with)?;
        Ok(Mutation::AutoScaling(autoscaling::Write::DeleteScheduledAction {
            group: with.group,
            name: with.name,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        progress(change, view)
    }

    fn invert(&self, change: &Change) -> Undo {
        invert(change)
    }

    fn project(&self, change: &Change, view: &mut View) {
        project(change, view);
    }
}
