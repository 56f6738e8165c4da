//! Everything that is known of the scopes being watched: one [`Loadable`] for each source, filled
//! by answers in whatever order they come. Rules, panes and headless commands read it.

mod account;
mod selected;
mod source;
mod standing;

pub use source::{Source, SourceKey};
pub use standing::Standing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::domain::advice::Advices;
use crate::domain::alarm::{Alarm, AlarmTransition};
use crate::domain::asg::{Activity, Group, GroupPolicy};
use crate::domain::bucket::{Bucket, BucketStorage};
use crate::domain::certificate::Certificate;
use crate::domain::codebuild::Project;
use crate::domain::cost::{Anomaly, Budget, Forecast, Usage};
use crate::domain::datastore::{
    Cache, ConnectionLimit, DbCluster, DbInstance, DbSnapshot, PendingMaintenance, StoreEvent,
};
use crate::domain::delivery::{Execution, Pipeline};
use crate::domain::distribution::Distribution;
use crate::domain::dns::Dns;
use crate::domain::ec2::{Instance, InstanceTypeGpus, NatGateway, SpotPrice, VpcEndpoint};
use crate::domain::ecr::Repository;
use crate::domain::ecs::{Fleet, ServiceDeployment, Task, TaskDefinition};
use crate::domain::elb::{Balancing, Listener};
use crate::domain::fault::{CredentialFault, Fault, FaultKind};
use crate::domain::function::{AliasMove, Functions, Version};
use crate::domain::gpu::agent_metrics::AgentMetric;
use crate::domain::gpu::history::GpuHistory;
use crate::domain::gpu::{self, HostFacts, HostReading};
use crate::domain::kubernetes::{Kubernetes, Upgrades};
use crate::domain::loadable::Loadable;
use crate::domain::logs::LogGroup;
use crate::domain::metric::{MetricGroup, MetricId, Series};
use crate::domain::ops::{Reply, ReplyData};
use crate::domain::policy::Selection;
use crate::domain::queue::Queue;
use crate::domain::recovery::MeasuredRestore;
use crate::domain::sagemaker::{Endpoint, Notebook, TrainingJob};
use crate::domain::scalable::{ScalableTarget, Scaled};
use crate::domain::scope::{Identity, Scope, ScopeName};
use crate::domain::secret::{Parameter, Secret};
use crate::domain::ssm::{ManagedHost, ProbeOutput};
use crate::domain::trail::{Lookup, TrailEvent};

/// An answer on its way into the inventory.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What was asked, where.
    pub key: SourceKey,
    /// The scope's epoch when it was asked; answers of an older epoch are dropped.
    pub epoch: u32,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When the answer came.
    pub at: Timestamp,
    /// The answer.
    pub result: Result<Arc<Reply>, Fault>,
}

/// What an answer changed beyond the value of its own source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// Nothing: it was out of date, or of an unknown scope.
    Dropped,
    /// The value of its source.
    Stored,
    /// The account behind the scope is another one: everything of the scope was forgotten.
    AccountChanged,
}

/// What is known of every scope that is watched.
#[derive(Debug, Clone, Default)]
pub struct Inventory {
    /// In the order in which the user named them.
    pub scopes: Vec<ScopeState>,
}

