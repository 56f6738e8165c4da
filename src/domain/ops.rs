//! Everything that can be asked of a cloud, as data: reads, their replies, writes, and the API
//! operations behind each. Read-only mode, metering, rate budgets, plans without writes and the
//! IAM policy all rest on this being data.

pub mod acm;
pub mod advice;
pub mod application_auto_scaling;
pub mod autoscaling;
pub mod catalog;
pub mod cloudformation;
pub mod cloudfront;
pub mod cloudtrail;
pub mod cloudwatch;
pub mod codebuild;
pub mod codepipeline;
pub mod cost;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod eks;
pub mod elasticache;
pub mod elb;
pub mod exec;
pub mod http;
pub mod lambda;
pub mod logs;
pub mod operation;
pub mod rds;
pub mod route53;
pub mod s3;
pub mod sagemaker;
pub mod secretsmanager;
pub mod sns;
pub mod sqs;
pub mod ssm;
pub mod sts;

use serde::{Deserialize, Serialize};

use crate::domain::fault::Fault;
pub use operation::Operation;

/// A question. Whatever AWS pages is paged to the end by whoever answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Query {
    /// Security Token Service.
    Sts(sts::Read),
    /// Elastic Container Service.
    Ecs(ecs::Read),
    /// EC2 Auto Scaling.
    AutoScaling(autoscaling::Read),
    /// Elastic Compute Cloud.
    Ec2(ec2::Read),
    /// Systems Manager.
    Ssm(ssm::Read),
    /// Relational Database Service.
    Rds(rds::Read),
    /// ElastiCache.
    ElastiCache(elasticache::Read),
    /// Elastic Load Balancing v2.
    Elb(elb::Read),
    /// CloudWatch metrics and alarms.
    CloudWatch(cloudwatch::Read),
    /// Simple Queue Service.
    Sqs(sqs::Read),
    /// CloudWatch Logs.
    Logs(logs::Read),
    /// Cost Explorer and Budgets.
    Cost(cost::Read),
    /// CloudTrail.
    CloudTrail(cloudtrail::Read),
    /// Simple Notification Service.
    Sns(sns::Read),
    /// Web services that are not AWS's.
    Http(http::Read),
    /// Elastic Container Registry.
    Ecr(ecr::Read),
    /// CodePipeline.
    CodePipeline(codepipeline::Read),
    /// CloudFormation.
    CloudFormation(cloudformation::Read),
    /// Application Auto Scaling.
    ApplicationAutoScaling(application_auto_scaling::Read),
    /// SageMaker.
    Sagemaker(sagemaker::Read),
    /// S3.
    S3(s3::Read),
    /// CloudFront.
    CloudFront(cloudfront::Read),
    /// Certificate Manager.
    Acm(acm::Read),
    /// Route 53.
    Route53(route53::Read),
    /// Secrets Manager.
    SecretsManager(secretsmanager::Read),
    /// CodeBuild.
    CodeBuild(codebuild::Read),
    /// Trusted Advisor and Compute Optimizer.
    Advice(advice::Read),
    /// Lambda.
    Lambda(lambda::Read),
    /// Elastic Kubernetes Service.
    Eks(eks::Read),
}

/// An answer, and what could not be included in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// What was asked for.
    pub data: ReplyData,
    /// Parts that failed while the rest succeeded: a denied cluster, an unreadable queue.
    pub gaps: Vec<Fault>,
}

