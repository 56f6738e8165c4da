//! From the picture to the document.

mod advice;
mod compute;
mod delivery;
mod edge;
mod errors;
pub use errors::sources;
mod functions;
mod kubernetes;
mod models;
mod network;
mod recovery;
mod store;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::ScopeState;
use crate::domain::metric_catalog::MetricRef;
use crate::domain::picture::Picture;
use crate::domain::rules::{self, Measured, Metrics, Policies, Verdicts};
use crate::domain::units::Usd;
use crate::headless::spend;
use crate::headless::status::document::{
    ApiUse, ErrorEntry, FindingEntry, Resource, Resources, SCHEMA, SavingAmount, ScopeEntry, Status,
};

/// The document of a picture: resources of the kinds, findings about them, and what could not be
/// read of them.
pub fn status(picture: &Picture, policies: &Policies, kinds: &BTreeSet<Kind>) -> Status {
    Status {
        schema: SCHEMA,
        at: second(picture.at),
        scopes: scopes(picture),
        resources: resources(picture, kinds),
        spend: kinds
            .contains(&Kind::Budget)
            .then(|| spend::build::spend(picture, policies)),
        recovery: recovery::entries(picture, policies, kinds),
        findings: findings(picture, kinds),
        errors: errors(picture),
        api: api(picture),
    }
}

/// The scopes that were asked.
pub fn scopes(picture: &Picture) -> Vec<ScopeEntry> {
    let entry = |state: &ScopeState| {
        let identity = state.identity.get();
        ScopeEntry {
            name: state.name().to_string(),
            profile: state.scope.profile_name().to_owned(),
            account: identity.map(|identity| identity.account.clone()),
            region: state.scope.region.clone(),
            arn: identity.map(|identity| identity.arn.clone()),
            same_as: state.merged_into.as_ref().map(ToString::to_string),
        }
    };
    picture.inventory.scopes.iter().map(entry).collect()
}

/// What could not be read.
pub fn errors(picture: &Picture) -> Vec<ErrorEntry> {
    errors::of(&picture.inventory)
}

/// What asking cost.
pub fn api(picture: &Picture) -> ApiUse {
    let meter = &picture.meter;
    ApiUse {
        calls: meter.calls,
        throttled: meter.throttled,
        by_operation: meter.by_operation.clone(),
        paid_usd: meter.paid_micro_usd as f64 / 1e6,
    }
}

/// Findings about resources of the kinds, and about the scopes themselves.
fn findings(picture: &Picture, kinds: &BTreeSet<Kind>) -> Vec<FindingEntry> {
    let labels = picture.labels();
    picture
        .findings
        .iter()
        .chain(&picture.savings)
        .filter(|finding| {
            // What could not be read matters even if it only leads to what was asked for.
            finding.rule == rules::UNREADABLE
                || finding.resource.kind == Kind::Scope
                || kinds.contains(&finding.resource.kind)
        })
        .map(|finding| FindingEntry {
            rule: finding.rule.clone(),
            severity: finding.severity,
            kind: finding.resource.kind.name(),
            id: finding.resource.id.to_string(),
            scope: finding.resource.scope.to_string(),
            name: finding.name.clone(),
            label: labels.get(&finding.resource).unwrap_or(&finding.name).clone(),
            title: finding.title.clone(),
            evidence: finding.evidence.clone(),
            since: finding.since,
            runbooks: finding.runbooks.clone(),
            saves_usd_per_month: finding
                .is_saving()
                .then(|| SavingAmount(finding.saves.map(Usd::as_f64).map(rounded))),
            accepted: finding.accepted.clone(),
        })
        .collect()
}

/// One scope while its resources are written.
struct Writing<'a> {
    state: &'a ScopeState,
    verdicts: &'a Verdicts,
    metrics: Metrics<'a>,
    now: Timestamp,
}

impl<'a> Writing<'a> {
    fn new(state: &'a ScopeState, verdicts: &'a Verdicts, now: Timestamp) -> Self {
        Self {
            state,
            verdicts,
            metrics: Metrics::of(state, now),
            now,
        }
    }

    /// A resource with what every kind has.
    fn resource<T>(&self, kind: Kind, id: &str, name: &str, facts: T) -> Resource<T> {
        let key = if kind.is_account_wide() {
            ResourceKey::new(&self.state.scope.global_name(), kind, id)
        } else {
            ResourceKey::new(self.state.name(), kind, id)
        };
        self.keyed(&key, name, facts)
    }

