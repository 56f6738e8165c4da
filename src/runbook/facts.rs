//! What expressions see of a resource: `each.desired`, `params.service.running`.
//!
//! Whoever makes a [`crate::runbook::value::Resource`] fills in these and no others; a fact that is
//! not known is null, which is why most of them may be.

use super::types::Type;
use crate::domain::ids::Kind;

/// Something that is known of a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Its name in expressions; that of the same thing in `qd status -o json`.
    pub name: &'static str,
    /// Its type.
    pub ty: FactType,
    /// What it is.
    pub about: &'static str,
}

/// Types of facts. All but [`FactType::Tags`] may be null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactType {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// Text.
    Text,
    /// A list of text.
    Texts,
    /// Text by text.
    Tags,
}

impl FactType {
    /// The type in expressions.
    pub fn ty(self) -> Type {
        let ty = match self {
            Self::Bool => Type::Bool,
            Self::Int => Type::Int,
            Self::Number => Type::Number,
            Self::Text => Type::Text,
            Self::Texts => Type::list(Type::Text),
            Self::Tags => return Type::Map(Box::new(Type::Text)),
        };
        Type::optional(ty)
    }
}

const fn fact(name: &'static str, ty: FactType, about: &'static str) -> Fact {
    Fact { name, ty, about }
}

use FactType::{Bool, Int, Number, Tags, Text, Texts};

const TAGS: Fact = fact("tags", Tags, "Tags by key.");
const BUSY_GPUS: Fact = fact(
    "busy_gpus",
    Int,
    "Cards at work, cards that could not be asked included; known in checks, where hosts are asked.",
);