/// What is known of one scope.
#[derive(Debug, Clone)]
pub struct ScopeState {
    /// The scope.
    pub scope: Arc<Scope>,
    /// Rises when the account behind the scope, or what is selected of it, becomes another one.
    pub epoch: u32,
    /// What of the scope belongs to the estate; nothing else is taken in.
    pub selection: Arc<Selection>,
    /// How long what was read says something about now.
    pub lasting: Lasting,
    /// Another scope, named earlier, that reaches the same account and region: it is shown instead.
    pub merged_into: Option<ScopeName>,
    /// What runs here and elsewhere have measured of restores, newest last; from this machine's
    /// journals, not from AWS.
    pub restores: Arc<[MeasuredRestore]>,
    /// Who the credentials are.
    pub identity: Loadable<Identity>,
    /// ECS clusters and services.
    pub ecs: Loadable<Fleet>,
    /// Revisions in use; revisions never change.
    pub task_definitions: Loadable<Vec<TaskDefinition>>,
    /// Tasks of the services being looked at, by service ARN.
    pub tasks: BTreeMap<String, Loadable<Vec<Task>>>,
    /// Deployment history of the services being looked at, by service ARN.
    pub deployments: BTreeMap<String, Loadable<Vec<ServiceDeployment>>>,
    /// Auto Scaling groups.
    pub groups: Loadable<Vec<Group>>,
    /// Scaling activities.
    pub activities: Loadable<Vec<Activity>>,
    /// Scaling policies of groups.
    pub group_policies: Loadable<Vec<GroupPolicy>>,
    /// EC2 instances.
    pub instances: Loadable<Vec<Instance>>,
    /// GPUs of instance types.
    pub instance_types: Loadable<Vec<InstanceTypeGpus>>,
    /// Spot prices.
    pub spot_prices: Loadable<Vec<SpotPrice>>,
    /// NAT gateways.
    pub nat_gateways: Loadable<Vec<NatGateway>>,
    /// Hosts of Systems Manager.
    pub hosts: Loadable<Vec<ManagedHost>>,
    /// What nvidia-smi printed on the GPU hosts.
    pub gpu: Loadable<Vec<HostReading>>,
    /// What the cards did while they were looked at.
    pub gpu_history: Arc<GpuHistory>,
    /// Which GPU metrics the CloudWatch agent publishes.
    pub gpu_metric_list: Loadable<Vec<MetricId>>,
    /// DB instances.
    pub db_instances: Loadable<Vec<DbInstance>>,
    /// DB clusters.
    pub db_clusters: Loadable<Vec<DbCluster>>,
    /// DB snapshots.
    pub db_snapshots: Loadable<Vec<DbSnapshot>>,
    /// Pending maintenance.
    pub maintenance: Loadable<Vec<PendingMaintenance>>,
    /// RDS events.
    pub db_events: Loadable<Vec<StoreEvent>>,
    /// Connection limits of parameter groups.
    pub connection_limits: Loadable<Vec<ConnectionLimit>>,
    /// Caches.
    pub caches: Loadable<Vec<Cache>>,
    /// ElastiCache events.
    pub cache_events: Loadable<Vec<StoreEvent>>,
    /// Load balancers and target groups.
    pub balancing: Loadable<Balancing>,
    /// Alarms.
    pub alarms: Loadable<Vec<Alarm>>,
    /// Alarm transitions.
    pub alarm_history: Loadable<Vec<AlarmTransition>>,
    /// Metric values by batch.
    pub metrics: BTreeMap<MetricGroup, Loadable<BTreeMap<MetricId, Series>>>,
    /// Queues.
    pub queues: Loadable<Vec<Queue>>,
    /// Log groups.
    pub log_groups: Loadable<Vec<LogGroup>>,
    /// SageMaker endpoints.
    pub endpoints: Loadable<Vec<Endpoint>>,
    /// Bounds of the variants of endpoints that are scaled by themselves.
    pub endpoint_targets: Loadable<Vec<ScalableTarget>>,
    /// Training jobs of the last days, newest first.
    pub training_jobs: Loadable<Vec<TrainingJob>>,
    /// Notebooks.
    pub notebooks: Loadable<Vec<Notebook>>,
    /// Lambda functions.
    pub functions: Loadable<Functions>,
    /// Aliases that were seen to lead elsewhere, oldest first.
    pub alias_moves: Arc<Vec<AliasMove>>,
    /// Published versions of the functions being looked at, by function ARN.
    pub function_versions: BTreeMap<String, Loadable<Vec<Version>>>,
    /// EKS clusters and node groups.
    pub kubernetes: Loadable<Kubernetes>,
    /// Add-ons, insights and versions of EKS.
    pub cluster_upgrades: Loadable<Upgrades>,
    /// Everything that Application Auto Scaling moves.
    pub scaling: Loadable<Vec<Scaled>>,
    /// Spend of the account.
    pub usage: Loadable<Usage>,
    /// The account's forecast.
    pub forecast: Loadable<Forecast>,
    /// The account's anomalies.
    pub anomalies: Loadable<Vec<Anomaly>>,
    /// The account's budgets.
    pub budgets: Loadable<Vec<Budget>>,
    /// What Trusted Advisor says of the account.
    pub trusted_advisor: Loadable<Advices>,
    /// What Compute Optimizer recommends in the region.
    pub recommendations: Loadable<Advices>,
    /// CloudTrail writes by resource and span.
    pub trail: BTreeMap<Lookup, Loadable<Vec<TrailEvent>>>,
    /// Buckets.
    pub buckets: Loadable<Vec<Bucket>>,
    /// How much the buckets hold.
    pub bucket_storage: Loadable<Vec<BucketStorage>>,
    /// CloudFront distributions.
    pub distributions: Loadable<Vec<Distribution>>,
    /// Certificates of the region.
    pub certificates: Loadable<Vec<Certificate>>,
    /// Certificates of us-east-1, where the region is another.
    pub edge_certificates: Loadable<Vec<Certificate>>,
    /// Health checks and hosted zones.
    pub dns: Loadable<Dns>,
    /// VPC endpoints.
    pub vpc_endpoints: Loadable<Vec<VpcEndpoint>>,
    /// Listeners of load balancers.
    pub listeners: Loadable<Vec<Listener>>,
    /// Secrets, without values.
    pub secrets: Loadable<Vec<Secret>>,
    /// Parameters, without values.
    pub parameters: Loadable<Vec<Parameter>>,
    /// Pipelines.
    pub pipelines: Loadable<Vec<Pipeline>>,
    /// The newest executions of the pipelines.
    pub executions: Loadable<Vec<Execution>>,
    /// Build projects.
    pub build_projects: Loadable<Vec<Project>>,
    /// Image repositories.
    pub repositories: Loadable<Vec<Repository>>,
}

