//! Which changes concern a resource: its own, and those of what it stands on.

use std::collections::HashSet;

use crate::domain::asg::Group;
use crate::domain::changes::Change;
use crate::domain::cost::Anomaly;
use crate::domain::ec2::{Instance, foreign_owner};
use crate::domain::gpu::is_gpu_type;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{Inventory, ScopeState};
use crate::domain::kubernetes::Nodegroup;

/// Changes of the resource itself and of those that it depends on: services and groups behind a target group or
/// load balancer, what an alarm watches, the group of an instance or GPU, the members of a cluster.
pub fn for_resource<'a>(inventory: &Inventory, changes: &'a [Change], key: &ResourceKey) -> Vec<&'a Change> {
    let mut keys: HashSet<ResourceKey> = HashSet::from([key.clone()]);
    if let Some(state) = inventory.scope(&key.scope) {
        let related = related(state, key);
        keys.extend(
            related
                .into_iter()
                .map(|(kind, id)| ResourceKey::new(&key.scope, kind, id)),
        );
    }
    changes
        .iter()
        .filter(|change| {
            change
                .resource
                .as_ref()
                .is_some_and(|resource| keys.contains(resource))
        })
        .collect()
}

/// What a resource stands on: services, node groups and groups behind a target group or load balancer, what an
/// alarm watches, the group and the instance of a GPU, the members of a cluster, the node group of a group or an
/// instance, what an anomaly of spend comes from.
pub fn beneath(inventory: &Inventory, key: &ResourceKey) -> Vec<ResourceKey> {
    inventory.scope(&key.scope).map_or_else(Vec::new, |state| {
        related(state, key)
            .into_iter()
            .map(|(kind, id)| ResourceKey::new(&key.scope, kind, id))
            .collect()
    })
}

fn related<'a>(state: &'a ScopeState, key: &'a ResourceKey) -> Vec<(Kind, &'a str)> {
    match key.kind {
        Kind::TargetGroup => behind(state, &|arn| arn == &*key.id),
        Kind::LoadBalancer => behind_balancer(state, &|arn| arn == &*key.id),
        Kind::Ec2Instance | Kind::GpuHost => with_nodegroups(state, group_of(state, &key.id)),
        Kind::Gpu => {
            let host = state.gpu.get().into_iter().flatten().find(|reading| {
                reading
                    .cards
                    .iter()
                    .any(|card| card.uuid.as_deref() == Some(&*key.id))
            });
            host.map_or_else(Vec::new, |reading| {
                let mut found = with_nodegroups(state, group_of(state, &reading.instance_id));
                found.push((Kind::Ec2Instance, reading.instance_id.as_str()));
                found
            })
        }
        Kind::RdsCluster => members(state, &key.id),
        Kind::RdsInstance => cluster_of(state, &key.id),
        Kind::Alarm => watched(state, &key.id),
        Kind::Asg => nodegroups_of(state, &key.id),
        Kind::Budget => payers(state, &key.id),
        Kind::EcsService
        | Kind::Redis
        | Kind::Queue
        | Kind::LogGroup
        | Kind::NatGateway
        | Kind::SagemakerEndpoint
        | Kind::TrainingJob
        | Kind::NotebookInstance
        | Kind::Pipeline
        | Kind::EcrRepository
        | Kind::Advice
        | Kind::CodebuildProject
        | Kind::Lambda
        | Kind::EksCluster
        | Kind::Nodegroup
        | Kind::ScalableTarget
        | Kind::Bucket
        | Kind::Distribution
        | Kind::VpcEndpoint
        | Kind::Certificate
        | Kind::HealthCheck
        | Kind::Secret
        | Kind::Parameter
        | Kind::Scope => Vec::new(),
    }
}

/// Groups, and the node groups of EKS that own them.
fn with_nodegroups<'a>(state: &'a ScopeState, mut groups: Vec<(Kind, &'a str)>) -> Vec<(Kind, &'a str)> {
    let owners: Vec<(Kind, &str)> = groups
        .iter()
        .flat_map(|(_, arn)| nodegroups_of(state, arn))
        .collect();
    groups.extend(owners);
    groups
}

