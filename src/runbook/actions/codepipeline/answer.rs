//! `codepipeline.answer`: a manual approval is approved or rejected, with the change in sight.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{PACE, impact, pipelines, required_pipeline, target};
use crate::domain::delivery::{Execution, Pipeline, Stage, StageAction};
use crate::domain::ids::Kind;
use crate::domain::ops::codepipeline::{Approval, Read, Write};
use crate::domain::ops::{Mutation, Query};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `codepipeline.answer`.
pub struct Answer;

/// The longest summary that AWS takes, characters.
const MOST_CHARS: usize = 512;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    pipeline: String,
    answer: Approval,
    summary: Option<String>,
    stage: Option<String>,
    action: Option<String>,
}

/// The approval that is meant: by its place, else the one that waits.
fn approval<'v>(with: &With, pipeline: &'v Pipeline) -> Option<(&'v Stage, &'v StageAction)> {
    match (&with.stage, &with.action) {
        (Some(stage), Some(action)) => {
            let stage = pipeline.stage(stage)?;
            Some((stage, stage.actions.iter().find(|known| known.name == *action)?))
        }
        (Some(stage), None) => {
            let stage = pipeline.stage(stage)?;
            Some((
                stage,
                stage.actions.iter().find(|action| action.awaits_approval())?,
            ))
        }
        (None, _) => pipeline.approval(),
    }
}

fn seen(stage: &Stage, action: &StageAction) -> Fields {
    fields([
        ("execution", json!(stage.execution)),
        ("status", json!(action.status)),
    ])
}

const fn status_after(answer: Approval) -> &'static str {
    match answer {
        Approval::Approve => "Succeeded",
        Approval::Reject => "Failed",
    }
}

fn change_in(pipeline: &str, execution: &str) -> Query {
    Query::CodePipeline(Read::ChangeIn {
        pipeline: pipeline.to_owned(),
        execution: execution.to_owned(),
    })
}

/// What the change is, in sentences: commit, message, author, where it can be looked at.
fn told(execution: &Execution) -> Vec<String> {
    let revisions = execution.revisions.iter().map(|revision| {
        let author = revision.author.as_deref().map_or_else(
            || "an author that the source does not tell".to_owned(),
            str::to_owned,
        );
        let url = revision
            .url
            .as_deref()
            .map_or_else(String::new, |url| format!(", {url}"));
        format!("{}: {} by {author}{url}", revision.action, revision.brief())
    });
    let began = execution
        .trigger
        .as_ref()
        .map(|trigger| format!("it was begun by {}", trigger.words()));
    revisions.chain(began).collect()
}

impl Action for Answer {
    fn name(&self) -> &'static str {
        "codepipeline.answer"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Approves or rejects a manual approval of a pipeline.\n\
                The plan shows the change that waits: commit, message and author as far as the source tells, and \
                the stages that it goes on into. Only the execution that the plan shows is answered: a newer one \
                that took its place is drift. The token that AWS wants is read right before the call and is \
                never written down. An answer cannot be taken back.",
            fields: vec![
                FieldSchema::required("pipeline", Type::Text, "The pipeline."),
                FieldSchema::required("answer", Type::Text, "`approve` or `reject`.")
                    .one_of(&["approve", "reject"]),
                FieldSchema::optional(
                    "summary",
                    Type::Text,
                    "the run's id alone",
                    "Why: everybody sees it on the pipeline.",
                ),
                FieldSchema::optional("stage", Type::Text, "the one that waits", "The stage."),
                FieldSchema::optional("action", Type::Text, "the one that waits", "The approval action."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Irreversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Immediate,
            planning: Planning::Planned,
            target: Some(Kind::Pipeline),
        }
    }

