//! Whether an ECS service has come to rest on one revision.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Check, Verdict};
use crate::domain::ecs::RolloutState;
use crate::domain::ids::Kind;
use crate::domain::ops::{Query, ecs};
use crate::runbook::action::{Arguments, BadArguments, View, parse};
use crate::runbook::schema::{ActionSchema, FieldSchema};
use crate::runbook::types::Type;

/// `ecs.settled`.
pub struct Settled;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    service: String,
    task_definition: Option<String>,
}

impl Check for Settled {
    fn name(&self) -> &'static str {
        "ecs.settled"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema::check(
            self.name(),
            "Whether an ECS service has one deployment, completed, with all its tasks running.\n\
                A service that went back to another revision is settled too: name the revision that is wanted.",
            vec![
                FieldSchema::required("cluster", Type::Text, "The cluster's name."),
                FieldSchema::required("service", Type::Text, "The service."),
                FieldSchema::optional(
                    "task_definition",
                    Type::Text,
                    "any",
                    "`family:revision` that must run; `last-good`, which a step gives that had nothing to do, is any.",
                ),
            ],
            Some(Kind::EcsService),
        )
    }

    fn reads(&self, with: &Arguments, _now: Timestamp) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Ecs(ecs::Read::Fleet)])
    }

    fn judge(&self, with: &Arguments, view: &View, _now: Timestamp) -> Result<Verdict, BadArguments> {
        let with: With = parse(with)?;
        let service = match view.service(&with.cluster, &with.service) {
            Err(unread) => return Ok(unread.into()),
            Ok(None) => return Ok(Verdict::Fail(format!("there is no service {}", with.service))),
            Ok(Some(service)) => service,
        };
        let Some(primary) = service.primary() else {
            return Ok(Verdict::Fail("it has no primary deployment".to_owned()));
        };
        let running = format!(
            "{} of {} tasks run {}",
            primary.running, primary.desired, primary.task_definition
        );
        let wanted = with
            .task_definition
            .as_ref()
            .filter(|wanted| *wanted != "last-good");
        Ok(
            if wanted.is_some_and(|wanted| *wanted != primary.task_definition) {
                Verdict::Fail(format!("{} is primary", primary.task_definition))
            } else if service.deployments.len() > 1 {
                Verdict::Fail(format!("{} deployments have tasks", service.deployments.len()))
            } else if matches!(
                primary.rollout,
                Some(RolloutState::InProgress | RolloutState::Failed)
            ) {
                let state = primary.rollout.map_or("unknown", RolloutState::word);
                Verdict::Fail(format!("the deployment is {state}; {running}"))
            } else if primary.running != primary.desired || primary.pending > 0 {
                Verdict::Fail(running)
            } else {
                Verdict::Pass(running)
            },
        )
    }
}
