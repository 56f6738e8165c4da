//! What is asked as one: the sources of everything that is known.

use serde::{Deserialize, Serialize};

use crate::domain::fault::{Fault, FaultKind};
use crate::domain::ids::Kind;
use crate::domain::metric::MetricGroup;
use crate::domain::scope::ScopeName;
use crate::domain::trail::Lookup;

/// What is asked as one, with a cadence of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Who the credentials are.
    Identity,
    /// ECS clusters and services.
    EcsFleet,
    /// Revisions in use.
    TaskDefinitions,
    /// Tasks of the service with this ARN.
    EcsTasks(String),
    /// Deployment history of the service with this ARN.
    EcsDeployments(String),
    /// Auto Scaling groups.
    Groups,
    /// Scaling activities.
    Activities,
    /// Scaling policies of groups.
    GroupPolicies,
    /// EC2 instances.
    Instances,
    /// GPUs of instance types.
    InstanceTypes,
    /// Spot prices.
    SpotPrices,
    /// NAT gateways.
    NatGateways,
    /// Hosts of Systems Manager.
    Hosts,
    /// nvidia-smi on the GPU hosts.
    GpuProbe,
    /// Which GPU metrics the CloudWatch agent publishes.
    GpuMetricList,
    /// DB instances.
    DbInstances,
    /// DB clusters.
    DbClusters,
    /// DB snapshots.
    DbSnapshots,
    /// Pending maintenance.
    Maintenance,
    /// RDS events.
    DbEvents,
    /// Connection limits of parameter groups.
    ConnectionLimits,
    /// Caches.
    Caches,
    /// ElastiCache events.
    CacheEvents,
    /// Load balancers and target groups.
    Balancing,
    /// Alarms.
    Alarms,
    /// Alarm transitions.
    AlarmHistory,
    /// A batch of metrics.
    Metrics(MetricGroup),
    /// Queues.
    Queues,
    /// Log groups.
    LogGroups,
    /// SageMaker endpoints.
    Endpoints,
    /// Bounds of the variants of endpoints that are scaled by themselves.
    EndpointTargets,
    /// Training jobs.
    TrainingJobs,
    /// Notebooks.
    Notebooks,
    /// Lambda functions.
    Functions,
    /// Published versions of the function with this ARN.
    FunctionVersions(String),
    /// EKS clusters and node groups.
    Kubernetes,
    /// Add-ons, insights and versions of EKS.
    ClusterUpgrades,
    /// Everything that Application Auto Scaling moves.
    Scaling,
    /// Spend.
    Usage,
    /// The forecast.
    Forecast,
    /// Anomalies.
    Anomalies,
    /// Budgets.
    Budgets,
    /// Trusted Advisor's checks.
    TrustedAdvisor,
    /// Compute Optimizer's recommendations.
    Recommendations,
    /// CloudTrail writes that touched a resource.
    Trail(Lookup),
    /// Buckets.
    Buckets,
    /// How much the buckets hold.
    BucketStorage,
    /// CloudFront distributions.
    Distributions,
    /// Certificates of the region.
    Certificates,
    /// Certificates of us-east-1, where the region is another.
    EdgeCertificates,
    /// Health checks and hosted zones.
    Dns,
    /// VPC endpoints.
    VpcEndpoints,
    /// Listeners of load balancers.
    Listeners,
    /// Secrets, without values.
    Secrets,
    /// Parameters, without values.
    Parameters,
    /// Pipelines with the state of their stages.
    Pipelines,
    /// The newest executions of the pipelines.
    PipelineExecutions,
    /// Build projects with their newest builds.
    BuildProjects,
    /// Image repositories with their images.
    Repositories,
}

impl Source {
    /// What is wrong with an answer that is not one to this.
    pub(super) fn mismatched(&self) -> Fault {
        Fault::new(
            FaultKind::Other,
            "quarterdeck",
            "",
            format!("an answer of another kind came for {self:?}"),
        )
    }