/// How long after it was read something still says anything about now: longer than the slowest
/// cadence at which it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lasting {
    /// Of metrics; 30 minutes by default, three of their slow cadence.
    pub metrics: SignedDuration,
    /// The slowest cadence at which each source is read, as whoever reads it says; empty by default.
    slowest: BTreeMap<Source, SignedDuration>,
}

/// How long a list lasts at the least: what nobody reads again and again is old after that.
const LISTS_LAST: SignedDuration = SignedDuration::from_hours(1);

impl Default for Lasting {
    fn default() -> Self {
        Self::of_metrics(SignedDuration::from_mins(30))
    }
}

impl Lasting {
    /// With metrics that last so long; of no source a cadence is known yet.
    pub fn of_metrics(metrics: SignedDuration) -> Self {
        Self {
            metrics,
            slowest: BTreeMap::new(),
        }
    }

    /// Notes the slowest cadence at which a source is read.
    pub fn note(&mut self, source: &Source, slowest: SignedDuration) {
        match self.slowest.get_mut(source) {
            Some(known) => *known = slowest,
            None => {
                self.slowest.insert(source.clone(), slowest);
            }
        }
    }

    /// How long a list of this source lasts: twice its slowest cadence, which leaves room for jitter and
    /// for a try or two that fail, and an hour at the least.
    pub fn list(&self, source: &Source) -> SignedDuration {
        let slowest = self.slowest.get(source).copied().unwrap_or_default();
        LISTS_LAST.max(slowest.checked_mul(2).unwrap_or(SignedDuration::MAX))
    }
}

