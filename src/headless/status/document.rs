//! `quarterdeck.status/1`: what `qd status -o json` prints. A contract with scripts: fields are added,
//! never renamed or removed. What is not known is `null`; a kind that was not collected is absent.

pub mod delivery;
mod edge;
mod functions;
mod kubernetes;
mod models;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::health::{Health, Severity};
use crate::domain::recovery::MeasuredRestore;
use crate::headless::moment;
use crate::headless::spend::document::Spend;

pub use edge::{Bucket, Certificate, Distribution, HealthCheck, Listener, Parameter, Secret, VpcEndpoint};
pub use functions::{Lambda, LambdaAlias, LambdaSource, ScalableTarget, ScalingActivity, ScalingPolicy};
pub use kubernetes::{EksAddon, EksCluster, EksInsight, EksIssue, Nodegroup};
pub use models::{EndpointVariant, NotebookInstance, SagemakerEndpoint, TrainingJob};

/// The format's name.
pub const SCHEMA: &str = "quarterdeck.status/1";

/// Everything at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// When it was put together.
    #[serde(serialize_with = "moment::whole")]
    pub at: Timestamp,
    /// The scopes that were asked, in the order in which they were named.
    pub scopes: Vec<ScopeEntry>,
    /// Resources by kind.
    pub resources: Resources,
    /// Spend of all accounts; `None` if it was not asked for.
    pub spend: Option<Spend>,
    /// How databases, clusters and caches would come back; those of the kinds that were asked for.
    pub recovery: Vec<RecoveryEntry>,
    /// What is wrong, the most pressing first.
    pub findings: Vec<FindingEntry>,
    /// What could not be read.
    pub errors: Vec<ErrorEntry>,
    /// What asking cost.
    pub api: ApiUse,
}

/// How a database, a cluster or a cache would come back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecoveryEntry {
    /// `rds-instance`, `rds-cluster` or `redis`.
    pub kind: &'static str,
    /// The ARN.
    pub id: String,
    /// Where.
    pub scope: String,
    /// The name.
    pub name: String,
    /// How much of what was written last may be lost, seconds; `null` if nobody decided.
    pub rpo_s: Option<i64>,
    /// How long being back may take, seconds; `null` if nobody decided.
    pub rto_s: Option<i64>,
    /// The newest moment that can be restored.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub latest_restorable_at: Option<Timestamp>,
    /// How much would be lost now, seconds: since the newest moment or snapshot that would come back.
    pub exposure_s: Option<i64>,
    /// Whether no more would be lost than may be, five minutes allowed for; `null` without an
    /// objective, or if nobody can say.
    pub rpo_met: Option<bool>,
    /// What is allowed on top of the objective where it is met by that alone, seconds; `null` elsewhere.
    pub rpo_leeway_s: Option<i64>,
    /// The newest snapshot that can be used.
    pub newest_snapshot: Option<SnapshotName>,
    /// Days that automated backups are kept; 0 is none.
    pub backup_days: u32,
    /// Whether a standby is in another zone.
    pub multi_az: bool,
    /// Whether automated backups are copied to another region; `null` where AWS does not say.
    pub other_region: Option<bool>,
    /// The newest restore of it that was measured.
    pub last_restore: Option<MeasuredRestore>,
    /// What a restore may take by that of another database, seconds; only where none was measured.
    pub estimated_restore_s: Option<i64>,
    /// Whether the last restore took no longer than it may; `null` without an objective, or if none was
    /// measured in time.
    pub rto_met: Option<bool>,
}

/// A snapshot and the moment of its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SnapshotName {
    /// Its id.
    pub id: String,
    /// When its data was true.
    #[serde(serialize_with = "moment::whole")]
    pub at: Timestamp,
}

/// A scope.
#[derive(Debug, Clone, Serialize)]
pub struct ScopeEntry {
    /// `<profile>/<region>`, or the name in the estate file.
    pub name: String,
    /// The profile.
    pub profile: String,
    /// The account's twelve digits.
    pub account: Option<String>,
    /// The region.
    pub region: String,
    /// The caller.
    pub arn: Option<String>,
    /// An earlier scope that reaches the same account and region, and is shown instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same_as: Option<String>,
}