/// What an anomaly of spend comes from: groups and instances of no group.
fn payers<'a>(state: &'a ScopeState, id: &str) -> Vec<(Kind, &'a str)> {
    let mut anomalies = state.anomalies.get().into_iter().flatten();
    let Some(anomaly) = anomalies.find(|anomaly| anomaly.id == id) else {
        return Vec::new();
    };
    let mut found: Vec<(Kind, &str)> = Vec::new();
    for host in paid_hosts(state, anomaly) {
        let payer = match host.group() {
            Some(_) => group_of(state, &host.id),
            None => vec![(Kind::Ec2Instance, host.id.as_str())],
        };
        for one in payer {
            if !found.contains(&one) {
                found.push(one);
            }
        }
    }
    found
}

/// The running instances with GPUs of the types that an anomaly comes from; not those that another service
/// looks after.
pub fn paid_hosts<'a>(state: &'a ScopeState, anomaly: &Anomaly) -> Vec<&'a Instance> {
    let types = anomaly.instance_types();
    let instances = state.instances.get().into_iter().flatten();
    instances
        .filter(|one| one.is_running() && one.foreign_owner().is_none())
        .filter(|one| is_gpu_type(&one.instance_type) && types.contains(&one.instance_type.as_str()))
        .collect()
}

/// The node group of EKS that owns an Auto Scaling group.
fn nodegroups_of<'a>(state: &'a ScopeState, arn: &str) -> Vec<(Kind, &'a str)> {
    let mut groups = state.groups.get().into_iter().flatten();
    let Some(group) = groups.find(|group| group.arn == arn) else {
        return Vec::new();
    };
    let known = state.kubernetes.get().into_iter();
    known
        .flat_map(|known| &known.nodegroups)
        .filter(|nodegroup| nodegroup.groups.contains(&group.name))
        .map(|nodegroup| (Kind::Nodegroup, nodegroup.arn.as_str()))
        .collect()
}

/// The node groups of EKS whose instances are targets of target groups.
pub fn nodegroups_behind<'a>(state: &'a ScopeState, is_meant: &dyn Fn(&str) -> bool) -> Vec<&'a Nodegroup> {
    let groups = state.balancing.get().into_iter();
    let targets: HashSet<&str> = groups
        .flat_map(|balancing| &balancing.target_groups)
        .filter(|group| is_meant(&group.arn))
        .flat_map(|group| group.targets.iter().flatten())
        .map(|target| target.id.as_str())
        .collect();
    if targets.is_empty() {
        return Vec::new();
    }
    let instances = state.instances.get().into_iter().flatten();
    let owners: HashSet<&str> = instances
        .filter(|instance| targets.contains(instance.id.as_str()))
        .filter_map(Instance::group)
        .collect();
    let known = state.kubernetes.get().into_iter();
    known
        .flat_map(|known| &known.nodegroups)
        .filter(|nodegroup| nodegroup.groups.iter().any(|name| owners.contains(name.as_str())))
        .collect()
}

fn services_behind<'a>(state: &'a ScopeState, is_meant: &dyn Fn(&str) -> bool) -> Vec<(Kind, &'a str)> {
    state
        .ecs
        .get()
        .into_iter()
        .flat_map(|fleet| &fleet.services)
        .filter(|service| service.target_groups.iter().any(|arn| is_meant(arn)))
        .map(|service| (Kind::EcsService, service.arn.as_str()))
        .collect()
}

/// What is behind target groups: services, node groups of EKS, and groups that nothing else looks after.
fn behind<'a>(state: &'a ScopeState, is_meant: &dyn Fn(&str) -> bool) -> Vec<(Kind, &'a str)> {
    let nodegroups = nodegroups_behind(state, is_meant);
    let owned = |group: &Group| {
        let mut owners = nodegroups.iter().flat_map(|nodegroup| &nodegroup.groups);
        owners.any(|name| *name == group.name) || foreign_owner(&group.tags).is_some()
    };
    let groups = state.groups.get().into_iter().flatten();
    let groups = groups
        .filter(|group| group.target_groups.iter().any(|arn| is_meant(arn)))
        .filter(|group| !owned(group))
        .map(|group| (Kind::Asg, group.arn.as_str()));
    let mut found = services_behind(state, is_meant);
    found.extend(groups);
    found.extend(
        nodegroups
            .iter()
            .map(|nodegroup| (Kind::Nodegroup, nodegroup.arn.as_str())),
    );
    found
}