impl ScopeState {
    /// A scope of which nothing is known.
    pub fn new(scope: Arc<Scope>) -> Self {
        Self {
            scope,
            epoch: 0,
            selection: Arc::default(),
            lasting: Lasting::default(),
            merged_into: None,
            restores: Arc::default(),
            identity: Loadable::default(),
            ecs: Loadable::default(),
            task_definitions: Loadable::default(),
            tasks: BTreeMap::new(),
            deployments: BTreeMap::new(),
            groups: Loadable::default(),
            activities: Loadable::default(),
            group_policies: Loadable::default(),
            instances: Loadable::default(),
            instance_types: Loadable::default(),
            spot_prices: Loadable::default(),
            nat_gateways: Loadable::default(),
            hosts: Loadable::default(),
            gpu: Loadable::default(),
            gpu_history: Arc::default(),
            gpu_metric_list: Loadable::default(),
            db_instances: Loadable::default(),
            db_clusters: Loadable::default(),
            db_snapshots: Loadable::default(),
            maintenance: Loadable::default(),
            db_events: Loadable::default(),
            connection_limits: Loadable::default(),
            caches: Loadable::default(),
            cache_events: Loadable::default(),
            balancing: Loadable::default(),
            alarms: Loadable::default(),
            alarm_history: Loadable::default(),
            metrics: BTreeMap::new(),
            queues: Loadable::default(),
            log_groups: Loadable::default(),
            endpoints: Loadable::default(),
            endpoint_targets: Loadable::default(),
            training_jobs: Loadable::default(),
            notebooks: Loadable::default(),
            functions: Loadable::default(),
            alias_moves: Arc::default(),
            function_versions: BTreeMap::new(),
            kubernetes: Loadable::default(),
            cluster_upgrades: Loadable::default(),
            scaling: Loadable::default(),
            usage: Loadable::default(),
            forecast: Loadable::default(),
            anomalies: Loadable::default(),
            budgets: Loadable::default(),
            trusted_advisor: Loadable::default(),
            recommendations: Loadable::default(),
            trail: BTreeMap::new(),
            buckets: Loadable::default(),
            bucket_storage: Loadable::default(),
            distributions: Loadable::default(),
            certificates: Loadable::default(),
            edge_certificates: Loadable::default(),
            dns: Loadable::default(),
            vpc_endpoints: Loadable::default(),
            listeners: Loadable::default(),
            secrets: Loadable::default(),
            parameters: Loadable::default(),
            pipelines: Loadable::default(),
            executions: Loadable::default(),
            build_projects: Loadable::default(),
            repositories: Loadable::default(),
        }
    }

    /// The scope's name.
    pub fn name(&self) -> &ScopeName {
        &self.scope.name
    }

    /// The account's digits, once known.
    pub fn account(&self) -> Option<&str> {
        self.identity.get().map(|identity| identity.account.as_str())
    }

    /// The values of a metric, if its batch has them.
    pub fn metric(&self, id: &MetricId) -> Option<&Series> {
        self.metrics
            .values()
            .find_map(|batch| batch.get().and_then(|series| series.get(id)))
    }

    /// The newest value of a metric, judged as of the moment at which it was read: a batch that is
    /// read every ten minutes is not out of date in between. `None` if it was already old then, or
    /// was read too long ago to say anything about now.
    pub fn latest(&self, id: &MetricId, now: Timestamp) -> Option<f64> {
        let (series, read_at) = self.lasting_metric(id, now)?;
        series.recent(read_at)
    }

    /// The values of a metric and when they were read, unless that is too long ago.
    pub fn lasting_metric(&self, id: &MetricId, now: Timestamp) -> Option<(&Series, Timestamp)> {
        self.metrics
            .values()
            .filter_map(|batch| batch.value.as_ref())
            .filter(|(_, read_at)| now.duration_since(*read_at) <= self.lasting.metrics)
            .find_map(|(series, read_at)| Some((series.get(id)?, *read_at)))
    }

    /// A host's reading of what the probe printed, with what EC2 and the CloudWatch agent know.
    fn read_host(&self, output: &ProbeOutput, at: Timestamp) -> HostReading {
        let instances = self.instances.get().map(Vec::as_slice).unwrap_or_default();
        let types = self.instance_types.get().map(Vec::as_slice).unwrap_or_default();
        let facts = instances
            .iter()
            .find(|instance| instance.id == output.instance_id)
            .map_or(HostFacts::UNKNOWN, |instance| HostFacts::of(instance, types));
        self.or_from_agent(gpu::parse(output, &facts), at)
    }

    /// The reading, with cards of the CloudWatch agent where the probe told of none.
    fn or_from_agent(&self, reading: HostReading, at: Timestamp) -> HostReading {
        let series = self.metrics.get(&MetricGroup::Gpu).and_then(Loadable::get);
        let metrics: Vec<AgentMetric<'_>> = series
            .into_iter()
            .flatten()
            .filter_map(|(id, _)| AgentMetric::of(id, self.latest(id, at)?))
            .filter(|(instance, _)| *instance == reading.instance_id)
            .map(|(_, metric)| metric)
            .collect();
        reading.or_from_agent(gpu::agent_metrics::cards_from(&metrics), at)
    }

