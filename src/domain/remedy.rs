//! Which runbooks can do nothing for a resource, as far as is known of it: neither a finding nor the list
//! of runbooks for a resource offers them. What is not known speaks against nothing, since a plan refuses
//! with the reason.

use crate::domain::asg::{Group, NIGHT_TAG};
use crate::domain::datastore::CacheForm;
use crate::domain::delivery::Pipeline;
use crate::domain::ec2::{Instance, foreign_owner};
use crate::domain::gpu::is_gpu_type;
use crate::domain::ids::{self, Kind, ResourceKey, Tag};
use crate::domain::inventory::ScopeState;

/// The tag that EKS sets on the groups and nodes of a managed node group.
const NODEGROUP: &str = "eks:nodegroup-name";

/// Whether it is known that a runbook can do nothing for a resource of this scope.
pub fn is_in_vain(state: &ScopeState, runbook: &str, key: &ResourceKey) -> bool {
    let id = &*key.id;
    match (runbook, key.kind) {
        ("redis-failover", Kind::Redis) => has_replica(state, id) == Some(false),
        ("rds-reboot-failover", Kind::RdsInstance) => has_standby(state, id) == Some(false),
        ("rds-reboot-failover", Kind::RdsCluster) => has_reader(state, |arn, _| arn == id) == Some(false),
        ("gpu-night-down", Kind::Asg) => {
            group(state, id).is_some_and(|group| owner(state, group).is_some() || !has_gpus(state, group))
        }
        // It brings back what the evening noted, and nothing else.
        ("gpu-morning-up", Kind::Asg) => {
            group(state, id).is_some_and(|group| !is_noted(&group.tags) || owner(state, group).is_some())
        }
        ("gpu-morning-up", Kind::Ec2Instance | Kind::GpuHost) => {
            instance(state, id).is_some_and(|one| !is_noted(&one.tags) || one.group().is_some())
        }
        ("sqs-redrive", Kind::Queue) => takes_dead_letters(state, id) == Some(false),
        ("pipeline-release", Kind::Pipeline) => {
            pipeline(state, id).is_some_and(|pipeline| pipeline.held().is_none())
        }
        // EKS would undo what is set there.
        ("asg-scale" | "asg-rollback-image" | "asg-instance-refresh-rollback", Kind::Asg) => {
            group(state, id).is_some_and(|group| is_of_nodegroup(state, group))
        }
        ("eks-scale-nodegroup", Kind::Asg) => {
            group(state, id).is_some_and(|group| !is_of_nodegroup(state, group))
        }
        ("gpu-night-down" | "drain-gpu-host", Kind::Ec2Instance | Kind::GpuHost) => {
            instance(state, id).is_some_and(|one| {
                one.foreign_owner().is_some()
                    || !is_gpu_type(&one.instance_type)
                    // The group decides how many of its members there are at night.
                    || (runbook != "drain-gpu-host" && one.group().is_some())
            })
        }
        ("eks-scale-nodegroup", Kind::Ec2Instance | Kind::GpuHost) => {
            instance(state, id).is_some_and(|one| ids::tag(&one.tags, NODEGROUP).is_none())
        }
        _ => false,
    }
}

/// Whether the evening noted on it what it was like.
pub fn is_noted(tags: &[Tag]) -> bool {
    ids::tag(tags, NIGHT_TAG).is_some()
}

/// Whether a queue is the dead-letter queue of another one.
fn takes_dead_letters(state: &ScopeState, arn: &str) -> Option<bool> {
    let mut sources = state.queues.get()?.iter();
    Some(sources.any(|queue| {
        queue
            .dead_letter
            .as_ref()
            .is_some_and(|(target, _)| target == arn)
    }))
}

/// Whether it is known that nothing in these scopes has GPUs: a night down of them saves nothing there.
pub fn have_no_gpus<'a>(mut states: impl Iterator<Item = &'a ScopeState>) -> bool {
    states.all(|state| {
        let (Some(groups), Some(instances)) = (state.groups.get(), state.instances.get()) else {
            return false;
        };
        let owned = instances.iter().any(|one| is_gpu_type(&one.instance_type));
        !owned && !groups.iter().any(|group| has_gpus(state, group))
    })
}

/// Whether a shard of a cache has a replica that can take over.
fn has_replica(state: &ScopeState, arn: &str) -> Option<bool> {
    let cache = state.caches.get()?.iter().find(|cache| cache.arn == arn)?;
    let replicas = cache.shards.iter().any(|shard| shard.nodes.len() > 1);
    // A group that is being made has no nodes yet.
    Some(cache.form == CacheForm::ReplicationGroup && (replicas || cache.node_count() == 0))
}

/// Whether a database has a standby, or its cluster a reader, that can take over.
fn has_standby(state: &ScopeState, arn: &str) -> Option<bool> {
    let database = state.db_instances.get()?.iter().find(|one| one.arn == arn)?;
    match &database.cluster {
        Some(cluster) => has_reader(state, |_, name| name == cluster),
        None => Some(database.multi_az),
    }
}