/// Resources of every kind that was collected.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Resources {
    /// ECS services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecs_service: Option<Vec<Resource<EcsService>>>,
    /// Auto Scaling groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asg: Option<Vec<Resource<Asg>>>,
    /// EC2 instances, those of groups included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ec2_instance: Option<Vec<Resource<Ec2Instance>>>,
    /// GPU cards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu: Option<Vec<Resource<Gpu>>>,
    /// Hosts with GPUs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_host: Option<Vec<Resource<GpuHost>>>,
    /// RDS instances, members of clusters included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rds_instance: Option<Vec<Resource<RdsInstance>>>,
    /// Aurora and Multi-AZ clusters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rds_cluster: Option<Vec<Resource<RdsCluster>>>,
    /// Caches in all three forms; members of groups are not listed apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<Vec<Resource<Redis>>>,
    /// Target groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group: Option<Vec<Resource<TargetGroup>>>,
    /// Load balancers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer: Option<Vec<Resource<LoadBalancer>>>,
    /// Alarms, metric and composite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm: Option<Vec<Resource<Alarm>>>,
    /// Queues.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<Vec<Resource<Queue>>>,
    /// Log groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_group: Option<Vec<Resource<LogGroup>>>,
    /// NAT gateways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nat_gateway: Option<Vec<Resource<NatGateway>>>,
    /// SageMaker endpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sagemaker_endpoint: Option<Vec<Resource<SagemakerEndpoint>>>,
    /// SageMaker training jobs of the last seven days, newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training_job: Option<Vec<Resource<TrainingJob>>>,
    /// SageMaker notebook instances and applications of Studio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notebook_instance: Option<Vec<Resource<NotebookInstance>>>,
    /// S3 buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<Vec<Resource<Bucket>>>,
    /// CloudFront distributions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Vec<Resource<Distribution>>>,
    /// VPC endpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_endpoint: Option<Vec<Resource<VpcEndpoint>>>,
    /// Certificates, those of CloudFront included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Vec<Resource<Certificate>>>,
    /// Health checks of Route 53.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<Vec<Resource<HealthCheck>>>,
    /// Secrets, without values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Vec<Resource<Secret>>>,
    /// Parameters, without values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<Vec<Resource<Parameter>>>,
    /// Pipelines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<Vec<Resource<delivery::Pipeline>>>,
    /// Build projects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub codebuild_project: Option<Vec<Resource<delivery::CodebuildProject>>>,
    /// Image repositories.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecr_repository: Option<Vec<Resource<delivery::EcrRepository>>>,
    /// What AWS advises; absent where it gives none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<Vec<Resource<Advice>>>,
    /// Lambda functions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda: Option<Vec<Resource<Lambda>>>,
    /// EKS clusters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks_cluster: Option<Vec<Resource<EksCluster>>>,
    /// Managed node groups of EKS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodegroup: Option<Vec<Resource<Nodegroup>>>,
    /// What Application Auto Scaling moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scalable_target: Option<Vec<Resource<ScalableTarget>>>,
}

/// A resource: what every kind has, and what this kind has.
#[derive(Debug, Clone, Serialize)]
pub struct Resource<T> {
    /// The ARN where the describe call returns one, else AWS's own id.
    pub id: String,
    /// Where.
    pub scope: String,
    /// The name; the id where there is none.
    pub name: String,
    /// The kind's own fields.
    #[serde(flatten)]
    pub facts: T,
    /// How well it is.
    pub health: Health,
    /// Why it is not well, or not known to be.
    pub reasons: Vec<String>,
}

/// An ECS service.
#[derive(Debug, Clone, Serialize)]
pub struct EcsService {
    /// The cluster's name.
    pub cluster: String,
    /// Tasks wanted.
    pub desired: u32,
    /// Tasks running.
    pub running: u32,
    /// Tasks being started.
    pub pending: u32,
    /// `family:revision`.
    pub task_definition: String,
    /// Images of the revision's containers; `None` if the revision was not read.
    pub images: Option<Vec<String>>,
    /// `COMPLETED`, `IN_PROGRESS` or `FAILED`; `None` where AWS does not say.
    pub rollout: Option<&'static str>,
}

/// An Auto Scaling group.
#[derive(Debug, Clone, Serialize)]
pub struct Asg {
    /// The least capacity.
    pub min: u32,
    /// The most capacity.
    pub max: u32,
    /// The capacity wanted.
    pub desired: u32,
    /// Instances in service.
    pub in_service: usize,
    /// Its instances.
    pub instances: Vec<AsgInstance>,
    /// Processes that somebody suspended.
    pub suspended_processes: Vec<String>,
    /// Schedules.
    pub scheduled_actions: Vec<ScheduledAction>,
    /// Whether it launches instances with GPUs; `None` if neither instances nor types are known.
    pub gpu: Option<bool>,
}