    /// Takes an answer to a source of this scope in.
    fn store(
        &mut self,
        source: &Source,
        asked_at: Timestamp,
        at: Timestamp,
        result: &Result<Arc<Reply>, Fault>,
    ) -> bool {
        /// Settles the field when the reply is of the source's kind, or the question failed.
        macro_rules! settle {
            ($field:expr, $variant:ident) => {
                settle!($field, $variant, |value: &_| Clone::clone(value))
            };
            ($field:expr, $variant:ident, $convert:expr) => {{
                let outcome = match result {
                    Ok(reply) => match &*selected::of(self, source, &reply.data) {
                        ReplyData::$variant(value) => Ok(($convert(value), reply.gaps.clone())),
                        _ => Err(source.mismatched()),
                    },
                    Err(fault) => Err(fault.clone()),
                };
                $field.settle(asked_at, at, outcome)
            }};
        }
        match source {
            Source::Identity => settle!(self.identity, Identity),
            Source::EcsFleet => settle!(self.ecs, EcsFleet),
            Source::TaskDefinitions => settle!(self.task_definitions, TaskDefinitions),
            Source::EcsTasks(service) => settle!(self.tasks.entry(service.clone()).or_default(), EcsTasks),
            Source::EcsDeployments(service) => {
                settle!(
                    self.deployments.entry(service.clone()).or_default(),
                    ServiceDeployments
                )
            }
            Source::Groups => settle!(self.groups, Groups),
            Source::Activities => settle!(self.activities, Activities),
            Source::GroupPolicies => settle!(self.group_policies, GroupPolicies),
            Source::Instances => {
                let stored = settle!(self.instances, Instances);
                self.forget_gone_cards();
                stored
            }
            Source::InstanceTypes => settle!(self.instance_types, InstanceTypes),
            Source::SpotPrices => settle!(self.spot_prices, SpotPrices),
            Source::NatGateways => settle!(self.nat_gateways, NatGateways),
            Source::Hosts => settle!(self.hosts, ManagedHosts),
            Source::GpuProbe => {
                let read = |outputs: &Vec<ProbeOutput>| -> Vec<HostReading> {
                    outputs.iter().map(|output| self.read_host(output, at)).collect()
                };
                let stored = settle!(self.gpu, ProbeOutputs, read);
                let history = Arc::make_mut(&mut self.gpu_history);
                for reading in self.gpu.get().into_iter().flatten() {
                    history.record(reading);
                }
                stored
            }
            Source::GpuMetricList => settle!(self.gpu_metric_list, MetricList),
            Source::DbInstances => settle!(self.db_instances, DbInstances),
            Source::DbClusters => settle!(self.db_clusters, DbClusters),
            Source::DbSnapshots => settle!(self.db_snapshots, DbSnapshots),
            Source::Maintenance => settle!(self.maintenance, Maintenance),
            Source::DbEvents => settle!(self.db_events, StoreEvents),
            Source::ConnectionLimits => settle!(self.connection_limits, ConnectionLimits),
            Source::Caches => settle!(self.caches, Caches),
            Source::CacheEvents => settle!(self.cache_events, StoreEvents),
            Source::Balancing => settle!(self.balancing, Balancing),
            Source::Alarms => settle!(self.alarms, Alarms),
            Source::AlarmHistory => settle!(self.alarm_history, AlarmHistory),
            Source::Metrics(group) => {
                settle!(
                    self.metrics.entry(*group).or_default(),
                    Metrics,
                    |values: &Vec<(MetricId, Series)>| values.iter().cloned().collect::<BTreeMap<_, _>>()
                )
            }
            Source::Queues => settle!(self.queues, Queues),
            Source::LogGroups => settle!(self.log_groups, LogGroups),
            Source::Endpoints => settle!(self.endpoints, Endpoints),
            Source::EndpointTargets => settle!(self.endpoint_targets, ScalableTargets),
            Source::TrainingJobs => settle!(self.training_jobs, TrainingJobs),
            Source::Notebooks => settle!(self.notebooks, Notebooks),
            Source::Functions => {
                let before = self.functions.value.clone();
                let stored = settle!(self.functions, Functions);
                if let Some((before, _)) = before.filter(|_| stored) {
                    self.note_alias_moves(&before, at);
                }
                stored
            }
            Source::FunctionVersions(function) => {
                settle!(
                    self.function_versions.entry(function.clone()).or_default(),
                    FunctionVersions
                )
            }
            Source::Kubernetes => settle!(self.kubernetes, Kubernetes),
            Source::ClusterUpgrades => settle!(self.cluster_upgrades, ClusterUpgrades),
            Source::Scaling => settle!(self.scaling, Scaling),
            Source::Usage => settle!(self.usage, Usage),
            Source::Forecast => settle!(self.forecast, Forecast),
            Source::Anomalies => settle!(self.anomalies, Anomalies),
            Source::Budgets => settle!(self.budgets, Budgets),
            Source::TrustedAdvisor => settle!(self.trusted_advisor, Advices),
            Source::Recommendations => settle!(self.recommendations, Advices),
            Source::Trail(lookup) => settle!(self.trail.entry(lookup.clone()).or_default(), Trail),
            Source::Buckets => settle!(self.buckets, Buckets),
            Source::BucketStorage => settle!(self.bucket_storage, BucketStorage),
            Source::Distributions => settle!(self.distributions, Distributions),
            Source::Certificates => settle!(self.certificates, Certificates),
            Source::EdgeCertificates => settle!(self.edge_certificates, Certificates),
            Source::Dns => settle!(self.dns, Dns),
            Source::VpcEndpoints => settle!(self.vpc_endpoints, VpcEndpoints),
            Source::Listeners => settle!(self.listeners, Listeners),
            Source::Secrets => settle!(self.secrets, Secrets),
            Source::Parameters => settle!(self.parameters, Parameters),
            Source::Pipelines => settle!(self.pipelines, Pipelines),
            Source::PipelineExecutions => settle!(self.executions, PipelineExecutions),
            Source::BuildProjects => settle!(self.build_projects, BuildProjects),
            Source::Repositories => settle!(self.repositories, Repositories),
        }
    }

