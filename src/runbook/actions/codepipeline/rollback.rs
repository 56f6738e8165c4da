//! `codepipeline.rollback_stage`: a stage goes back to an earlier execution.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{STAGE_PACE, impact, pipelines, required_pipeline, stage_of, target, under_way};
use crate::domain::delivery::{Execution, Stage};
use crate::domain::ids::Kind;
use crate::domain::ops::codepipeline::{Read, Write};
use crate::domain::ops::{Mutation, Query};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Fields, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Undo, View, fields, known_after, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `codepipeline.rollback_stage`.
pub struct RollbackStage;

/// The word for the newest execution before the present one that succeeded in the stage.
const LAST_GOOD: &str = "last-good";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    pipeline: String,
    stage: String,
    #[serde(default = "last_good")]
    to: String,
}

fn last_good() -> String {
    LAST_GOOD.to_owned()
}

fn succeeded_in(with: &With) -> Query {
    Query::CodePipeline(Read::SucceededIn {
        pipeline: with.pipeline.clone(),
        stage: with.stage.clone(),
    })
}

fn seen(stage: &Stage) -> Fields {
    fields([("execution", json!(stage.execution))])
}

/// The execution that is meant.
fn wanted<'v>(with: &With, stage: &Stage, good: &'v [Execution]) -> Result<&'v Execution, Refusal> {
    let current = stage.execution.as_deref();
    if with.to != LAST_GOOD {
        let found = good.iter().find(|one| one.id == with.to).ok_or_else(|| {
            Refusal::absent(format!(
                "{} is none of the executions of {} that succeeded in {}",
                with.to, with.pipeline, stage.name
            ))
        })?;
        return match &found.rollback_of {
            Some(of) => Err(Refusal::state(format!(
                "{} is a rollback itself: name {of}, to which it went back",
                found.id
            ))),
            None => Ok(found),
        };
    }
    // What the stage went back to already is what it is now.
    let gone_back_to = good
        .iter()
        .find(|one| Some(one.id.as_str()) == current)
        .and_then(|one| one.rollback_of.as_deref());
    good.iter()
        .filter(|one| Some(one.id.as_str()) != current && Some(one.id.as_str()) != gone_back_to)
        .filter(|one| one.rollback_of.is_none())
        .max_by_key(|one| one.started_at)
        .ok_or_else(|| {
            Refusal::state(format!(
                "no earlier execution of {} succeeded in {}, as far as AWS still knows",
                with.pipeline, stage.name
            ))
        })
}

impl Action for RollbackStage {
    fn name(&self) -> &'static str {
        "codepipeline.rollback_stage"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Brings a stage of a pipeline back to an earlier execution that succeeded in it.\n\
                AWS starts a new execution of that stage alone, with the change of the earlier one. `last-good` is \
                the newest that succeeded in the stage, is not in it now and is no rollback itself. Pipelines of \
                type V1 cannot, and a stage that is under way is refused. Waits until the stage has succeeded. It \
                is not undone: the next execution brings the stage forward again.",
            fields: vec![
                FieldSchema::required("pipeline", Type::Text, "The pipeline."),
                FieldSchema::required("stage", Type::Text, "The stage."),
                FieldSchema::optional(
                    "to",
                    Type::Text,
                    "`last-good`",
                    "`last-good`, or the id of an execution.",
                ),
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
        let with: With = parse(with)?;
        Ok(vec![pipelines(), succeeded_in(&with)])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let given: With = parse(with)?;
        let pipeline = required_pipeline(view, &given.pipeline)?;
        let stage = pipeline
            .stage(&given.stage)
            .ok_or_else(|| Refusal::absent(format!("{} has no stage {}", pipeline.name, given.stage)))?;
        if pipeline.version.as_deref() == Some("V1") {
            return Err(Refusal::state(format!(
                "{} is of type V1, which cannot roll stages back",
                pipeline.name
            )));
        }
        if stage.is_busy() {
            return Err(Refusal::state(format!(
                "an execution is in the stage {} of {}: wait for it or stop it",
                stage.name, pipeline.name
            )));
        }
        let back_to = wanted(&given, stage, view.succeeded(&succeeded_in(&given))?)?;
        let mut own = with.clone();
        own.insert("to".to_owned(), json!(back_to.id));
        let when = back_to
            .started_at
            .map_or_else(String::new, |at| format!(" of {at:.0}"));
        let change = back_to.change();
        let what = if change.is_empty() {
            format!("the execution {}{when}", back_to.id)
        } else {
            format!("{change}{when}")
        };
        let mut proposal = Proposal::one(Change {
            summary: format!("bring the stage {} back to {what}", stage.name),
            before: seen(stage),
            after: fields([("execution", known_after("this step"))]),
            impact: impact(std::iter::once(stage)),
            ..Change::draft(self, target(site, &pipeline.name), &own)
        });
        if !stage.enabled {
            proposal = proposal.warn(format!("the transition into {} is disabled", stage.name));
        }
        Ok(proposal.warn(format!(
            "the next execution brings {} forward again: hold the stage if that must not happen",
            stage.name
        )))
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        let Ok(with) = parse::<With>(&change.with) else {
            return Sight::Gone;
        };
        Sight::of(stage_of(view, &with.pipeline, &with.stage), seen)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let With { pipeline, stage, to } = parse(&change.with)?;
        Ok(Mutation::CodePipeline(Write::RollbackStage {
            pipeline,
            stage,
            target: to,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        let Ok(with) = parse::<With>(&change.with) else {
            return Progress::gone("the stage");
        };
        Progress::of(
            stage_of(view, &with.pipeline, &with.stage),
            "the stage",
            |stage| {
                if seen(stage) == change.before {
                    return Progress::Waiting("the pipeline does not show it yet".to_owned());
                }
                match stage.status.as_deref() {
                    Some("Succeeded") => Progress::Done,
                    Some(status @ ("Failed" | "Stopped" | "Cancelled")) => {
                        Progress::Failed(format!("the stage is {status} after going back"))
                    }
                    status => under_way(status),
                }
            },
        )
    }

    fn invert(&self, change: &Change) -> Undo {
        let before = change.before.get("execution").and_then(Value::as_str);
        Undo::Impossible(format!(
            "the stage stays with the earlier change until its next execution; before it was {}",
            before.unwrap_or("none")
        ))
    }

    fn project(&self, change: &Change, view: &mut View) {
        let Ok(with) = parse::<With>(&change.with) else {
            return;
        };
        let stages = view
            .pipeline_mut(&with.pipeline)
            .map(|pipeline| &mut pipeline.stages);
        for stage in stages
            .into_iter()
            .flatten()
            .filter(|stage| stage.name == with.stage)
        {
            stage.status = Some("Succeeded".to_owned());
            stage.execution = Some(format!("after {}", with.to));
        }
    }
}
