//! `elb.deregister` and `elb.register`: one target of a target group.

use serde::Deserialize;
use serde_json::json;

use crate::domain::elb::{Target, TargetGroup};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, elb};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// Takes a target out of a target group, or puts it in.
pub struct Registration {
    to: To,
}

/// `elb.deregister`.
pub const DEREGISTER: Registration = Registration { to: To::Out };

/// `elb.register`.
pub const REGISTER: Registration = Registration { to: To::In };

#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    In,
    Out,
}

impl To {
    const fn registered(self) -> bool {
        matches!(self, Self::In)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    target_group: String,
    target: String,
    port: Option<u16>,
}

fn find<'g>(group: &'g TargetGroup, with: &With) -> Option<&'g Target> {
    group
        .targets
        .iter()
        .flatten()
        .find(|target| target.id == with.target && (with.port.is_none() || target.port == with.port))
}

/// A draining target is on its way out.
fn is_registered(group: &TargetGroup, with: &With) -> bool {
    find(group, with).is_some_and(|target| !target.state.ends_with("draining"))
}

impl Action for Registration {
    fn name(&self) -> &'static str {
        match self.to {
            To::Out => "elb.deregister",
            To::In => "elb.register",
        }
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: match self.to {
                To::Out => {
                    "Takes a target out of a target group; it drains first.\n\
                     The last healthy target is refused. An Auto Scaling group or an ECS service that owns it \
                     may put it back. Undo puts it in again."
                }
                To::In => {
                    "Puts a target into a target group, and waits until it is healthy.\nUndo takes it out."
                }
            },
            fields: vec![
                FieldSchema::required("target_group", Type::Text, "The target group."),
                FieldSchema::required("target", Type::Text, "An instance's id, an address, or an ARN."),
                FieldSchema::optional("port", Type::Int, "the target group's", "The port."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::TargetGroup),
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
        Ok(vec![Query::Elb(elb::Read::Balancing)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let group = view
            .target_group(&wanted.target_group)?
            .ok_or_else(|| Refusal::absent(format!("there is no target group {}", wanted.target_group)))?;
        if group.targets.is_none() {
            return Err(Refusal::state(format!(
                "the targets of {} could not be read",
                group.name
            )));
        }
        let live = is_registered(group, &wanted);
        if live == self.to.registered() {
            return Ok(Proposal::nothing());
        }
        let healthy = find(group, &wanted).is_some_and(|target| target.state == "healthy");
        if self.to == To::Out && healthy && group.count("healthy") == Some(1) {
            return Err(Refusal::state(format!(
                "{} is the only healthy target of {}",
                wanted.target, group.name
            )));
        }
        let verb = match self.to {
            To::Out => "take out",
            To::In => "put in",
        };
        let mut own = with.clone();
        if let Some(port) = find(group, &wanted).and_then(|target| target.port) {
            own.insert("port".to_owned(), json!(port));
        }
        Ok(Proposal::one(Change {
            summary: format!("{verb} {}", wanted.target),
            before: fields([("registered", json!(live))]),
            after: fields([("registered", json!(self.to.registered()))]),
            impact: Impact {
                dependents: group
                    .load_balancers
                    .iter()
                    .filter_map(|arn| arn.split('/').nth(2))
                    .map(|name| format!("load balancer {name}"))
                    .collect(),
                ..Impact::default()
            },
            ..Change::draft(
                self,
                site.target(Kind::TargetGroup, &group.arn, &group.name),
                &own,
            )
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<With>(&change.with) else {
            return Sight::Gone;
        };
        match view.target_group(&change.target.id) {
            Err(unread) => Sight::Unreadable(unread),
            Ok(None) => Sight::Gone,
            Ok(Some(group)) if group.targets.is_none() => Sight::Unreadable(
                crate::runbook::action::Unread::NotAsked("the health of the targets"),
            ),
            Ok(Some(group)) => Sight::Here(fields([("registered", json!(is_registered(group, &with)))])),
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        let target_group = change.target.id.clone();
        let targets = vec![(with.target, with.port)];
        Ok(Mutation::Elb(match self.to {
            To::Out => elb::Write::DeregisterTargets {
                target_group,
                targets,
            },
            To::In => elb::Write::RegisterTargets {
                target_group,
                targets,
            },
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let Ok(with) = parse::<With>(&change.with) else {
            return Progress::Failed("the change names no target".to_owned());
        };
        let found = view.target_group(&change.target.id);
        Progress::of(found, "the target group", |group| {
            match (self.to, find(group, &with)) {
                (To::Out, None) => Progress::Done,
                (To::In, Some(target)) if matches!(target.state.as_str(), "healthy" | "unused") => {
                    Progress::Done
                }
                (_, Some(target)) => Progress::Waiting(format!("it is {}", target.state)),
                (To::In, None) => Progress::Waiting("it does not show yet".to_owned()),
            }
        })
    }

    fn invert(&self, change: &Change) -> Undo {
        let (other, verb) = match self.to {
            To::Out => (&REGISTER, "put in"),
            To::In => (&DEREGISTER, "take out"),
        };
        let what = change
            .with
            .get("target")
            .and_then(serde_json::Value::as_str)
            .unwrap_or("it");
        let mut back = change.swapped(format!("{verb} {what} again"));
        other.name().clone_into(&mut back.action);
        Undo::By(vec![back])
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        let Some(group) = view.target_group_mut(&change.target.id) else {
            return;
        };
        let port = with.port.or(group.port);
        if let Some(targets) = &mut group.targets {
            targets.retain(|target| {
                target.id != with.target || (with.port.is_some() && target.port != with.port)
            });
            if self.to == To::In {
                targets.push(Target {
                    id: with.target,
                    port,
                    zone: None,
                    state: "healthy".to_owned(),
                    reason: None,
                    description: None,
                });
            }
        }
    }
}