    /// Age, failure and gaps of a source, whatever its value is.
    pub fn standing(&self, source: &Source) -> Standing {
        match source {
            Source::Identity => Standing::of(&self.identity),
            Source::EcsFleet => Standing::of(&self.ecs),
            Source::TaskDefinitions => Standing::of(&self.task_definitions),
            Source::EcsTasks(service) => Standing::of_any(self.tasks.get(service)),
            Source::EcsDeployments(service) => Standing::of_any(self.deployments.get(service)),
            Source::Groups => Standing::of(&self.groups),
            Source::Activities => Standing::of(&self.activities),
            Source::GroupPolicies => Standing::of(&self.group_policies),
            Source::Instances => Standing::of(&self.instances),
            Source::InstanceTypes => Standing::of(&self.instance_types),
            Source::SpotPrices => Standing::of(&self.spot_prices),
            Source::NatGateways => Standing::of(&self.nat_gateways),
            Source::Hosts => Standing::of(&self.hosts),
            Source::GpuProbe => Standing::of(&self.gpu),
            Source::GpuMetricList => Standing::of(&self.gpu_metric_list),
            Source::DbInstances => Standing::of(&self.db_instances),
            Source::DbClusters => Standing::of(&self.db_clusters),
            Source::DbSnapshots => Standing::of(&self.db_snapshots),
            Source::Maintenance => Standing::of(&self.maintenance),
            Source::DbEvents => Standing::of(&self.db_events),
            Source::ConnectionLimits => Standing::of(&self.connection_limits),
            Source::Caches => Standing::of(&self.caches),
            Source::CacheEvents => Standing::of(&self.cache_events),
            Source::Balancing => Standing::of(&self.balancing),
            Source::Alarms => Standing::of(&self.alarms),
            Source::AlarmHistory => Standing::of(&self.alarm_history),
            Source::Metrics(group) => Standing::of_any(self.metrics.get(group)),
            Source::Queues => Standing::of(&self.queues),
            Source::LogGroups => Standing::of(&self.log_groups),
            Source::Endpoints => Standing::of(&self.endpoints),
            Source::EndpointTargets => Standing::of(&self.endpoint_targets),
            Source::TrainingJobs => Standing::of(&self.training_jobs),
            Source::Notebooks => Standing::of(&self.notebooks),
            Source::Functions => Standing::of(&self.functions),
            Source::FunctionVersions(function) => Standing::of_any(self.function_versions.get(function)),
            Source::Kubernetes => Standing::of(&self.kubernetes),
            Source::ClusterUpgrades => Standing::of(&self.cluster_upgrades),
            Source::Scaling => Standing::of(&self.scaling),
            Source::Usage => Standing::of(&self.usage),
            Source::Forecast => Standing::of(&self.forecast),
            Source::Anomalies => Standing::of(&self.anomalies),
            Source::Budgets => Standing::of(&self.budgets),
            Source::TrustedAdvisor => Standing::of(&self.trusted_advisor),
            Source::Recommendations => Standing::of(&self.recommendations),
            Source::Trail(lookup) => Standing::of_any(self.trail.get(lookup)),
            Source::Buckets => Standing::of(&self.buckets),
            Source::BucketStorage => Standing::of(&self.bucket_storage),
            Source::Distributions => Standing::of(&self.distributions),
            Source::Certificates => Standing::of(&self.certificates),
            Source::EdgeCertificates => Standing::of(&self.edge_certificates),
            Source::Dns => Standing::of(&self.dns),
            Source::VpcEndpoints => Standing::of(&self.vpc_endpoints),
            Source::Listeners => Standing::of(&self.listeners),
            Source::Secrets => Standing::of(&self.secrets),
            Source::Parameters => Standing::of(&self.parameters),
            Source::Pipelines => Standing::of(&self.pipelines),
            Source::PipelineExecutions => Standing::of(&self.executions),
            Source::BuildProjects => Standing::of(&self.build_projects),
            Source::Repositories => Standing::of(&self.repositories),
        }
    }

