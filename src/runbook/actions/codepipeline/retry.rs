//! `codepipeline.retry_stage`: a stage that failed runs again.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{STAGE_PACE, impact, pipelines, required_pipeline, target, under_way};
use crate::domain::delivery::{Pipeline, Stage};
use crate::domain::ids::Kind;
use crate::domain::ops::codepipeline::{RetryMode, Write};
use crate::domain::ops::{Mutation, Query};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, Unread, View, fields, known_after, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `codepipeline.retry_stage`.
pub struct RetryStage;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    pipeline: String,
    stage: Option<String>,
    #[serde(default = "failed")]
    actions: RetryMode,
}

fn failed() -> RetryMode {
    RetryMode::Failed
}

/// The stage that is meant: by its name, else the first that failed.
fn stage<'v>(with: &With, pipeline: &'v Pipeline) -> Result<&'v Stage, Refusal> {
    match &with.stage {
        Some(name) => pipeline
            .stage(name)
            .ok_or_else(|| Refusal::absent(format!("{} has no stage {name}", pipeline.name))),
        None => pipeline
            .failed()
            .ok_or_else(|| Refusal::state(format!("no stage of {} has failed", pipeline.name))),
    }
}

/// The same as it is now, if it is still there.
fn known<'v>(with: &With, view: &'v View) -> Result<Option<&'v Stage>, Unread> {
    let pipeline = view.pipeline(&with.pipeline)?;
    Ok(pipeline.and_then(|pipeline| stage(with, pipeline).ok()))
}

/// The execution in the stage, and when it failed there: null once it runs again.
fn seen(stage: &Stage) -> Fields {
    let failed_at = stage.changed_at().filter(|_| stage.has_failed());
    fields([
        ("execution", json!(stage.execution)),
        ("failed_at", json!(failed_at.map(|at| at.to_string()))),
    ])
}

/// What failed and why, in a line.
fn why(stage: &Stage) -> String {
    let said: Vec<String> = stage
        .failures()
        .map(|action| match &action.error {
            Some(error) => format!("{}: {}", action.name, error.message),
            None => action.name.clone(),
        })
        .collect();
    if said.is_empty() {
        "AWS gives no reason".to_owned()
    } else {
        said.join("; ")
    }
}

impl Action for RetryStage {
    fn name(&self) -> &'static str {
        "codepipeline.retry_stage"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Runs a stage of a pipeline again in which an execution failed.\n\
                The very execution that failed goes on with the same change; what succeeded in it goes on to the \
                next stages as ever. A stage that another execution has entered meanwhile is left alone. Waits \
                until the stage has succeeded or failed again. What the actions of the stage do is not taken \
                back: `codepipeline.rollback_stage` brings a stage back to an earlier execution.",
            fields: vec![
                FieldSchema::required("pipeline", Type::Text, "The pipeline."),
                FieldSchema::optional("stage", Type::Text, "the first that failed", "The stage."),
                FieldSchema::optional(
                    "actions",
                    Type::Text,
                    "`failed`",
                    "`failed` or `all` actions of it.",
                )
                .one_of(&["failed", "all"]),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Irreversible,
            floor: ConfirmLevel::Ack,
            completion: Completion::Awaited,
            planning: Planning::Planned,
            target: Some(Kind::Pipeline),
        }
    }

    fn pace(&self) -> Pace {
        STAGE_PACE
    }

    fn reads(&self, with: &Arguments) -> Result<Vec<Query>, BadArguments> {
        parse::<With>(with)?;
        Ok(vec![pipelines()])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let given: With = parse(with)?;
        let pipeline = required_pipeline(view, &given.pipeline)?;
        let stage = stage(&given, pipeline)?;
        if !stage.has_failed() {
            let status = stage.status.as_deref().unwrap_or("never ran");
            return Err(Refusal::state(format!(
                "the stage {} of {} has not failed: it is {status}",
                stage.name, pipeline.name
            )));
        }
        let mut own = with.clone();
        own.insert("stage".to_owned(), json!(stage.name));
        let mut proposal = Proposal::one(Change {
            summary: format!("run the stage {} again, which failed", stage.name),
            before: seen(stage),
            after: fields([
                ("execution", json!(stage.execution)),
                ("failed_at", known_after("this step")),
            ]),
            impact: impact(std::iter::once(stage)),
            ..Change::draft(self, target(site, &pipeline.name), &own)
        });
        proposal = proposal.warn(format!("it failed because of {}", why(stage)));
        let after: Vec<&str> = pipeline.after(&stage.name).map(|one| one.name.as_str()).collect();
        if !after.is_empty() {
            proposal = proposal.warn(format!(
                "once it succeeds the change goes on into {}",
                after.join(", ")
            ));
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<With>(&change.with) else {
            return Sight::Gone;
        };
        Sight::of(known(&with, view), seen)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let With {
            pipeline,
            stage,
            actions,
        } = parse(&change.with)?;
        let missing = |what: &str| BadArguments(format!("the change has no {what}"));
        let execution = change.before.get("execution").and_then(Value::as_str);
        Ok(Mutation::CodePipeline(Write::RetryStage {
            pipeline,
            stage: stage.ok_or_else(|| missing("stage"))?,
            execution: execution.ok_or_else(|| missing("execution"))?.to_owned(),
            mode: actions,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let Ok(with) = parse::<With>(&change.with) else {
            return Progress::Failed("the change is none of this action's".to_owned());
        };
        Progress::of(known(&with, view), "the stage", |stage| {
            let live = seen(stage);
            if live.get("execution") != change.before.get("execution") {
                return Progress::Failed("another execution has entered the stage".to_owned());
            }
            if live == change.before {
                return Progress::Waiting("the pipeline does not show it yet".to_owned());
            }
            match stage.status.as_deref() {
                Some("Succeeded") => Progress::Done,
                Some("Failed") => Progress::Failed(format!("it failed again: {}", why(stage))),
                status => under_way(status),
            }
        })
    }

    fn invert(&self, _change: &Change) -> Undo {
        Undo::Impossible("what the actions of the stage did remains".to_owned())
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        let stages = view
            .pipeline_mut(&with.pipeline)
            .map(|pipeline| &mut pipeline.stages);
        for stage in stages.into_iter().flatten() {
            if Some(&stage.name) == with.stage.as_ref() {
                stage.status = Some("Succeeded".to_owned());
            }
        }
    }
}
