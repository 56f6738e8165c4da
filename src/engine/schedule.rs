//! What is to be asked, and how often: a pure function of what is known and what is looked at.

mod account;
mod groups;

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::config::settings::Cadences;
use crate::domain::focus::{Focus, Pace, Probing};
use crate::domain::gpu::{Vendor, vendor_of};
use crate::domain::inventory::{Inventory, Lasting, ScopeState, Source, SourceKey};
use crate::domain::metric::MetricGroup;
use crate::domain::metric_catalog;
use crate::domain::ops::{self, Query};
use crate::domain::policy::Selection;
use crate::domain::rules;
use crate::domain::sagemaker::Endpoint;
use crate::domain::trail::REGION_OF_GLOBAL;

/// A question that should be asked again each `cadence`.
#[derive(Debug, Clone, PartialEq)]
pub struct Want {
    /// Where the answer goes.
    pub key: SourceKey,
    /// The question.
    pub query: Query,
    /// How often.
    pub cadence: SignedDuration,
    /// How often while nobody looks: what the age of an answer is judged by, wherever one looks.
    pub slowest: SignedDuration,
    /// Changes when the question is about other resources than before: then it is asked at once.
    pub basis: u64,
}

/// What the estate and the settings say about collecting.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// What belongs to the estate: everything by default.
    pub selection: Arc<Selection>,
    /// The SSM document to run as GPU probe; by default our own line.
    pub probe_document: Option<String>,
    /// Whether nvidia-smi may be run at all; yes by default.
    pub probing: Probing,
    /// How often each kind of data is read while it is looked at.
    pub cadences: Cadences,
    /// What the owners of each scope have said: which tag splits their bill, since when they have
    /// credits. Nothing by default.
    pub policies: Arc<rules::Policies>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            selection: Arc::default(),
            probe_document: None,
            probing: Probing::Yes,
            cadences: Cadences::default(),
            policies: Arc::default(),
        }
    }
}

impl Wishes {
    /// How often the tail of a log group is asked for more.
    pub fn log_cadence(&self) -> SignedDuration {
        seconds(self.cadences.logs_s)
    }

    /// How long metrics say something about now: three of the slow cadence, and no less than usual. How
    /// long lists do follows from what is wanted.
    pub fn lasting(&self) -> Lasting {
        let Cadences {
            metrics_s,
            metrics_background_s,
            ..
        } = self.cadences;
        let slow = seconds(metrics_background_s.max(metrics_s));
        Lasting::of_metrics(Lasting::default().metrics.max(slow * 3))
    }
}

fn seconds(count: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(count))
}

/// How far back "what changed" looks.
pub const CHANGES_WINDOW: SignedDuration = SignedDuration::from_hours(2);
/// How far back training jobs are listed.
pub const TRAINING_WINDOW: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many times its cadence in front the slowest list of resources has while nobody looks.
const SLOWEST: i32 = 4;
/// How often AWS's own advice is read: it is made once a day.
const ADVICE: Cadence = fixed(6 * 3600, 12 * 3600);
/// Revisions read for one scope: each is a call of its own, and only their images are shown.
const MAX_TASK_DEFINITIONS: usize = 20;

/// Every question that should be asked again and again, with its cadence; scope by scope. What is in `focus`
/// is asked more often. The collector works out when each is due.
pub fn wants(inventory: &Inventory, focus: &Focus, wishes: &Wishes, now: Timestamp) -> Vec<Want> {
    let mut wants = Vec::new();
    for state in &inventory.scopes {
        let mut collect = Collecting::new(state, focus, wishes);
        match &state.merged_into {
            None => wants_of_scope(&mut collect, now),
            // Only whether it still is the place of the scope that is shown instead.
            Some(_) => collect.identity(),
        }
        wants.append(&mut collect.wants);
    }
    for leader in inventory.account_leaders() {
        let mut collect = Collecting::new(leader, focus, wishes);
        account::wants(&mut collect, now);
        wants_of_global(&mut collect, inventory);
        wants.append(&mut collect.wants);
    }
    wants
}

