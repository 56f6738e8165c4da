//! `gpu.await_idle`: waits until a host has nothing to do.

use serde::Deserialize;
use serde_json::json;

use crate::domain::ec2::Instance;
use crate::domain::ids::{Kind, Tag, tag};
use crate::domain::ops::{Mutation, Query, ec2};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Pace, Progress, Proposal, Refusal, Sight, Site, Stamp,
    Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::survey::{self, Work};
use crate::runbook::types::Type;

/// `gpu.await_idle`.
pub struct AwaitIdle;

/// The tag that tells people that a host is being drained.
pub(super) const DRAINING: &str = "quarterdeck:draining";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    instance: String,
}

fn find<'v>(view: &'v View, id: &str) -> Result<&'v Instance, Refusal> {
    view.instance(id)?
        .ok_or_else(|| Refusal::absent(format!("there is no instance {id}")))
}

impl Action for AwaitIdle {
    fn name(&self) -> &'static str {
        "gpu.await_idle"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Waits until no card of a GPU host has had anything to do in several samples.\n\
                The host is tagged quarterdeck:draining, so that others see what is going on; nothing keeps \
                work from coming to it. A host that cannot be asked never counts as idle. Undo removes the tag.",
            fields: vec![FieldSchema::required(
                "instance",
                Type::Text,
                "The instance's id.",
            )],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Reversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Ec2Instance),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 60,
            timeout_s: 2 * 60 * 60,
            settle_s: 15,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Ec2(ec2::Read::Instances)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let instance = find(view, &wanted.instance)?;
        let before = tag(&instance.tags, DRAINING);
        // The tag of an earlier run that was broken off proves nothing: it is waited for anew.
        let now = format!("{:.0}", site.now);
        if before == Some(&now) {
            return Ok(Proposal::nothing());
        }
        Ok(Proposal::one(Change {
            summary: "wait until its cards have nothing to do".to_owned(),
            before: fields([("draining", json!(before))]),
            after: fields([("draining", json!(now))]),
            ..Change::draft(
                self,
                site.target(Kind::Ec2Instance, &instance.id, super::name(instance)),
                with,
            )
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        Sight::of(view.instance(&change.target.id), |instance| {
            fields([("draining", json!(tag(&instance.tags, DRAINING)))])
        })
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let instance = change.target.id.clone();
        Ok(Mutation::Ec2(
            match change.after.get("draining").and_then(|value| value.as_str()) {
                Some(value) => ec2::Write::PutTags {
                    instance,
                    tags: vec![Tag {
                        key: DRAINING.to_owned(),
                        value: value.to_owned(),
                    }],
                },
                None => ec2::Write::DeleteTags {
                    instance,
                    keys: vec![DRAINING.to_owned()],
                },
            },
        ))
    }

    fn watch(&self, change: &Change, _applied: &Applied) -> Result<Vec<Query>, BadArguments> {
        let mut queries = self.reads(&change.with)?;
        queries.extend(survey::query([change.target.id.clone()]));
        Ok(queries)
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let instance = match view.instance(&change.target.id) {
            Err(unread) => return Progress::Waiting(unread.to_string()),
            // Spot may have taken it back, or its group replaced it: there is nothing left to wait for.
            Ok(None) => return Progress::Done,
            Ok(Some(instance)) => instance,
        };
        if change.after.get("draining") != Some(&json!(tag(&instance.tags, DRAINING))) {
            return Progress::Waiting("the tags do not show it yet".to_owned());
        }
        // Taken back, there is nothing to wait for.
        if change.after.get("draining") == Some(&serde_json::Value::Null) {
            return Progress::Done;
        }
        match survey::work(instance, view) {
            Work::Idle => Progress::Done,
            Work::Busy { what, .. } => Progress::Waiting(format!("busy: {what}")),
            Work::Unknown { why, .. } => Progress::Waiting(format!("not known to be idle: {why}")),
        }
    }

    fn invert(&self, change: &Change) -> Undo {
        let mut back = change.swapped("no longer draining".to_owned());
        back.before = fields([(
            "draining",
            change.after.get("draining").cloned().unwrap_or_default(),
        )]);
        back.after = fields([("draining", serde_json::Value::Null)]);
        Undo::By(vec![back])
    }

    fn project(&self, change: &Change, view: &mut View) {
        let value = change.after.get("draining").and_then(|value| value.as_str());
        if let Some(instance) = view.instance_mut(&change.target.id) {
            instance.tags.retain(|tag| tag.key != DRAINING);
            instance.tags.extend(value.map(|value| Tag {
                key: DRAINING.to_owned(),
                value: value.to_owned(),
            }));
        }
        if value.is_some() {
            for sample in view.gpu_samples_mut(&change.target.id).into_iter().flatten() {
                survey::AT_REST.clone_into(&mut sample.stdout);
            }
        }
    }
}
