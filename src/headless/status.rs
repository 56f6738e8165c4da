//! `qd status`: everything asked once, printed.

pub mod build;
pub mod document;
mod text;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal};

use serde_json::{Value, json};

use crate::domain::focus::{Focus, Probing};
use crate::domain::health::Severity;
use crate::domain::ids::Kind;
use crate::domain::inventory::{Inventory, ScopeState, Source};
use crate::headless::job::Outcome;
use crate::headless::out::{Page, Report, complain};
use crate::headless::{Exit, Job, Out};
use document::{Resource, Status};
pub use text::{api, errors, push, scopes, section};

/// Kinds that can be asked for; `budget` is spend as a whole.
pub const KINDS: &[Kind] = &[
    Kind::EcsService,
    Kind::Asg,
    Kind::Ec2Instance,
    Kind::Gpu,
    Kind::GpuHost,
    Kind::RdsInstance,
    Kind::RdsCluster,
    Kind::Redis,
    Kind::TargetGroup,
    Kind::LoadBalancer,
    Kind::Alarm,
    Kind::Queue,
    Kind::LogGroup,
    Kind::NatGateway,
    Kind::SagemakerEndpoint,
    Kind::TrainingJob,
    Kind::NotebookInstance,
    Kind::Lambda,
    Kind::EksCluster,
    Kind::Nodegroup,
    Kind::ScalableTarget,
    Kind::Budget,
    Kind::Bucket,
    Kind::Distribution,
    Kind::VpcEndpoint,
    Kind::Certificate,
    Kind::HealthCheck,
    Kind::Secret,
    Kind::Parameter,
    Kind::Pipeline,
    Kind::CodebuildProject,
    Kind::EcrRepository,
    Kind::Advice,
];

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Kinds; empty is all of them.
    pub kinds: BTreeSet<Kind>,
    /// From which severity on findings make the command fail.
    pub fail_on: Option<Severity>,
    /// Whether nvidia-smi may be run on the hosts.
    pub probing: Probing,
}

/// Asks, prints, and tells how it ended.
pub fn run(job: Job, request: &Request, out: &Out) -> anyhow::Result<Exit> {
    let kinds = shown(request);
    let probing = if kinds.contains(&Kind::Gpu) || kinds.contains(&Kind::GpuHost) {
        request.probing
    } else {
        Probing::No
    };
    let policies = job.policies.clone();
    let picture = match job.collect(Focus::once(collected(&kinds), probing))? {
        Outcome::Done(picture) => picture,
        Outcome::Stopped(exit) => return Ok(exit),
    };
    let status = build::status(&picture, &policies, &kinds);
    out.report(&status)?;
    // Whoever watches the terminal has just read it; whoever sends the results elsewhere has not.
    if !io::stdout().is_terminal() {
        for line in unreachable(&picture.inventory) {
            complain(&format!("qd: {line}"));
        }
    }
    Ok(exit(&picture.inventory, &status, request.fail_on))
}

/// The kinds that are shown. GPUs cannot be without running nvidia-smi.
fn shown(request: &Request) -> BTreeSet<Kind> {
    let mut kinds: BTreeSet<Kind> = if request.kinds.is_empty() {
        KINDS.iter().copied().collect()
    } else {
        request.kinds.clone()
    };
    if request.probing == Probing::No {
        kinds.remove(&Kind::Gpu);
        kinds.remove(&Kind::GpuHost);
    }
    kinds
}