struct Collecting<'a> {
    state: &'a ScopeState,
    focus: &'a Focus,
    wishes: &'a Wishes,
    /// Sources without which others that are looked at cannot be narrowed to the estate.
    needed: BTreeSet<Source>,
    wants: Vec<Want>,
}

/// How often: in front, and while nobody looks.
type Cadence = (SignedDuration, SignedDuration);

/// A cadence of the settings, multiplied for the front and for while nobody looks.
fn each(setting: u32, front: i32, hidden: i32) -> Cadence {
    (seconds(setting) * front, seconds(setting) * hidden)
}

/// A cadence that nobody can set, seconds.
const fn fixed(front: i64, hidden: i64) -> Cadence {
    (
        SignedDuration::from_secs(front),
        SignedDuration::from_secs(hidden),
    )
}

impl<'a> Collecting<'a> {
    fn new(state: &'a ScopeState, focus: &'a Focus, wishes: &'a Wishes) -> Self {
        Self {
            state,
            focus,
            wishes,
            needed: needed(state, focus),
            wants: Vec::new(),
        }
    }

    fn identity(&mut self) {
        let query = Query::Sts(ops::sts::Read::CallerIdentity);
        self.want(Source::Identity, query, fixed(300, 300), ());
    }

    /// Whether nvidia-smi may be run, and somebody looks.
    fn probes(&self) -> bool {
        self.focus.gpu == Probing::Yes && self.wishes.probing == Probing::Yes
    }

    fn is_front(&self, source: &Source) -> bool {
        self.focus.front.contains(&source.kind())
    }

    /// Wants a source at the quick cadence in front, and at the slow one hidden.
    fn want(&mut self, source: Source, query: Query, (front, hidden): Cadence, basis: impl Hash) {
        let cadence = if self.is_front(&source) { front } else { hidden };
        self.want_at(source, query, (cadence, front.max(hidden)), basis);
    }

    /// Wants a source at one cadence, wherever one looks.
    fn want_each(&mut self, source: Source, query: Query, cadence: SignedDuration, basis: impl Hash) {
        self.want_at(source, query, (cadence, cadence), basis);
    }

    fn want_at(
        &mut self,
        source: Source,
        query: Query,
        (cadence, slowest): (SignedDuration, SignedDuration),
        basis: impl Hash,
    ) {
        let is_opened = |source: &Source| {
            let mut details = self.focus.details.iter();
            details.any(|detail| detail.scope == *self.state.name() && detail.source == *source)
        };
        if self.focus.pace == Pace::Once
            && !self.focus.front.contains(&source.kind())
            && !self.needed.contains(&source)
            && !is_opened(&source)
            && source != Source::Identity
        {
            return;
        }
        let unknown = |awaited: &&Source| !self.state.standing(awaited).is_settled();
        if self
            .state
            .awaited(&source)
            .iter()
            .any(|awaited| unknown(&awaited))
        {
            return;
        }
        let mut hasher = DefaultHasher::new();
        (basis, self.state.narrowing(&source)).hash(&mut hasher);
        let key = SourceKey {
            scope: self.state.name().clone(),
            source,
        };
        self.wants.push(Want {
            key,
            query,
            cadence,
            slowest,
            basis: hasher.finish(),
        });
    }
}

/// Sources that those in front await, and those that these await in turn.
fn needed(state: &ScopeState, focus: &Focus) -> BTreeSet<Source> {
    let mut needed = BTreeSet::new();
    let mut open: Vec<Source> = rules::sources()
        .filter(|source| focus.front.contains(&source.kind()))
        .collect();
    while let Some(source) = open.pop() {
        for awaited in state.awaited(&source) {
            if needed.insert(awaited.clone()) {
                open.push(awaited.clone());
            }
        }
    }
    needed
}