fn has_reader(state: &ScopeState, is_meant: impl Fn(&str, &str) -> bool) -> Option<bool> {
    let clusters = state.db_clusters.get()?;
    let cluster = clusters.iter().find(|one| is_meant(&one.arn, &one.name))?;
    Some(cluster.members.len() > 1)
}

fn group<'a>(state: &'a ScopeState, id: &str) -> Option<&'a Group> {
    // Of a group that was not read when its hosts were, only the name is known.
    let mut groups = state.groups.get()?.iter();
    groups.find(|group| group.arn == id || group.name == id)
}

fn pipeline<'a>(state: &'a ScopeState, id: &str) -> Option<&'a Pipeline> {
    state.pipelines.get()?.iter().find(|pipeline| pipeline.id() == id)
}

fn instance<'a>(state: &'a ScopeState, id: &str) -> Option<&'a Instance> {
    state.instances.get()?.iter().find(|one| one.id == id)
}

fn members<'a>(state: &'a ScopeState, group: &'a Group) -> impl Iterator<Item = &'a Instance> {
    let instances = state.instances.get().into_iter().flatten();
    instances.filter(|one| one.group() == Some(&group.name))
}

/// Who else looks after a group; where its own tags do not say, those of its instances do.
fn owner(state: &ScopeState, group: &Group) -> Option<&'static str> {
    foreign_owner(&group.tags).or_else(|| members(state, group).find_map(Instance::foreign_owner))
}

fn is_of_nodegroup(state: &ScopeState, group: &Group) -> bool {
    ids::tag(&group.tags, NODEGROUP).is_some()
        || members(state, group).any(|one| ids::tag(&one.tags, NODEGROUP).is_some())
}

