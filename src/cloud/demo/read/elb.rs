//! Load balancers, target groups and the health of targets.

use super::super::plan::edge::TargetKind;
use super::super::signal;
use super::super::sim::Sim;
use super::super::sim::target::{Health, Target as State};
use super::super::time::{DAY, stamp};
use crate::domain::elb::{Balancing, LoadBalancer, Target, TargetGroup};

/// All load balancers and target groups.
pub fn balancing(sim: &Sim) -> Balancing {
    let mut all = Balancing::default();
    for plan in &sim.plan.balancers {
        let arn = sim.balancer_arn(&plan.name);
        all.load_balancers.push(LoadBalancer {
            arn: arn.clone(),
            name: plan.name.clone(),
            form: "application".to_owned(),
            state: "active".to_owned(),
            dns_name: Some(dns_name(sim, &plan.name)),
            scheme: Some("internet-facing".to_owned()),
            created_at: Some(stamp(sim.epoch - 205 * DAY)),
        });
        for group in &plan.target_groups {
            let Some(state) = sim.targets.get(&group.name) else {
                continue;
            };
            all.target_groups.push(TargetGroup {
                arn: state.arn.clone(),
                name: group.name.clone(),
                load_balancers: vec![arn.clone()],
                protocol: Some("HTTP".to_owned()),
                port: Some(group.port),
                target_type: Some(
                    match group.kind {
                        TargetKind::Ip => "ip",
                        TargetKind::Instance => "instance",
                    }
                    .to_owned(),
                ),
                health_check_path: Some(group.path.clone()),
                targets: Some(
                    sim.list_targets(state, sim.now)
                        .into_iter()
                        .map(|target| of(target, group.port))
                        .collect(),
                ),
            });
        }
    }
    all.load_balancers.sort_by(|a, b| a.name.cmp(&b.name));
    all.target_groups.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// The name that AWS gives a load balancer.
pub fn dns_name(sim: &Sim, name: &str) -> String {
    format!(
        "{name}-{}.{}.elb.amazonaws.com",
        signal::decimal(&sim.key(name, 3), 10),
        sim.plan.region
    )
}

fn of(target: State, port: u16) -> Target {
    let (state, reason, description) = match target.health {
        Health::Healthy => ("healthy", None, None),
        Health::Initial => (
            "initial",
            Some("Elb.InitialHealthChecking"),
            Some("Initial health checks in progress"),
        ),
        Health::Failing => (
            "unhealthy",
            Some("Target.ResponseCodeMismatch"),
            Some("Health checks failed with these codes: [502]"),
        ),
        Health::Silent => ("unhealthy", Some("Target.Timeout"), Some("Request timed out")),
        Health::Draining => (
            "draining",
            Some("Target.DeregistrationInProgress"),
            Some("Target deregistration is in progress"),
        ),
    };
    Target {
        id: target.id,
        port: Some(port),
        zone: target.zone,
        state: state.to_owned(),
        reason: reason.map(str::to_owned),
        description: description.map(str::to_owned),
    }
}