fn wants_of_scope(collect: &mut Collecting<'_>, now: Timestamp) {
    collect.identity();
    let since = now.saturating_sub(CHANGES_WINDOW).unwrap_or(Timestamp::MIN);
    wants_of_services(collect);
    groups::wants(collect, since);
    wants_of_instances(collect);
    wants_of_stores(collect, since);
    wants_of_network(collect, since);
    wants_of_models(collect, now);
    wants_of_delivery(collect);
    wants_of_functions(collect);
    wants_of_kubernetes(collect);
    wants_of_edge(collect);
    for &group in MetricGroup::ALL {
        wants_of_metrics(collect, group);
    }
    wants_of_details(collect, now);
    let region = collect.state.scope.region.clone();
    let recommendations = Query::Advice(ops::advice::Read::ComputeOptimizer { region });
    collect.want(Source::Recommendations, recommendations, ADVICE, ());
}

fn wants_of_services(collect: &mut Collecting<'_>) {
    use ops::ecs::Read;
    let state = collect.state;
    let Cadences {
        services_s,
        deployment_s,
        ..
    } = collect.wishes.cadences;
    let deploying = state
        .ecs
        .get()
        .is_some_and(|fleet| fleet.services.iter().any(ecs_is_moving));
    let cadence = if deploying {
        let quick = seconds(deployment_s);
        (quick, quick * 3 / 2)
    } else {
        each(services_s, 1, 2)
    };
    let fleet = if state.selection.is_everything() {
        Read::Fleet
    } else {
        Read::FleetOf((*state.selection).clone())
    };
    collect.want(Source::EcsFleet, Query::Ecs(fleet), cadence, ());
    let revisions = task_definitions(state);
    if !revisions.is_empty() {
        let query = Query::Ecs(Read::TaskDefinitions {
            revisions: revisions.clone(),
        });
        collect.want_each(
            Source::TaskDefinitions,
            query,
            SignedDuration::from_hours(24),
            revisions,
        );
    }
}

fn wants_of_stores(collect: &mut Collecting<'_>, since: Timestamp) {
    use ops::{elasticache, rds};
    let Cadences { data_s, .. } = collect.wishes.cadences;
    let instances = Query::Rds(rds::Read::Instances);
    collect.want(Source::DbInstances, instances, each(data_s, 1, 2), ());
    let clusters = Query::Rds(rds::Read::Clusters);
    collect.want(Source::DbClusters, clusters, each(data_s, 1, SLOWEST), ());
    let snapshots = Query::Rds(rds::Read::Snapshots);
    collect.want(Source::DbSnapshots, snapshots, fixed(120, 900), ());
    let maintenance = Query::Rds(rds::Read::PendingMaintenance);
    collect.want(Source::Maintenance, maintenance, fixed(900, 1800), ());
    let events = Query::Rds(rds::Read::Events { since });
    collect.want(Source::DbEvents, events, each(data_s, 2, 10), ());
    let parameter_groups: BTreeSet<String> = collect
        .state
        .db_instances
        .get()
        .into_iter()
        .flatten()
        .filter_map(|instance| instance.parameter_group.as_ref().map(|(name, _)| name.clone()))
        .collect();
    if !parameter_groups.is_empty() {
        let parameter_groups: Vec<String> = parameter_groups.into_iter().collect();
        let query = Query::Rds(rds::Read::ConnectionLimits {
            parameter_groups: parameter_groups.clone(),
        });
        collect.want_each(
            Source::ConnectionLimits,
            query,
            SignedDuration::from_hours(6),
            parameter_groups,
        );
    }
    let caches = Query::ElastiCache(elasticache::Read::Caches);
    collect.want(Source::Caches, caches, each(data_s, 1, 2), ());
    let events = Query::ElastiCache(elasticache::Read::Events { since });
    collect.want(Source::CacheEvents, events, each(data_s, 2, 10), ());
}

/// Lambda functions, and what Application Auto Scaling moves.
fn wants_of_functions(collect: &mut Collecting<'_>) {
    use ops::{application_auto_scaling, lambda};
    let state = collect.state;
    let functions = if state.selection.is_everything() {
        lambda::Read::Functions
    } else {
        lambda::Read::FunctionsOf((*state.selection).clone())
    };
    // Four calls for each function: what nobody looks at can wait, since metrics tell of trouble.
    collect.want(Source::Functions, Query::Lambda(functions), fixed(60, 600), ());
    let scaling = Query::ApplicationAutoScaling(application_auto_scaling::Read::Everything);
    collect.want(Source::Scaling, scaling, fixed(60, 600), ());
}