    fn pace(&self) -> Pace {
        PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![pipelines()])
    }

    fn follow_up(&self, with: &Arguments, view: &View) -> Vec<Query> {
        let Ok(with) = parse::<With>(with) else {
            return Vec::new();
        };
        let pipeline = view.pipeline(&with.pipeline).ok().flatten();
        let waiting = pipeline.and_then(|pipeline| approval(&with, pipeline));
        let execution = waiting.and_then(|(stage, _)| stage.execution.as_deref());
        execution
            .map(|execution| change_in(&with.pipeline, execution))
            .into_iter()
            .collect()
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let given: With = parse(with)?;
        let pipeline = required_pipeline(view, &given.pipeline)?;
        let waiting = approval(&given, pipeline).filter(|(_, action)| action.awaits_approval());
        let Some((stage, action)) = waiting else {
            return Err(Refusal::state(format!(
                "no approval of {} waits for an answer",
                pipeline.name
            )));
        };
        let execution = stage.execution.as_deref().ok_or_else(|| {
            Refusal::state(format!("{} does not tell which execution waits", pipeline.name))
        })?;
        let change = view.execution(&change_in(&given.pipeline, execution), execution);
        let brief = match change {
            Ok(Some(change)) => change.change(),
            Ok(None) | Err(_) => format!("the execution {execution}"),
        };
        let after: Vec<&Stage> = pipeline.after(&stage.name).collect();
        let names: Vec<&str> = after.iter().map(|one| one.name.as_str()).collect();
        let (verb, then) = match given.answer {
            Approval::Approve if names.is_empty() => ("approve", String::new()),
            Approval::Approve => ("approve", format!("; it goes on into {}", names.join(", "))),
            Approval::Reject => ("reject", format!("; the stage {} fails", stage.name)),
        };
        let mut own = with.clone();
        own.insert("stage".to_owned(), json!(stage.name));
        own.insert("action".to_owned(), json!(action.name));
        let approves = given.answer == Approval::Approve;
        let mut proposal = Proposal::one(Change {
            summary: format!("{verb} {brief}{then}"),
            before: seen(stage, action),
            after: fields([
                ("execution", json!(stage.execution)),
                ("status", json!(status_after(given.answer))),
            ]),
            impact: impact(after.iter().copied().filter(|_| approves)),
            ..Change::draft(self, target(site, &pipeline.name), &own)
        });
        match change {
            Ok(Some(change)) => {
                for sentence in told(change) {
                    proposal = proposal.warn(sentence);
                }
            }
            Ok(None) => {
                proposal =
                    proposal.warn("the change is not among the newest executions of the pipeline".to_owned());
            }
            Err(unread) => proposal = proposal.warn(format!("the change {unread}")),
        }
        for held in after.iter().filter(|one| approves && !one.enabled) {
            proposal = proposal.warn(format!(
                "the transition into {} is disabled: it waits there",
                held.name
            ));
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<With>(&change.with) else {
            return Sight::Gone;
        };
        let found = view.pipeline(&with.pipeline);
        Sight::of(
            found.map(|pipeline| approval(&with, pipeline?)),
            |(stage, action)| seen(stage, action),
        )
    }

    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let with: With = parse(&change.with)?;
        let missing = |what: &str| BadArguments(format!("the change has no {what}"));
        let execution = change.before.get("execution").and_then(Value::as_str);
        let by = format!("quarterdeck run {}", stamp.run);
        let summary = match with.summary.as_deref().filter(|summary| !summary.is_empty()) {
            Some(summary) => {
                let room = MOST_CHARS.saturating_sub(by.chars().count() + 3);
                let summary: String = summary.chars().take(room).collect();
                format!("{summary} ({by})")
            }
            None => by,
        };
        Ok(Mutation::CodePipeline(Write::Answer {
            pipeline: with.pipeline,
            stage: with.stage.ok_or_else(|| missing("stage"))?,
            action: with.action.ok_or_else(|| missing("action"))?,
            execution: execution.ok_or_else(|| missing("execution"))?.to_owned(),
            answer: with.answer,
            summary,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        Progress::of(self.sight(change, view).found(), "the approval", |live| {
            if live == change.after {
                Progress::Done
            } else if live == change.before {
                Progress::Waiting("the pipeline does not show the answer yet".to_owned())
            } else if live.get("execution") == change.before.get("execution") {
                Progress::Failed("somebody else has answered, and otherwise".to_owned())
            } else {
                Progress::Failed("another execution has taken its place".to_owned())
            }
        })
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::Impossible("an answer cannot be taken back".to_owned())
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        let stages = view
            .pipeline_mut(&with.pipeline)
            .map(|pipeline| &mut pipeline.stages);
        let meant = stages
            .into_iter()
            .flatten()
            .filter(|stage| Some(&stage.name) == with.stage.as_ref());
        for action in meant.flat_map(|stage| &mut stage.actions) {
            if Some(&action.name) == with.action.as_ref() {
                action.status = Some(status_after(with.answer).to_owned());
            }
        }
    }
}
