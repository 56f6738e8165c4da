//! `ecs.stop_task`: one task goes; the service starts another.

use serde::Deserialize;
use serde_json::json;

use super::{service, target};
use crate::domain::ids::{Kind, last_segment};
use crate::domain::ops::{Mutation, Query, ecs};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `ecs.stop_task`.
pub struct StopTask;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    cluster: String,
    service: String,
    task: String,
    reason: Option<String>,
}

fn tasks(with: &With) -> Query {
    Query::Ecs(ecs::Read::Tasks {
        cluster: with.cluster.clone(),
        service: with.service.clone(),
    })
}

fn is_it(arn: &str, task: &str) -> bool {
    arn == task || last_segment(arn) == task
}

impl Action for StopTask {
    fn name(&self) -> &'static str {
        "ecs.stop_task"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Stops one task of an ECS service; the service starts another in its place.\n\
                There is nothing to take back.",
            fields: vec![
                FieldSchema::required("cluster", Type::Text, "The cluster's name."),
                FieldSchema::required("service", Type::Text, "The service."),
                FieldSchema::required("task", Type::Text, "The task's ARN or id."),
                FieldSchema::optional(
                    "reason",
                    Type::Text,
                    "the run's name",
                    "What ECS records as the reason.",
                ),
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
        Pace {
            every_s: 5,
            timeout_s: 5 * 60,
            settle_s: 15,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        let with: With = parse(with)?;
        Ok(vec![Query::Ecs(ecs::Read::Fleet), tasks(&with)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let service = service(view, &wanted.cluster, &wanted.service)?;
        let task = view
            .tasks(&wanted.cluster, &wanted.service)?
            .iter()
            .find(|task| is_it(&task.arn, &wanted.task))
            .ok_or_else(|| Refusal::absent(format!("{} has no task {}", service.name, wanted.task)))?;
        if task.desired_status == "STOPPED" {
            return Ok(Proposal::nothing());
        }
        Ok(Proposal::one(Change {
            summary: format!("stop the task {}", last_segment(&task.arn)),
            before: fields([("task", json!(task.arn)), ("wanted", json!("RUNNING"))]),
            after: fields([("task", json!(task.arn)), ("wanted", json!("STOPPED"))]),
            impact: Impact {
                tasks_removed: 1,
                outage: (service.running <= 1).then(|| "it is the only task that runs".to_owned()),
                ..Impact::default()
            },
            ..Change::draft(self, target(site, service), with)
        }))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<With>(&change.with) else {
            return Sight::Gone;
        };
        match view.tasks(&with.cluster, &with.service) {
            Err(unread) => Sight::Unreadable(unread),
            // ECS forgets stopped tasks after an hour.
            Ok(tasks) => {
                let arn = change.before.get("task").cloned().unwrap_or_default();
                let task = tasks.iter().find(|task| json!(task.arn) == arn);
                let wanted = task.map_or("STOPPED", |task| task.desired_status.as_str());
                Sight::Here(fields([("task", arn), ("wanted", json!(wanted))]))
            }
        }
    }

    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        let arn = change.before.get("task").and_then(serde_json::Value::as_str);
        Ok(Mutation::Ecs(ecs::Write::StopTask {
            cluster: with.cluster,
            task: arn.unwrap_or(&with.task).to_owned(),
            reason: with
                .reason
                .unwrap_or_else(|| format!("quarterdeck run {}", stamp.run)),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let Ok(with) = parse::<With>(&change.with) else {
            return Progress::Failed("the change names no task".to_owned());
        };
        match view.tasks(&with.cluster, &with.service) {
            Err(unread) => Progress::Waiting(unread.to_string()),
            Ok(tasks) => {
                let arn = change.before.get("task");
                match tasks.iter().find(|task| Some(&json!(task.arn)) == arn) {
                    None => Progress::Done,
                    Some(task) if task.last_status == "STOPPED" => Progress::Done,
                    Some(task) => Progress::Waiting(format!("the task is {}", task.last_status)),
                }
            }
        }
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::NotNeeded("the service starts another task")
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        let arn = change.before.get("task").cloned();
        if let Some(tasks) = view.tasks_mut(&with.cluster, &with.service) {
            for task in tasks.iter_mut().filter(|task| Some(json!(task.arn)) == arn) {
                "STOPPED".clone_into(&mut task.desired_status);
                "STOPPED".clone_into(&mut task.last_status);
            }
        }
    }
}