/// The kinds that have to be read for those that are shown: some know of themselves only through
/// others.
pub fn collected(kinds: &BTreeSet<Kind>) -> BTreeSet<Kind> {
    let mut all = kinds.clone();
    for kind in kinds {
        let others: &[Kind] = match kind {
            // How members are paid for, and of which group a host is.
            Kind::Asg => &[Kind::Ec2Instance],
            Kind::Gpu | Kind::GpuHost => &[Kind::Ec2Instance, Kind::Gpu, Kind::GpuHost],
            // Snapshots and metrics of both come in one answer.
            Kind::RdsCluster => &[Kind::RdsInstance],
            Kind::RdsInstance => &[Kind::RdsCluster],
            Kind::LoadBalancer => &[Kind::TargetGroup],
            // Metrics of both come in one answer.
            Kind::SagemakerEndpoint => &[Kind::TrainingJob],
            Kind::TrainingJob => &[Kind::SagemakerEndpoint],
            // Whether bytes go through it that need not.
            Kind::NatGateway => &[Kind::VpcEndpoint],
            // Those of CloudFront are read where there are distributions.
            Kind::Certificate => &[Kind::Distribution],
            // The burn rate is that of everything that runs.
            Kind::Budget => &[
                Kind::EcsService,
                Kind::Ec2Instance,
                Kind::RdsInstance,
                Kind::RdsCluster,
                Kind::Redis,
                Kind::TargetGroup,
                Kind::NatGateway,
                // Whether one is missing behind a NAT gateway.
                Kind::VpcEndpoint,
                Kind::SagemakerEndpoint,
                Kind::TrainingJob,
                Kind::NotebookInstance,
                // Savings are of groups and logs, too.
                Kind::Asg,
                Kind::LogGroup,
                Kind::Advice,
                Kind::EksCluster,
                Kind::Nodegroup,
            ],
            // Clusters and node groups come in one answer; how busy nodes are is EC2's.
            Kind::EksCluster => &[Kind::Nodegroup],
            Kind::Nodegroup => &[Kind::EksCluster, Kind::Asg, Kind::Ec2Instance],
            // How far queues are behind.
            Kind::Lambda => &[Kind::Queue],
            Kind::ScalableTarget => &[Kind::EcsService],
            Kind::EcsService
            | Kind::Ec2Instance
            | Kind::Redis
            | Kind::TargetGroup
            | Kind::Alarm
            | Kind::Queue
            | Kind::LogGroup
            | Kind::NotebookInstance
            | Kind::Advice
            | Kind::CodebuildProject
            | Kind::Distribution
            | Kind::Bucket
            | Kind::HealthCheck
            | Kind::Parameter
            | Kind::Scope => &[],
            // What the bytes through the gateways would save.
            Kind::VpcEndpoint => &[Kind::NatGateway],
            // Which of them running tasks need.
            Kind::Secret => &[Kind::EcsService],
            // In which phase a build failed.
            Kind::Pipeline => &[Kind::CodebuildProject],
            // What services run, and what builds push.
            Kind::EcrRepository => &[Kind::EcsService, Kind::CodebuildProject],
        };
        all.extend(others);
    }
    all
}

/// How the command ends. A watch that asked for findings gets an answer about findings, among which
/// is what could not be read; else a scope of which nothing was read decides.
pub(in crate::headless) fn exit(inventory: &Inventory, status: &Status, fail_on: Option<Severity>) -> Exit {
    let failing = fail_on.is_some_and(|least| {
        status
            .findings
            .iter()
            .any(|finding| finding.accepted.is_none() && finding.severity >= least)
    });
    if failing {
        return Exit::Findings;
    }
    reach(inventory)
}

/// Whether every scope could be read at all, and if not, why.
pub fn reach(inventory: &Inventory) -> Exit {
    Exit::worst(inventory.shown().map(reach_of))
}

/// A line for each scope of which nothing could be read.
fn unreachable(inventory: &Inventory) -> BTreeSet<String> {
    inventory
        .shown()
        .filter(|state| reach_of(state) != Exit::Done)
        .filter_map(|state| {
            let faults = || build::sources(state).filter_map(|source| state.standing(&source).failing);
            let failing = faults()
                .find(|one| one.fault.is_credential())
                .or_else(|| faults().next())?;
            let (fault, scope) = (&failing.fault, &state.scope);
            Some(format!("{}: {fault}: {}", scope.name, fault.hint(scope)))
        })
        .collect()
}

fn reach_of(state: &ScopeState) -> Exit {
    let listed = build::sources(state)
        .filter(Source::lists_kind)
        .any(|source| state.standing(&source).at.is_some());
    let faults: Vec<_> = build::sources(state)
        .filter_map(|source| state.standing(&source).failing)
        .map(|failing| failing.fault)
        .collect();
    if listed || faults.is_empty() {
        Exit::Done
    } else if faults.iter().any(|fault| fault.is_credential()) {
        Exit::Credentials
    } else {
        Exit::Deadline
    }
}