/// Whether a group has or may launch instances with GPUs; where neither is known it may.
fn has_gpus(state: &ScopeState, group: &Group) -> bool {
    let launched = members(state, group).map(|one| one.instance_type.as_str());
    let mut types = group
        .instance_types
        .iter()
        .map(String::as_str)
        .chain(launched)
        .peekable();
    types.peek().is_none() || types.any(is_gpu_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::datastore::DbInstance;
    use crate::domain::inventory::Source;
    use crate::domain::ops::ReplyData;
    use crate::domain::queue::Queue;
    use crate::domain::rules::sample::{Bench, arn, cache, db, db_cluster, group, instance, serverless};

    fn in_vain(bench: &mut Bench, runbook: &str, kind: Kind, id: &str) -> bool {
        let state = bench.state();
        let key = ResourceKey::new(state.name(), kind, id);
        is_in_vain(state, runbook, &key)
    }

    fn tag(key: &str) -> Vec<Tag> {
        vec![Tag {
            key: key.to_owned(),
            value: "gpu".to_owned(),
        }]
    }

    #[test]
    fn a_group_without_cards_has_nothing_to_take_down_for_the_night() {
        let mut bench = Bench::new();
        let mut plain = group("web", 2);
        plain.instance_types = vec!["m6i.large".to_owned()];
        let mut cards = group("workers", 2);
        cards.instance_types = vec!["m6i.large".to_owned(), "g5.xlarge".to_owned()];
        let mut unknown = group("young", 0);
        unknown.instance_types = Vec::new();
        bench.know(Source::Groups, ReplyData::Groups(vec![plain, cards, unknown]));
        for (name, vain) in [
            ("web", true),
            ("workers", false),
            ("young", false),
            ("gone", false),
        ] {
            assert_eq!(
                in_vain(&mut bench, "gpu-night-down", Kind::Asg, name),
                vain,
                "{name}"
            );
        }
        assert!(in_vain(&mut bench, "eks-scale-nodegroup", Kind::Asg, "workers"));
        assert!(!in_vain(&mut bench, "asg-scale", Kind::Asg, "web"));
    }

    #[test]
    fn an_account_without_cards_saves_nothing_by_taking_them_down() {
        let mut bench = Bench::new();
        let none = |bench: &mut Bench| have_no_gpus(std::iter::once(&*bench.state()));
        bench.know(Source::Groups, ReplyData::Groups(Vec::new()));
        assert!(!none(&mut bench), "its instances were not read");
        let web = instance("i-1", "m6i.large");
        bench.know(Source::Instances, ReplyData::Instances(vec![web.clone()]));
        assert!(none(&mut bench));
        let card = instance("i-2", "g4dn.xlarge");
        bench.know(Source::Instances, ReplyData::Instances(vec![web, card]));
        assert!(!none(&mut bench));
    }

    #[test]
    fn what_eks_looks_after_is_scaled_through_its_node_group_alone() {
        let mut bench = Bench::new();
        let mut nodes = group("eks-gpu", 1);
        nodes.instance_types = vec!["g5.xlarge".to_owned()];
        nodes.tags = tag("eks:nodegroup-name");
        let mut node = instance("i-1", "g5.xlarge");
        node.tags = tag("eks:nodegroup-name");
        bench.know(Source::Groups, ReplyData::Groups(vec![nodes]));
        bench.know(
            Source::Instances,
            ReplyData::Instances(vec![node, instance("i-2", "m6i.large")]),
        );
        assert!(in_vain(&mut bench, "gpu-night-down", Kind::Asg, "eks-gpu"));
        assert!(!in_vain(&mut bench, "eks-scale-nodegroup", Kind::Asg, "eks-gpu"));
        for runbook in ["asg-scale", "asg-rollback-image", "asg-instance-refresh-rollback"] {
            assert!(in_vain(&mut bench, runbook, Kind::Asg, "eks-gpu"), "{runbook}");
        }
        assert!(in_vain(&mut bench, "drain-gpu-host", Kind::GpuHost, "i-1"));
        assert!(in_vain(&mut bench, "drain-gpu-host", Kind::GpuHost, "i-2"));
        assert!(!in_vain(&mut bench, "drain-gpu-host", Kind::GpuHost, "i-3"));
    }

    #[test]
    fn the_morning_is_for_what_the_evening_noted() {
        let mut bench = Bench::new();
        let mut noted = group("noted", 1);
        noted.tags = tag(NIGHT_TAG);
        let mut host = instance("i-noted", "g5.xlarge");
        host.tags = tag(NIGHT_TAG);
        bench.know(Source::Groups, ReplyData::Groups(vec![noted, group("short", 1)]));
        let hosts = vec![host, instance("i-plain", "g5.xlarge")];
        bench.know(Source::Instances, ReplyData::Instances(hosts));
        for (kind, id, vain) in [
            (Kind::Asg, "noted", false),
            (Kind::Asg, "short", true),
            (Kind::Asg, "unread", false),
            (Kind::GpuHost, "i-noted", false),
            (Kind::GpuHost, "i-plain", true),
        ] {
            assert_eq!(in_vain(&mut bench, "gpu-morning-up", kind, id), vain, "{id}");
        }
    }

    #[test]
    fn only_a_dead_letter_queue_gives_messages_back() {
        let queue = |name: &str, dead: Option<&str>| Queue {
            arn: arn("sqs", name),
            name: name.to_owned(),
            url: format!("https://sqs/{name}"),
            visible: 1,
            in_flight: 0,
            delayed: 0,
            visibility_timeout_s: None,
            dead_letter: dead.map(|name| (arn("sqs", name), 3)),
        };
        let mut bench = Bench::new();
        let queues = vec![queue("jobs", Some("jobs-dlq")), queue("jobs-dlq", None)];
        bench.know(Source::Queues, ReplyData::Queues(queues));
        assert!(in_vain(
            &mut bench,
            "sqs-redrive",
            Kind::Queue,
            &arn("sqs", "jobs")
        ));
        assert!(!in_vain(
            &mut bench,
            "sqs-redrive",
            Kind::Queue,
            &arn("sqs", "jobs-dlq")
        ));
    }

    #[test]
    fn nothing_is_failed_over_to_what_is_not_there() {
        let mut bench = Bench::new();
        let mut alone = db("alone");
        alone.multi_az = false;
        let mut standby = db("standby");
        standby.multi_az = true;
        let mut member = db("pair-0");
        member.cluster = Some("pair".to_owned());
        let mut only = db("single-0");
        only.cluster = Some("single".to_owned());
        let clusters = vec![db_cluster("pair", 2), db_cluster("single", 1)];
        let arns = |all: &[DbInstance]| all.iter().map(|one| one.arn.clone()).collect::<Vec<_>>();
        let databases = vec![alone, standby, member, only];
        let ids = arns(&databases);
        let cluster_ids: Vec<String> = clusters.iter().map(|one| one.arn.clone()).collect();
        bench.know(Source::DbInstances, ReplyData::DbInstances(databases));
        bench.know(Source::DbClusters, ReplyData::DbClusters(clusters));
        let told: Vec<bool> = ids
            .iter()
            .map(|id| in_vain(&mut bench, "rds-reboot-failover", Kind::RdsInstance, id))
            .collect();
        assert_eq!(told, [true, false, false, true]);
        let told: Vec<bool> = cluster_ids
            .iter()
            .map(|id| in_vain(&mut bench, "rds-reboot-failover", Kind::RdsCluster, id))
            .collect();
        assert_eq!(told, [false, true]);

        let mut plain = cache("plain", 1);
        plain.form = CacheForm::Cluster;
        let caches = vec![plain, cache("pair", 2), cache("bare", 1), serverless("none")];
        let ids: Vec<String> = caches.iter().map(|one| one.arn.clone()).collect();
        bench.know(Source::Caches, ReplyData::Caches(caches));
        let told: Vec<bool> = ids
            .iter()
            .map(|id| in_vain(&mut bench, "redis-failover", Kind::Redis, id))
            .collect();
        assert_eq!(told, [true, false, true, true]);
    }
}
