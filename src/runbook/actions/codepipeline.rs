//! `codepipeline.hold` and `codepipeline.release`: whether executions may enter a stage. Beside them what
//! retries, answers and rolls back.

mod answer;
mod retry;
mod rollback;

pub use answer::Answer;
pub use retry::RetryStage;
pub use rollback::RollbackStage;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::domain::delivery::{Pipeline, Stage};
use crate::domain::ids::Kind;
use crate::domain::ops::{Mutation, Query, codepipeline};
use crate::domain::policy::ConfirmLevel;
use crate::runbook::action::{
    Action, Applied, Arguments, BadArguments, Change, Impact, Pace, Progress, Proposal, Refusal, Sight, Site,
    Stamp, Target, Undo, Unread, View, fields, parse,
};
use crate::runbook::schema::{ActionSchema, Completion, FieldSchema, Planning, Risk, Role};
use crate::runbook::types::Type;

/// `codepipeline.hold`.
pub struct Hold;

/// `codepipeline.release`.
pub struct Release;

/// Which stages are meant.
enum Meant {
    /// One by name.
    Stage { pipeline: String, stage: String },
    /// All that deploy a service.
    Service { cluster: String, service: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct With {
    pipeline: Option<String>,
    stage: Option<String>,
    cluster: Option<String>,
    service: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    pipeline: String,
    stage: String,
}

fn meant(with: &Arguments) -> Result<Meant, BadArguments> {
    let with: With = parse(with)?;
    match (with.pipeline, with.stage, with.cluster, with.service) {
        (Some(pipeline), Some(stage), None, None) => Ok(Meant::Stage { pipeline, stage }),
        (None, None, Some(cluster), Some(service)) => Ok(Meant::Service { cluster, service }),
        _ => Err(BadArguments(
            "give either pipeline and stage, or cluster and service".to_owned(),
        )),
    }
}

fn pipelines() -> Query {
    Query::CodePipeline(codepipeline::Read::Pipelines)
}

fn required_pipeline<'v>(view: &'v View, name: &str) -> Result<&'v Pipeline, Refusal> {
    view.pipeline(name)?
        .ok_or_else(|| Refusal::absent(format!("there is no pipeline {name}")))
}

fn target(site: &Site<'_>, pipeline: &str) -> Target {
    site.target(Kind::Pipeline, pipeline, pipeline)
}

/// What runs once more where a change goes through these stages: the services that they deploy, as people
/// say them.
fn impact<'s>(stages: impl Iterator<Item = &'s Stage>) -> Impact {
    Impact {
        dependents: stages
            .flat_map(|stage| &stage.deploys)
            .map(|(cluster, service)| format!("{service} of {cluster}"))
            .collect(),
        ..Impact::default()
    }
}

/// How far a stage is that runs, where it neither succeeded nor failed.
fn under_way(status: Option<&str>) -> Progress {
    Progress::Waiting(status.map_or_else(
        || "the stage has no state".to_owned(),
        |status| format!("the stage is {status}"),
    ))
}

/// A stage of a pipeline by their names, if it is there.
fn stage_of<'v>(view: &'v View, pipeline: &str, stage: &str) -> Result<Option<&'v Stage>, Unread> {
    let pipeline = view.pipeline(pipeline)?;
    Ok(pipeline.and_then(|pipeline| pipeline.stage(stage)))
}

fn required<'v>(view: &'v View, named: &Named) -> Result<&'v Stage, Refusal> {
    stage_of(view, &named.pipeline, &named.stage)?.ok_or_else(|| {
        Refusal::absent(format!(
            "there is no pipeline {} with a stage {}",
            named.pipeline, named.stage
        ))
    })
}