impl Report for Status {
    fn text(&self, page: &Page) -> String {
        text::text(self, page)
    }

    /// A record for each scope, resource, finding and error, each with its `type`; what a record is of
    /// is below that name, since resources have types of their own.
    fn records(&self) -> serde_json::Result<Vec<Value>> {
        fn add<T: serde::Serialize>(
            records: &mut Vec<Value>,
            kind: Kind,
            resources: Option<&Vec<Resource<T>>>,
        ) -> serde_json::Result<()> {
            for resource in resources.into_iter().flatten() {
                let resource = serde_json::to_value(resource)?;
                records.push(json!({"type": "resource", "kind": kind.name(), "resource": resource}));
            }
            Ok(())
        }
        let mut records = vec![json!({"type": "status", "status": {"schema": self.schema, "at": self.at}})];
        for scope in &self.scopes {
            records.push(json!({"type": "scope", "scope": scope}));
        }
        let found = &self.resources;
        add(&mut records, Kind::EcsService, found.ecs_service.as_ref())?;
        add(&mut records, Kind::Asg, found.asg.as_ref())?;
        add(&mut records, Kind::Ec2Instance, found.ec2_instance.as_ref())?;
        add(&mut records, Kind::Gpu, found.gpu.as_ref())?;
        add(&mut records, Kind::GpuHost, found.gpu_host.as_ref())?;
        add(&mut records, Kind::RdsInstance, found.rds_instance.as_ref())?;
        add(&mut records, Kind::RdsCluster, found.rds_cluster.as_ref())?;
        add(&mut records, Kind::Redis, found.redis.as_ref())?;
        add(&mut records, Kind::TargetGroup, found.target_group.as_ref())?;
        add(&mut records, Kind::LoadBalancer, found.load_balancer.as_ref())?;
        add(&mut records, Kind::Alarm, found.alarm.as_ref())?;
        add(&mut records, Kind::Queue, found.queue.as_ref())?;
        add(&mut records, Kind::LogGroup, found.log_group.as_ref())?;
        add(&mut records, Kind::NatGateway, found.nat_gateway.as_ref())?;
        add(
            &mut records,
            Kind::SagemakerEndpoint,
            found.sagemaker_endpoint.as_ref(),
        )?;
        add(&mut records, Kind::TrainingJob, found.training_job.as_ref())?;
        add(
            &mut records,
            Kind::NotebookInstance,
            found.notebook_instance.as_ref(),
        )?;
        add(&mut records, Kind::Bucket, found.bucket.as_ref())?;
        add(&mut records, Kind::Distribution, found.distribution.as_ref())?;
        add(&mut records, Kind::VpcEndpoint, found.vpc_endpoint.as_ref())?;
        add(&mut records, Kind::Certificate, found.certificate.as_ref())?;
        add(&mut records, Kind::HealthCheck, found.health_check.as_ref())?;
        add(&mut records, Kind::Secret, found.secret.as_ref())?;
        add(&mut records, Kind::Parameter, found.parameter.as_ref())?;
        add(&mut records, Kind::Pipeline, found.pipeline.as_ref())?;
        add(
            &mut records,
            Kind::CodebuildProject,
            found.codebuild_project.as_ref(),
        )?;
        add(&mut records, Kind::EcrRepository, found.ecr_repository.as_ref())?;
        add(&mut records, Kind::Advice, found.advice.as_ref())?;
        add(&mut records, Kind::Lambda, found.lambda.as_ref())?;
        add(&mut records, Kind::EksCluster, found.eks_cluster.as_ref())?;
        add(&mut records, Kind::Nodegroup, found.nodegroup.as_ref())?;
        add(&mut records, Kind::ScalableTarget, found.scalable_target.as_ref())?;
        if let Some(spend) = &self.spend {
            records.push(json!({"type": "spend", "spend": spend}));
        }
        for recovery in &self.recovery {
            records.push(json!({"type": "recovery", "recovery": recovery}));
        }
        for finding in &self.findings {
            records.push(json!({"type": "finding", "finding": finding}));
        }
        for error in &self.errors {
            records.push(json!({"type": "error", "error": error}));
        }
        records.push(json!({"type": "api", "api": self.api}));
        Ok(records)
    }
}

#[cfg(test)]
mod tests;
