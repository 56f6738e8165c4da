//! Health rules: pure functions from what is known of a scope to findings about it. A rule speaks up
//! only about what it knows; what could not be read is the matter of `collect.unreadable` alone.
//!
//! Durations run to the moment at which the data was read, not to now: of an hour-old answer nobody
//! can say that a deployment has been stuck for an hour longer.

mod accept;
mod context;
mod doc;
mod draft;
mod measured;
pub(in crate::domain) mod non_production;
mod verdict;
pub(in crate::domain) mod words;

mod alarm;
mod alb;
mod asg;
mod burst;
mod certificate;
mod codebuild;
mod collect;
mod cost;
mod credentials;
mod dns;
mod ec2;
pub(in crate::domain) mod ecr;
mod ecs;
mod eks;
mod gpu;
mod lambda;
mod nat;
mod pipeline;
mod queue;
mod rds;
mod recovery;
mod redis;
mod resting;
mod sagemaker;
mod saving;
mod scaling;
mod secret;
mod web;

#[cfg(test)]
pub(crate) mod sample;

pub use accept::SessionAccept;
pub use asg::activities::failure as launch_failure;
pub use collect::sources;
pub use context::{Context, Policies, Terms};
pub use doc::markdown;
pub use lambda::concurrency::THROTTLED_TAG;
pub use measured::{Measured, Metrics, Run, first_of};
pub use rds::connections::{MostConnections, most_connections};
pub use verdict::{Verdict, Verdicts};

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::domain::health::{self, Finding, Severity};
use crate::domain::ids::Kind;
use crate::domain::inventory::{Inventory, ScopeState};
use crate::domain::remedy;
use crate::domain::scope::ScopeName;

/// A health rule.
pub struct Rule {
    /// Its id: the family, a dot, the trouble. Estate files and scripts name it.
    pub id: &'static str,
    /// The kind of resource that its findings are about.
    pub kind: Kind,
    /// The trouble in a few words.
    pub title: &'static str,
    /// What is looked at, how it is judged and what is left out, in sentences.
    pub what: &'static str,
    /// When a finding has which severity.
    pub severities: &'static [(Severity, &'static str)],
    /// Names of the thresholds that an estate can set.
    pub thresholds: &'static [&'static str],
    /// Runbooks that help, the most likely one first.
    pub runbooks: &'static [&'static str],
    /// Whether it is asked once per scope or once per account.
    pub reach: Reach,
    /// Adds what it finds.
    pub check: fn(&Context<'_>, &mut Vec<Finding>),
}

/// How often a rule is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Of every account and region.
    Scope,
    /// Once of an account, whatever regions are watched.
    Account,
}

