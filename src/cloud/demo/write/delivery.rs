//! Changes of ECR, CodePipeline and Application Auto Scaling.

use super::super::sim::Sim;
use super::super::sim::delivery::Hold;
use super::super::sim::pipeline::{Run, Seen, State};
use super::{Refusal, record};
use crate::domain::fault::Fault;
use crate::domain::ops::{application_auto_scaling, codepipeline, ecr};
use crate::domain::scalable::resource_of;

/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html>
pub fn images(sim: &mut Sim, write: &ecr::Write, refuse: &Refusal) -> Result<Option<String>, Fault> {
    let ecr::Write::PutTag {
        repository,
        digest,
        tag,
    } = write;
    let images = sim.registry.get(repository).ok_or_else(|| {
        refuse.absent(
            "RepositoryNotFoundException",
            format!("The repository with name '{repository}' does not exist"),
        )
    })?;
    let image =
        images
            .iter()
            .find(|image| image.digest == *digest)
            .ok_or_else(|| {
                refuse.absent(
            "ImageNotFoundException",
            format!("The image with imageId {{imageDigest:'{digest}'}} does not exist within the repository"),
        )
            })?;
    if image.tags.contains(tag) {
        return Err(refuse.invalid(
            "ImageAlreadyExistsException",
            format!("Image with digest '{digest}' and tag '{tag}' already exists in the repository"),
        ));
    }
    let now = sim.now;
    sim.push_image(repository, digest, std::slice::from_ref(tag), now);
    record(sim, refuse, &[repository]);
    Ok(None)
}

/// <https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_Operations.html>
pub fn pipelines(
    sim: &mut Sim,
    write: &codepipeline::Write,
    refuse: &Refusal,
) -> Result<Option<String>, Fault> {
    use codepipeline::Write;
    let (pipeline, stage) = match write {
        Write::DisableTransition { pipeline, stage, .. }
        | Write::EnableTransition { pipeline, stage }
        | Write::RetryStage { pipeline, stage, .. }
        | Write::Answer { pipeline, stage, .. }
        | Write::RollbackStage { pipeline, stage, .. } => (pipeline, stage),
    };
    let place = place(sim, (pipeline, stage), refuse)?;
    let key = (pipeline.clone(), stage.clone());
    let now = sim.now;
    let mut created = None;
    match write {
        Write::DisableTransition { reason, .. } => {
            if reason.is_empty() || reason.chars().count() > 300 {
                return Err(refuse.invalid(
                    "ValidationException",
                    "Value at 'reason' failed to satisfy constraint: Member must have length less than or equal to 300",
                ));
            }
            let waiting = sim.held.remove(&key).map(|hold| hold.waiting).unwrap_or_default();
            let hold = Hold {
                reason: reason.clone(),
                by: sim.plan.person.clone(),
                at: now,
                waiting,
            };
            sim.held.insert(key, hold);
        }
        Write::EnableTransition { .. } => sim.release(&key, now),
        Write::RetryStage { execution, .. } => {
            let seen = newest_in(sim, place)
                .filter(|seen| seen.id == *execution)
                .ok_or_else(|| {
                    refuse.conflict(
                        "NotLatestPipelineExecutionException",
                        format!("The execution {execution} is not the newest one in the stage {stage}"),
                    )
                })?;
            if seen
                .passage(place.1)
                .is_none_or(|passage| passage.status != "Failed")
            {
                return Err(refuse.conflict(
                    "StageNotRetryableException",
                    format!("The stage {stage} has not failed: it cannot be retried"),
                ));
            }
            sim.retry(place.0, place.1, &seen, now);
            created = Some(execution.clone());
        }
        Write::Answer {
            action,
            execution,
            answer,
            summary,
            ..
        } => {
            if summary.chars().count() > 512 {
                return Err(refuse.invalid(
                    "ValidationException",
                    "Value at 'result.summary' failed to satisfy constraint: Member must have length less than or equal to 512",
                ));
            }
            if sim.plan.pipelines[place.0].stages[place.1].approval.as_ref() != Some(action) {
                return Err(refuse.absent(
                    "ActionNotFoundException",
                    format!("The stage {stage} has no action with the name {action}"),
                ));
            }
            let asked = |run: &Run| {
                run.id == *execution
                    && run.stage == place.1
                    && run.state == State::Going
                    && run.answer.is_none()
            };
            let run = sim.runs.iter().position(asked).ok_or_else(|| {
                refuse.conflict(
                    "ApprovalAlreadyCompletedException",
                    "The approval action has already been approved or rejected.",
                )
            })?;
            let by = sim.plan.person.clone();
            let approved = *answer == codepipeline::Approval::Approve;
            sim.answer_run(run, (by, summary.clone()), approved, now);
        }
        Write::RollbackStage { target, .. } => {
            let executions = sim.executions(place.0);
            let to = executions.iter().find(|seen| seen.id == *target).ok_or_else(|| {
                refuse.absent(
                    "PipelineExecutionNotFoundException",
                    format!("The pipeline {pipeline} has no execution {target}"),
                )
            })?;
            let succeeded = to
                .passage(place.1)
                .is_some_and(|passage| passage.status == "Succeeded");
            if !succeeded || to.back_to.is_some() {
                return Err(refuse.conflict(
                    "UnableToRollbackStageException",
                    format!("The stage {stage} cannot be rolled back to the execution {target}"),
                ));
            }
            created = Some(sim.roll_stage_back(place.0, place.1, to, now));
        }
    }
    record(sim, refuse, &[pipeline]);
    Ok(created)
}