/// An instance of a group.
#[derive(Debug, Clone, Serialize)]
pub struct AsgInstance {
    /// `i-…`.
    pub id: String,
    /// The instance type.
    #[serde(rename = "type")]
    pub instance_type: Option<String>,
    /// The Availability Zone.
    pub az: String,
    /// `InService`, …
    pub lifecycle: String,
    /// `on-demand`, `spot` or `capacity-block`; `None` if the instance was not read.
    pub purchase: Option<&'static str>,
}

/// A schedule of a group.
#[derive(Debug, Clone, Serialize)]
pub struct ScheduledAction {
    /// The name.
    pub name: String,
    /// The cron expression; `None` for a single time.
    pub recurrence: Option<String>,
    /// The zone of the expression; `None` is UTC.
    pub time_zone: Option<String>,
    /// The least capacity it sets.
    pub min: Option<u32>,
    /// The most capacity it sets.
    pub max: Option<u32>,
    /// The capacity it sets.
    pub desired: Option<u32>,
}

/// An EC2 instance.
#[derive(Debug, Clone, Serialize)]
pub struct Ec2Instance {
    /// The instance type.
    #[serde(rename = "type")]
    pub instance_type: String,
    /// `running`, `stopped`, …
    pub state: String,
    /// Whether it has GPUs.
    pub gpu: bool,
    /// The group's name.
    pub asg: Option<String>,
    /// The Availability Zone.
    pub az: String,
    /// `on-demand`, `spot` or `capacity-block`.
    pub purchase: &'static str,
}

/// A GPU card.
#[derive(Debug, Clone, Serialize)]
pub struct Gpu {
    /// The host.
    pub instance_id: String,
    /// The host's group.
    pub asg: Option<String>,
    /// Its number on the host.
    pub index: u32,
    /// Its UUID; the CloudWatch agent does not publish it.
    pub uuid: Option<String>,
    /// The product.
    pub product: Option<String>,
    /// Utilisation, percent.
    pub util_percent: Option<f64>,
    /// Memory in use, MiB.
    pub mem_used_mib: Option<u64>,
    /// Memory, MiB.
    pub mem_total_mib: Option<u64>,
    /// Temperature, °C.
    pub temp_c: Option<f64>,
    /// Power drawn, W.
    pub power_w: Option<f64>,
    /// Power it may draw, W.
    pub power_limit_w: Option<f64>,
    /// Uncorrected ECC errors since the driver was loaded.
    pub ecc_uncorrected: Option<u64>,
    /// Why its clocks are held back; `None` if that is not known.
    pub throttle: Option<Vec<String>>,
    /// Whether it is split by MIG; `null` where the card cannot be, for which nvidia-smi prints `[N/A]`, and where
    /// that was not read.
    pub mig: Option<bool>,
    /// Compute processes; `None` if they are not known.
    pub processes: Option<Vec<GpuProcess>>,
    /// Whether it looks idle.
    pub idle: Option<bool>,
    /// `ssm`, or `cloudwatch-agent` where the host cannot be asked.
    pub source: crate::domain::gpu::ReadingSource,
    /// When the host answered.
    #[serde(serialize_with = "moment::whole")]
    pub sampled_at: Timestamp,
}

/// A process on a card.
#[derive(Debug, Clone, Serialize)]
pub struct GpuProcess {
    /// The process id on the host.
    pub pid: u32,
    /// Its name.
    pub name: String,
    /// Memory it uses, MiB.
    pub mem_mib: Option<u64>,
}

/// A host with GPUs.
#[derive(Debug, Clone, Serialize)]
pub struct GpuHost {
    /// `i-…`.
    pub instance_id: String,
    /// The host's group.
    pub asg: Option<String>,
    /// `ok`, or why it could not be asked.
    pub probe: &'static str,
    /// What is wrong or was left out.
    pub detail: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The driver's version.
    pub driver: Option<String>,
    /// Cards that answered.
    pub cards: usize,
    /// Cards of the instance type.
    pub expected_cards: Option<u8>,
}