/// The transition into a stage, allowed or not.
fn change(action: &dyn Action, (pipeline, stage): (&str, &str), site: &Site<'_>) -> Change {
    let mut with = Arguments::new();
    with.insert("pipeline".to_owned(), json!(pipeline));
    with.insert("stage".to_owned(), json!(stage));
    let holds = action.name() == Hold.name();
    Change {
        summary: summary(holds, stage),
        before: fields([("enabled", json!(holds))]),
        after: fields([("enabled", json!(!holds))]),
        ..Change::draft(action, target(site, pipeline), &with)
    }
}

fn summary(holds: bool, stage: &str) -> String {
    if holds {
        format!("let no execution enter the stage {stage}")
    } else {
        format!("let executions enter the stage {stage}")
    }
}

/// How somebody lets the pipeline go on later.
fn how_to_release(pipeline: &str, stage: &str) -> String {
    format!(
        "the pipeline {pipeline} stays held before its stage {stage}, also after this run; release it with: qd \
         runbook run pipeline-release --set pipeline={pipeline} --set stage={stage}"
    )
}

fn sight(change: &Change, view: &View) -> Sight {
    let Ok(named) = parse::<Named>(&change.with) else {
        return Sight::Gone;
    };
    Sight::of(stage_of(view, &named.pipeline, &named.stage), |stage| {
        fields([("enabled", json!(stage.enabled))])
    })
}

fn progress(change: &Change, view: &View) -> Progress {
    sight(change, view).progress(
        change,
        "the pipeline does not show it yet",
        Progress::gone("the stage"),
    )
}

fn invert(change: &Change, other: &dyn Action) -> Undo {
    let stage = change
        .with
        .get("stage")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut back = change.swapped(summary(other.name() == Hold.name(), stage));
    other.name().clone_into(&mut back.action);
    Undo::By(vec![back])
}

fn project(change: &Change, view: &mut View) {
    let Ok(named) = parse::<Named>(&change.with) else {
        return;
    };
    let enabled = change.after.get("enabled") == Some(&Value::Bool(true));
    let stages = view
        .pipeline_mut(&named.pipeline)
        .map(|pipeline| &mut pipeline.stages);
    for stage in stages.into_iter().flatten() {
        if stage.name == named.stage {
            stage.enabled = enabled;
            stage.disabled_reason = (!enabled).then(|| "held by this run".to_owned());
        }
    }
}

/// Of what is there as soon as AWS shows it.
const PACE: Pace = Pace {
    every_s: 5,
    timeout_s: 2 * 60,
    settle_s: 15,
};

/// Of what runs a whole stage.
const STAGE_PACE: Pace = Pace {
    every_s: 10,
    timeout_s: 60 * 60,
    settle_s: 20,
};

