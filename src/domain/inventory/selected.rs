//! What of an answer belongs to the estate.
//!
//! AWS tells the tags of services, groups, instances and databases with the resources themselves;
//! those are selected by tag or name. Everything else is selected by its name, or by what it belongs
//! to: the target groups of a selected service, the snapshots of a selected database, the alarms on
//! any of them. [`ScopeState::awaited`] says what has to be known before that can be told.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{ScopeState, Source};
use crate::domain::alarm::Alarm;
use crate::domain::certificate::Certificate;
use crate::domain::delivery::Pipeline;
use crate::domain::distribution::Distribution;
use crate::domain::ec2::Instance;
use crate::domain::ecr::ImageName;
use crate::domain::ecs::Fleet;
use crate::domain::elb::{self, Balancing};
use crate::domain::ids::{Tag, last_segment};
use crate::domain::kubernetes::Kubernetes;
use crate::domain::metric::MetricId;
use crate::domain::ops::ReplyData;
use crate::domain::policy::Selection;
use crate::domain::sagemaker::NotebookForm;
use crate::domain::scalable::Scaled;

/// Sources whose answers can be narrowed only once others are known.
const AWAITED: &[(Source, &[Source])] = &[
    (Source::Instances, &[Source::Groups]),
    (Source::Activities, &[Source::Groups]),
    (Source::GroupPolicies, &[Source::Groups]),
    (Source::Hosts, &[Source::Instances]),
    (Source::GpuMetricList, &[Source::Instances]),
    (Source::DbInstances, &[Source::DbClusters]),
    (Source::DbSnapshots, &[Source::DbInstances, Source::DbClusters]),
    (Source::Maintenance, &[Source::DbInstances, Source::DbClusters]),
    (Source::DbEvents, &[Source::DbInstances, Source::DbClusters]),
    (Source::CacheEvents, &[Source::Caches]),
    (Source::Balancing, &[Source::EcsFleet, Source::Groups]),
    (Source::AlarmHistory, &[Source::Alarms]),
    (Source::VpcEndpoints, &[Source::NatGateways]),
    (Source::Certificates, &[Source::Balancing]),
    (Source::EdgeCertificates, &[Source::Distributions]),
    (Source::Pipelines, &[Source::EcsFleet]),
    (Source::PipelineExecutions, &[Source::Pipelines]),
    (Source::BuildProjects, &[Source::Pipelines]),
    (Source::ClusterUpgrades, &[Source::Kubernetes]),
    (Source::Scaling, &[Source::EcsFleet]),
];

/// What alarms await where resources are selected by tag: their dimensions have no tags.
const ALARMS_AWAIT: &[Source] = &[
    Source::EcsFleet,
    Source::Groups,
    Source::Instances,
    Source::DbInstances,
    Source::Balancing,
];

impl ScopeState {
    /// The sources that must be known before the answer of this one can be narrowed to what belongs
    /// to the estate; none where everything does.
    pub fn awaited(&self, source: &Source) -> &'static [Source] {
        if self.selection.is_everything() {
            return &[];
        }
        if *source == Source::Alarms && !self.selection.tags.is_empty() {
            return ALARMS_AWAIT;
        }
        AWAITED
            .iter()
            .find(|(waiting, _)| waiting == source)
            .map_or(&[], |(_, awaited)| awaited)
    }

    /// Changes when what is known of the sources that this one awaits would narrow its answer in
    /// another way.
    pub fn narrowing(&self, source: &Source) -> u64 {
        let mut hasher = DefaultHasher::new();
        for awaited in self.awaited(source) {
            fingerprint(self, awaited).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// The answer without what does not belong to the estate.
pub(super) fn of<'a>(state: &ScopeState, source: &Source, data: &'a ReplyData) -> Cow<'a, ReplyData> {
    if state.selection.is_everything() {
        return Cow::Borrowed(data);
    }
    let mut narrowed = data.clone();
    narrow(state, source, &mut narrowed);
    Cow::Owned(narrowed)
}

