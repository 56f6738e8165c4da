//! `asg.protect`: scale-in protection of instances.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{group, sight, target};
use crate::domain::asg::Group;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, autoscaling};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `asg.protect`.
pub struct Protect;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    group: String,
    instances: BTreeSet<String>,
    #[serde(default = "yes")]
    protected: bool,
}

const fn yes() -> bool {
    true
}

/// How many instances one call takes.
const BATCH: usize = 50;

/// Which of the instances are protected.
fn state(group: &Group, instances: &BTreeSet<String>) -> Fields {
    let protected: Vec<&str> = group
        .instances
        .iter()
        .filter(|member| member.protected && instances.contains(&member.id))
        .map(|member| member.id.as_str())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    fields([("protected", json!(protected))])
}

fn ids(fields: &Fields) -> BTreeSet<String> {
    let list = fields.get("protected").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect()
}

fn summary(protected: bool, instances: &[String]) -> String {
    let verb = if protected { "protect" } else { "stop protecting" };
    format!("{verb} {} from scale-in", instances.join(", "))
}

impl Action for Protect {
    fn name(&self) -> &'static str {
        "asg.protect"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Protects instances of an Auto Scaling group from scale-in, or no longer.\n\
                Protection does not keep an instance from being terminated by hand, replaced when unhealthy, \
                or taken back as Spot. Undo changes exactly those instances that this step changed.",
            fields: vec![
                FieldSchema::required("group", Type::Text, "The group."),
                FieldSchema::required("instances", Type::list(Type::Text), "Ids of the instances."),
                FieldSchema::optional(
                    "protected",
                    Type::Bool,
                    "`true`",
                    "Whether they are to be protected.",
                ),
            ],
            outputs: Vec::new(),
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
        parse::<With>(with)?;
        Ok(vec![Query::AutoScaling(autoscaling::Read::Groups)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let group = group(view, &wanted.group)?;
        let strangers: Vec<&str> = wanted
            .instances
            .iter()
            .filter(|id| !group.instances.iter().any(|member| &member.id == *id))
            .map(String::as_str)
            .collect();
        if !strangers.is_empty() {
            return Err(Refusal::absent(format!(
                "{} are not in {}",
                strangers.join(", "),
                group.name
            )));
        }
        let protected = ids(&state(group, &wanted.instances));
        let moved: Vec<String> = wanted
            .instances
            .iter()
            .filter(|id| protected.contains(*id) != wanted.protected)
            .cloned()
            .collect();
        let changes = moved.chunks(BATCH).map(|batch| {
            let instances: BTreeSet<String> = batch.iter().cloned().collect();
            let mut own = with.clone();
            own.insert("instances".to_owned(), json!(batch));
            Change {
                summary: summary(wanted.protected, batch),
                before: state(group, &instances),
                after: fields([(
                    "protected",
                    if wanted.protected {
                        json!(instances)
                    } else {
                        json!([])
                    },
                )]),
                ..Change::draft(self, target(site, group), &own)
            }
        });
        Ok(Proposal {
            changes: changes.collect(),
            ..Proposal::default()
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        match parse::<With>(&change.with) {
            Ok(with) => sight(view, &change.target.id, |group| state(group, &with.instances)),
            Err(_) => Sight::Gone,
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        Ok(Mutation::AutoScaling(autoscaling::Write::SetInstanceProtection {
            group: change.target.name.clone(),
            instances: with.instances.into_iter().collect(),
            protected: with.protected,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        self.sight(change, view).progress(
            change,
            "the group does not show it yet",
            Progress::gone("the group"),
        )
    }

    fn invert(&self, change: &Change) -> Undo {
        let protect = ids(&change.after).is_empty();
        let mut back = change.swapped(String::new());
        back.with.insert("protected".to_owned(), json!(protect));
        let instances: Vec<String> = ids(&change.before).union(&ids(&change.after)).cloned().collect();
        back.summary = summary(protect, &instances);
        Undo::By(vec![back])
    }

    fn project(&self, change: &Change, view: &mut View) {
        let (Ok(with), Some(group)) = (parse::<With>(&change.with), view.group_mut(&change.target.name))
        else {
            return;
        };
        for member in &mut group.instances {
            if with.instances.contains(&member.id) {
                member.protected = with.protected;
            }
        }
    }
}