const ECS_SERVICE: &[Fact] = &[
    fact("cluster", Text, "The cluster's name."),
    fact("desired", Int, "Tasks that should run."),
    fact("running", Int, "Tasks that run."),
    fact("pending", Int, "Tasks that are starting."),
    fact(
        "task_definition",
        Text,
        "`family:revision` of the newest deployment.",
    ),
    fact("images", Texts, "Images of its containers."),
    fact("rollout", Text, "`COMPLETED`, `IN_PROGRESS` or `FAILED`."),
    fact("controller", Text, "`ECS`, `CODE_DEPLOY` or `EXTERNAL`."),
    fact("launch_type", Text, "`FARGATE`, `EC2` or `EXTERNAL`."),
    TAGS,
];
const ASG: &[Fact] = &[
    fact("min", Int, "The least number of instances."),
    fact("max", Int, "The greatest number of instances."),
    fact("desired", Int, "Instances that should run."),
    fact("in_service", Int, "Instances that are in service."),
    fact("instances", Texts, "Ids of its instances."),
    fact("suspended_processes", Texts, "Processes that are suspended."),
    fact("warm_pool", Bool, "Whether it has a warm pool."),
    fact("gpu", Bool, "Whether its instances have GPUs."),
    BUSY_GPUS,
    fact(
        "owner",
        Text,
        "What runs the group beside people, such as `eks`; null if nothing does.",
    ),
    TAGS,
];
const EC2_INSTANCE: &[Fact] = &[
    fact("type", Text, "The instance type."),
    fact("state", Text, "`running`, `stopped` and so on."),
    fact("asg", Text, "The group that it is in."),
    fact("gpu", Bool, "Whether it has GPUs."),
    BUSY_GPUS,
    fact(
        "owner",
        Text,
        "What runs it beside people, such as `eks`; null if nothing does.",
    ),
    TAGS,
];
const RDS_INSTANCE: &[Fact] = &[
    fact("engine", Text, "The engine, such as `postgres`."),
    fact("engine_version", Text, "The engine's version."),
    fact("class", Text, "The instance class."),
    fact("status", Text, "`available` and so on."),
    fact("multi_az", Bool, "Whether it has a standby in another zone."),
    fact("storage_gib", Int, "Allocated storage in GiB."),
    fact(
        "max_storage_gib",
        Int,
        "Up to where storage grows by itself, GiB; null if it does not.",
    ),
    fact("cluster", Text, "The cluster that it is in; null on its own."),
    fact(
        "backup_days",
        Int,
        "Days that automated backups are kept; 0 is none.",
    ),
    fact("connections", Number, "Connections at the newest reading."),
    TAGS,
];
const RDS_CLUSTER: &[Fact] = &[
    fact("engine", Text, "The engine, such as `aurora-postgresql`."),
    fact("engine_version", Text, "The engine's version."),
    fact("status", Text, "`available` and so on."),
    fact("writer", Text, "The instance that writes."),
    fact("readers", Texts, "The instances that read."),
    TAGS,
];
const REDIS: &[Fact] = &[
    fact("form", Text, "`cluster`, `replication-group` or `serverless`."),
    fact("status", Text, "`available` and so on."),
    fact("node_type", Text, "The node type."),
    fact("nodes", Int, "Nodes in all."),
    fact("shards", Texts, "Ids of its shards."),
    TAGS,
];
const TARGET_GROUP: &[Fact] = &[
    fact("load_balancer", Text, "The load balancer's name."),
    fact("healthy", Int, "Healthy targets."),
    fact("unhealthy", Int, "Unhealthy targets."),
    TAGS,
];
const ALARM: &[Fact] = &[
    fact("state", Text, "`OK`, `ALARM` or `INSUFFICIENT_DATA`."),
    fact("reason", Text, "Why it is in that state."),
];
const QUEUE: &[Fact] = &[
    fact("visible", Int, "Messages that wait."),
    fact("in_flight", Int, "Messages that somebody works on."),
    fact("oldest_s", Number, "Seconds that the oldest has waited."),
    TAGS,
];
const LAMBDA: &[Fact] = &[
    fact("runtime", Text, "The runtime; null of container images."),
    fact("alias", Text, "Its alias, if it has just one."),
    fact("aliases", Texts, "Names of its aliases."),
    fact(
        "reserved",
        Int,
        "Concurrency that is reserved for it; null if none is, or it was not read.",
    ),
    TAGS,
];
const NODEGROUP: &[Fact] = &[
    fact("cluster", Text, "The cluster's name."),
    fact("status", Text, "`ACTIVE`, `UPDATING`, `DEGRADED` and so on."),
    fact("min", Int, "The least number of nodes."),
    fact("max", Int, "The greatest number of nodes."),
    fact("desired", Int, "Nodes that should run."),
    fact("version", Text, "The Kubernetes version of its nodes."),
    fact(
        "autoscaler",
        Text,
        "What scales it by itself, as its tags say; null if they say nothing.",
    ),
    TAGS,
];
const EKS_CLUSTER: &[Fact] = &[
    fact("version", Text, "The Kubernetes version."),
    fact("status", Text, "`ACTIVE` and so on."),
    TAGS,
];
const LOG_GROUP: &[Fact] = &[
    fact("retention_days", Int, "Days that lines are kept; null for ever."),
    fact("stored_bytes", Int, "Bytes stored."),
];

const SAGEMAKER_ENDPOINT: &[Fact] = &[
    fact("status", Text, "`InService`, `Updating` and so on."),
    fact("config", Text, "The configuration that serves."),
    fact("variants", Texts, "Names of its variants."),
    fact(
        "instances",
        Int,
        "Instances of all variants; null where AWS does not say.",
    ),
    TAGS,
];
const NOTEBOOK_INSTANCE: &[Fact] = &[
    fact("form", Text, "`notebook-instance` or `studio-app`."),
    fact("status", Text, "`InService`, `Stopped` and so on."),
    fact("type", Text, "The instance type."),
];
const DISTRIBUTION: &[Fact] = &[
    fact("domain_name", Text, "CloudFront's own name of it."),
    fact("aliases", Texts, "Names that viewers use."),
    fact("status", Text, "`Deployed` or `InProgress`."),
    fact("enabled", Bool, "Whether it answers viewers."),
    fact(
        "invalidations_in_progress",
        Int,
        "Invalidations that have not reached every edge location.",
    ),
];
const PIPELINE: &[Fact] = &[
    fact("version", Text, "`V1` or `V2`."),
    fact("failed_stage", Text, "The first stage that failed."),
    fact("busy_stage", Text, "The first stage in which an execution is."),
    fact(
        "held_stage",
        Text,
        "The first stage that is kept from being entered.",
    ),
    fact("approval_stage", Text, "The stage whose manual approval waits."),
    fact(
        "deploy_stage",
        Text,
        "The last stage that deploys an ECS service.",
    ),
];