fn narrow(state: &ScopeState, source: &Source, data: &mut ReplyData) {
    let selection = &*state.selection;
    match data {
        ReplyData::EcsFleet(fleet) => fleet_of(selection, fleet),
        ReplyData::Groups(groups) => groups.retain(|group| includes(selection, &group.name, &group.tags)),
        ReplyData::Activities(activities) => {
            activities.retain(|activity| has_group(state, &activity.group));
        }
        ReplyData::GroupPolicies(policies) => policies.retain(|policy| has_group(state, &policy.group)),
        ReplyData::Instances(instances) => instances.retain(|instance| has_instance(state, instance)),
        ReplyData::NatGateways(gateways) => gateways.retain(|gateway| {
            selection.includes_name(&gateway.id)
                || gateway
                    .name
                    .as_ref()
                    .is_some_and(|name| selection.includes_name(name))
        }),
        ReplyData::ManagedHosts(hosts) => {
            let known = instances(state);
            hosts.retain(|host| known.contains(host.instance_id.as_str()));
        }
        ReplyData::MetricList(metrics) => {
            let known = instances(state);
            metrics.retain(|metric| dimension(metric, "InstanceId").is_some_and(|id| known.contains(id)));
        }
        ReplyData::DbInstances(databases) => databases.retain(|database| {
            includes(selection, &database.name, &database.tags)
                || database
                    .cluster
                    .as_ref()
                    .is_some_and(|cluster| stores(state).contains(cluster.as_str()))
        }),
        ReplyData::DbClusters(clusters) => {
            clusters.retain(|cluster| includes(selection, &cluster.name, &cluster.tags));
        }
        ReplyData::DbSnapshots(snapshots) => {
            let known = stores(state);
            snapshots.retain(|snapshot| {
                known.contains(snapshot.source.as_str()) || selection.includes_name(&snapshot.source)
            });
        }
        ReplyData::Maintenance(pending) => {
            let known = stores(state);
            pending.retain(|pending| known.contains(last_segment(&pending.resource)));
        }
        ReplyData::StoreEvents(events) => {
            let known = match source {
                Source::CacheEvents => caches(state),
                _ => stores(state),
            };
            events.retain(|event| {
                known.contains(event.source.as_str()) || selection.includes_name(&event.source)
            });
        }
        ReplyData::Caches(caches) => caches.retain(|cache| selection.includes_name(&cache.name)),
        ReplyData::Balancing(balancing) => balancing_of(state, balancing),
        ReplyData::Alarms(alarms) => alarms_of(state, alarms),
        ReplyData::AlarmHistory(transitions) => {
            let known: BTreeSet<&str> = list(state.alarms.get())
                .map(|alarm| alarm.name.as_str())
                .collect();
            transitions.retain(|transition| known.contains(transition.alarm.as_str()));
        }
        ReplyData::Queues(queues) => queues.retain(|queue| selection.includes_name(&queue.name)),
        ReplyData::Budgets(budgets) => budgets.retain(|budget| selection.includes_name(&budget.name)),
        ReplyData::Endpoints(endpoints) => {
            endpoints.retain(|endpoint| includes(selection, &endpoint.name, &endpoint.tags));
        }
        ReplyData::TrainingJobs(jobs) => jobs.retain(|job| selection.includes_name(&job.name)),
        ReplyData::Notebooks(notebooks) => notebooks.retain(|notebook| {
            selection.includes_name(&notebook.name)
                || matches!(&notebook.form, NotebookForm::App { owner, .. } if selection.includes_name(owner.name()))
        }),
        ReplyData::LogGroups(groups) => groups.retain(|group| has_path(selection, &group.name)),
        ReplyData::Buckets(buckets) => buckets.retain(|bucket| selection.includes_name(&bucket.name)),
        ReplyData::Distributions(distributions) => {
            distributions.retain(|distribution| has_distribution(selection, distribution));
        }
        ReplyData::Certificates(certificates) => certificates.retain(|certificate| {
            selection.includes_name(&certificate.domain) || is_used(state, certificate)
        }),
        ReplyData::Dns(dns) => dns.health_checks.retain(|check| {
            let target = check.target.as_ref();
            selection.includes_name(check.name())
                || target.is_some_and(|target| selection.includes_name(target))
        }),
        ReplyData::VpcEndpoints(endpoints) => {
            let vpcs: BTreeSet<&str> = list(state.nat_gateways.get())
                .filter_map(|gateway| gateway.vpc.as_deref())
                .collect();
            endpoints.retain(|endpoint| {
                let name = endpoint.name.as_ref();
                name.is_some_and(|name| selection.includes_name(name))
                    || endpoint.vpc.as_deref().is_some_and(|vpc| vpcs.contains(vpc))
            });
        }
        ReplyData::Secrets(secrets) => secrets.retain(|secret| has_path(selection, &secret.name)),
        ReplyData::Parameters(parameters) => {
            parameters.retain(|parameter| has_path(selection, &parameter.name));
        }
        ReplyData::Pipelines(pipelines) => pipelines.retain(|pipeline| has_pipeline(state, pipeline)),
        ReplyData::PipelineExecutions(executions) => {
            let known = list(state.pipelines.get()).map(|one| one.name.as_str());
            let known: BTreeSet<&str> = known.collect();
            executions.retain(|execution| known.contains(execution.pipeline.as_str()));
        }
        ReplyData::BuildProjects(projects) => {
            let used = built_for(state);
            projects.retain(|project| {
                selection.includes_name(&project.name) || used.contains(project.name.as_str())
            });
        }
        ReplyData::Repositories(repositories) => {
            let used = deployed_from(state);
            repositories.retain(|repository| {
                selection.includes_name(&repository.name) || used.contains(repository.uri.as_str())
            });
        }
        ReplyData::Functions(known) => known
            .functions
            .retain(|function| includes(selection, &function.name, &function.tags)),
        ReplyData::Kubernetes(known) => kubernetes_of(selection, known),
        ReplyData::ClusterUpgrades(upgrades) => {
            let known = eks_clusters(state);
            upgrades
                .addons
                .retain(|addon| known.contains(addon.cluster.as_str()));
            upgrades
                .insights
                .retain(|insight| known.contains(insight.cluster.as_str()));
        }
        ReplyData::Scaling(targets) => targets.retain(|target| is_scaled_here(state, target)),
        // Of the account, or asked about resources that have been selected already.
        ReplyData::Identity(_)
        | ReplyData::Command(_)
        | ReplyData::Topic(_)
        | ReplyData::HttpAnswer(_)
        | ReplyData::EcsTasks(_)
        | ReplyData::TaskDefinitions(_)
        | ReplyData::ServiceDeployments(_)
        | ReplyData::InstanceRefreshes(_)
        | ReplyData::InstanceTypes(_)
        | ReplyData::SpotPrices(_)
        | ReplyData::ProbeOutputs(_)
        | ReplyData::ConnectionLimits(_)
        | ReplyData::DbProxies(_)
        | ReplyData::CacheSnapshots(_)
        | ReplyData::CacheNodeTypes(_)
        | ReplyData::HostedZones(_)
        | ReplyData::RecordSets(_)
        | ReplyData::DnsChange(_)
        | ReplyData::Metrics(_)
        | ReplyData::LogPage(_)
        | ReplyData::Usage(_)
        | ReplyData::Advices(_)
        | ReplyData::Forecast(_)
        | ReplyData::Anomalies(_)
        | ReplyData::Trail(_)
        | ReplyData::Revisions(_)
        | ReplyData::Images(_)
        | ReplyData::Stacks(_)
        | ReplyData::FunctionVersions(_)
        | ReplyData::NodegroupUpdate(_)
        | ReplyData::ScalableTargets(_)
        | ReplyData::EndpointConfigs(_)
        | ReplyData::BucketStorage(_)
        | ReplyData::Invalidations(_)
        | ReplyData::Listeners(_) => {}
    }
}