/// The data of an answer; each read says which of these it brings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyData {
    /// Who the credentials are.
    Identity(crate::domain::scope::Identity),
    /// Clusters and services.
    EcsFleet(crate::domain::ecs::Fleet),
    /// Tasks of a service.
    EcsTasks(Vec<crate::domain::ecs::Task>),
    /// Task definitions.
    TaskDefinitions(Vec<crate::domain::ecs::TaskDefinition>),
    /// A service's deployment history.
    ServiceDeployments(Vec<crate::domain::ecs::ServiceDeployment>),
    /// Auto Scaling groups.
    Groups(Vec<crate::domain::asg::Group>),
    /// Scaling activities.
    Activities(Vec<crate::domain::asg::Activity>),
    /// Scaling policies of groups.
    GroupPolicies(Vec<crate::domain::asg::GroupPolicy>),
    /// Instance refreshes of a group.
    InstanceRefreshes(Vec<crate::domain::asg::InstanceRefresh>),
    /// EC2 instances.
    Instances(Vec<crate::domain::ec2::Instance>),
    /// What instance types have in GPUs.
    InstanceTypes(Vec<crate::domain::ec2::InstanceTypeGpus>),
    /// Spot prices.
    SpotPrices(Vec<crate::domain::ec2::SpotPrice>),
    /// NAT gateways.
    NatGateways(Vec<crate::domain::ec2::NatGateway>),
    /// Hosts of Systems Manager.
    ManagedHosts(Vec<crate::domain::ssm::ManagedHost>),
    /// What the probe printed.
    ProbeOutputs(Vec<crate::domain::ssm::ProbeOutput>),
    /// DB instances.
    DbInstances(Vec<crate::domain::datastore::DbInstance>),
    /// DB clusters.
    DbClusters(Vec<crate::domain::datastore::DbCluster>),
    /// Snapshots of instances and clusters.
    DbSnapshots(Vec<crate::domain::datastore::DbSnapshot>),
    /// Pending maintenance.
    Maintenance(Vec<crate::domain::datastore::PendingMaintenance>),
    /// Events of RDS or ElastiCache.
    StoreEvents(Vec<crate::domain::datastore::StoreEvent>),
    /// Connection limits of parameter groups.
    ConnectionLimits(Vec<crate::domain::datastore::ConnectionLimit>),
    /// Proxies in front of databases.
    DbProxies(Vec<crate::domain::datastore::DbProxy>),
    /// Backups of a cache.
    CacheSnapshots(Vec<crate::domain::datastore::CacheSnapshot>),
    /// Node types that a cache may be changed to.
    CacheNodeTypes(crate::domain::datastore::node_type::NodeTypes),
    /// Caches of all three forms.
    Caches(Vec<crate::domain::datastore::Cache>),
    /// Load balancers and target groups.
    Balancing(crate::domain::elb::Balancing),
    /// Alarms.
    Alarms(Vec<crate::domain::alarm::Alarm>),
    /// Alarm transitions.
    AlarmHistory(Vec<crate::domain::alarm::AlarmTransition>),
    /// Metric values; a metric without data has an empty series.
    Metrics(Vec<(crate::domain::metric::MetricId, crate::domain::metric::Series)>),
    /// Metrics that exist.
    MetricList(Vec<crate::domain::metric::MetricId>),
    /// Queues.
    Queues(Vec<crate::domain::queue::Queue>),
    /// Log groups.
    LogGroups(Vec<crate::domain::logs::LogGroup>),
    /// A page of log events.
    LogPage(crate::domain::logs::LogPage),
    /// Spend.
    Usage(crate::domain::cost::Usage),
    /// The forecast.
    Forecast(crate::domain::cost::Forecast),
    /// Anomalies.
    Anomalies(Vec<crate::domain::cost::Anomaly>),
    /// Budgets.
    Budgets(Vec<crate::domain::cost::Budget>),
    /// CloudTrail events.
    Trail(Vec<crate::domain::trail::TrailEvent>),
    /// A command on one host; `None` if there is none.
    Command(Option<crate::domain::ssm::CommandRun>),
    /// A topic; `None` if there is none.
    Topic(Option<crate::domain::sns::Topic>),
    /// What a web service answered.
    HttpAnswer(crate::domain::web::HttpAnswer),
    /// The revisions of a task definition family, newest first.
    Revisions(Vec<crate::domain::ecs::RevisionName>),
    /// Images of a repository.
    Images(Vec<crate::domain::ecr::Image>),
    /// Pipelines.
    Pipelines(Vec<crate::domain::delivery::Pipeline>),
    /// Stacks.
    Stacks(Vec<crate::domain::delivery::Stack>),
    /// Executions of pipelines.
    PipelineExecutions(Vec<crate::domain::delivery::Execution>),
    /// Build projects.
    BuildProjects(Vec<crate::domain::codebuild::Project>),
    /// Repositories of images.
    Repositories(Vec<crate::domain::ecr::Repository>),
    /// Bounds of services that are scaled by themselves.
    ScalableTargets(Vec<crate::domain::scalable::ScalableTarget>),
    /// Endpoints of SageMaker.
    Endpoints(Vec<crate::domain::sagemaker::Endpoint>),
    /// Configurations of endpoints.
    EndpointConfigs(Vec<crate::domain::sagemaker::EndpointConfig>),
    /// Training jobs.
    TrainingJobs(Vec<crate::domain::sagemaker::TrainingJob>),
    /// Notebooks.
    Notebooks(Vec<crate::domain::sagemaker::Notebook>),
    /// Buckets.
    Buckets(Vec<crate::domain::bucket::Bucket>),
    /// How much buckets hold.
    BucketStorage(Vec<crate::domain::bucket::BucketStorage>),
    /// Distributions.
    Distributions(Vec<crate::domain::distribution::Distribution>),
    /// Invalidations of a distribution, newest first.
    Invalidations(Vec<crate::domain::distribution::Invalidation>),
    /// Certificates.
    Certificates(Vec<crate::domain::certificate::Certificate>),
    /// Health checks and hosted zones.
    Dns(crate::domain::dns::Dns),
    /// Hosted zones.
    HostedZones(Vec<crate::domain::dns::HostedZone>),
    /// Records under a name.
    RecordSets(Vec<crate::domain::dns::RecordSet>),
    /// Where a change of DNS is; `None` if Route 53 does not know it.
    DnsChange(Option<String>),
    /// VPC endpoints.
    VpcEndpoints(Vec<crate::domain::ec2::VpcEndpoint>),
    /// Listeners of load balancers.
    Listeners(Vec<crate::domain::elb::Listener>),
    /// Secrets, without values.
    Secrets(Vec<crate::domain::secret::Secret>),
    /// Parameters, without values.
    Parameters(Vec<crate::domain::secret::Parameter>),
    /// What AWS advises.
    Advices(crate::domain::advice::Advices),
    /// Everything that is scaled by itself.
    Scaling(Vec<crate::domain::scalable::Scaled>),
    /// Lambda functions.
    Functions(crate::domain::function::Functions),
    /// Published versions of a function, newest first.
    FunctionVersions(Vec<crate::domain::function::Version>),
    /// Clusters and node groups of EKS.
    Kubernetes(crate::domain::kubernetes::Kubernetes),
    /// Add-ons, insights and versions of EKS.
    ClusterUpgrades(crate::domain::kubernetes::Upgrades),
    /// An update of a node group; `None` if there is none.
    NodegroupUpdate(Option<crate::domain::kubernetes::Update>),
}

