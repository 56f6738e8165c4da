//! `ec2.reboot`: an instance starts its operating system anew, where it is.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::json;

use super::{find, heading};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, cloudtrail, ec2};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, Unread, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;
use crate::runbook::value::Value as LiveValue;

/// The operation, as CloudTrail names it.
const OPERATION: &str = "RebootInstances";

/// CloudTrail writes whole seconds, by a clock of its own.
const SKEW: SignedDuration = SignedDuration::from_secs(5);

/// `ec2.reboot`.
pub struct Reboot;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    instance: String,
}

/// Whether CloudTrail tells of a reboot; nobody asks it before the call, nor where AWS has answered.
fn told(view: &View, id: &str) -> Result<bool, Unread> {
    match view.trail(id) {
        Ok(events) => Ok(events.iter().any(|event| event.name == OPERATION)),
        Err(Unread::NotAsked(_)) => Ok(false),
        Err(unread) => Err(unread),
    }
}

impl Action for Reboot {
    fn name(&self) -> &'static str {
        "ec2.reboot"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Reboots an EC2 instance, where it is: addresses, volumes and instance store stay.\n\
                What runs on it ends, its GPUs' memory included. EC2 shows no sign of a reboot, the instance is \
                `running` throughout: it counts as made once AWS has accepted it, and where the answer was lost \
                CloudTrail is asked, which may be 15 minutes behind. Whether the machine serves again is for a \
                check behind this step, such as `http.health`. What EKS, Karpenter, ECS, Batch or SageMaker run \
                is refused. There is nothing to take back.",
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
            timeout_s: 20 * 60,
            // CloudTrail is late, and a second reboot would be a second outage.
            settle_s: 15 * 60,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Ec2(ec2::Read::Instances)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let instance = find(view, &wanted.instance)?;
        let id = &instance.id;
        if let Some(owner) = instance.foreign_owner() {
            return Err(Refusal::state(format!("{id} is run by {owner}: change it there")));
        }
        if !instance.is_running() {
            return Err(Refusal::state(format!(
                "{id} is {}, and only what runs can be rebooted",
                instance.state
            )));
        }
        let name = instance.name.as_deref().unwrap_or(id);
        let mut proposal = Proposal::one(Change {
            summary: "reboot".to_owned(),
            before: fields([("rebooted", json!(false)), ("state", json!("running"))]),
            after: fields([("rebooted", json!(true)), ("state", json!("running"))]),
            impact: Impact {
                outage: Some("what runs on it ends, and it is away for a minute or more".to_owned()),
                ..Impact::default()
            },
            ..Change::draft(self, site.target(Kind::Ec2Instance, id, name), with)
        });
        if let Some(group) = instance.group() {
            proposal = proposal.warn(format!(
                "{name}: its group {group} may find it unhealthy while it is away, and replace it"
            ));
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let id = &change.target.id;
        match (view.instance(id), told(view, id)) {
            (Err(unread), _) | (Ok(Some(_)), Err(unread)) => Sight::Unreadable(unread),
            (Ok(None), _) => Sight::Gone,
            (Ok(Some(instance)), Ok(rebooted)) => Sight::Here(fields([
                ("rebooted", json!(rebooted)),
                ("state", json!(heading(&instance.state))),
            ])),
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        Ok(Mutation::Ec2(ec2::Write::RebootInstances {
            instances: vec![change.target.id.clone()],
        }))
    }

    fn watch(&self, change: &Change, applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        let mut queries = self.reads(&change.with)?;
        if applied.receipt.request_id.is_none() {
            queries.push(Query::CloudTrail(cloudtrail::Read::Lookup {
                resource: change.target.id.clone(),
                since: applied.at.saturating_sub(SKEW).unwrap_or(applied.at),
                region: None,
            }));
        }
        Ok(queries)
    }

    fn progress(&self, change: &Change, applied: &Applied, view: &View) -> Progress {
        let id = &change.target.id;
        Progress::of(view.instance(id), "the instance", |instance| {
            if !instance.is_running() {
                return match heading(&instance.state) {
                    "running" => Progress::Waiting(format!("it is {}", instance.state)),
                    state => Progress::Failed(format!("the instance is {state}")),
                };
            }
            if applied.receipt.request_id.is_some() {
                return Progress::Done;
            }
            match told(view, id) {
                Ok(true) => Progress::Done,
                Ok(false) => Progress::Waiting("CloudTrail does not tell of it yet".to_owned()),
                Err(unread) => Progress::Waiting(unread.to_string()),
            }
        })
    }

    fn live(&self, change: &Change, view: &View) -> BTreeMap<String, LiveValue> {
        let instance = view.instance(&change.target.id).ok().flatten();
        let state = instance.map(|instance| instance.state.as_str());
        BTreeMap::from([("state".to_owned(), state.into())])
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded("a reboot leaves nothing behind")
    }

    fn project(&self, change: &Change, view: &mut View) {
        view.add_trail_event("ec2.amazonaws.com", OPERATION, &change.target.id);
    }
}
