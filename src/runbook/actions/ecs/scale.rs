//! `ecs.scale`: how many tasks a service wants.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::deploy::task_definitions;
use super::scaling_bounds::{self, targets};
use super::{Named, service, sight, target};
use crate::domain::ecs::Service;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, ecs};
use crate::domain::policy::ConfirmLevel;
use crate::domain::price::FargateSize;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, CostDelta, Impact, Pace, Progress, Proposal, Refusal,
    Sight, Site, Stamp, Undo, View, fields, parse,
};
use crate::runbook::actions::bounds::Bounds;
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;
use crate::runbook::value::Value as LiveValue;

/// `ecs.scale`.
pub struct Scale;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    service: String,
    desired: u32,
}

fn count(fields: &crate::runbook::action::Fields) -> Option<u32> {
    u32::try_from(fields.get("desired").and_then(Value::as_u64)?).ok()
}

fn summary(from: u32, to: u32) -> String {
    format!("desired {from} → {to}")
}

fn on_fargate(service: &Service) -> bool {
    service.capacity.iter().any(|one| one.starts_with("FARGATE"))
}

/// What has to be read to know what a service's tasks cost: their size, which is what Fargate is paid by.
pub(in crate::runbook::actions) fn sizes(service: &Service) -> Option<Query> {
    on_fargate(service).then(|| task_definitions(&service.task_definition))
}

/// What another number of tasks costs. Tasks on instances cost nothing of their own; which tasks are on
/// Fargate Spot is not known beforehand, nor is its price.
fn cost(service: &Service, wanted: u32, (view, site): (&View, &Site<'_>)) -> CostDelta {
    if !on_fargate(service) {
        return CostDelta::None;
    }
    let on_demand = service.capacity.iter().all(|one| one != "FARGATE_SPOT");
    let definition = view.task_definition(&service.task_definition).ok().flatten();
    let price = definition
        .filter(|_| on_demand)
        .and_then(FargateSize::of)
        .and_then(|(arch, size)| site.prices.fargate(site.region, arch, size));
    let more = i64::from(wanted) - i64::from(service.desired);
    CostDelta::of(price, more, &format!("tasks of {}", service.task_definition))
}

impl Action for Scale {
    fn name(&self) -> &'static str {
        "ecs.scale"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Sets how many tasks an ECS service wants.\n\
                ECS accepts a count outside the bounds of Application Auto Scaling, which then sets it back: \
                where the count lies outside, the bounds are moved first. Undo brings both back.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster's name."),
                FieldSchema::required("service", Type::Text, "The service."),
                FieldSchema::required("desired", Type::Int, "Tasks wanted."),
            ],
            outputs: vec![OutputSchema::new("desired", Type::Int, "Tasks wanted.")],
            live: vec![
                OutputSchema::new("desired", Type::Int, "Tasks wanted."),
                OutputSchema::new("running", Type::Int, "Tasks that run."),
            ],
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::EcsService),
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
        Ok(vec![Query::Ecs(ecs::Read::Fleet), targets()])
    }

    /// The size of its tasks, which is what Fargate is paid by.
    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let Ok(with) = parse::<With>(with) else {
            return Vec::new();
        };
        match view.service(&with.cluster, &with.service) {
            Ok(Some(service)) => sizes(service).into_iter().collect(),
            Ok(None) | Err(_) => Vec::new(),
        }
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let service = service(view, &wanted.cluster, &wanted.service)?;
        if service.desired == wanted.desired {
            return Ok(Proposal::nothing());
        }
        let change = Change {
            summary: summary(service.desired, wanted.desired),
            before: fields([("desired", json!(service.desired))]),
            after: fields([("desired", json!(wanted.desired))]),
            risk: if wanted.desired < service.desired {
                Risk::Disruptive
            } else {
                Risk::Reversible
            },
            cost: cost(service, wanted.desired, (view, site)),
            impact: Impact {
                tasks_removed: service.desired.saturating_sub(wanted.desired),
                outage: (wanted.desired == 0).then(|| "no task of it runs any more".to_owned()),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, service), with)
        };
        let mut proposal = Proposal::nothing();
        if let Some(target) = view.scalable_target(&wanted.cluster, &wanted.service)? {
            let bounds = Bounds::of(target).holding(wanted.desired);
            if bounds == Bounds::of(target) {
                proposal = proposal.warn(format!(
                    "{}: Application Auto Scaling may move the count again, between {} and {}",
                    service.name, target.min, target.max
                ));
            } else {
                proposal
                    .changes
                    .push(scaling_bounds::change(service, target, bounds, site));
            }
        }
        proposal.changes.push(change);
        Ok(if service.is_deploying() {
            proposal.warn(format!("{}: a deployment is under way", service.name))
        } else {
            proposal
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        match parse::<Named>(&change.with) {
            Ok(with) => sight(view, (&with.cluster, &with.service), |service| {
                fields([("desired", json!(service.desired))])
            }),
            Err(_) => Sight::Gone,
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: Named = parse(&change.with)?;
        let desired =
            count(&change.after).ok_or_else(|| BadArguments("the change has no desired count".to_owned()))?;
        Ok(Mutation::Ecs(ecs::Write::UpdateService {
            cluster: with.cluster,
            service: with.service,
            task_definition: None,
            desired: Some(desired),
            force_new_deployment: false,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let (Ok(with), Some(wanted)) = (parse::<Named>(&change.with), count(&change.after)) else {
            return Progress::Failed("the change names no service".to_owned());
        };
        let found = view.service(&with.cluster, &with.service);
        Progress::of(found, "the service", |service| {
            if service.desired != wanted {
                Progress::Waiting(format!("the service wants {}", service.desired))
            } else if service.running == wanted && service.pending == 0 {
                Progress::Done
            } else {
                Progress::Waiting(format!("{} of {wanted} tasks run", service.running))
            }
        })
    }

    fn live(&self, change: &Change, view: &View) -> BTreeMap<String, LiveValue> {
        let service = parse::<Named>(&change.with)
            .ok()
            .and_then(|with| view.service(&with.cluster, &with.service).ok().flatten());
        let count = |count: Option<u32>| count.map(i64::from).into();
        BTreeMap::from([
            (
                "desired".to_owned(),
                count(service.map(|service| service.desired)),
            ),
            (
                "running".to_owned(),
                count(service.map(|service| service.running)),
            ),
        ])
    }

    fn invert(&self, change: &Change) -> Undo {
        match (count(&change.before), count(&change.after)) {
            (Some(before), Some(after)) => {
                let mut back = change.swapped(summary(after, before));
                back.with.insert("desired".to_owned(), json!(before));
                back.impact.tasks_removed = after.saturating_sub(before);
                Undo::By(vec![back])
            }
            _ => Undo::Impossible("the count before is not known".to_owned()),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        let (Ok(with), Some(desired)) = (parse::<Named>(&change.with), count(&change.after)) else {
            return;
        };
        if let Some(service) = view.service_mut(&with.cluster, &with.service) {
            service.desired = desired;
            service.running = desired;
            service.pending = 0;
            for primary in service.deployments.iter_mut().take(1) {
                primary.desired = desired;
                primary.running = desired;
                primary.pending = 0;
            }
        }
    }
}