    /// The kind of resource that cannot be shown without this source.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Identity => Kind::Scope,
            Self::EcsFleet | Self::TaskDefinitions | Self::EcsTasks(_) | Self::EcsDeployments(_) => {
                Kind::EcsService
            }
            Self::Groups | Self::Activities | Self::GroupPolicies => Kind::Asg,
            Self::Instances | Self::InstanceTypes | Self::SpotPrices => Kind::Ec2Instance,
            Self::NatGateways => Kind::NatGateway,
            Self::Hosts => Kind::GpuHost,
            Self::GpuProbe | Self::GpuMetricList => Kind::Gpu,
            Self::DbInstances
            | Self::DbSnapshots
            | Self::Maintenance
            | Self::DbEvents
            | Self::ConnectionLimits => Kind::RdsInstance,
            Self::DbClusters => Kind::RdsCluster,
            Self::Caches | Self::CacheEvents => Kind::Redis,
            Self::Balancing => Kind::TargetGroup,
            Self::Alarms | Self::AlarmHistory => Kind::Alarm,
            Self::Metrics(group) => match group {
                MetricGroup::Ecs => Kind::EcsService,
                MetricGroup::Ec2 => Kind::Ec2Instance,
                MetricGroup::Rds => Kind::RdsInstance,
                MetricGroup::Redis => Kind::Redis,
                MetricGroup::Elb => Kind::TargetGroup,
                MetricGroup::Queue => Kind::Queue,
                MetricGroup::Gpu => Kind::Gpu,
                MetricGroup::Nat => Kind::NatGateway,
                MetricGroup::Sagemaker => Kind::SagemakerEndpoint,
                MetricGroup::Lambda => Kind::Lambda,
                MetricGroup::Distribution => Kind::Distribution,
                // Nothing of a group's health: only what could be saved.
                MetricGroup::Logs => Kind::Budget,
            },
            Self::Queues => Kind::Queue,
            Self::LogGroups => Kind::LogGroup,
            Self::Functions | Self::FunctionVersions(_) => Kind::Lambda,
            Self::Kubernetes => Kind::Nodegroup,
            Self::ClusterUpgrades => Kind::EksCluster,
            Self::Scaling => Kind::ScalableTarget,
            Self::Endpoints | Self::EndpointTargets => Kind::SagemakerEndpoint,
            Self::TrainingJobs => Kind::TrainingJob,
            Self::Notebooks => Kind::NotebookInstance,
            Self::Usage | Self::Forecast | Self::Anomalies | Self::Budgets => Kind::Budget,
            Self::TrustedAdvisor | Self::Recommendations => Kind::Advice,
            Self::Trail(_) => Kind::Scope,
            Self::Buckets | Self::BucketStorage => Kind::Bucket,
            Self::Distributions => Kind::Distribution,
            Self::Certificates | Self::EdgeCertificates => Kind::Certificate,
            Self::Dns => Kind::HealthCheck,
            Self::VpcEndpoints => Kind::VpcEndpoint,
            Self::Listeners => Kind::LoadBalancer,
            Self::Secrets => Kind::Secret,
            Self::Parameters => Kind::Parameter,
            Self::Pipelines | Self::PipelineExecutions => Kind::Pipeline,
            Self::BuildProjects => Kind::CodebuildProject,
            Self::Repositories => Kind::EcrRepository,
        }
    }

    /// Whether many estates, regions or builds do without it, so that its not being offered is nothing
    /// to be told.
    pub const fn is_optional(&self) -> bool {
        matches!(
            self,
            Self::Pipelines | Self::PipelineExecutions | Self::BuildProjects | Self::Repositories
        )
    }

    /// Whether the list of resources of its kind comes from it, so that without it the kind
    /// cannot be listed at all.
    pub const fn lists_kind(&self) -> bool {
        matches!(
            self,
            Self::EcsFleet
                | Self::Groups
                | Self::Instances
                | Self::NatGateways
                | Self::GpuProbe
                | Self::DbInstances
                | Self::DbClusters
                | Self::Caches
                | Self::Balancing
                | Self::Alarms
                | Self::Queues
                | Self::LogGroups
                | Self::Endpoints
                | Self::TrainingJobs
                | Self::Notebooks
                | Self::Functions
                | Self::Kubernetes
                | Self::ClusterUpgrades
                | Self::Scaling
                | Self::Budgets
                | Self::Buckets
                | Self::Distributions
                | Self::Certificates
                | Self::EdgeCertificates
                | Self::Dns
                | Self::VpcEndpoints
                | Self::Secrets
                | Self::Parameters
                | Self::Pipelines
                | Self::BuildProjects
                | Self::Repositories
        )
    }

    /// Whether it belongs to the account and not to a region.
    pub const fn is_account_wide(&self) -> bool {
        matches!(
            self,
            Self::Usage
                | Self::Forecast
                | Self::Anomalies
                | Self::Budgets
                | Self::Buckets
                | Self::BucketStorage
                | Self::Distributions
                | Self::EdgeCertificates
                | Self::Dns
                | Self::Metrics(MetricGroup::Distribution)
                | Self::TrustedAdvisor
        )
    }
}

/// A source in a scope.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceKey {
    /// Where.
    pub scope: ScopeName,
    /// What.
    pub source: Source,
}
