//! `asg.terminate_instance`: one instance goes, and the capacity wanted goes down with it.

use serde::Deserialize;
use serde_json::json;

use super::{SetCapacity, Sizes, cost, group, target};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, autoscaling, ec2};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `asg.terminate_instance`.
pub struct TerminateInstance;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    group: String,
    instance: String,
    #[serde(default)]
    even_protected: bool,
}

fn state(view: &View, with: &With) -> Sight {
    Sight::of(view.group(&with.group), |group| {
        let member = group.instances.iter().find(|member| member.id == with.instance);
        let present = member.is_some_and(|member| !member.lifecycle.starts_with("Terminat"));
        let mut seen = Sizes::of(group).fields();
        let whereabouts = if present { "in the group" } else { "gone" };
        seen.insert("instance".to_owned(), json!(whereabouts));
        seen
    })
}

impl Action for TerminateInstance {
    fn name(&self) -> &'static str {
        "asg.terminate_instance"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Terminates one instance of an Auto Scaling group and lowers the desired capacity with it.\n\
                Unlike lowering the capacity this says which instance goes. A protected instance is refused \
                unless told otherwise, and so is going below the group's minimum. Undo raises the capacity again, which starts \
                another instance; what was on the old one is gone.",
            fields: vec![
                FieldSchema::required("group", Type::Text, "The group."),
                FieldSchema::required("instance", Type::Text, "The instance's id."),
                FieldSchema::optional(
                    "even_protected",
                    Type::Bool,
                    "`false`",
                    "Whether it goes though it is protected from scale-in.",
                ),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Asg),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 15,
            timeout_s: 15 * 60,
            settle_s: 20,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![
            Query::AutoScaling(autoscaling::Read::Groups),
            Query::Ec2(ec2::Read::Instances),
        ])
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        parse::<With>(with).map_or_else(|_| Vec::new(), |with| cost::spot_query_of(&with.group, view))
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let group = group(view, &wanted.group)?;
        let name = &group.name;
        let Some(member) = group.instances.iter().find(|member| member.id == wanted.instance) else {
            return Err(Refusal::absent(format!("{} is not in {name}", wanted.instance)));
        };
        if member.lifecycle.starts_with("Terminat") {
            return Ok(Proposal::nothing());
        }
        if member.protected && !wanted.even_protected {
            return Err(Refusal::state(format!(
                "{} is protected from scale-in",
                member.id
            )));
        }
        if group.weighted {
            return Err(Refusal::state(format!(
                "capacity units of {name} are not instances"
            )));
        }
        if group.desired <= group.min {
            return Err(Refusal::state(format!(
                "{name} has desired {} and min {}: lower the minimum first",
                group.desired, group.min
            )));
        }
        let Sight::Here(before) = state(view, &wanted) else {
            return Err(Refusal::absent(format!("there is no Auto Scaling group {name}")));
        };
        let mut after = before.clone();
        after.insert("instance".to_owned(), json!("gone"));
        after.insert("desired".to_owned(), json!(group.desired - 1));
        Ok(Proposal::one(Change {
            summary: format!(
                "terminate {}, desired {} → {}",
                member.id,
                group.desired,
                group.desired - 1
            ),
            before,
            after,
            cost: cost::of_member(&member.id, view, site),
            impact: Impact {
                instances_removed: 1,
                ..Impact::default()
            },
            ..Change::draft(self, target(site, group), with)
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        match parse::<With>(&change.with) {
            Ok(with) => state(view, &with),
            Err(_) => Sight::Gone,
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        Ok(Mutation::AutoScaling(autoscaling::Write::TerminateInstance {
            instance: with.instance,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let Ok(with) = parse::<With>(&change.with) else {
            return Progress::Failed("the change names no instance".to_owned());
        };
        Progress::of(view.group(&with.group), "the group", |group| {
            match group.instances.iter().find(|member| member.id == with.instance) {
                None => Progress::Done,
                Some(member) => Progress::Waiting(format!("{} is {}", member.id, member.lifecycle)),
            }
        })
    }

    fn invert(&self, change: &Change) -> Undo {
        let (Ok(from), Ok(to)) = (Sizes::read(&change.after), Sizes::read(&change.before)) else {
            return Undo::Impossible("the sizes before are not known".to_owned());
        };
        let mut with = Arguments::new();
        with.insert("group".to_owned(), json!(change.target.name));
        Undo::By(vec![Change {
            summary: format!("desired {} → {}, with another instance", from.desired, to.desired),
            before: from.fields(),
            after: to.fields(),
            cost: change.cost.clone().reversed(),
            impact: Impact {
                instances_added: 1,
                ..Impact::default()
            },
            ..Change::draft(&SetCapacity, change.target.clone(), &with)
        }])
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        if let Some(group) = view.group_mut(&with.group) {
            group.instances.retain(|member| member.id != with.instance);
            group.desired = group.desired.saturating_sub(1);
        }
    }
}
