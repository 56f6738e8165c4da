//! How well each resource is, put together from the findings about it and from whether it could be
//! read at all.

use std::collections::{HashMap, HashSet};

use crate::domain::alarm::AlarmState;
use crate::domain::health::{Finding, Health};
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{Inventory, ScopeState, Source};
use crate::domain::metric::MetricGroup;
use crate::domain::scope::ScopeName;

/// How well a resource is, and why it is not well or not known to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The health.
    pub health: Health,
    /// Titles of the findings, or what could not be read; empty when all is well.
    pub reasons: Vec<String>,
}

/// The verdicts on all resources of an inventory: the one truth about health that rows, status and
/// counts show.
#[derive(Debug, Clone, Default)]
pub struct Verdicts {
    /// Severities and titles of the findings about a resource, without accepted ones and notes.
    findings: HashMap<ResourceKey, Vec<(Health, String)>>,
    /// ARNs of target groups whose targets have not been read.
    unread_groups: HashSet<String>,
    /// Alarms in the state `INSUFFICIENT_DATA`.
    blind_alarms: HashSet<String>,
    /// Why nothing of a kind can be told in a scope.
    unread: HashMap<(ScopeName, Kind), String>,
}

impl Verdicts {
    /// Prepares the verdicts: `findings` are those of [`super::evaluate`] on the same inventory.
    pub fn new<'a>(inventory: &Inventory, findings: impl IntoIterator<Item = &'a Finding>) -> Self {
        let mut by_resource: HashMap<ResourceKey, Vec<(Health, String)>> = HashMap::new();
        for finding in findings {
            let health = finding.severity.health();
            if finding.accepted.is_none() && health > Health::Ok {
                by_resource
                    .entry(finding.resource.clone())
                    .or_default()
                    .push((health, finding.title.clone()));
            }
        }
        let unread_groups = inventory
            .scopes
            .iter()
            .filter_map(|state| state.balancing.get())
            .flat_map(|balancing| &balancing.target_groups)
            .filter(|group| group.targets.is_none())
            .map(|group| group.arn.clone())
            .collect();
        let blind_alarms = inventory
            .scopes
            .iter()
            .filter_map(|state| state.alarms.get())
            .flatten()
            .filter(|alarm| alarm.state == AlarmState::InsufficientData)
            .map(|alarm| alarm.arn.clone())
            .collect();
        let mut unread = HashMap::new();
        for state in &inventory.scopes {
            for &kind in Kind::ALL {
                let scope = if kind.is_account_wide() {
                    state.scope.global_name()
                } else {
                    state.name().clone()
                };
                if let Some(reason) = unread_of(state, kind) {
                    // The first scope of an account speaks for what the account has once.
                    unread.entry((scope, kind)).or_insert(reason);
                }
            }
        }
        Self {
            findings: by_resource,
            unread_groups,
            blind_alarms,
            unread,
        }
    }

    /// The verdict on a resource. Accepted findings do not make it worse.
    pub fn of(&self, key: &ResourceKey) -> Verdict {
        let mut verdict = Verdict {
            health: self.health(key),
            reasons: Vec::new(),
        };
        for (_, title) in self.findings.get(key).into_iter().flatten() {
            verdict.reasons.push(title.clone());
        }
        verdict.reasons.extend(self.unknown(key).map(str::to_owned));
        verdict
    }

    /// The health of a resource.
    pub fn health(&self, key: &ResourceKey) -> Health {
        let findings = self.findings.get(key).into_iter().flatten();
        let worst = findings.map(|(health, _)| *health).max().unwrap_or(Health::Ok);
        match self.unknown(key) {
            Some(_) => worst.max(Health::Unknown),
            None => worst,
        }
    }

    /// Why we cannot tell how well the resource is.
    fn unknown(&self, key: &ResourceKey) -> Option<&str> {
        if self.unread_groups.contains(&*key.id) {
            return Some("target health not read");
        }
        if self.blind_alarms.contains(&*key.id) {
            return Some("insufficient data");
        }
        let place = (key.scope.clone(), key.kind);
        self.unread.get(&place).map(String::as_str)
    }
}

/// Why nothing can be told of the health of a kind.
fn unread_of(state: &ScopeState, kind: Kind) -> Option<String> {
    let (listing, metrics) = sources(kind);
    unread(state, &listing, "")
        .or_else(|| metrics.and_then(|group| unread(state, &Source::Metrics(group), "metrics ")))
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
        Kind::SagemakerEndpoint => (Source::Endpoints, Some(MetricGroup::Sagemaker)),
        Kind::TrainingJob => (Source::TrainingJobs, None),
        Kind::NotebookInstance => (Source::Notebooks, None),
        Kind::Lambda => (Source::Functions, Some(MetricGroup::Lambda)),
        Kind::EksCluster | Kind::Nodegroup => (Source::Kubernetes, None),
        Kind::ScalableTarget => (Source::Scaling, None),
        Kind::Budget => (Source::Budgets, None),
        Kind::Scope => (Source::Identity, None),
        Kind::Bucket => (Source::Buckets, None),
        Kind::Distribution => (Source::Distributions, Some(MetricGroup::Distribution)),
        Kind::VpcEndpoint => (Source::VpcEndpoints, None),
        Kind::Certificate => (Source::Certificates, None),
        Kind::HealthCheck => (Source::Dns, None),
        Kind::Secret => (Source::Secrets, None),
        Kind::Parameter => (Source::Parameters, None),
        Kind::Pipeline => (Source::Pipelines, None),
        Kind::CodebuildProject => (Source::BuildProjects, None),
        Kind::EcrRepository => (Source::Repositories, None),
        // Not collected in a list of its own.
        Kind::Advice => (Source::Identity, None),
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