const ECR_REPOSITORY: &[Fact] = &[
    fact("uri", Text, "What names of its images begin with."),
    fact("immutable", Bool, "Whether a tag stays with its image."),
    fact("image_tags", Texts, "The tags of its images."),
];
const CERTIFICATE: &[Fact] = &[
    fact("status", Text, "`ISSUED`, `PENDING_VALIDATION` and so on."),
    fact("renewal", Text, "Where ACM's renewal is; null if there is none."),
    fact("unproven", Texts, "Names whose proof ACM misses."),
];

/// The facts of a kind, beside `name`, `id` and `kind`, which all resources have.
pub fn of_kind(kind: Kind) -> &'static [Fact] {
    match kind {
        Kind::EcsService => ECS_SERVICE,
        Kind::Asg => ASG,
        Kind::Ec2Instance => EC2_INSTANCE,
        Kind::RdsInstance => RDS_INSTANCE,
        Kind::RdsCluster => RDS_CLUSTER,
        Kind::Redis => REDIS,
        Kind::TargetGroup => TARGET_GROUP,
        Kind::Alarm => ALARM,
        Kind::Queue => QUEUE,
        Kind::LogGroup => LOG_GROUP,
        Kind::SagemakerEndpoint => SAGEMAKER_ENDPOINT,
        Kind::NotebookInstance => NOTEBOOK_INSTANCE,
        Kind::Distribution => DISTRIBUTION,
        Kind::EcrRepository => ECR_REPOSITORY,
        Kind::Certificate => CERTIFICATE,
        Kind::Pipeline => PIPELINE,
        Kind::Lambda => LAMBDA,
        Kind::Nodegroup => NODEGROUP,
        Kind::EksCluster => EKS_CLUSTER,
        Kind::Gpu
        | Kind::GpuHost
        | Kind::LoadBalancer
        | Kind::NatGateway
        | Kind::Budget
        | Kind::Scope
        | Kind::TrainingJob
        | Kind::CodebuildProject
        | Kind::Bucket
        | Kind::VpcEndpoint
        | Kind::HealthCheck
        | Kind::Secret
        | Kind::Parameter
        | Kind::ScalableTarget
        | Kind::Advice => &[],
    }
}

/// A fact by name.
pub fn of(kind: Kind, name: &str) -> Option<&'static Fact> {
    of_kind(kind).iter().find(|fact| fact.name == name)
}

/// Everything that can be read of a resource of this kind.
pub fn names(kind: Kind) -> impl Iterator<Item = &'static str> {
    ["name", "id", "kind"]
        .into_iter()
        .chain(of_kind(kind).iter().map(|fact| fact.name))
}

/// The type of something that is read of a resource of one of these kinds; `None` if none of them
/// has it. What only some of them have may be null.
pub fn type_of(kinds: &[Kind], name: &str) -> Option<Type> {
    if matches!(name, "name" | "id" | "kind") {
        return Some(Type::Text);
    }
    let found: Vec<Type> = kinds
        .iter()
        .filter_map(|kind| of(*kind, name).map(|fact| fact.ty.ty()))
        .collect();
    let ty = found.iter().cloned().reduce(|a, b| a.join(&b))?;
    Some(if found.len() < kinds.len() {
        Type::optional(ty)
    } else {
        ty
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::types::NAMEABLE;

    #[test]
    fn every_kind_that_a_parameter_may_name_has_facts_of_different_names() {
        for &kind in NAMEABLE {
            let all: Vec<&str> = names(kind).collect();
            let mut sorted = all.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), all.len(), "{kind}");
            assert!(all.len() > 3, "{kind}");
        }
    }
}
