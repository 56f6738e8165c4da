//! ECR, CodePipeline, CloudFormation and Application Auto Scaling.

use super::super::sim::Sim;
use super::super::time::stamp;
use crate::domain::delivery::{Pipeline, Stack, Stage};
use crate::domain::ecr::Image;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::scalable::{ScalableTarget, resource_of};

/// The images of a repository of this account.
pub fn images(sim: &Sim, registry: Option<&str>, repository: &str) -> Result<Vec<Image>, Fault> {
    let own = registry.is_none_or(|account| account == sim.plan.account);
    let images = sim.registry.get(repository).filter(|_| own).ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            "ecr",
            "DescribeImages",
            format!(
                "The repository with name '{repository}' does not exist in the registry with id '{}'",
                registry.unwrap_or(&sim.plan.account)
            ),
        )
        .with_code("RepositoryNotFoundException")
    })?;
    let mut found: Vec<Image> = images
        .iter()
        .map(|image| Image {
            digest: image.digest.clone(),
            tags: image.tags.clone(),
            pushed_at: Some(stamp(image.pushed)),
            size_bytes: Some(182 * 1024 * 1024 + image.digest.len() as u64),
        })
        .collect();
    found.sort_by(|a, b| {
        b.pushed_at
            .cmp(&a.pushed_at)
            .then_with(|| a.digest.cmp(&b.digest))
    });
    Ok(found)
}

/// All pipelines.
pub fn pipelines(sim: &Sim) -> Vec<Pipeline> {
    sim.plan
        .pipelines
        .iter()
        .map(|plan| Pipeline {
            name: plan.name.clone(),
            stages: plan
                .stages
                .iter()
                .map(|stage| {
                    let hold = sim.held.get(&(plan.name.clone(), stage.name.clone()));
                    Stage {
                        name: stage.name.clone(),
                        deploys: stage.deploys.clone(),
                        status: Some(sim.stage_status(stage).to_owned()),
                        enabled: hold.is_none(),
                        disabled_reason: hold.map(|hold| hold.reason.clone()),
                        waiting: hold.is_some_and(|hold| !hold.waiting.is_empty()),
                    }
                })
                .collect(),
        })
        .collect()
}

/// A stack by name.
pub fn stacks(sim: &Sim, name: &str) -> Vec<Stack> {
    sim.plan
        .stacks
        .iter()
        .filter(|plan| plan.name == name)
        .map(|plan| Stack {
            name: plan.name.clone(),
            status: "UPDATE_COMPLETE".to_owned(),
            reason: None,
        })
        .collect()
}

/// The bounds of all services that are scaled by themselves.
pub fn scalable_targets(sim: &Sim) -> Vec<ScalableTarget> {
    sim.plan
        .services
        .iter()
        .zip(&sim.services)
        .filter_map(|(plan, service)| {
            let (min, max) = service.bounds?;
            Some(ScalableTarget {
                resource: resource_of(&plan.cluster, &plan.name),
                min,
                max,
                suspended: Vec::new(),
            })
        })
        .collect()
}