/// Clusters and node groups; add-ons, insights and versions change by the day.
fn wants_of_kubernetes(collect: &mut Collecting<'_>) {
    use ops::eks::Read;
    collect.want(Source::Kubernetes, Query::Eks(Read::Clusters), fixed(60, 600), ());
    let known = collect.state.kubernetes.get();
    let clusters: Vec<String> = known
        .into_iter()
        .flat_map(|known| &known.clusters)
        .map(|cluster| cluster.arn.clone())
        .collect();
    // Without a cluster there is nothing to ask.
    if !clusters.is_empty() {
        let upgrades = Query::Eks(Read::Upgrades);
        collect.want(Source::ClusterUpgrades, upgrades, fixed(1800, 6 * 3600), clusters);
    }
}

fn wants_of_network(collect: &mut Collecting<'_>, since: Timestamp) {
    use ops::{cloudwatch, elb, logs, sqs, ssm};
    let Cadences {
        targets_s,
        alarms_s,
        queues_s,
        ..
    } = collect.wishes.cadences;
    let balancing = Query::Elb(elb::Read::Balancing);
    collect.want(Source::Balancing, balancing, each(targets_s, 1, 2), ());
    let alarms = Query::CloudWatch(cloudwatch::Read::Alarms);
    collect.want(Source::Alarms, alarms, each(alarms_s, 1, 2), ());
    let history = Query::CloudWatch(cloudwatch::Read::AlarmHistory { since });
    collect.want(Source::AlarmHistory, history, each(alarms_s, 2, 4), ());
    let queues = Query::Sqs(sqs::Read::Queues);
    collect.want(Source::Queues, queues, each(queues_s, 1, SLOWEST), ());
    let groups = Query::Logs(logs::Read::Groups);
    collect.want(Source::LogGroups, groups, fixed(300, 900), ());
    if collect.probes() {
        collect.want_each(
            Source::GpuMetricList,
            Query::CloudWatch(cloudwatch::Read::GpuMetricList),
            SignedDuration::from_mins(30),
            (),
        );
        let hosts = Query::Ssm(ssm::Read::Hosts);
        collect.want(Source::Hosts, hosts, fixed(60, 300), ());
    }
}

/// SageMaker: a list that is empty costs one call, and is asked for seldom while nobody looks.
fn wants_of_models(collect: &mut Collecting<'_>, now: Timestamp) {
    use ops::{application_auto_scaling, sagemaker};
    let moving = collect.state.endpoints.get().into_iter().flatten();
    let cadence = if moving.into_iter().any(Endpoint::is_busy) {
        fixed(20, 60)
    } else {
        fixed(60, 600)
    };
    let endpoints = Query::Sagemaker(sagemaker::Read::Endpoints);
    collect.want(Source::Endpoints, endpoints, cadence, ());
    if collect
        .state
        .endpoints
        .get()
        .is_some_and(|known| !known.is_empty())
    {
        let targets = Query::ApplicationAutoScaling(application_auto_scaling::Read::EndpointTargets);
        collect.want(Source::EndpointTargets, targets, fixed(60, 600), ());
    }
    // By the hour, so that the question stays the same between two of them.
    let hour = now.as_second().div_euclid(3600) * 3600;
    let hour = Timestamp::from_second(hour).unwrap_or(now);
    let since = hour.saturating_sub(TRAINING_WINDOW).unwrap_or(Timestamp::MIN);
    let jobs = Query::Sagemaker(sagemaker::Read::TrainingJobs { since });
    collect.want(Source::TrainingJobs, jobs, fixed(60, 600), ());
    let notebooks = Query::Sagemaker(sagemaker::Read::Notebooks);
    collect.want(Source::Notebooks, notebooks, fixed(60, 600), ());
}