fn includes(selection: &Selection, name: &str, tags: &[Tag]) -> bool {
    selection.includes(
        name,
        tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())),
    )
}

fn fleet_of(selection: &Selection, fleet: &mut Fleet) {
    fleet.services.retain(|service| {
        selection.includes_cluster(&service.cluster) || includes(selection, &service.name, &service.tags)
    });
    let services = &fleet.services;
    fleet.clusters.retain(|cluster| {
        selection.includes_cluster(&cluster.name)
            || services.iter().any(|service| service.cluster == cluster.name)
    });
}

/// Pipelines by name, or because they deploy a selected service.
fn has_pipeline(state: &ScopeState, pipeline: &Pipeline) -> bool {
    let services = state.ecs.get().map(|fleet| fleet.services.as_slice());
    state.selection.includes_name(&pipeline.name)
        || services.unwrap_or_default().iter().any(|service| {
            let mut stages = pipeline.stages_of(&service.cluster, &service.name);
            stages.next().is_some()
        })
}

/// Projects of CodeBuild that selected pipelines run.
fn built_for(state: &ScopeState) -> BTreeSet<&str> {
    list(state.pipelines.get())
        .flat_map(|pipeline| &pipeline.stages)
        .flat_map(|stage| &stage.actions)
        .filter_map(|action| action.project.as_deref())
        .collect()
}

/// Registries and repositories that selected services run from.
fn deployed_from(state: &ScopeState) -> BTreeSet<&str> {
    list(state.task_definitions.get())
        .flat_map(|definition| &definition.containers)
        .map(|container| ImageName::parse(&container.image).repository)
        .collect()
}