impl Reply {
    /// A whole answer.
    pub fn whole(data: ReplyData) -> Self {
        Self {
            data,
            gaps: Vec::new(),
        }
    }
}

/// A change of one service, as data: sent by [`Cloud::write`](crate::cloud::Cloud::write), printed by a plan,
/// kept in a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mutation {
    /// Elastic Container Service.
    Ecs(ecs::Write),
    /// EC2 Auto Scaling.
    AutoScaling(autoscaling::Write),
    /// Elastic Compute Cloud.
    Ec2(ec2::Write),
    /// Relational Database Service.
    Rds(rds::Write),
    /// ElastiCache.
    ElastiCache(elasticache::Write),
    /// Elastic Load Balancing v2.
    Elb(elb::Write),
    /// CloudWatch alarms.
    CloudWatch(cloudwatch::Write),
    /// Simple Queue Service.
    Sqs(sqs::Write),
    /// Systems Manager.
    Ssm(ssm::Write),
    /// Simple Notification Service.
    Sns(sns::Write),
    /// Webhooks.
    Http(http::Write),
    /// Programs on this machine.
    Exec(exec::Write),
    /// Elastic Container Registry.
    Ecr(ecr::Write),
    /// CodePipeline.
    CodePipeline(codepipeline::Write),
    /// Application Auto Scaling.
    ApplicationAutoScaling(application_auto_scaling::Write),
    /// SageMaker.
    Sagemaker(sagemaker::Write),
    /// Lambda.
    Lambda(lambda::Write),
    /// Elastic Kubernetes Service.
    Eks(eks::Write),
    /// CloudFront.
    CloudFront(cloudfront::Write),
    /// Route 53.
    Route53(route53::Write),
}