/// An RDS instance.
#[derive(Debug, Clone, Serialize)]
pub struct RdsInstance {
    /// `postgres`, …
    pub engine: String,
    /// The engine's version.
    pub engine_version: String,
    /// The class.
    pub class: String,
    /// `available`, …
    pub status: String,
    /// Whether a standby runs in another zone.
    pub multi_az: bool,
    /// Storage, GiB; Aurora has none of its own.
    pub storage_gib: Option<u32>,
    /// The cluster's name.
    pub cluster: Option<String>,
    /// CPU in use, percent.
    pub cpu_percent: Option<f64>,
    /// Open connections, the newest average as a whole number.
    pub connections: Option<u64>,
    /// Free storage, GiB.
    pub free_storage_gib: Option<f64>,
    /// The newest moment it can be restored to.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub latest_restorable_at: Option<Timestamp>,
    /// Its snapshots, the newest first; `None` if they were not read.
    pub snapshots: Option<Vec<Snapshot>>,
}

/// A snapshot.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// Its identifier.
    pub id: String,
    /// `automated`, `manual`, `awsbackup`, …
    #[serde(rename = "type")]
    pub snapshot_type: String,
    /// When its data was true.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub created_at: Option<Timestamp>,
    /// `available`, …
    pub status: String,
}

/// A database cluster.
#[derive(Debug, Clone, Serialize)]
pub struct RdsCluster {
    /// `aurora-postgresql`, …
    pub engine: String,
    /// The engine's version.
    pub engine_version: String,
    /// `available`, …
    pub status: String,
    /// Whether it spans zones.
    pub multi_az: bool,
    /// Its members.
    pub members: Vec<ClusterMember>,
    /// The least capacity of Serverless v2, ACU.
    pub serverless_min_acu: Option<f64>,
    /// The most capacity of Serverless v2, ACU.
    pub serverless_max_acu: Option<f64>,
    /// The newest moment it can be restored to.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub latest_restorable_at: Option<Timestamp>,
    /// Its snapshots, the newest first; `None` if they were not read.
    pub snapshots: Option<Vec<Snapshot>>,
}

/// A member of a cluster.
#[derive(Debug, Clone, Serialize)]
pub struct ClusterMember {
    /// The instance's name.
    pub name: String,
    /// Whether it takes the writes.
    pub writer: bool,
}

/// A cache.
#[derive(Debug, Clone, Serialize)]
pub struct Redis {
    /// `cluster`, `replication-group` or `serverless`.
    pub kind: &'static str,
    /// `available`, …
    pub status: String,
    /// `redis`, `valkey` or `memcached`.
    pub engine: String,
    /// The engine's version.
    pub engine_version: Option<String>,
    /// The node type; serverless has none.
    pub node_type: Option<String>,
    /// How many nodes; `None` for serverless.
    pub nodes: Option<usize>,
    /// CPU of the busiest node, percent: the engine's thread where it is measured.
    pub cpu_percent: Option<f64>,
    /// Memory in use on the fullest node, percent.
    pub memory_percent: Option<f64>,
    /// Evictions of all nodes per minute, the newest average as a whole number.
    pub evictions: Option<u64>,
    /// Hits of all nodes per minute, the newest average as a whole number.
    pub hits: Option<u64>,
    /// Misses of all nodes per minute, the newest average as a whole number.
    pub misses: Option<u64>,
}

/// A target group.
#[derive(Debug, Clone, Serialize)]
pub struct TargetGroup {
    /// The name of the load balancer in front.
    pub load_balancer: Option<String>,
    /// Targets that are healthy; `None` if they were not read.
    pub healthy: Option<usize>,
    /// Targets that are unhealthy.
    pub unhealthy: Option<usize>,
    /// Its targets.
    pub targets: Option<Vec<Target>>,
}

/// A target.
#[derive(Debug, Clone, Serialize)]
pub struct Target {
    /// An instance, an address, a function or a load balancer.
    pub id: String,
    /// The port.
    pub port: Option<u16>,
    /// `healthy`, …
    pub state: String,
    /// Why it is not.
    pub reason: Option<String>,
}

/// A load balancer.
#[derive(Debug, Clone, Serialize)]
pub struct LoadBalancer {
    /// `application`, `network` or `gateway`.
    #[serde(rename = "type")]
    pub form: String,
    /// `active`, …
    pub state: String,
    /// `internet-facing` or `internal`.
    pub scheme: Option<String>,
    /// Its DNS name.
    pub dns_name: Option<String>,
    /// Requests per minute over five minutes.
    pub requests_per_minute: Option<f64>,
    /// 5xx answers of its own and of targets per minute over five minutes.
    pub errors_5xx_per_minute: Option<f64>,
    /// The 95th percentile of the targets' response time, seconds.
    pub latency_p95_s: Option<f64>,
    /// Capacity units in an hour, mean of the last day.
    pub capacity_units_per_hour: Option<f64>,
    /// What it costs at this rate, US dollars a month; `None` while the units are not known.
    pub usd_per_month: Option<f64>,
    /// Its listeners; `None` while they have not been read.
    pub listeners: Option<Vec<Listener>>,
}

