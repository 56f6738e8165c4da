//! ECS: clusters and services.

use jiff::{SignedDuration, Timestamp};

use super::super::data::ecs::{Breaker, Service as Plan};
use super::super::{Estate, Settings, signal};
use crate::domain::ecs::{
    CircuitBreaker, Cluster, Controller, Deployment, DeploymentRole, Fleet, RolloutState, Service,
};
use crate::domain::ids::Tag;

/// All clusters and services.
pub fn fleet(estate: &Estate, settings: &Settings) -> Fleet {
    Fleet {
        clusters: estate
            .clusters
            .iter()
            .map(|name| Cluster {
                arn: estate.arn("ecs", &format!("cluster/{name}")),
                name: name.clone(),
            })
            .collect(),
        services: estate
            .services
            .iter()
            .map(|plan| service(estate, settings, plan))
            .collect(),
    }
}

fn service(estate: &Estate, settings: &Settings, plan: &Plan) -> Service {
    let revision = format!("{}:{}", plan.family, plan.images.len());
    let key = [
        settings.seed,
        signal::name(&plan.cluster),
        signal::name(&plan.name),
    ];
    let began: Option<Timestamp> = settings
        .epoch
        .checked_sub(SignedDuration::from_hours(
            30 + i64::try_from(signal::hash(&key) % 40).unwrap_or_default(),
        ))
        .ok();
    Service {
        arn: estate.arn("ecs", &format!("service/{}/{}", plan.cluster, plan.name)),
        name: plan.name.clone(),
        cluster: plan.cluster.clone(),
        status: "ACTIVE".to_owned(),
        desired: plan.desired,
        running: plan.desired,
        pending: 0,
        task_definition: revision.clone(),
        controller: Controller::Ecs,
        strategy: Some("ROLLING".to_owned()),
        capacity: vec!["FARGATE".to_owned()],
        deployments: vec![Deployment {
            id: format!("ecs-svc/{}", signal::decimal(&key, 19)),
            role: DeploymentRole::Primary,
            task_definition: revision,
            desired: plan.desired,
            running: plan.desired,
            pending: 0,
            failed: 0,
            rollout: Some(RolloutState::Completed),
            rollout_reason: Some(format!(
                "ECS deployment ecs-svc/{} completed.",
                signal::decimal(&key, 19)
            )),
            created_at: began,
            updated_at: began,
        }],
        events: Vec::new(),
        circuit_breaker: Some(CircuitBreaker {
            enabled: plan.circuit_breaker != Breaker::Off,
            rollback: plan.circuit_breaker == Breaker::Rollback,
        }),
        target_groups: plan
            .target_group
            .iter()
            .map(|name| {
                let id = signal::hex(&[settings.seed, signal::name(name)], 16);
                estate.arn("elasticloadbalancing", &format!("targetgroup/{name}/{id}"))
            })
            .collect(),
        created_at: settings
            .epoch
            .checked_sub(SignedDuration::from_hours(24 * 200))
            .ok(),
        tags: plan
            .tags
            .iter()
            .map(|(key, value)| Tag {
                key: key.clone(),
                value: value.clone(),
            })
            .collect(),
    }
}
