//! `ecs.stop_deployment`: a deployment under way goes back to the last good revision.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{controlled_by_ecs, history, owner_warning, rollout, service, target};
use crate::domain::ecs::ServiceDeployment;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, ecs};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, OutputSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `ecs.stop_deployment`.
pub struct StopDeployment;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    service: String,
}

const UNDER_WAY: &str = "under way";
const GOING_BACK: &str = "going back";

/// Where a deployment is going. What was asked to stop counts as stopping, so that a lost answer is told
/// from a call that was never made.
fn heading(status: &str) -> &str {
    match status {
        "PENDING" | "IN_PROGRESS" => UNDER_WAY,
        "STOP_REQUESTED" | "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS" | "ROLLBACK_SUCCESSFUL" => {
            GOING_BACK
        }
        other => other,
    }
}

fn brings(deployment: &ServiceDeployment) -> &str {
    history::brings(deployment).unwrap_or("an unknown revision")
}

/// What ECS goes back to, as its history tells; null if it does not.
fn goes_back_to(deployments: &[ServiceDeployment]) -> Value {
    json!(history::completed(deployments).and_then(history::brings))
}

fn arn(change: &Change) -> Option<&str> {
    change.before.get("deployment").and_then(Value::as_str)
}

impl StopDeployment {
    fn find<'v>(
        change: &Change,
        view: &'v View,
    ) -> Result<(Option<&'v ServiceDeployment>, &'v [ServiceDeployment]), Sight> {
        let with: With = parse(&change.with).map_err(|_| Sight::Gone)?;
        let known = view
            .deployments(&with.cluster, &with.service)
            .map_err(Sight::Unreadable)?;
        let own = known
            .iter()
            .find(|deployment| Some(deployment.arn.as_str()) == arn(change));
        Ok((own, known))
    }
}

impl Action for StopDeployment {
    fn name(&self) -> &'static str {
        "ecs.stop_deployment"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Stops a deployment of an ECS service that is under way, and goes back to the last good one.\n\
                It works though no rollback was configured, and does nothing where no deployment is under way. \
                It has succeeded once AWS calls the rollback successful. A stopped deployment is not started \
                again by undo: deploy its revision.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster's name."),
                FieldSchema::required("service", Type::Text, "The service."),
            ],
            outputs: vec![OutputSchema::new(
                "task_definition",
                Type::Text,
                "The revision that it goes back to; null if that is not known.",
            )],
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

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let service = service(view, &wanted.cluster, &wanted.service)?;
        controlled_by_ecs(service)?;
        let known = view.deployments(&wanted.cluster, &wanted.service)?;
        let Some(deployment) = history::under_way(known) else {
            return Ok(Proposal::nothing());
        };
        let mut proposal = Proposal::one(Change {
            summary: format!("stop the deployment of {} and go back", brings(deployment)),
            before: fields([
                ("deployment", json!(deployment.arn)),
                ("state", json!(UNDER_WAY)),
                ("task_definition", goes_back_to(known)),
            ]),
            after: fields([
                ("deployment", json!(deployment.arn)),
                ("state", json!(GOING_BACK)),
                ("task_definition", goes_back_to(known)),
            ]),
            reversible: false,
            impact: Impact {
                tasks_removed: service.primary().map_or(0, |primary| primary.running),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, service), with)
        });
        if history::completed(known).is_none() {
            proposal.warnings.push(format!(
                "{}: no successful deployment is known to go back to",
                service.name
            ));
        }
        proposal.warnings.extend(owner_warning(service));
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        match Self::find(change, view) {
            Err(sight) => sight,
            Ok((None, _)) => Sight::Gone,
            Ok((Some(deployment), known)) => Sight::Here(fields([
                ("deployment", json!(deployment.arn)),
                ("state", json!(heading(&deployment.status))),
                ("task_definition", goes_back_to(known)),
            ])),
        }
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let arn = arn(change).ok_or_else(|| BadArguments("the change names no deployment".to_owned()))?;
        Ok(Mutation::Ecs(ecs::Write::StopServiceDeployment {
            arn: arn.to_owned(),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        match Self::find(change, view) {
            Err(Sight::Unreadable(unread)) => Progress::Waiting(unread.to_string()),
            Err(_) | Ok((None, _)) => Progress::Failed("the deployment is not known any more".to_owned()),
            Ok((Some(deployment), _)) => {
                let reason = deployment.status_reason.as_deref().unwrap_or("no reason given");
                match deployment.status.as_str() {
                    "ROLLBACK_SUCCESSFUL" => Progress::Done,
                    // It won the race: there is nothing left to stop, and the revision is not the wanted one.
                    "SUCCESSFUL" => {
                        Progress::Failed("the deployment succeeded before it could be stopped".to_owned())
                    }
                    "ROLLBACK_FAILED" | "STOPPED" => {
                        Progress::Failed(format!("the deployment is {}: {reason}", deployment.status))
                    }
                    status => Progress::Waiting(format!("the deployment is {status}")),
                }
            }
        }
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::Impossible("a stopped deployment is not started again: deploy its revision".to_owned())
    }

    fn project(&self, change: &Change, view: &mut View) {
        let (Ok(with), Some(arn)) = (parse::<With>(&change.with), arn(change)) else {
            return;
        };
        let good = view
            .deployments_mut(&with.cluster, &with.service)
            .and_then(|known| {
                for deployment in known.iter_mut().filter(|deployment| deployment.arn == arn) {
                    "ROLLBACK_SUCCESSFUL".clone_into(&mut deployment.status);
                }
                history::completed(known).map(|good| brings(good).to_owned())
            });
        if let (Some(good), Some(service)) = (good, view.service_mut(&with.cluster, &with.service)) {
            service.task_definition.clone_from(&good);
            service.running = service.desired;
            service.pending = 0;
            service.deployments.truncate(1);
            for primary in &mut service.deployments {
                primary.id = format!("ecs-svc/planned-{good}");
                primary.task_definition.clone_from(&good);
                primary.rollout = Some(crate::domain::ecs::RolloutState::Completed);
                primary.running = primary.desired;
                primary.failed = 0;
                primary.pending = 0;
            }
        }
    }
}