/// Pipelines, builds and image repositories.
fn wants_of_delivery(collect: &mut Collecting<'_>) {
    use ops::{codebuild, codepipeline, ecr};
    let pipelines = Query::CodePipeline(codepipeline::Read::Pipelines);
    collect.want(Source::Pipelines, pipelines, fixed(30, 300), ());
    let names: Vec<String> = collect
        .state
        .pipelines
        .get()
        .into_iter()
        .flatten()
        .map(|pipeline| pipeline.name.clone())
        .collect();
    if !names.is_empty() {
        let executions = Query::CodePipeline(codepipeline::Read::Executions {
            pipelines: names.clone(),
        });
        collect.want(Source::PipelineExecutions, executions, fixed(60, 600), names);
    }
    let projects = Query::CodeBuild(codebuild::Read::Projects);
    collect.want(Source::BuildProjects, projects, fixed(60, 600), ());
    // Those that services run from belong to the estate whatever their names are.
    let deployed: BTreeSet<&str> = collect
        .state
        .task_definitions
        .get()
        .filter(|_| !collect.state.selection.is_everything())
        .into_iter()
        .flatten()
        .flat_map(|definition| &definition.containers)
        .map(|container| container.image.as_str())
        .collect();
    let repositories = Query::Ecr(ecr::Read::Repositories);
    collect.want(Source::Repositories, repositories, fixed(120, 900), deployed);
}

/// GPUs of the types in use, Spot prices of the Spot ones, and the probe of the GPU hosts.
fn wants_of_instances(collect: &mut Collecting<'_>) {
    use crate::domain::ec2::Purchase;
    let Some(instances) = collect.state.instances.get() else {
        return;
    };
    let types: BTreeSet<String> = instances
        .iter()
        .filter(|instance| has_nvidia(&instance.instance_type))
        .map(|instance| instance.instance_type.clone())
        .collect();
    if !types.is_empty() {
        let types: Vec<String> = types.into_iter().collect();
        let query = Query::Ec2(ops::ec2::Read::InstanceTypes { types: types.clone() });
        collect.want_each(
            Source::InstanceTypes,
            query,
            SignedDuration::from_hours(24),
            types,
        );
    }
    // Of GPU types, too, which are the ones worth having on Spot; asking is free.
    let spot: BTreeSet<String> = instances
        .iter()
        .filter(|instance| instance.is_running())
        .filter(|instance| instance.purchase == Purchase::Spot || has_nvidia(&instance.instance_type))
        .map(|instance| instance.instance_type.clone())
        .collect();
    if !spot.is_empty() {
        let types: Vec<String> = spot.into_iter().collect();
        let query = Query::Ec2(ops::ec2::Read::SpotPrices { types: types.clone() });
        collect.want_each(Source::SpotPrices, query, SignedDuration::from_mins(15), types);
    }
    if collect.probes() {
        let hosts: Vec<String> = instances
            .iter()
            .filter(|instance| instance.is_running() && has_nvidia(&instance.instance_type))
            .map(|instance| instance.id.clone())
            .collect();
        if !hosts.is_empty() {
            let query = Query::Ssm(ops::ssm::Read::GpuProbe {
                instances: hosts.clone(),
                document: collect.wishes.probe_document.clone(),
            });
            let cadence = seconds(collect.wishes.cadences.gpu_s);
            collect.want_each(Source::GpuProbe, query, cadence, hosts);
        }
    }
}

