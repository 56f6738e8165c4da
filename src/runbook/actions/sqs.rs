//! `sqs.redrive`: messages of a dead-letter queue go back to where they came from.

use serde::Deserialize;
use serde_json::json;

use crate::domain::counted::counted;
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, sqs};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `sqs.redrive`.
pub struct Redrive;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    queue: String,
}

impl Action for Redrive {
    fn name(&self) -> &'static str {
        "sqs.redrive"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Moves the messages of an SQS dead-letter queue back to the queues that they came from.\n\
                AWS allows one such move at a time per queue. What is consumed again cannot be taken back: \
                mend what made the messages fail first.",
            fields: vec![FieldSchema::required(
                "queue",
                Type::Text,
                "The dead-letter queue.",
            )],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Irreversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Queue),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            every_s: 15,
            timeout_s: 30 * 60,
            // Counts settle within a minute.
            settle_s: 90,
        }
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![Query::Sqs(sqs::Read::Queues)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let wanted: With = parse(with)?;
        let queue = view
            .queue(&wanted.queue)?
            .ok_or_else(|| Refusal::absent(format!("there is no queue {}", wanted.queue)))?;
        let sources: Vec<&str> = view
            .queues()?
            .iter()
            .filter(|other| {
                other
                    .dead_letter
                    .as_ref()
                    .is_some_and(|(arn, _)| *arn == queue.arn)
            })
            .map(|other| other.name.as_str())
            .collect();
        if sources.is_empty() {
            return Err(Refusal::state(format!(
                "{} is the dead-letter queue of no queue",
                queue.name
            )));
        }
        if queue.visible == 0 {
            return Ok(Proposal::nothing());
        }
        Ok(Proposal::one(Change {
            summary: format!(
                "move about {} back to {}",
                counted(queue.visible, "message"),
                sources.join(", ")
            ),
            before: fields([("empty", json!(false))]),
            after: fields([("empty", json!(true))]),
            impact: Impact {
                dependents: sources.iter().map(|name| format!("queue {name}")).collect(),
                ..Impact::default()
            },
            ..Change::draft(self, site.target(Kind::Queue, &queue.arn, &queue.name), with)
        })
        .warn(format!(
            "{}: messages that fail again come back here; the count is approximate",
            queue.name
        )))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        Sight::of(view.queue(&change.target.id), |queue| {
            fields([("empty", json!(queue.visible == 0))])
        })
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        Ok(Mutation::Sqs(sqs::Write::StartMessageMoveTask {
            source: change.target.id.clone(),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        Progress::of(view.queue(&change.target.id), "the queue", |queue| {
            if queue.visible == 0 && queue.in_flight == 0 {
                Progress::Done
            } else {
                Progress::Waiting(format!("about {} messages are left", queue.visible))
            }
        })
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::Impossible("messages that were moved are consumed again".to_owned())
    }

    fn project(&self, change: &Change, view: &mut View) {
        if let Some(queue) = view.queue_mut(&change.target.id) {
            queue.visible = 0;
            queue.in_flight = 0;
        }
    }
}
