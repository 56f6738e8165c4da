//! `ecs.restart`: new tasks of the same revision.

use serde::Deserialize;
use serde_json::{Value, json};

use super::rollout::{self, Wanted};
use super::{controlled_by_ecs, moved, service, sight, target};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, ecs};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, known_after, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `ecs.restart`.
pub struct Restart;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    service: String,
    /// Set by the plan: the new tasks run another image.
    #[serde(default)]
    deploys: bool,
}

fn text<'c>(change: &'c Change, name: &str) -> Option<&'c str> {
    change.before.get(name).and_then(Value::as_str)
}

impl Action for Restart {
    fn name(&self) -> &'static str {
        "ecs.restart"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Replaces the tasks of an ECS service by new ones of the same revision.\n\
                An image that is named by a tag is pulled anew, so this can deploy a newer or a broken image; \
                it is no rollback. Where ECR shows that a tag of this account was moved since the deployment that \
                runs began, the plan says so with both digests, and the change cannot be taken back; otherwise \
                there is nothing to take back.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster's name."),
                FieldSchema::required("service", Type::Text, "The service."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::EcsService),
        }
    }

    fn pace(&self) -> Pace {
        rollout::PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(with)?;
        Ok(rollout::reads(&with.cluster, &with.service))
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let Ok(with) = parse::<With>(with) else {
            return Vec::new();
        };
        let service = service(view, &with.cluster, &with.service);
        let history = view.deployments(&with.cluster, &with.service);
        match (service, history) {
            (Ok(service), Ok(history)) => moved::reads(service, history),
            _ => Vec::new(),
        }
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let service = service(view, &wanted.cluster, &wanted.service)?;
        controlled_by_ecs(service)?;
        let primary = service
            .primary()
            .ok_or_else(|| Refusal::state(format!("{} has no primary deployment", service.name)))?;
        // Older endpoints do not have the history.
        let history = view
            .deployments(&wanted.cluster, &wanted.service)
            .unwrap_or_default();
        let moved = moved::judge(service, history, view);
        let deploys = !moved.tags.is_empty();
        let mut own = with.clone();
        let summary = if deploys {
            own.insert("deploys".to_owned(), json!(true));
            format!("new tasks of {}, of another image", service.task_definition)
        } else {
            format!("new tasks of {}", service.task_definition)
        };
        let change = Change {
            summary,
            before: fields([
                ("deployment", json!(primary.id)),
                ("task_definition", json!(service.task_definition)),
            ]),
            after: fields([
                ("deployment", known_after("this step")),
                ("task_definition", json!(service.task_definition)),
            ]),
            impact: Impact {
                tasks_removed: service.running,
                ..Impact::default()
            },
            ..Change::draft(self, target(site, service), &own)
        };
        let warnings = moved.tags.into_iter().chain(moved.doubts);
        let proposal = warnings.fold(Proposal::one(change), Proposal::warn);
        Ok(if service.is_deploying() {
            proposal.warn(format!(
                "{}: a deployment is under way and starts over",
                service.name
            ))
        } else {
            proposal
        })
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        match parse::<With>(&change.with) {
            Ok(with) => sight(view, (&with.cluster, &with.service), |service| {
                fields([
                    ("deployment", json!(service.primary().map(|primary| &primary.id))),
                    ("task_definition", json!(service.task_definition)),
                ])
            }),
            Err(_) => Sight::Gone,
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        Ok(Mutation::Ecs(ecs::Write::UpdateService {
            cluster: with.cluster,
            service: with.service,
            // Without it a revision that somebody made primary just now would be restarted instead.
            task_definition: text(change, "task_definition").map(str::to_owned),
            desired: None,
            force_new_deployment: true,
        }))
    }

    fn progress(&self, change: &Change, applied: &Applied, view: &View) -> Progress {
        let (Ok(with), Some(revision)) = (parse::<With>(&change.with), text(change, "task_definition"))
        else {
            return Progress::Failed("the change names no service".to_owned());
        };
        rollout::progress(
            &Wanted {
                cluster: &with.cluster,
                service: &with.service,
                task_definition: revision,
                replaces: text(change, "deployment"),
            },
            applied,
            view,
        )
    }

    fn invert(&self, change: &Change) -> Undo {
        match parse::<With>(&change.with) {
            Ok(With { deploys: true, .. }) => Undo::Impossible(
                "the tag means another image than the one that ran: point it back with ecr.retag, and restart again"
                    .to_owned(),
            ),
            Ok(_) | Err(_) => Undo::NotNeeded("new tasks run the same revision"),
        }
    }

    fn project(&self, change: &Change, view: &mut View) {
        if let (Ok(with), Some(revision)) = (parse::<With>(&change.with), text(change, "task_definition")) {
            rollout::project(
                &Wanted {
                    cluster: &with.cluster,
                    service: &with.service,
                    task_definition: revision,
                    replaces: None,
                },
                view,
            );
        }
    }
}