    /// Notes which aliases lead elsewhere than they did.
    fn note_alias_moves(&mut self, before: &Functions, at: Timestamp) {
        /// Nobody looks back further.
        const MOST: usize = 200;
        let moves = self
            .functions
            .get()
            .map(|now| now.moved_since(before, at).collect::<Vec<_>>());
        if let Some(moves) = moves.filter(|moves| !moves.is_empty()) {
            let known = Arc::make_mut(&mut self.alias_moves);
            known.extend(moves);
            let old = known.len().saturating_sub(MOST);
            known.drain(..old);
        }
    }

    /// Forgets the history of cards whose instances are gone, since groups replace theirs every night, and what
    /// the cards of instances said that do not run any more: nobody asks these again.
    fn forget_gone_cards(&mut self) {
        let Some(instances) = self.instances.get() else {
            return;
        };
        let known: BTreeSet<&str> = instances.iter().map(|one| one.id.as_str()).collect();
        Arc::make_mut(&mut self.gpu_history).retain_hosts(|id| known.contains(id));
        let running = || instances.iter().filter(|one| one.is_running());
        let runs = |reading: &HostReading| running().any(|one| one.id == reading.instance_id);
        if let Some((readings, _)) = &mut self.gpu.value
            && !readings.iter().all(runs)
        {
            Arc::make_mut(readings).retain(runs);
        }
    }

    /// Takes rows of hosts in that answered while others are still asked: the rest stays as it was.
    fn store_probed(&mut self, outputs: &[ProbeOutput], at: Timestamp) {
        if outputs.is_empty() {
            return;
        }
        let mut readings: BTreeMap<String, HostReading> = self
            .gpu
            .get()
            .into_iter()
            .flatten()
            .map(|reading| (reading.instance_id.clone(), reading.clone()))
            .collect();
        for output in outputs {
            let reading = self.read_host(output, at);
            Arc::make_mut(&mut self.gpu_history).record(&reading);
            readings.insert(reading.instance_id.clone(), reading);
        }
        self.gpu.value = Some((Arc::new(readings.into_values().collect()), at));
    }
}

impl Inventory {
    /// Scopes of which nothing is known.
    pub fn new(scopes: impl IntoIterator<Item = Arc<Scope>>) -> Self {
        Self {
            scopes: scopes.into_iter().map(ScopeState::new).collect(),
        }
    }

    /// The scope of that name.
    pub fn scope(&self, name: &ScopeName) -> Option<&ScopeState> {
        self.scopes.iter().find(|state| state.name() == name)
    }

    /// Scopes that are shown: those that are not merged into another.
    pub fn shown(&self) -> impl Iterator<Item = &ScopeState> {
        self.scopes.iter().filter(|state| state.merged_into.is_none())
    }

    /// Forgets what a scope knew and drops the answers still under way.
    pub fn reset(&mut self, name: &ScopeName) {
        if let Some(state) = self.scopes.iter_mut().find(|state| state.name() == name) {
            *state = ScopeState {
                epoch: state.epoch + 1,
                selection: state.selection.clone(),
                lasting: state.lasting.clone(),
                restores: state.restores.clone(),
                ..ScopeState::new(state.scope.clone())
            };
        }
    }

