//! Changes of ECR, CodePipeline and Application Auto Scaling.

use super::super::sim::Sim;
use super::super::sim::delivery::Hold;
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

/// <https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_DisableStageTransition.html>
pub fn pipelines(
    sim: &mut Sim,
    write: &codepipeline::Write,
    refuse: &Refusal,
) -> Result<Option<String>, Fault> {
    let (pipeline, stage) = match write {
        codepipeline::Write::DisableTransition { pipeline, stage, .. }
        | codepipeline::Write::EnableTransition { pipeline, stage } => (pipeline, stage),
    };
    let known = sim
        .plan
        .pipelines
        .iter()
        .find(|known| known.name == *pipeline)
        .ok_or_else(|| {
            refuse.absent(
                "PipelineNotFoundException",
                format!(
                    "Account '{}' does not have a pipeline with name '{pipeline}'",
                    sim.plan.account
                ),
            )
        })?;
    if !known.stages.iter().any(|known| known.name == *stage) {
        return Err(refuse.absent(
            "StageNotFoundException",
            format!("Pipeline '{pipeline}' does not have a stage with name '{stage}'"),
        ));
    }
    let key = (pipeline.clone(), stage.clone());
    match write {
        codepipeline::Write::DisableTransition { reason, .. } => {
            if reason.is_empty() || reason.chars().count() > 300 {
                return Err(refuse.invalid(
                    "ValidationException",
                    "Value at 'reason' failed to satisfy constraint: Member must have length less than or equal to 300",
                ));
            }
            let waiting = sim.held.remove(&key).map(|hold| hold.waiting).unwrap_or_default();
            sim.held.insert(
                key,
                Hold {
                    reason: reason.clone(),
                    waiting,
                },
            );
        }
        codepipeline::Write::EnableTransition { .. } => {
            let now = sim.now;
            sim.release(&key, now);
        }
    }
    record(sim, refuse, &[pipeline]);
    Ok(None)
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