/// Clusters by name or tag, node groups with their clusters or by their own.
fn kubernetes_of(selection: &Selection, known: &mut Kubernetes) {
    known.clusters.retain(|cluster| {
        selection.includes_cluster(&cluster.name) || includes(selection, &cluster.name, &cluster.tags)
    });
    let clusters = &known.clusters;
    known.nodegroups.retain(|group| {
        clusters.iter().any(|cluster| cluster.name == group.cluster)
            || includes(selection, &group.name, &group.tags)
    });
}

/// Names of the selected EKS clusters.
fn eks_clusters(state: &ScopeState) -> BTreeSet<&str> {
    state
        .kubernetes
        .get()
        .into_iter()
        .flat_map(|known| &known.clusters)
        .map(|cluster| cluster.name.as_str())
        .collect()
}

/// Scaled services by what is selected of ECS, everything else by name.
fn is_scaled_here(state: &ScopeState, target: &Scaled) -> bool {
    match target.service() {
        Some((cluster, service)) => {
            let known = state.ecs.get().into_iter().flat_map(|fleet| &fleet.services);
            state.selection.includes_cluster(cluster)
                || known
                    .into_iter()
                    .any(|one| one.cluster == cluster && one.name == service)
        }
        None => state.selection.includes_name(target.name()),
    }
}

fn has_group(state: &ScopeState, name: &str) -> bool {
    state.selection.includes_name(name) || list(state.groups.get()).any(|group| group.name == name)
}

fn has_instance(state: &ScopeState, instance: &Instance) -> bool {
    let name = instance.name.as_deref().unwrap_or(&instance.id);
    includes(&state.selection, name, &instance.tags)
        || state.selection.includes_name(&instance.id)
        || instance.group().is_some_and(|group| has_group(state, group))
}

/// Ids of the selected instances.
fn instances(state: &ScopeState) -> BTreeSet<&str> {
    list(state.instances.get())
        .map(|instance| instance.id.as_str())
        .collect()
}

/// Names of the selected databases and database clusters.
fn stores(state: &ScopeState) -> BTreeSet<&str> {
    let databases = list(state.db_instances.get()).map(|database| database.name.as_str());
    let clusters = list(state.db_clusters.get()).map(|cluster| cluster.name.as_str());
    databases.chain(clusters).collect()
}

/// Names of the selected caches and of their nodes.
fn caches(state: &ScopeState) -> BTreeSet<&str> {
    list(state.caches.get())
        .flat_map(|cache| {
            let nodes = cache.shards.iter().flat_map(|shard| &shard.nodes);
            std::iter::once(cache.name.as_str()).chain(nodes.map(|node| node.cluster_id.as_str()))
        })
        .collect()
}

/// Target groups by name, by their load balancer's name, or because selected services or groups
/// register with them; load balancers by name, or because a selected target group is behind them.
fn balancing_of(state: &ScopeState, balancing: &mut Balancing) {
    let selection = &*state.selection;
    let services = state.ecs.get().map(|fleet| fleet.services.as_slice());
    let used: BTreeSet<&str> = services
        .unwrap_or_default()
        .iter()
        .flat_map(|service| &service.target_groups)
        .chain(list(state.groups.get()).flat_map(|group| &group.target_groups))
        .map(String::as_str)
        .collect();
    let chosen: BTreeSet<String> = balancing
        .load_balancers
        .iter()
        .filter(|balancer| selection.includes_name(&balancer.name))
        .map(|balancer| balancer.arn.clone())
        .collect();
    balancing.target_groups.retain(|group| {
        selection.includes_name(&group.name)
            || used.contains(group.arn.as_str())
            || group.load_balancers.iter().any(|arn| chosen.contains(arn))
    });
    let groups = &balancing.target_groups;
    balancing.load_balancers.retain(|balancer| {
        chosen.contains(&balancer.arn)
            || groups
                .iter()
                .any(|group| group.load_balancers.contains(&balancer.arn))
    });
}

/// Alarms by name or by what they watch; composite ones also by the alarms they are made of.
fn alarms_of(state: &ScopeState, alarms: &mut Vec<Alarm>) {
    let known = dimension_values(state);
    let selection = &*state.selection;
    let is_ours = |alarm: &Alarm| {
        let dimensions = alarm.metric.as_ref().map(|metric| metric.dimensions.as_slice());
        selection.includes_name(&alarm.name)
            || dimensions.unwrap_or_default().iter().any(|(name, value)| {
                // Dimensions of load balancers are parts of an ARN: `targetgroup/NAME/HASH`.
                let short = value.split('/').nth(1).unwrap_or(value);
                known.contains(value.as_str())
                    || match name.as_str() {
                        "ClusterName" => selection.includes_cluster(value),
                        _ => selection.includes_name(short),
                    }
            })
    };
    let ours: BTreeSet<String> = alarms
        .iter()
        .filter(|alarm| is_ours(alarm))
        .map(|alarm| alarm.name.clone())
        .collect();
    alarms.retain(|alarm| {
        let of_ours = |rule: &String| rule.split('"').skip(1).step_by(2).any(|name| ours.contains(name));
        ours.contains(&alarm.name) || alarm.composite_rule.as_ref().is_some_and(of_ours)
    });
}