/// A batch of metrics, once everything that it is about has been listed.
fn wants_of_metrics(collect: &mut Collecting<'_>, group: MetricGroup) {
    let listed: &[Source] = match group {
        MetricGroup::Ecs => &[Source::EcsFleet],
        MetricGroup::Ec2 => &[Source::Instances],
        MetricGroup::Rds => &[Source::DbInstances, Source::DbClusters],
        MetricGroup::Redis => &[Source::Caches],
        MetricGroup::Elb => &[Source::Balancing],
        MetricGroup::Queue => &[Source::Queues],
        MetricGroup::Gpu => &[Source::GpuMetricList],
        MetricGroup::Nat => &[Source::NatGateways],
        MetricGroup::Sagemaker => &[Source::Endpoints, Source::TrainingJobs],
        MetricGroup::Lambda => &[Source::Functions],
        MetricGroup::Logs => &[Source::LogGroups],
        // Of the account: see `wants_of_global`.
        MetricGroup::Distribution => return,
    };
    if !listed
        .iter()
        .all(|source| collect.state.standing(source).is_settled())
    {
        return;
    }
    let source = Source::Metrics(group);
    let looked_at = collect.is_front(&source) && collect.focus.pace != Pace::Once;
    let wanted = match group {
        MetricGroup::Gpu => true,
        // Only what could be saved follows from it: whoever looks at that pays for it.
        MetricGroup::Logs => collect.is_front(&source),
        _ => group.feeds_rules() || looked_at,
    };
    if !wanted {
        return;
    }
    let specs = metric_catalog::specs(group, collect.state);
    if specs.is_empty() {
        return;
    }
    let Cadences {
        metrics_s,
        metrics_background_s,
        ..
    } = collect.wishes.cadences;
    // While nobody looks, alarms carry detection.
    let cadence = (seconds(metrics_s), seconds(metrics_background_s));
    let basis: Vec<_> = specs.iter().map(|spec| spec.id.clone()).collect();
    let query = Query::CloudWatch(ops::cloudwatch::Read::Metrics { specs });
    match group {
        // The mean of a week.
        MetricGroup::Logs => collect.want_each(source, query, SignedDuration::from_hours(6), basis),
        _ => collect.want(source, query, cadence, basis),
    }
}

/// Ways in and out of the region's networks, its certificates, its secrets.
fn wants_of_edge(collect: &mut Collecting<'_>) {
    use ops::{acm, ec2, elb, secretsmanager, ssm};
    let endpoints = Query::Ec2(ec2::Read::VpcEndpoints);
    collect.want(Source::VpcEndpoints, endpoints, fixed(300, 3600), ());
    let balancers: Vec<String> = collect
        .state
        .balancing
        .get()
        .into_iter()
        .flat_map(|balancing| &balancing.load_balancers)
        .map(|balancer| balancer.arn.clone())
        .collect();
    if !balancers.is_empty() {
        let query = Query::Elb(elb::Read::Listeners {
            load_balancers: balancers.clone(),
        });
        collect.want(Source::Listeners, query, fixed(300, 3600), balancers);
    }
    // Each certificate is a call, and changes by the day.
    let certificates = Query::Acm(acm::Read::Certificates);
    collect.want(Source::Certificates, certificates, fixed(600, 3600), ());
    let secrets = Query::SecretsManager(secretsmanager::Read::Secrets);
    collect.want(Source::Secrets, secrets, fixed(300, 3600), ());
    let parameters = Query::Ssm(ssm::Read::Parameters);
    collect.want(Source::Parameters, parameters, fixed(300, 3600), ());
}

/// What the account has once, whatever region is watched: buckets, CloudFront, Route 53.
fn wants_of_global(collect: &mut Collecting<'_>, inventory: &Inventory) {
    use ops::{acm, cloudfront, route53, s3};
    let state = collect.state;
    // Four calls for each bucket, about what changes by the week.
    if let Some(account) = state.account() {
        let buckets = Query::S3(s3::Read::Buckets {
            account: account.to_owned(),
        });
        collect.want(Source::Buckets, buckets, fixed(600, 3600), ());
    }
    let named: Vec<(String, String)> = state
        .buckets
        .get()
        .into_iter()
        .flatten()
        .filter_map(|bucket| Some((bucket.name.clone(), bucket.region.clone()?)))
        .collect();
    if !named.is_empty() {
        let query = Query::S3(s3::Read::Storage {
            buckets: named.clone(),
        });
        // CloudWatch counts once a day.
        collect.want_each(Source::BucketStorage, query, SignedDuration::from_hours(6), named);
    }
    let distributions = Query::CloudFront(cloudfront::Read::Distributions);
    collect.want(Source::Distributions, distributions, fixed(60, 600), ());
    let source = Source::Metrics(MetricGroup::Distribution);
    let specs = metric_catalog::specs(MetricGroup::Distribution, state);
    if !specs.is_empty() {
        let Cadences {
            metrics_s,
            metrics_background_s,
            ..
        } = collect.wishes.cadences;
        let cadence = (seconds(metrics_s), seconds(metrics_background_s));
        let basis: Vec<_> = specs.iter().map(|spec| spec.id.clone()).collect();
        let query = Query::CloudFront(cloudfront::Read::Metrics { specs });
        collect.want(source, query, cadence, basis);
    }
    // Those of us-east-1 are read anyway where it is one of the account's scopes.
    let is_watched = inventory
        .shown()
        .any(|other| other.account() == state.account() && other.scope.region == REGION_OF_GLOBAL);
    if !is_watched && state.distributions.get().is_some_and(|all| !all.is_empty()) {
        let certificates = Query::Acm(acm::Read::EdgeCertificates);
        collect.want(Source::EdgeCertificates, certificates, fixed(600, 3600), ());
    }
    let dns = Query::Route53(route53::Read::Dns);
    collect.want(Source::Dns, dns, fixed(60, 600), ());
}