    /// The resource of that key.
    fn keyed<T>(&self, key: &ResourceKey, name: &str, facts: T) -> Resource<T> {
        let verdict = self.verdicts.of(key);
        Resource {
            id: key.id.to_string(),
            scope: key.scope.to_string(),
            name: name.to_owned(),
            facts,
            health: verdict.health,
            reasons: verdict.reasons,
        }
    }

    /// The newest value of a metric.
    fn latest(&self, metric: MetricRef<'_>) -> Option<f64> {
        self.metrics
            .get(metric)
            .and_then(|measured: Measured<'_>| measured.latest())
    }

    /// The group of an instance.
    fn group_of(&self, instance: &str) -> Option<String> {
        self.state
            .instances
            .get()?
            .iter()
            .find(|one| one.id == instance)?
            .group()
            .map(str::to_owned)
    }
}

/// Resources of the kinds; a kind that could be read in no scope is absent.
fn resources(picture: &Picture, kinds: &BTreeSet<Kind>) -> Resources {
    let verdicts = Verdicts::new(&picture.inventory, &picture.findings);
    let scopes: Vec<Writing<'_>> = picture
        .inventory
        .shown()
        .map(|state| Writing::new(state, &verdicts, picture.at))
        .collect();
    let wanted = |kind| kinds.contains(&kind).then_some(&scopes);
    /// The resources of all scopes that could be read.
    fn listed<T>(
        scopes: Option<&Vec<Writing<'_>>>,
        list: impl Fn(&Writing<'_>) -> Option<Vec<Resource<T>>>,
    ) -> Option<Vec<Resource<T>>> {
        let read: Vec<_> = scopes?.iter().filter_map(list).collect();
        (!read.is_empty()).then(|| read.into_iter().flatten().collect())
    }
    Resources {
        ecs_service: listed(wanted(Kind::EcsService), compute::services),
        asg: listed(wanted(Kind::Asg), compute::groups),
        ec2_instance: listed(wanted(Kind::Ec2Instance), compute::instances),
        gpu: listed(wanted(Kind::Gpu), compute::cards),
        gpu_host: listed(wanted(Kind::GpuHost), compute::hosts),
        rds_instance: listed(wanted(Kind::RdsInstance), store::db_instances),
        rds_cluster: listed(wanted(Kind::RdsCluster), store::db_clusters),
        redis: listed(wanted(Kind::Redis), store::caches),
        target_group: listed(wanted(Kind::TargetGroup), network::target_groups),
        load_balancer: listed(wanted(Kind::LoadBalancer), network::load_balancers),
        alarm: listed(wanted(Kind::Alarm), watch::alarms),
        queue: listed(wanted(Kind::Queue), network::queues),
        log_group: listed(wanted(Kind::LogGroup), watch::log_groups),
        nat_gateway: listed(wanted(Kind::NatGateway), network::nat_gateways),
        sagemaker_endpoint: listed(wanted(Kind::SagemakerEndpoint), models::endpoints),
        training_job: listed(wanted(Kind::TrainingJob), models::training_jobs),
        notebook_instance: listed(wanted(Kind::NotebookInstance), models::notebooks),
        bucket: listed(wanted(Kind::Bucket), edge::buckets),
        distribution: listed(wanted(Kind::Distribution), edge::distributions),
        vpc_endpoint: listed(wanted(Kind::VpcEndpoint), edge::endpoints),
        certificate: listed(wanted(Kind::Certificate), edge::certificates),
        health_check: listed(wanted(Kind::HealthCheck), edge::health_checks),
        secret: listed(wanted(Kind::Secret), edge::secrets),
        parameter: listed(wanted(Kind::Parameter), edge::parameters),
        pipeline: listed(wanted(Kind::Pipeline), delivery::pipelines),
        codebuild_project: listed(wanted(Kind::CodebuildProject), delivery::projects),
        ecr_repository: listed(wanted(Kind::EcrRepository), delivery::repositories),
        advice: listed(wanted(Kind::Advice), advice::all),
        lambda: listed(wanted(Kind::Lambda), functions::functions),
        eks_cluster: listed(wanted(Kind::EksCluster), kubernetes::clusters),
        nodegroup: listed(wanted(Kind::Nodegroup), kubernetes::nodegroups),
        scalable_target: listed(wanted(Kind::ScalableTarget), functions::targets),
    }
}

/// A number without digits that say nothing.
fn rounded(value: f64) -> f64 {
    // Adding zero makes an ordinary zero of a negative one.
    (value * 100.0).round() / 100.0 + 0.0
}

/// A moment without the fraction that nobody needs.
pub fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Names by ARN.
fn names<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<&'a str, &'a str> {
    pairs.collect()
}

#[cfg(test)]
mod tests;
