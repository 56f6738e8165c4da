//! How well each resource is, put together from the findings about it and from whether it could be
//! read at all.

use std::collections::{HashMap, HashSet};

use crate::domain::health::{Finding, Health};
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{Inventory, ScopeState, Source};
use crate::domain::metric::MetricGroup;

/// How well a resource is, and why it is not well or not known to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The health.
    pub health: Health,
    /// Titles of the findings, or what could not be read; empty when all is well.
    pub reasons: Vec<String>,
}

/// The verdicts on all resources of an inventory.
pub struct Verdicts<'a> {
    inventory: &'a Inventory,
    findings: HashMap<&'a ResourceKey, Vec<&'a Finding>>,
    /// ARNs of target groups whose targets have not been read.
    unread_groups: HashSet<&'a str>,
}

impl<'a> Verdicts<'a> {
    /// Prepares the verdicts: `findings` are those of [`super::evaluate`] on the same inventory.
    pub fn new(inventory: &'a Inventory, findings: &'a [Finding]) -> Self {
        let mut by_resource: HashMap<&ResourceKey, Vec<&Finding>> = HashMap::new();
        for finding in findings.iter().filter(|finding| finding.accepted.is_none()) {
            by_resource.entry(&finding.resource).or_default().push(finding);
        }
        let unread_groups = inventory
            .scopes
            .iter()
            .filter_map(|state| state.balancing.get())
            .flat_map(|balancing| &balancing.target_groups)
            .filter(|group| group.targets.is_none())
            .map(|group| group.arn.as_str())
            .collect();
        Self {
            inventory,
            findings: by_resource,
            unread_groups,
        }
    }

    /// The verdict on a resource. Accepted findings do not make it worse.
    pub fn of(&self, key: &ResourceKey) -> Verdict {
        let mut verdict = Verdict {
            health: Health::Ok,
            reasons: Vec::new(),
        };
        for finding in self.findings.get(key).into_iter().flatten() {
            let health = finding.severity.health();
            if health > Health::Ok {
                verdict.health = verdict.health.max(health);
                verdict.reasons.push(finding.title.clone());
            }
        }
        if let Some(reason) = self.unknown(key) {
            verdict.health = verdict.health.max(Health::Unknown);
            verdict.reasons.push(reason);
        }
        verdict
    }

    /// Why we cannot tell how well the resource is.
    fn unknown(&self, key: &ResourceKey) -> Option<String> {
        let state = self.inventory.scopes.iter().find(|state| {
            *state.name() == key.scope || (key.kind == Kind::Budget && state.scope.global_name() == key.scope)
        })?;
        if self.unread_groups.contains(&*key.id) {
            return Some("target health not read".to_owned());
        }
        let (listing, metrics) = sources(key.kind);
        unread(state, &listing, "")
            .or_else(|| metrics.and_then(|group| unread(state, &Source::Metrics(group), "metrics ")))
    }
}

/// Where a resource of the kind comes from, and the metrics without which its health is not known.
const fn sources(kind: Kind) -> (Source, Option<MetricGroup>) {
    match kind {
        Kind::EcsService => (Source::EcsFleet, None),
        Kind::Asg => (Source::Groups, None),
        Kind::Ec2Instance => (Source::Instances, None),
        Kind::Gpu | Kind::GpuHost => (Source::GpuProbe, None),
        Kind::RdsInstance => (Source::DbInstances, Some(MetricGroup::Rds)),
        Kind::RdsCluster => (Source::DbClusters, None),
        Kind::Redis => (Source::Caches, Some(MetricGroup::Redis)),
        Kind::TargetGroup => (Source::Balancing, None),
        Kind::LoadBalancer => (Source::Balancing, Some(MetricGroup::Elb)),
        Kind::Alarm => (Source::Alarms, None),
        Kind::Queue => (Source::Queues, None),
        Kind::LogGroup => (Source::LogGroups, None),
        Kind::NatGateway => (Source::NatGateways, None),
        Kind::Budget => (Source::Budgets, None),
        Kind::Scope => (Source::Identity, None),
    }
}

fn unread(state: &ScopeState, source: &Source, what: &str) -> Option<String> {
    let standing = state.standing(source);
    match standing.failing {
        Some(failing) => Some(format!("{what}not read: {}", failing.fault.word())),
        None if standing.at.is_none() => Some(format!("{what}not read yet")),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fault::{Fault, FaultKind};
    use crate::domain::rules::sample::{Bench, service, target_group_arn};

    fn verdict(bench: &Bench, kind: Kind, id: &str) -> Verdict {
        let findings = bench.evaluate();
        let key = ResourceKey::new(bench.inventory.scopes[0].name(), kind, id);
        Verdicts::new(&bench.inventory, &findings).of(&key)
    }

    #[test]
    fn findings_make_a_resource_unwell_unless_accepted() {
        let mut bench = Bench::new();
        let mut short = service("api", 3);
        short.running = 1;
        let arn = short.arn.clone();
        bench.services(vec![short, service("web", 1)]);
        assert_eq!(
            verdict(&bench, Kind::EcsService, &arn),
            Verdict {
                health: Health::Warn,
                reasons: vec!["1/2 running".to_owned()]
            }
        );
        assert_eq!(
            verdict(&bench, Kind::EcsService, &service("web", 1).arn).health,
            Health::Ok
        );
        bench.session = vec![crate::domain::rules::SessionAccept {
            rule: "ecs.running-below-desired".to_owned(),
            resource: ResourceKey::new(bench.inventory.scopes[0].name(), Kind::EcsService, &arn),
        }];
        assert_eq!(verdict(&bench, Kind::EcsService, &arn).health, Health::Ok);
    }

    #[test]
    fn what_cannot_be_read_is_unknown_and_never_well() {
        let mut bench = Bench::new();
        let api = service("api", 3);
        assert_eq!(
            verdict(&bench, Kind::EcsService, &api.arn).health,
            Health::Unknown
        );
        bench.services(vec![api.clone()]);
        assert_eq!(verdict(&bench, Kind::EcsService, &api.arn).health, Health::Ok);
        bench.fail(
            Source::EcsFleet,
            Fault::new(FaultKind::AccessDenied, "ecs", "DescribeServices", "no"),
        );
        assert_eq!(
            verdict(&bench, Kind::EcsService, &api.arn),
            Verdict {
                health: Health::Unknown,
                reasons: vec!["not read: denied".to_owned()]
            }
        );
    }

    #[test]
    fn a_target_group_without_target_health_is_unknown() {
        let mut bench = Bench::new();
        bench.target_group("api-tg", &[]);
        let mut balancing = bench.state().balancing.get().cloned().unwrap();
        balancing.target_groups[0].targets = None;
        bench.balancing(balancing);
        assert_eq!(
            verdict(&bench, Kind::TargetGroup, &target_group_arn("api-tg")).reasons,
            ["target health not read"]
        );
    }
}
