//! Names of things: resource kinds, resource identities, tags.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::scope::ScopeName;

/// What sort of resource something is. The names are those of `qd status` and of its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An Amazon ECS service.
    EcsService,
    /// An EC2 Auto Scaling group.
    Asg,
    /// An EC2 instance, in a group or on its own.
    Ec2Instance,
    /// One GPU card of an instance.
    Gpu,
    /// An instance with GPUs, as the probe found it.
    GpuHost,
    /// An RDS DB instance, members of Aurora clusters included.
    RdsInstance,
    /// An Aurora or Multi-AZ DB cluster.
    RdsCluster,
    /// An ElastiCache cluster, replication group or serverless cache.
    Redis,
    /// A target group of Elastic Load Balancing.
    TargetGroup,
    /// An Application or Network Load Balancer.
    LoadBalancer,
    /// A CloudWatch alarm, metric or composite.
    Alarm,
    /// An SQS queue.
    Queue,
    /// A CloudWatch Logs log group.
    LogGroup,
    /// A NAT gateway.
    NatGateway,
    /// A budget of AWS Budgets, or spend as a whole.
    Budget,
    /// The credentials, identity and reachability of a scope.
    Scope,
    /// A pipeline of CodePipeline.
    Pipeline,
    /// A repository of ECR.
    EcrRepository,
    /// An endpoint of SageMaker.
    SagemakerEndpoint,
    /// A training job of SageMaker.
    TrainingJob,
    /// A notebook instance of SageMaker, or an application of its Studio.
    NotebookInstance,
    /// A piece of advice of Trusted Advisor or Compute Optimizer.
    Advice,
    /// A build project of CodeBuild.
    CodebuildProject,
    /// A Lambda function.
    Lambda,
    /// A cluster of EKS.
    EksCluster,
    /// A managed node group of EKS.
    Nodegroup,
    /// A target of Application Auto Scaling.
    ScalableTarget,
    /// An S3 bucket.
    Bucket,
    /// A CloudFront distribution.
    Distribution,
    /// A VPC endpoint.
    VpcEndpoint,
    /// A certificate of Certificate Manager.
    Certificate,
    /// A health check of Route 53.
    HealthCheck,
    /// A secret of Secrets Manager.
    Secret,
    /// A parameter of Parameter Store.
    Parameter,
}