/// All rules, customer impact first, then in the order of the kinds.
pub const ALL: &[&Rule] = &[
    &alb::errors::RULE,
    &alb::latency::RULE,
    &alb::collapse::RULE,
    &alb::targets::RULE,
    &ecs::below_desired::RULE,
    &ecs::deployment::FAILING,
    &ecs::deployment::STUCK,
    &ecs::deployment::ROLLED_BACK,
    &ecs::tasks_stopping::RULE,
    &asg::below_desired::RULE,
    &asg::launch_failed::RULE,
    &asg::spot::RULE,
    &asg::process_suspended::RULE,
    &asg::schedule::RULE,
    &ec2::status_check::RULE,
    &ec2::cpu_credits::RULE,
    &ec2::ebs_burst::RULE,
    &gpu::cards::HOT,
    &gpu::cards::THROTTLED,
    &gpu::cards::ECC,
    &gpu::hosts::LOST,
    &gpu::idle::RULE,
    &gpu::hosts::SILENT,
    &rds::availability::RULE,
    &rds::load::CPU,
    &rds::connections::RULE,
    &rds::storage::RULE,
    &rds::memory::MEMORY,
    &rds::memory::SWAP,
    &rds::replica_lag::RULE,
    &rds::backup::NO_BACKUP,
    &rds::backup::BUSINESS_HOURS,
    &recovery::RPO_MISSED,
    &recovery::RTO_MISSED,
    &recovery::RTO_UNPROVEN,
    &rds::single_az::RULE,
    &rds::load::BURST_BALANCE,
    &rds::load::CPU_CREDITS,
    &rds::maintenance::RULE,
    &redis::availability::NOT_AVAILABLE,
    &redis::load::MEMORY,
    &redis::load::EVICTIONS,
    &redis::hit_rate::RULE,
    &redis::load::ENGINE_CPU,
    &redis::availability::FAILOVER_OFF,
    &sagemaker::serving::ERRORS,
    &sagemaker::serving::LATENCY,
    &sagemaker::endpoint::FAILING,
    &sagemaker::endpoint::ROLLED_BACK,
    &sagemaker::endpoint::BELOW_DESIRED,
    &sagemaker::idle::ENDPOINT,
    &sagemaker::idle::GPU,
    &sagemaker::training::FAILED,
    &sagemaker::training::RUNTIME,
    &sagemaker::training::STALLED,
    &sagemaker::notebook::LEFT_ON,
    &queue::AGE,
    &queue::DEPTH,
    &queue::DEAD_LETTERS,
    &web::distributions::ERRORS,
    &web::distributions::HIT_RATE,
    &web::distributions::DISABLED,
    &web::buckets::PUBLIC,
    &web::buckets::GROWS,
    &web::buckets::UNFINISHED,
    &alb::doors::NOT_ACTIVE,
    &alb::doors::PLAIN_HTTP,
    &nat::PORTS,
    &nat::NO_ENDPOINT,
    &nat::IDLE,
    &nat::ENDPOINT,
    &certificate::EXPIRING,
    &certificate::NOT_ISSUED,
    &dns::FAILING,
    &secret::DELETED,
    &secret::ROTATION,
    &secret::UNUSED,
    &pipeline::failed::RULE,
    &pipeline::waiting::APPROVAL,
    &pipeline::waiting::HELD,
    &pipeline::waiting::STUCK,
    &codebuild::RULE,
    &ecr::deployed::GONE,
    &ecr::expiring::RULE,
    &ecr::deployed::CRITICAL,
    &ecr::immutable::RULE,
    &lambda::invocations::ERRORS,
    &lambda::events::LOST,
    &lambda::invocations::THROTTLED,
    &lambda::invocations::NEAR_TIMEOUT,
    &lambda::concurrency::NEAR_LIMIT,
    &lambda::concurrency::STOPPED,
    &lambda::events::SOURCE,
    &lambda::runtime::RULE,
    &eks::health::CLUSTER,
    &eks::health::NODEGROUP,
    &eks::nodes::FULL,
    &eks::support::RULE,
    &eks::nodes::SKEW,
    &eks::upgrades::INSIGHT,
    &eks::upgrades::ADDON,
    &scaling::AT_MAXIMUM,
    &scaling::SUSPENDED,
    &scaling::FAILED,
    &alarm::FIRING,
    &alarm::WITHOUT_ACTION,
    &alarm::INSUFFICIENT_DATA,
    &cost::OVER_BUDGET,
    &cost::FORECAST_OVER_BUDGET,
    &cost::ANOMALY,
    &cost::CREDITS,
    &saving::night::RULE,
    &saving::nat::INSTANCE,
    &saving::nat::DATA,
    &saving::spot::RULE,
    &saving::reserved::RULE,
    &saving::logs::RULE,
    &saving::ingestion::RULE,
    &saving::storage::RULE,
    &saving::support::RULE,
    &saving::balancer::RULE,
    &saving::endpoint::RULE,
    &resting::RULE,
    &credentials::ENDING_SOON,
    &credentials::FAILING,
    &collect::RULE,
];

/// What is wrong with everything that is known, the most pressing first; accepted findings are
/// among them, marked as such.
pub fn evaluate(inventory: &Inventory, terms: &Terms<'_>, now: Timestamp) -> Vec<Finding> {
    let leaders: BTreeSet<&ScopeName> = inventory.account_leaders().map(ScopeState::name).collect();
    let without_gpus = remedy::have_no_gpus(inventory.shown());
    let mut findings = Vec::new();
    for state in inventory.shown() {
        let context = Context::new(state, terms, now);
        let first = findings.len();
        for rule in ALL {
            if rule.reach == Reach::Scope || leaders.contains(state.name()) {
                (rule.check)(&context, &mut findings);
            }
        }
        for finding in &mut findings[first..] {
            resting::soften(inventory, finding, &context);
            finding.runbooks.retain(|runbook| {
                let in_vain = (without_gpus && runbook == "gpu-night-down")
                    || remedy::is_in_vain(state, runbook, &finding.resource);
                !in_vain
            });
            finding.accepted = accept::reason(finding, &context, terms.session);
        }
    }
    health::rank(&mut findings);
    health::unite(&mut findings);
    findings
}

/// The id of the rule about what could not be read.
pub const UNREADABLE: &str = collect::RULE.id;

/// The rule of that id.
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}
