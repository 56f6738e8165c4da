//! `ec2.stop` and `ec2.start`: instances that are in no group. `ec2.reboot`: any.

mod reboot;

pub(super) use reboot::Reboot;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::power::To;
use crate::domain::ec2::{Instance, Purchase};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, ec2};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Impact, Pace, Progress, Proposal, Refusal,
    Sight, Site, Stamp, Undo, View, fields, parse,
};
use crate::runbook::actions::asg::spot_query;
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;
use crate::runbook::value::Value as LiveValue;

/// Stops or starts an instance.
pub struct Power {
    to: To,
}

/// `ec2.stop`.
pub const STOP: Power = Power { to: To::Stopped };

/// `ec2.start`.
pub const START: Power = Power { to: To::Running };

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    instance: String,
}

/// Where an instance is going: what is on its way counts as there, so that a lost answer is told from a
/// call that was never made.
fn heading(state: &str) -> &str {
    match state {
        "pending" | "running" => "running",
        "stopping" | "stopped" => "stopped",
        other => other,
    }
}

/// The instance of that id, or the only one of that name.
fn find<'v>(view: &'v View, wanted: &str) -> Result<&'v Instance, Refusal> {
    if let Some(instance) = view.instance(wanted)? {
        return Ok(instance);
    }
    let mut named = view
        .instances()?
        .iter()
        .filter(|instance| instance.name.as_deref() == Some(wanted) && instance.state != "terminated");
    match (named.next(), named.next()) {
        (Some(instance), None) => Ok(instance),
        (Some(_), Some(_)) => Err(Refusal::state(format!(
            "several instances are called {wanted}: give the id"
        ))),
        (None, _) => Err(Refusal::absent(format!("there is no instance {wanted}"))),
    }
}

fn cost(instance: &Instance, to: To, view: &View, site: &Site<'_>) -> CostDelta {
    let sign = match to {
        To::Stopped => -1,
        To::Running => 1,
    };
    let what = &instance.instance_type;
    match instance.purchase {
        Purchase::OnDemand => CostDelta::of(site.prices.ec2(site.region, what), sign, what),
        Purchase::Spot => CostDelta::of(site.spot_price(view, what, Some(&instance.zone)), sign, what),
        Purchase::CapacityBlock => CostDelta::Unknown("a Capacity Block is paid for anyway".to_owned()),
    }
}

impl Action for Power {
    fn name(&self) -> &'static str {
        match self.to {
            To::Stopped => "ec2.stop",
            To::Running => "ec2.start",
        }
    }

    fn schema(&self) -> ActionSchema {
        let about = match self.to {
            To::Stopped => {
                "Stops an EC2 instance.\n\
                 Members of Auto Scaling groups are refused: the group would replace them. So are instances \
                 that EKS, Karpenter, ECS, Batch or SageMaker manage, and one-time Spot instances. Volumes are \
                 billed on; instance store is wiped and the public address changes. Undo starts it."
            }
            To::Running => {
                "Starts an EC2 instance.\n\
                 AWS may have no capacity of its type just then, for GPUs in particular. Undo stops it."
            }
        };
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about,
            fields: vec![FieldSchema::required(
                "instance",
                Type::Text,
                "The instance's id, or its name if no other has it.",
            )],
            outputs: Vec::new(),
            live: vec![OutputSchema::new("state", Type::Text, "`running`, `stopped`, ….")],
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Ec2Instance),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 10,
            timeout_s: 15 * 60,
            settle_s: 20,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Ec2(ec2::Read::Instances)])
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let wanted = parse::<With>(with).ok();
        let instance = wanted.and_then(|with| find(view, &with.instance).ok());
        spot_query(instance).into_iter().collect()
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let instance = find(view, &wanted.instance)?;
        let id = &instance.id;
        if let Some(group) = instance.group() {
            return Err(Refusal::state(format!(
                "{id} is in the Auto Scaling group {group}, which would replace it: change the group's capacity"
            )));
        }
        if let Some(owner) = instance.foreign_owner() {
            return Err(Refusal::state(format!("{id} is run by {owner}: change it there")));
        }
        if !self
            .to
            .is_needed(heading(&instance.state), (id, &instance.state))?
        {
            return Ok(Proposal::nothing());
        }
        if self.to == To::Stopped && instance.purchase == Purchase::Spot {
            return Err(Refusal::state(format!(
                "{id} is a Spot instance, which can be stopped only by its request"
            )));
        }
        let name = instance.name.as_deref().unwrap_or(id);
        let mut change = Change {
            summary: self.to.summary(),
            before: self.to.other().fields(),
            after: self.to.fields(),
            cost: cost(instance, self.to, view, site),
            ..Change::draft(self, site.target(Kind::Ec2Instance, id, name), with)
        };
        let mut proposal = Proposal::nothing();
        match self.to {
            To::Stopped => {
                change.impact = Impact {
                    instances_removed: 1,
                    outage: Some("what runs on it ends".to_owned()),
                    ..Impact::default()
                };
                proposal.warnings.push(format!(
                    "{name}: volumes are billed on, instance store is wiped, a public address changes"
                ));
            }
            To::Running => {
                change.impact.instances_added = 1;
                change.risk = Risk::Reversible;
                proposal.warnings.push(format!(
                    "{name}: AWS may have no {} just then",
                    instance.instance_type
                ));
            }
        }
        proposal.changes.push(change);
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        Sight::of(view.instance(&change.target.id), |instance| {
            fields([("state", json!(heading(&instance.state)))])
        })
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let instances = vec![change.target.id.clone()];
        Ok(Mutation::Ec2(match self.to {
            To::Stopped => ec2::Write::StopInstances { instances },
            To::Running => ec2::Write::StartInstances { instances },
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let found = view.instance(&change.target.id);
        Progress::of(found, "the instance", |instance| match instance.state.as_str() {
            state if state == self.to.word() => Progress::Done,
            "terminated" | "shutting-down" => Progress::Failed(format!("the instance is {}", instance.state)),
            state => Progress::Waiting(format!("it is {state}")),
        })
    }

    fn live(&self, change: &Change, view: &View) -> BTreeMap<String, LiveValue> {
        let instance = view.instance(&change.target.id).ok().flatten();
        let state = instance.map(|instance| instance.state.as_str());
        BTreeMap::from([("state".to_owned(), state.into())])
    }

    fn invert(&self, change: &Change) -> Undo {
        let other = match self.to {
            To::Stopped => &START,
            To::Running => &STOP,
        };
        self.to.undo(change, other)
    }

    fn project(&self, change: &Change, view: &mut View) {
        if let Some(instance) = view.instance_mut(&change.target.id) {
            self.to.word().clone_into(&mut instance.state);
        }
    }
}