/// What is behind the target groups of a load balancer.
fn behind_balancer<'a>(state: &'a ScopeState, is_meant: &dyn Fn(&str) -> bool) -> Vec<(Kind, &'a str)> {
    let behind_it: HashSet<&str> = state
        .balancing
        .get()
        .into_iter()
        .flat_map(|balancing| &balancing.target_groups)
        .filter(|group| group.load_balancers.iter().any(|arn| is_meant(arn)))
        .map(|group| group.arn.as_str())
        .collect();
    behind(state, &|arn| behind_it.contains(arn))
}

/// What an alarm watches, by the dimensions of its metric: the resource of that name; of target groups and load
/// balancers, of which dimensions have the end of the ARN, what is behind them.
fn watched<'a>(state: &'a ScopeState, alarm: &str) -> Vec<(Kind, &'a str)> {
    let mut alarms = state.alarms.get().into_iter().flatten();
    let Some(metric) = alarms
        .find(|known| known.arn == alarm)
        .and_then(|known| known.metric.as_ref())
    else {
        return Vec::new();
    };
    let dimension = |name: &str| {
        let mut dimensions = metric.dimensions.iter();
        dimensions
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    if let (Some(cluster), Some(name)) = (dimension("ClusterName"), dimension("ServiceName")) {
        let services = state.ecs.get().into_iter().flat_map(|fleet| &fleet.services);
        return services
            .filter(|service| service.cluster == cluster && service.name == name)
            .map(|service| (Kind::EcsService, service.arn.as_str()))
            .collect();
    }
    if let Some(group) = dimension("TargetGroup") {
        return behind(state, &|arn| arn.ends_with(group));
    }
    if let Some(balancer) = dimension("LoadBalancer") {
        return behind_balancer(state, &|arn| arn.ends_with(balancer));
    }
    // The first dimension that names something says what the metric is of; the others narrow it down.
    let mut named = metric
        .dimensions
        .iter()
        .map(|(dimension, value)| by_name(state, dimension, value));
    named.find(|found| !found.is_empty()).unwrap_or_default()
}

/// The resource that a dimension of CloudWatch names.
fn by_name<'a>(state: &'a ScopeState, dimension: &str, name: &str) -> Vec<(Kind, &'a str)> {
    fn one<'a, T: 'a>(
        all: impl IntoIterator<Item = &'a T>,
        kind: Kind,
        id: impl Fn(&'a T) -> &'a str,
        is_meant: impl Fn(&T) -> bool,
    ) -> Vec<(Kind, &'a str)> {
        let mut all = all.into_iter().filter(|one| is_meant(one));
        all.next().map(|one| (kind, id(one))).into_iter().collect()
    }
    match dimension {
        "DBInstanceIdentifier" => one(
            state.db_instances.get().into_iter().flatten(),
            Kind::RdsInstance,
            |db| &db.arn,
            |db| db.name == name,
        ),
        "DBClusterIdentifier" => one(
            state.db_clusters.get().into_iter().flatten(),
            Kind::RdsCluster,
            |cluster| &cluster.arn,
            |cluster| cluster.name == name,
        ),
        "CacheClusterId" | "ReplicationGroupId" => one(
            state.caches.get().into_iter().flatten(),
            Kind::Redis,
            |cache| &cache.arn,
            |cache| {
                let mut nodes = cache.shards.iter().flat_map(|shard| &shard.nodes);
                cache.name == name || nodes.any(|node| node.cluster_id == name)
            },
        ),
        "AutoScalingGroupName" => one(
            state.groups.get().into_iter().flatten(),
            Kind::Asg,
            |group| &group.arn,
            |group| group.name == name,
        ),
        "InstanceId" => one(
            state.instances.get().into_iter().flatten(),
            Kind::Ec2Instance,
            |instance| &instance.id,
            |instance| instance.id == name,
        ),
        "QueueName" => one(
            state.queues.get().into_iter().flatten(),
            Kind::Queue,
            |queue| &queue.arn,
            |queue| queue.name == name,
        ),
        "FunctionName" => one(
            state
                .functions
                .get()
                .into_iter()
                .flat_map(|known| &known.functions),
            Kind::Lambda,
            |function| &function.arn,
            |function| function.name == name,
        ),
        "EndpointName" => one(
            state.endpoints.get().into_iter().flatten(),
            Kind::SagemakerEndpoint,
            |endpoint| &endpoint.arn,
            |endpoint| endpoint.name == name,
        ),
        _ => Vec::new(),
    }
}

fn group_of<'a>(state: &'a ScopeState, instance: &str) -> Vec<(Kind, &'a str)> {
    let Some(name) = state
        .instances
        .get()
        .into_iter()
        .flatten()
        .find(|known| known.id == instance)
        .and_then(|known| known.group())
    else {
        return Vec::new();
    };
    state
        .groups
        .get()
        .into_iter()
        .flatten()
        .filter(|group| group.name == name)
        .map(|group| (Kind::Asg, group.arn.as_str()))
        .collect()
}