impl Kind {
    /// Every kind, in the order in which they are listed.
    pub const ALL: &'static [Self] = &[
        Self::EcsService,
        Self::Asg,
        Self::Ec2Instance,
        Self::Gpu,
        Self::GpuHost,
        Self::RdsInstance,
        Self::RdsCluster,
        Self::Redis,
        Self::TargetGroup,
        Self::LoadBalancer,
        Self::Alarm,
        Self::Queue,
        Self::LogGroup,
        Self::NatGateway,
        Self::SagemakerEndpoint,
        Self::TrainingJob,
        Self::NotebookInstance,
        Self::Lambda,
        Self::EksCluster,
        Self::Nodegroup,
        Self::ScalableTarget,
        Self::Budget,
        Self::Advice,
        Self::Scope,
        Self::Bucket,
        Self::Distribution,
        Self::VpcEndpoint,
        Self::Certificate,
        Self::HealthCheck,
        Self::Secret,
        Self::Parameter,
        Self::Pipeline,
        Self::CodebuildProject,
        Self::EcrRepository,
    ];

    /// The name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EcsService => "ecs-service",
            Self::Asg => "asg",
            Self::Ec2Instance => "ec2-instance",
            Self::Gpu => "gpu",
            Self::GpuHost => "gpu-host",
            Self::RdsInstance => "rds-instance",
            Self::RdsCluster => "rds-cluster",
            Self::Redis => "redis",
            Self::TargetGroup => "target-group",
            Self::LoadBalancer => "load-balancer",
            Self::Alarm => "alarm",
            Self::Queue => "queue",
            Self::LogGroup => "log-group",
            Self::NatGateway => "nat-gateway",
            Self::Budget => "budget",
            Self::Scope => "scope",
            Self::Pipeline => "pipeline",
            Self::EcrRepository => "ecr-repository",
            Self::SagemakerEndpoint => "sagemaker-endpoint",
            Self::TrainingJob => "training-job",
            Self::NotebookInstance => "notebook-instance",
            Self::Advice => "advice",
            Self::CodebuildProject => "codebuild-project",
            Self::Lambda => "lambda",
            Self::EksCluster => "eks-cluster",
            Self::Nodegroup => "nodegroup",
            Self::ScalableTarget => "scalable-target",
            Self::Bucket => "bucket",
            Self::Distribution => "distribution",
            Self::VpcEndpoint => "vpc-endpoint",
            Self::Certificate => "certificate",
            Self::HealthCheck => "health-check",
            Self::Secret => "secret",
            Self::Parameter => "parameter",
        }
    }

    /// The short word for narrow columns, at most five columns wide.
    pub const fn short(self) -> &'static str {
        match self {
            Self::EcsService => "ecs",
            Self::Asg => "asg",
            Self::Ec2Instance => "ec2",
            Self::Gpu | Self::GpuHost => "gpu",
            Self::RdsInstance | Self::RdsCluster => "rds",
            Self::Redis => "redis",
            Self::TargetGroup => "tg",
            Self::LoadBalancer => "alb",
            Self::Alarm => "alarm",
            Self::Queue => "sqs",
            Self::LogGroup => "logs",
            Self::NatGateway => "nat",
            Self::Budget => "cost",
            Self::Scope => "aws",
            Self::Pipeline => "cp",
            Self::EcrRepository => "ecr",
            Self::SagemakerEndpoint => "sm",
            Self::TrainingJob => "train",
            Self::NotebookInstance => "note",
            Self::Advice => "tip",
            Self::CodebuildProject => "build",
            Self::Lambda => "fn",
            Self::EksCluster => "eks",
            Self::Nodegroup => "node",
            Self::ScalableTarget => "scal",
            Self::Bucket => "s3",
            Self::Distribution => "cdn",
            Self::VpcEndpoint => "vpce",
            Self::Certificate => "cert",
            Self::HealthCheck => "dns",
            Self::Secret => "sec",
            Self::Parameter => "par",
        }
    }

    /// Whether resources of the kind belong to the account and not to a region: their scope is the
    /// account's.
    pub const fn is_account_wide(self) -> bool {
        matches!(
            self,
            Self::Budget | Self::Bucket | Self::Distribution | Self::HealthCheck
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A word that names no kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind {0:?}")]
pub struct UnknownKind(pub String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| UnknownKind(text.to_owned()))
    }
}

/// One resource, wherever it is: what selection, findings and confirmations hold instead of rows.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceKey {
    /// The scope in which it was seen.
    pub scope: ScopeName,
    /// What it is.
    pub kind: Kind,
    /// The ARN where the describe call returns one, else AWS's own id (`i-…`, a GPU's UUID).
    pub id: Arc<str>,
}

impl ResourceKey {
    /// Names a resource.
    pub fn new(scope: &ScopeName, kind: Kind, id: &str) -> Self {
        Self {
            scope: scope.clone(),
            kind,
            id: Arc::from(id),
        }
    }
}

/// A tag of a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    /// The tag's key.
    pub key: String,
    /// The tag's value; foreign text.
    pub value: String,
}

/// The value of the tag `key`, if the resource has it.
pub fn tag<'a>(tags: &'a [Tag], key: &str) -> Option<&'a str> {
    tags.iter()
        .find(|tag| tag.key == key)
        .map(|tag| tag.value.as_str())
}

/// The last segment of an ARN or path: `…:service/cluster/api` → `api`.
pub fn last_segment(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().unwrap_or(arn)
}