    /// Narrows every scope to what belongs to the estate. A scope whose selection becomes another
    /// one is asked anew: what it knew was chosen by other rules.
    pub fn select(&mut self, selection: &Arc<Selection>) {
        let narrowed: Vec<ScopeName> = self
            .scopes
            .iter()
            .filter(|state| state.selection != *selection)
            .map(|state| state.name().clone())
            .collect();
        for name in narrowed {
            self.reset(&name);
        }
        for state in &mut self.scopes {
            state.selection = selection.clone();
        }
    }

    /// Notes that hosts with GPUs are being asked: of all questions the one that takes long enough
    /// for people to wonder.
    pub fn asked(&mut self, key: &SourceKey, at: Timestamp) {
        if key.source == Source::GpuProbe
            && let Some(state) = self.scopes.iter_mut().find(|state| *state.name() == key.scope)
        {
            state.gpu.asked(at);
        }
    }

    /// Takes in a part of an answer that is not whole yet. Only the GPU probe is answered in parts; parts of
    /// anything else are left alone.
    pub fn apply_part(&mut self, answer: &Answer) {
        if let Some(state) = self
            .scopes
            .iter_mut()
            .find(|state| *state.name() == answer.key.scope && state.epoch == answer.epoch)
            && answer.key.source == Source::GpuProbe
            && state.gpu.pending == Some(answer.asked_at)
            && let Ok(reply) = &answer.result
            && let ReplyData::ProbeOutputs(outputs) = &reply.data
        {
            state.store_probed(outputs, answer.at);
        }
    }

    /// Takes an answer in, whole or failed, and says what it changed. Answers may come in any order; one that
    /// is out of date changes nothing.
    pub fn apply(&mut self, answer: &Answer) -> Applied {
        let Some(index) = self
            .scopes
            .iter()
            .position(|state| *state.name() == answer.key.scope)
        else {
            return Applied::Dropped;
        };
        if self.scopes[index].epoch != answer.epoch {
            return Applied::Dropped;
        }
        let mut changed = false;
        let mut result = answer.result.clone();
        if answer.key.source == Source::Identity
            && let Ok(reply) = &answer.result
            && let ReplyData::Identity(identity) = &reply.data
        {
            let state = &self.scopes[index];
            if let Some(expected) = &state.scope.expected_account
                && *expected != identity.account
            {
                result = Err(Fault::new(
                    FaultKind::Credentials(CredentialFault::WrongAccount),
                    "sts",
                    "GetCallerIdentity",
                    format!("account {} instead of {expected}", identity.account),
                ));
            }
            if state.account().is_some_and(|known| known != identity.account) {
                let name = state.name().clone();
                self.reset(&name);
                changed = true;
            }
        }
        let state = &mut self.scopes[index];
        let stored = state.store(&answer.key.source, answer.asked_at, answer.at, &result);
        if answer.key.source == Source::Metrics(MetricGroup::Gpu)
            && let Some((readings, since)) = state.gpu.value.clone()
        {
            let readings = readings
                .iter()
                .cloned()
                .map(|reading| state.or_from_agent(reading, answer.at))
                .collect();
            state.gpu.value = Some((Arc::new(readings), since));
        }
        if answer.key.source == Source::Identity {
            self.merge_same_places();
        }
        if answer.key.source == Source::Identity || answer.key.source.is_account_wide() {
            self.gather_account_wide();
        }
        match (changed, stored) {
            (true, _) => Applied::AccountChanged,
            (false, true) => Applied::Stored,
            (false, false) => Applied::Dropped,
        }
    }

    /// Marks scopes that reach the account and region of an earlier one.
    fn merge_same_places(&mut self) {
        for index in 0..self.scopes.len() {
            let (earlier, rest) = self.scopes.split_at_mut(index);
            let state = &mut rest[0];
            state.merged_into = state.account().and_then(|account| {
                earlier
                    .iter()
                    .find(|other| {
                        other.merged_into.is_none()
                            && other.scope.region == state.scope.region
                            && other.account() == Some(account)
                    })
                    .map(|other| other.name().clone())
            });
        }
    }
}

#[cfg(test)]
mod tests;