impl Action for Hold {
    fn name(&self) -> &'static str {
        "codepipeline.hold"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Keeps executions of a pipeline from entering a stage.\n\
                Either one stage by name, or every stage that deploys an ECS service. The reason that everybody \
                sees on the pipeline is the run's id. An execution that is in the stage goes on. A stage that \
                somebody holds already is left alone. It stays held after the run: the plan says how to release \
                it. Undo releases it.",
            fields: vec![
                FieldSchema::optional("pipeline", Type::Text, "by service", "The pipeline."),
                FieldSchema::optional("stage", Type::Text, "by service", "The stage of it."),
                FieldSchema::optional("cluster", Type::Text, "by stage", "The cluster of the service."),
                FieldSchema::optional(
                    "service",
                    Type::Text,
                    "by stage",
                    "The ECS service whose pipelines are meant.",
                ),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Reversible,
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
        meant(with)?;
        Ok(vec![pipelines()])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let found: Vec<(&str, &Stage)> = match &meant(with)? {
            Meant::Stage { pipeline, stage } => {
                let named = Named {
                    pipeline: pipeline.clone(),
                    stage: stage.clone(),
                };
                required(view, &named)?;
                all(view.pipelines()?)
                    .filter(|(of, known)| of == pipeline && known.name == *stage)
                    .collect()
            }
            Meant::Service { cluster, service } => {
                let deploys = |stage: &Stage| {
                    stage
                        .deploys
                        .iter()
                        .any(|(of, name)| of == cluster && name == service)
                };
                let found: Vec<_> = all(view.pipelines()?)
                    .filter(|(_, stage)| deploys(stage))
                    .collect();
                if found.is_empty() {
                    return Ok(Proposal::nothing().warn(format!(
                        "no pipeline deploys {service} of {cluster}: nothing is held"
                    )));
                }
                found
            }
        };
        let mut proposal = Proposal::nothing();
        for (pipeline, stage) in found {
            if stage.enabled {
                proposal.changes.push(change(self, (pipeline, &stage.name), site));
                proposal.warnings.push(how_to_release(pipeline, &stage.name));
            } else {
                let reason = stage.disabled_reason.as_deref().unwrap_or("no reason given");
                proposal.warnings.push(format!(
                    "the pipeline {pipeline} is held before its stage {} already: {reason}",
                    stage.name
                ));
            }
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        sight(change, view)
    }

    fn apply(&self, change: &Change, stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let Named { pipeline, stage } = parse(&change.with)?;
        Ok(Mutation::CodePipeline(codepipeline::Write::DisableTransition {
            pipeline,
            stage,
            reason: format!("quarterdeck run {}", stamp.run),
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        progress(change, view)
    }

    fn invert(&self, change: &Change) -> Undo {
        invert(change, &Release)
    }

    fn project(&self, change: &Change, view: &mut View) {
        project(change, view);
    }
}

/// Every stage of every pipeline.
fn all(pipelines: &[Pipeline]) -> impl Iterator<Item = (&str, &Stage)> {
    pipelines.iter().flat_map(|pipeline| {
        let stages = pipeline.stages.iter();
        stages.map(|stage| (pipeline.name.as_str(), stage))
    })
}

impl Action for Release {
    fn name(&self) -> &'static str {
        "codepipeline.release"
    }

    fn schema(&self) -> ActionSchema {
        ActionSchema {
            name: self.name(),
            role: Role::Action,
            about: "Lets executions of a pipeline enter a stage again.\n\
                One that waits before it enters at once. Undo holds it again.",
            fields: vec![
                FieldSchema::required("pipeline", Type::Text, "The pipeline."),
                FieldSchema::required("stage", Type::Text, "The stage of it."),
            ],
            outputs: Vec::new(),
            live: Vec::new(),
            risk: Risk::Disruptive,
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
        parse::<Named>(with)?;
        Ok(vec![pipelines()])
    }

    fn plan(&self, with: &Arguments, view: &View, site: &Site<'_>) -> Result<Proposal, Refusal> {
        let named: Named = parse(with)?;
        let stage = required(view, &named)?;
        if stage.enabled {
            return Ok(Proposal::nothing());
        }
        let mut proposal = Proposal::one(change(self, (&named.pipeline, &named.stage), site));
        if let Some(reason) = &stage.disabled_reason {
            proposal = proposal.warn(format!(
                "the pipeline {} is held because: {reason}",
                named.pipeline
            ));
        }
        if stage.waiting {
            proposal = proposal.warn(format!(
                "an execution waits before the stage {} of {} and enters it at once",
                named.stage, named.pipeline
            ));
        }
        Ok(proposal)
    }

    fn sight(&self, change: &Change, view: &View) -> Sight {
        sight(change, view)
    }

    fn apply(&self, change: &Change, _stamp: &Stamp<'_>) -> Result<Mutation, BadArguments> {
        let Named { pipeline, stage } = parse(&change.with)?;
        Ok(Mutation::CodePipeline(codepipeline::Write::EnableTransition {
            pipeline,
            stage,
        }))
    }

    fn progress(&self, change: &Change, _applied: &Applied, view: &View) -> Progress {
        progress(change, view)
    }

    fn invert(&self, change: &Change) -> Undo {
        invert(change, &Hold)
    }

    fn project(&self, change: &Change, view: &mut View) {
        project(change, view);
    }
}