/// The idempotency token of a change: an API that takes one makes the change once however often it is sent.
/// For all others it is recorded and not sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token(pub String);

/// What AWS said to a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// AWS's request id, which CloudTrail has too.
    pub request_id: Option<String>,
    /// The id or ARN of what was made, where something was.
    pub created: Option<String>,
}

impl Query {
    /// The API operations that answering may take.
    pub fn operations(&self) -> &'static [Operation] {
        match self {
            Self::Sts(read) => read.operations(),
            Self::Ecs(read) => read.operations(),
            Self::AutoScaling(read) => read.operations(),
            Self::Ec2(read) => read.operations(),
            Self::Ssm(read) => read.operations(),
            Self::Rds(read) => read.operations(),
            Self::ElastiCache(read) => read.operations(),
            Self::Elb(read) => read.operations(),
            Self::CloudWatch(read) => read.operations(),
            Self::Sqs(read) => read.operations(),
            Self::Logs(read) => read.operations(),
            Self::Cost(read) => read.operations(),
            Self::CloudTrail(read) => read.operations(),
            Self::Sns(read) => read.operations(),
            Self::Http(read) => read.operations(),
            Self::Ecr(read) => read.operations(),
            Self::CodePipeline(read) => read.operations(),
            Self::CloudFormation(read) => read.operations(),
            Self::ApplicationAutoScaling(read) => read.operations(),
            Self::Sagemaker(read) => read.operations(),
            Self::S3(read) => read.operations(),
            Self::CloudFront(read) => read.operations(),
            Self::Acm(read) => read.operations(),
            Self::Route53(read) => read.operations(),
            Self::SecretsManager(read) => read.operations(),
            Self::CodeBuild(read) => read.operations(),
            Self::Advice(read) => read.operations(),
            Self::Lambda(read) => read.operations(),
            Self::Eks(read) => read.operations(),
        }
    }
}

impl Mutation {
    /// The API operation that makes the change.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Ecs(write) => write.operation(),
            Self::AutoScaling(write) => write.operation(),
            Self::Ec2(write) => write.operation(),
            Self::Rds(write) => write.operation(),
            Self::ElastiCache(write) => write.operation(),
            Self::Elb(write) => write.operation(),
            Self::CloudWatch(write) => write.operation(),
            Self::Sqs(write) => write.operation(),
            Self::Ssm(write) => write.operation(),
            Self::Sns(write) => write.operation(),
            Self::Http(write) => write.operation(),
            Self::Exec(write) => write.operation(),
            Self::Ecr(write) => write.operation(),
            Self::CodePipeline(write) => write.operation(),
            Self::ApplicationAutoScaling(write) => write.operation(),
            Self::Sagemaker(write) => write.operation(),
            Self::Lambda(write) => write.operation(),
            Self::Eks(write) => write.operation(),
            Self::CloudFront(write) => write.operation(),
            Self::Route53(write) => write.operation(),
        }
    }

    /// What making the change reads right before, with the same credentials, since what it sends is
    /// too large or too private to be written down: a manifest, a task definition's environment.
    pub const fn prerequisites(&self) -> &'static [Operation] {
        match self {
            Self::Ecs(write) => write.prerequisites(),
            Self::Ecr(write) => write.prerequisites(),
            Self::Http(write) => write.prerequisites(),
            Self::CodePipeline(write) => write.prerequisites(),
            Self::Rds(write) => write.prerequisites(),
            Self::Lambda(write) => write.prerequisites(),
            Self::AutoScaling(_)
            | Self::Ec2(_)
            | Self::ElastiCache(_)
            | Self::Elb(_)
            | Self::CloudWatch(_)
            | Self::Sqs(_)
            | Self::Ssm(_)
            | Self::Sns(_)
            | Self::Exec(_)
            | Self::ApplicationAutoScaling(_)
            | Self::Eks(_)
            | Self::CloudFront(_)
            | Self::Route53(_)
            | Self::Sagemaker(_) => &[],
        }
    }
}
