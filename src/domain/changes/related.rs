//! Which changes concern a resource: its own, and those of what it stands on.

use std::collections::HashSet;

use crate::domain::changes::Change;
use crate::domain::cost::Anomaly;
use crate::domain::ec2::Instance;
use crate::domain::gpu::is_gpu_type;
use crate::domain::ids::{Kind, ResourceKey};
use crate::domain::inventory::{Inventory, ScopeState};
use crate::domain::kubernetes::Nodegroup;

/// Changes of the resource itself and of those that it depends on: services behind a target group or
/// load balancer, the group of an instance or GPU, the members of a cluster.
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

/// What a resource stands on: services and node groups behind a target group, services behind a load balancer,
/// the group and the instance of a GPU, the members of a cluster, the node group of a group or an instance, what an
/// anomaly of spend comes from.
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
        Kind::TargetGroup => {
            let mut found = services_behind(state, &|arn| arn == &*key.id);
            found.extend(
                nodegroups_behind(state, &|arn| arn == &*key.id)
                    .into_iter()
                    .map(|nodegroup| (Kind::Nodegroup, nodegroup.arn.as_str())),
            );
            found
        }
        Kind::LoadBalancer => {
            let behind: HashSet<&str> = state
                .balancing
                .get()
                .into_iter()
                .flat_map(|balancing| &balancing.target_groups)
                .filter(|group| group.load_balancers.iter().any(|arn| **arn == *key.id))
                .map(|group| group.arn.as_str())
                .collect();
            services_behind(state, &|arn| behind.contains(arn))
        }
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

/// The services that an alarm watches: by name, or behind the target group or load balancer that its
/// dimensions name, of which they have the end of the ARN.
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
    let services = || state.ecs.get().into_iter().flat_map(|fleet| &fleet.services);
    match (
        dimension("ClusterName"),
        dimension("ServiceName"),
        dimension("TargetGroup"),
        dimension("LoadBalancer"),
    ) {
        (Some(cluster), Some(name), ..) => services()
            .filter(|service| service.cluster == cluster && service.name == name)
            .map(|service| (Kind::EcsService, service.arn.as_str()))
            .collect(),
        (_, _, Some(group), _) => services_behind(state, &|arn| arn.ends_with(group)),
        (_, _, None, Some(balancer)) => {
            let behind: HashSet<&str> = state
                .balancing
                .get()
                .into_iter()
                .flat_map(|balancing| &balancing.target_groups)
                .filter(|group| group.load_balancers.iter().any(|arn| arn.ends_with(balancer)))
                .map(|group| group.arn.as_str())
                .collect();
            services_behind(state, &|arn| behind.contains(arn))
        }
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
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::rules::sample::{Bench, arn, service, target_group_arn};

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
            }),
            composite_rule: None,
        }
    }

    #[test]
    fn an_alarm_stands_on_the_services_that_it_watches() {
        let mut api = service("api", 1);
        api.target_groups = vec![target_group_arn("api")];
        let fleet = Fleet {
            clusters: Vec::new(),
            services: vec![api, service("web", 1)],
        };
        let alarms = vec![
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
        assert_eq!(watched("elsewhere"), [""; 0]);
    }
}