/// An alarm.
#[derive(Debug, Clone, Serialize)]
pub struct Alarm {
    /// `ALARM`, `OK` or `INSUFFICIENT_DATA`.
    pub state: &'static str,
    /// What AWS says of the state.
    pub reason: Option<String>,
    /// Since when.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub since: Option<Timestamp>,
}

/// A queue.
#[derive(Debug, Clone, Serialize)]
pub struct Queue {
    /// Messages waiting.
    pub visible: u64,
    /// Messages being worked on.
    pub in_flight: u64,
    /// Age of the oldest message, seconds.
    pub oldest_s: Option<f64>,
}

/// A log group.
#[derive(Debug, Clone, Serialize)]
pub struct LogGroup {
    /// Days that events are kept; `None` is for ever.
    pub retention_days: Option<u32>,
    /// Bytes stored.
    pub stored_bytes: Option<u64>,
}

/// A NAT gateway.
#[derive(Debug, Clone, Serialize)]
pub struct NatGateway {
    /// `available`, …
    pub state: String,
    /// Its VPC.
    pub vpc: Option<String>,
    /// Bytes out in an hour, mean of the last day.
    pub bytes_out_per_hour: Option<f64>,
    /// Bytes in in an hour, mean of the last day.
    pub bytes_in_per_hour: Option<f64>,
    /// Connections that got no port, in the newest five minutes.
    pub port_errors: Option<f64>,
    /// What it costs at this rate, US dollars a month; `None` while the bytes are not known.
    pub usd_per_month: Option<f64>,
}

/// A piece of advice of Trusted Advisor or Compute Optimizer.
#[derive(Debug, Clone, Serialize)]
pub struct Advice {
    /// `trusted-advisor` or `compute-optimizer`.
    pub adviser: &'static str,
    /// `cost_optimizing`, `fault_tolerance`, or the kind of resource.
    pub category: String,
    /// `hint`, `warning` or `error`, as the adviser has it.
    pub level: &'static str,
    /// What is advised.
    pub what: String,
    /// Resources that it is about, the first ten.
    pub resources: Vec<String>,
    /// How many there are.
    pub flagged: u64,
    /// What it would save, US dollars a month, by the adviser's own estimate.
    pub saves_usd_per_month: Option<f64>,
    /// When the adviser looked.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub checked_at: Option<Timestamp>,
}

/// US dollars a month; `null` where a price is not known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(transparent)]
pub struct SavingAmount(pub Option<f64>);

/// A finding.
#[derive(Debug, Clone, Serialize)]
pub struct FindingEntry {
    /// The rule's id.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The kind of the resource.
    pub kind: &'static str,
    /// The resource's id.
    pub id: String,
    /// Where.
    pub scope: String,
    /// The resource's name.
    pub name: String,
    /// The name in tables, where several hosts may have the same.
    #[serde(skip)]
    pub label: String,
    /// What is wrong, in a few words.
    pub title: String,
    /// Why we say so.
    pub evidence: Vec<String>,
    /// Since when, where that is known.
    #[serde(serialize_with = "moment::whole_or_null")]
    pub since: Option<Timestamp>,
    /// Runbooks that help, the most likely one first.
    pub runbooks: Vec<String>,
    /// What would be saved, US dollars a month of 730 hours; only of findings of the family `saving`,
    /// and `null` where a price is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub saves_usd_per_month: Option<SavingAmount>,
    /// Why it is accepted; accepted findings never make `--fail-on` fail.
    pub accepted: Option<String>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ErrorEntry {
    /// Where.
    pub scope: String,
    /// Of what kind the resources are that are missing or out of date.
    pub kind: &'static str,
    /// The operation, `service:Operation`; `None` if none was reached.
    pub operation: Option<String>,
    /// AWS's error code, else ours.
    pub code: String,
    /// What AWS or the network said.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// What asking cost.
#[derive(Debug, Clone, Serialize)]
pub struct ApiUse {
    /// Attempts, retries included.
    pub calls: u64,
    /// Attempts that AWS throttled.
    pub throttled: u64,
    /// Attempts by operation.
    pub by_operation: BTreeMap<String, u64>,
    /// What AWS bills for them, US dollars.
    pub paid_usd: f64,
}