/// The indices of a pipeline and a stage of it.
fn place(sim: &Sim, (pipeline, stage): (&str, &str), refuse: &Refusal) -> Result<(usize, usize), Fault> {
    let plans = &sim.plan.pipelines;
    let index = plans
        .iter()
        .position(|plan| plan.name == pipeline)
        .ok_or_else(|| {
            refuse.absent(
                "PipelineNotFoundException",
                format!(
                    "Account '{}' does not have a pipeline with name '{pipeline}'",
                    sim.plan.account
                ),
            )
        })?;
    let mut stages = plans[index].stages.iter();
    let nth = stages.position(|plan| plan.name == stage).ok_or_else(|| {
        refuse.absent(
            "StageNotFoundException",
            format!("Pipeline '{pipeline}' does not have a stage with name '{stage}'"),
        )
    })?;
    Ok((index, nth))
}

/// The newest execution that entered a stage.
fn newest_in(sim: &Sim, (pipeline, stage): (usize, usize)) -> Option<Seen> {
    let mut executions = sim.executions(pipeline).into_iter();
    executions.find(|seen| seen.passage(stage).is_some())
}

/// <https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html>
pub fn bounds(
    sim: &mut Sim,
    write: &application_auto_scaling::Write,
    refuse: &Refusal,
) -> Result<Option<String>, Fault> {
    let application_auto_scaling::Write::SetBounds { resource, min, max } = write;
    if min > max {
        return Err(refuse.invalid(
            "ValidationException",
            "Maximum capacity cannot be less than minimum capacity",
        ));
    }
    if let Some((index, variant)) = sim.find_scaled_variant(resource) {
        sim.models.endpoints[index].bounds.insert(variant, (*min, *max));
        record(sim, refuse, &[resource]);
        return Ok(None);
    }
    let index = sim
        .plan
        .services
        .iter()
        .position(|plan| resource_of(&plan.cluster, &plan.name) == *resource)
        .ok_or_else(|| {
            refuse.invalid(
                "ValidationException",
                format!("ECS service doesn't exist: {resource}"),
            )
        })?;
    sim.services[index].bounds = Some((*min, *max));
    record(sim, refuse, &[resource]);
    Ok(None)
}