/// How CloudWatch names the selected resources that may have been selected by tag. Names of services
/// are left out: those of other clusters may be the same.
fn dimension_values(state: &ScopeState) -> BTreeSet<&str> {
    let balancing = state.balancing.get();
    let balancers = balancing.map(|balancing| balancing.load_balancers.as_slice());
    let target_groups = balancing.map(|balancing| balancing.target_groups.as_slice());
    list(state.groups.get())
        .map(|group| group.name.as_str())
        .chain(instances(state))
        .chain(stores(state))
        .chain(
            balancers
                .unwrap_or_default()
                .iter()
                .filter_map(|balancer| elb::load_balancer_dimension(&balancer.arn)),
        )
        .chain(
            target_groups
                .unwrap_or_default()
                .iter()
                .filter_map(|group| elb::target_group_dimension(&group.arn)),
        )
        .collect()
}

/// A distribution by its id, by a name that viewers use, by its comment, or by where it fetches from:
/// buckets are named after the estate.
fn has_distribution(selection: &Selection, distribution: &Distribution) -> bool {
    let bucket = |domain: &str| {
        domain
            .split(".s3")
            .next()
            .is_some_and(|name| selection.includes_name(name))
    };
    selection.includes_name(&distribution.id)
        || distribution
            .aliases
            .iter()
            .chain(&distribution.comment)
            .any(|name| selection.includes_name(name))
        || distribution.origins.iter().any(|(_, domain)| bucket(domain))
}

/// Whether a selected load balancer or distribution uses a certificate.
fn is_used(state: &ScopeState, certificate: &Certificate) -> bool {
    let balancers = state.balancing.get().map(|balancing| &balancing.load_balancers);
    let distributions = list(state.distributions.get()).map(|one| &one.arn);
    let mut users = list(balancers).map(|one| &one.arn).chain(distributions);
    users.any(|arn| certificate.in_use_by.contains(arn))
}

/// Log groups, secrets and parameters by their name or by a part of their path:
/// `/aws/ecs/codemate-backend`.
fn has_path(selection: &Selection, name: &str) -> bool {
    selection.includes_name(name)
        || name
            .split('/')
            .filter(|part| !part.is_empty())
            .any(|part| selection.includes_cluster(part))
}

fn dimension<'a>(metric: &'a MetricId, name: &str) -> Option<&'a str> {
    metric
        .dimensions
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

fn list<T>(known: Option<&Vec<T>>) -> impl Iterator<Item = &T> {
    known.into_iter().flatten()
}

/// Changes when other resources of the source are known than before.
fn fingerprint(state: &ScopeState, source: &Source) -> u64 {
    let mut hasher = DefaultHasher::new();
    match source {
        Source::EcsFleet => {
            for service in state.ecs.get().into_iter().flat_map(|fleet| &fleet.services) {
                (&service.arn, &service.target_groups).hash(&mut hasher);
            }
        }
        Source::Groups => {
            for group in list(state.groups.get()) {
                (&group.name, &group.target_groups).hash(&mut hasher);
            }
        }
        Source::Instances => instances(state).hash(&mut hasher),
        Source::DbInstances | Source::DbClusters => stores(state).hash(&mut hasher),
        Source::Caches => caches(state).hash(&mut hasher),
        Source::Balancing => {
            let groups = state.balancing.get().map(|balancing| &balancing.target_groups);
            for group in list(groups) {
                group.arn.hash(&mut hasher);
            }
        }
        Source::Kubernetes => eks_clusters(state).hash(&mut hasher),
        Source::Alarms => {
            for alarm in list(state.alarms.get()) {
                alarm.name.hash(&mut hasher);
            }
        }
        Source::NatGateways => {
            for gateway in list(state.nat_gateways.get()) {
                gateway.vpc.hash(&mut hasher);
            }
        }
        Source::Distributions => {
            for distribution in list(state.distributions.get()) {
                distribution.arn.hash(&mut hasher);
            }
        }
        Source::Pipelines => {
            for pipeline in list(state.pipelines.get()) {
                pipeline.name.hash(&mut hasher);
            }
            built_for(state).hash(&mut hasher);
        }
        _ => {}
    }
    hasher.finish()
}
