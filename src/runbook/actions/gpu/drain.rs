//! `gpu.drain`: takes one GPU host out of service without ending anybody's work.

use serde::Deserialize;
use serde_json::json;

use super::idle::DRAINING;
use super::{AwaitIdle, named, owner_of_group};
use crate::domain::ec2::Instance;
use crate::domain::gpu;
use crate::domain::ids::Kind;
use crate::domain::ops::{Query, autoscaling, ec2};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{Arguments, BadArguments, Refusal, View, parse};
use crate::runbook::actions::asg::{Protect, SetCapacity, TerminateInstance};
use crate::runbook::actions::script::{Draft, Script};
use crate::runbook::actions::{ec2 as power, tags};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::survey::{self, Work};
use crate::runbook::types::Type;

/// `gpu.drain`.
pub struct Drain;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    instance: String,
}

fn find<'v>(view: &'v View, id: &str) -> Result<&'v Instance, Refusal> {
    view.instance(id)?
        .ok_or_else(|| Refusal::absent(format!("there is no instance {id}")))
}

/// Has a member of a group wait until it is idle, and end: the capacity goes down with it. It is
/// protected from scale-in meanwhile, so that nobody ends its work.
pub(super) fn out_of_group(draft: &mut Draft<'_>, group: &str, id: &str) -> Result<(), Refusal> {
    draft.add(&Protect, json!({"group": group, "instances": [id]}))?;
    draft.add(&AwaitIdle, json!({"instance": id}))?;
    let sizes = draft
        .view
        .group(group)?
        .map(|known| (known.min, known.desired))
        .unwrap_or_default();
    if sizes.0 > 0 && sizes.0 >= sizes.1 {
        // AWS does not go below the minimum for anybody.
        draft.add(
            &SetCapacity,
            json!({"group": group, "min": sizes.1.saturating_sub(1)}),
        )?;
    }
    draft.add(
        &TerminateInstance,
        json!({"group": group, "instance": id, "even_protected": true}),
    )
}

/// Has an instance on its own wait until it is idle, and stop.
pub(super) fn stop_when_idle(draft: &mut Draft<'_>, id: &str) -> Result<(), Refusal> {
    draft.add(&AwaitIdle, json!({"instance": id}))?;
    draft.add(&power::STOP, json!({"instance": id}))?;
    draft.add(
        &tags::REMOVE,
        json!({"kind": "ec2-instance", "resource": id, "key": DRAINING}),
    )
}

impl Script for Drain {
    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: "gpu.drain",
            role: Role::Action,
            about: "Takes a GPU host out of service once it has nothing to do.\n\
                A member of an Auto Scaling group is protected from scale-in, waited for, and terminated with \
                the capacity lowered by one, and the minimum where that is in the way; an instance on its own \
                is waited for and stopped. A host that cannot be asked is refused, since nobody would know \
                when it is idle.",
            fields: vec![FieldSchema::required(
                "instance",
                Type::Text,
                "The instance's id.",
            )],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Ec2Instance),
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![
            Query::Ec2(ec2::Read::Instances),
            Query::AutoScaling(autoscaling::Read::Groups),
        ])
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let running = parse::<With>(with)
            .ok()
            .and_then(|with| view.instance(&with.instance).ok()?)
            .filter(|instance| instance.is_running());
        running
            .and_then(|instance| survey::query([instance.id.clone()]))
            .into_iter()
            .collect()
    }

    fn write(&self, with: &Arguments, draft: &mut Draft<'_>) -> Result<(), Refusal> {
        let With { instance: id } = parse(with)?;
        let view = draft.view.clone();
        let instance = find(&view, &id)?;
        let label = named(instance);
        if !gpu::is_gpu_type(&instance.instance_type) {
            return Err(Refusal::state(format!(
                "{label} is a {}, which has no GPU: there is no telling when it is idle",
                instance.instance_type
            )));
        }
        if let Some(owner) = instance.foreign_owner() {
            return Err(Refusal::state(format!(
                "{label} is run by {owner}: drain it there"
            )));
        }
        if matches!(
            instance.state.as_str(),
            "stopped" | "stopping" | "shutting-down" | "terminated"
        ) {
            draft.skip(format!("{label} is {} already", instance.state));
            return Ok(());
        }
        if let Work::Unknown { why, .. } = survey::work(instance, &view) {
            return Err(Refusal::state(format!(
                "{label} cannot be asked what it does, so nobody would know when it is idle: {why}"
            )));
        }
        let Some(name) = instance.group() else {
            return stop_when_idle(draft, &id);
        };
        let group = view
            .group(name)?
            .ok_or_else(|| Refusal::absent(format!("there is no Auto Scaling group {name}")))?;
        if let Some(owner) = owner_of_group(group, &view) {
            return Err(Refusal::state(format!(
                "{name} is run by {owner}: drain {label} there"
            )));
        }
        out_of_group(draft, name, &id)
    }
}