fn members<'a>(state: &'a ScopeState, cluster: &str) -> Vec<(Kind, &'a str)> {
    let clusters = || state.db_clusters.get().into_iter().flatten();
    let Some(cluster) = clusters().find(|known| known.arn == cluster) else {
        return Vec::new();
    };
    state
        .db_instances
        .get()
        .into_iter()
        .flatten()
        .filter(|db| db.cluster.as_ref() == Some(&cluster.name))
        .map(|db| (Kind::RdsInstance, db.arn.as_str()))
        .collect()
}

fn cluster_of<'a>(state: &'a ScopeState, instance: &str) -> Vec<(Kind, &'a str)> {
    let instances = || state.db_instances.get().into_iter().flatten();
    let Some(name) = instances()
        .find(|db| db.arn == instance)
        .and_then(|db| db.cluster.as_ref())
    else {
        return Vec::new();
    };
    state
        .db_clusters
        .get()
        .into_iter()
        .flatten()
        .filter(|cluster| cluster.name == *name)
        .map(|cluster| (Kind::RdsCluster, cluster.arn.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::domain::changes::recent;
    use crate::domain::ids::Tag;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{
        Bench, activity, deployment, group, instance, load_balancer, service, target_group_arn,
    };

    fn bench() -> Bench {
        let mut bench = Bench::new();
        let mut api = service("api", 3);
        api.deployments = vec![deployment("api", 3, 170)];
        api.target_groups = vec![target_group_arn("api-tg")];
        let mut web = service("web", 1);
        web.deployments = vec![deployment("web", 1, 160)];
        bench.services(vec![api, web]);
        bench.target_group("api-tg", &[]);
        let mut host = instance("i-1", "g5.xlarge");
        host.tags = vec![Tag {
            key: "aws:autoscaling:groupName".to_owned(),
            value: "workers".to_owned(),
        }];
        bench.know(Source::Instances, ReplyData::Instances(vec![host]));
        bench.know(Source::Groups, ReplyData::Groups(vec![group("workers", 1)]));
        bench.know(
            Source::Activities,
            ReplyData::Activities(vec![activity(
                "workers",
                165,
                "Launching a new EC2 instance: i-1",
            )]),
        );
        bench
    }

    fn told(bench: &Bench, kind: Kind, id: &str) -> Vec<String> {
        let changes = recent(&bench.inventory, bench.now, SignedDuration::from_hours(2));
        assert_eq!(changes.len(), 3);
        let key = ResourceKey::new(bench.inventory.scopes[0].name(), kind, id);
        for_resource(&bench.inventory, &changes, &key)
            .into_iter()
            .map(|change| change.what.clone())
            .collect()
    }

    #[test]
    fn a_resource_has_its_own_changes_and_those_below_it() {
        let bench = bench();
        let (api, workers) = (["api:3"], ["workers: Launching a new EC2 instance: i-1"]);
        assert_eq!(told(&bench, Kind::EcsService, &service("api", 3).arn), api);
        assert_eq!(told(&bench, Kind::TargetGroup, &target_group_arn("api-tg")), api);
        assert_eq!(told(&bench, Kind::LoadBalancer, &load_balancer("main").arn), api);
        assert_eq!(told(&bench, Kind::Ec2Instance, "i-1"), workers);
        assert_eq!(told(&bench, Kind::Asg, &group("workers", 1).arn), workers);
        assert_eq!(told(&bench, Kind::Queue, "elsewhere"), [""; 0]);
    }
}

#[cfg(test)]
mod alarms {
    use pretty_assertions::assert_eq;

    use super::*;
    use crate::domain::alarm::{Alarm, AlarmMetric, AlarmState};
    use crate::domain::ecs::Fleet;
    use crate::domain::ids::Tag;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn, cache, db, group, service, target_group_arn};

    fn alarm(name: &str, dimensions: &[(&str, &str)]) -> Alarm {
        Alarm {
            arn: arn("cloudwatch", &format!("alarm:{name}")),
            name: name.to_owned(),
            description: None,
            state: AlarmState::Alarm,
            reason: None,
            since: None,
            actions_enabled: true,
            alarm_actions: Vec::new(),
            metric: Some(AlarmMetric {
                namespace: "AWS/ECS".to_owned(),
                name: "CPUUtilization".to_owned(),
                dimensions: dimensions
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
                comparison: "GreaterThanThreshold".to_owned(),
                threshold: None,
                period_s: None,
                statistic: None,
                periods: None,
                datapoints: None,
            }),
            composite_rule: None,
        }
    }

    #[test]
    fn an_alarm_stands_on_what_it_watches() {
        let mut api = service("api", 1);
        api.target_groups = vec![target_group_arn("api")];
        let fleet = Fleet {
            clusters: Vec::new(),
            services: vec![api, service("web", 1)],
        };
        let mut shop = group("shop", 2);
        shop.target_groups = vec![target_group_arn("shop")];
        let mut nodes = group("eks-nodes", 2);
        nodes.target_groups = vec![target_group_arn("shop")];
        nodes.tags = vec![Tag {
            key: "eks:nodegroup-name".to_owned(),
            value: "nodes".to_owned(),
        }];
        let redis = cache("redis", 2);
        let node = redis.shards[0].nodes[1].cluster_id.clone();
        let alarms = vec![
            alarm("of-target-group", &[("TargetGroup", "targetgroup/shop/2e")]),
            alarm("of-database", &[("DBInstanceIdentifier", "shop-db")]),
            alarm("of-cache", &[("CacheClusterId", &node), ("CacheNodeId", "0001")]),
            alarm("of-group", &[("AutoScalingGroupName", "shop")]),
            alarm("by-name", &[("ClusterName", "main"), ("ServiceName", "web")]),
            alarm(
                "by-group",
                &[("TargetGroup", "targetgroup/api/2e"), ("LoadBalancer", "app/x/1")],
            ),
            alarm("elsewhere", &[("QueueName", "jobs")]),
        ];
        let mut bench = Bench::new();
        bench
            .know(Source::EcsFleet, ReplyData::EcsFleet(fleet))
            .know(Source::Groups, ReplyData::Groups(vec![shop, nodes]))
            .know(
                Source::DbInstances,
                ReplyData::DbInstances(vec![db("other"), db("shop-db")]),
            )
            .know(Source::Caches, ReplyData::Caches(vec![redis]))
            .know(Source::Alarms, ReplyData::Alarms(alarms));
        let scope = bench.state().name().clone();
        let watched = |name: &str| -> Vec<String> {
            let key = ResourceKey::new(&scope, Kind::Alarm, &arn("cloudwatch", &format!("alarm:{name}")));
            super::related(bench.inventory.scope(&scope).unwrap(), &key)
                .into_iter()
                .map(|(_, id)| id.to_owned())
                .collect()
        };
        assert_eq!(watched("by-name"), [arn("ecs", "service/main/web")]);
        assert_eq!(watched("by-group"), [arn("ecs", "service/main/api")]);
        assert_eq!(
            watched("of-target-group"),
            [group("shop", 2).arn],
            "what EKS looks after is left to it"
        );
        assert_eq!(watched("of-database"), [db("shop-db").arn]);
        assert_eq!(watched("of-cache"), [cache("redis", 2).arn]);
        assert_eq!(watched("of-group"), [group("shop", 2).arn]);
        assert_eq!(watched("elsewhere"), [""; 0]);
    }
}