/// What somebody opened: tasks and history of a service, CloudTrail of a resource.
fn wants_of_details(collect: &mut Collecting<'_>, now: Timestamp) {
    let state = collect.state;
    let service = |arn: &str| {
        state
            .ecs
            .get()
            .and_then(|fleet| fleet.services.iter().find(|one| one.arn == arn))
    };
    let details: Vec<Source> = collect
        .focus
        .details
        .iter()
        .filter(|key| key.scope == *state.name())
        .map(|key| key.source.clone())
        .collect();
    for source in details {
        match &source {
            Source::EcsTasks(arn) => {
                let Some(service) = service(arn) else { continue };
                let query = Query::Ecs(ops::ecs::Read::Tasks {
                    cluster: service.cluster.clone(),
                    service: service.name.clone(),
                });
                collect.want_each(source, query, SignedDuration::from_secs(15), ());
            }
            Source::EcsDeployments(arn) => {
                let Some(service) = service(arn) else { continue };
                let query = Query::Ecs(ops::ecs::Read::Deployments {
                    cluster: service.cluster.clone(),
                    service: service.name.clone(),
                });
                collect.want_each(source, query, SignedDuration::from_secs(60), ());
            }
            Source::FunctionVersions(arn) => {
                let known = state.functions.get().map(|known| known.functions.as_slice());
                let function = known.unwrap_or_default().iter().find(|one| one.arn == *arn);
                let Some(function) = function else { continue };
                let query = Query::Lambda(ops::lambda::Read::Versions {
                    function: function.name.clone(),
                });
                collect.want_each(source, query, SignedDuration::from_mins(5), ());
            }
            Source::Trail(lookup) => {
                let query = Query::CloudTrail(ops::cloudtrail::Read::Lookup {
                    resource: lookup.resource.clone(),
                    since: now.saturating_sub(lookup.back.span()).unwrap_or(Timestamp::MIN),
                    region: lookup.region.clone(),
                });
                collect.want_each(source, query, SignedDuration::from_mins(15), ());
            }
            _ => {}
        }
    }
}

fn ecs_is_moving(service: &crate::domain::ecs::Service) -> bool {
    service.is_deploying() || service.pending > 0
}

/// Revisions to read: of every service while there are few, else only of those that are not well.
fn task_definitions(state: &ScopeState) -> Vec<String> {
    let Some(fleet) = state.ecs.get() else {
        return Vec::new();
    };
    let of = |all: bool| -> BTreeSet<&str> {
        fleet
            .services
            .iter()
            .filter(|service| all || service.is_deploying() || service.running < service.desired)
            .map(|service| service.task_definition.as_str())
            .collect()
    };
    let mut revisions = of(true);
    if revisions.len() > MAX_TASK_DEFINITIONS {
        revisions = of(false);
    }
    revisions
        .into_iter()
        .take(MAX_TASK_DEFINITIONS)
        .map(str::to_owned)
        .collect()
}

/// Whether nvidia-smi has something to say on instances of the type.
fn has_nvidia(instance_type: &str) -> bool {
    vendor_of(instance_type) == Some(Vendor::Nvidia)
}
