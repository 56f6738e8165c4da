//! ElastiCache's types in the console's words.

use std::collections::HashMap;

use aws_sdk_elasticache::types::{self, AutomaticFailoverStatus, MultiAzStatus};

use crate::cloud::aws::convert::timestamp;
use crate::domain::datastore::{Cache, CacheForm, CacheNode, CacheShard, CacheSnapshot, StoreEvent};

/// A backup; `None` without a name.
pub(super) fn snapshot_from_sdk(snapshot: &types::Snapshot) -> Option<CacheSnapshot> {
    Some(CacheSnapshot {
        name: snapshot.snapshot_name()?.to_owned(),
        source: snapshot
            .replication_group_id()
            .or(snapshot.cache_cluster_id())
            .unwrap_or_default()
            .to_owned(),
        status: snapshot.snapshot_status.clone().unwrap_or_default(),
        created_at: snapshot
            .node_snapshots()
            .iter()
            .filter_map(|node| node.snapshot_create_time().and_then(timestamp))
            .min(),
    })
}

/// A replication group with what its members know: the engine, its version, the nodes' states.
pub(super) fn replication_group_from_sdk(
    group: &types::ReplicationGroup,
    members: &HashMap<&str, &types::CacheCluster>,
) -> Option<Cache> {
    let name = group.replication_group_id()?;
    let any_member = group
        .member_clusters()
        .iter()
        .find_map(|id| members.get(id.as_str()));
    Some(Cache {
        arn: group.arn().unwrap_or(name).to_owned(),
        name: name.to_owned(),
        form: CacheForm::ReplicationGroup,
        status: group.status.clone().unwrap_or_default(),
        engine: group
            .engine()
            .or_else(|| any_member.and_then(|member| member.engine()))
            // Before Valkey the API had no such field, because every group was Redis.
            .unwrap_or("redis")
            .to_owned(),
        engine_version: any_member.and_then(|member| member.engine_version.clone()),
        node_type: group.cache_node_type.clone(),
        pending_node_type: group
            .member_clusters()
            .iter()
            .filter_map(|id| members.get(id.as_str()))
            .find_map(|member| pending_node_type(member)),
        shards: group
            .node_groups()
            .iter()
            .map(|shard| shard_from_sdk(shard, members))
            .collect(),
        cluster_mode: group.cluster_enabled.unwrap_or(false),
        automatic_failover: group.automatic_failover() == Some(&AutomaticFailoverStatus::Enabled),
        multi_az: group.multi_az() == Some(&MultiAzStatus::Enabled),
        snapshot_retention_days: group.snapshot_retention_limit.and_then(unsigned).unwrap_or(0),
        endpoint: group
            .configuration_endpoint()
            .or_else(|| {
                group
                    .node_groups()
                    .first()
                    .and_then(|shard| shard.primary_endpoint())
            })
            .and_then(endpoint_from_sdk),
    })
}

fn shard_from_sdk(shard: &types::NodeGroup, members: &HashMap<&str, &types::CacheCluster>) -> CacheShard {
    CacheShard {
        id: shard.node_group_id.clone().unwrap_or_default(),
        status: shard.status.clone().unwrap_or_default(),
        slots: shard.slots.clone(),
        nodes: shard
            .node_group_members()
            .iter()
            .filter_map(|node| {
                let cluster_id = node.cache_cluster_id()?;
                let node_id = node.cache_node_id().unwrap_or("0001");
                let known = members.get(cluster_id).and_then(|cluster| {
                    cluster
                        .cache_nodes()
                        .iter()
                        .find(|known| known.cache_node_id() == Some(node_id))
                });
                Some(CacheNode {
                    cluster_id: cluster_id.to_owned(),
                    node_id: node_id.to_owned(),
                    role: node.current_role.clone(),
                    zone: known
                        .and_then(|known| known.customer_availability_zone())
                        .or(node.preferred_availability_zone())
                        .map(str::to_owned),
                    status: known.and_then(|known| known.cache_node_status.clone()),
                })
            })
            .collect(),
    }
}

/// A cluster that belongs to no replication group: Memcached, or one Redis node.
pub(super) fn cache_cluster_from_sdk(cluster: &types::CacheCluster) -> Option<Cache> {
    let name = cluster.cache_cluster_id()?;
    let status = cluster.cache_cluster_status.clone().unwrap_or_default();
    let nodes: Vec<_> = cluster
        .cache_nodes()
        .iter()
        .filter_map(|node| {
            Some(CacheNode {
                cluster_id: name.to_owned(),
                node_id: node.cache_node_id()?.to_owned(),
                role: None,
                zone: node.customer_availability_zone.clone(),
                status: node.cache_node_status.clone(),
            })
        })
        .collect();
    let endpoint = cluster
        .configuration_endpoint()
        .or_else(|| cluster.cache_nodes().first().and_then(|node| node.endpoint()))
        .and_then(endpoint_from_sdk);
    Some(Cache {
        arn: cluster.arn().unwrap_or(name).to_owned(),
        name: name.to_owned(),
        form: CacheForm::Cluster,
        status: status.clone(),
        engine: cluster.engine.clone().unwrap_or_default(),
        engine_version: cluster.engine_version.clone(),
        node_type: cluster.cache_node_type.clone(),
        pending_node_type: pending_node_type(cluster),
        shards: vec![CacheShard {
            id: "0001".to_owned(),
            status,
            slots: None,
            nodes: if nodes.is_empty() {
                promised_nodes(cluster, name)
            } else {
                nodes
            },
        }],
        cluster_mode: false,
        automatic_failover: false,
        // What AWS writes for Memcached nodes in several zones.
        multi_az: cluster.preferred_availability_zone() == Some("Multiple"),
        snapshot_retention_days: cluster.snapshot_retention_limit.and_then(unsigned).unwrap_or(0),
        endpoint,
    })
}

/// The node type that a cluster is being changed to.
fn pending_node_type(cluster: &types::CacheCluster) -> Option<String> {
    let pending = cluster.pending_modified_values()?.cache_node_type()?;
    (cluster.cache_node_type() != Some(pending)).then(|| pending.to_owned())
}

/// The nodes of a cluster that names none, as while it is being created: AWS numbers them from 0001.
fn promised_nodes(cluster: &types::CacheCluster, name: &str) -> Vec<CacheNode> {
    let count = cluster.num_cache_nodes.and_then(unsigned).unwrap_or(0);
    (1..=count)
        .map(|number| CacheNode {
            cluster_id: name.to_owned(),
            node_id: format!("{number:04}"),
            role: None,
            zone: None,
            status: None,
        })
        .collect()
}

/// A serverless cache.
pub(super) fn serverless_cache_from_sdk(cache: &types::ServerlessCache) -> Option<Cache> {
    let name = cache.serverless_cache_name()?;
    Some(Cache {
        arn: cache.arn().unwrap_or(name).to_owned(),
        name: name.to_owned(),
        form: CacheForm::Serverless,
        status: cache.status.clone().unwrap_or_default(),
        engine: cache.engine.clone().unwrap_or_default(),
        engine_version: cache
            .full_engine_version()
            .or(cache.major_engine_version())
            .map(str::to_owned),
        node_type: None,
        pending_node_type: None,
        shards: Vec::new(),
        cluster_mode: true,
        // Every serverless cache is spread over zones and fails over by itself; there is no switch.
        automatic_failover: true,
        multi_az: true,
        snapshot_retention_days: cache.snapshot_retention_limit.and_then(unsigned).unwrap_or(0),
        endpoint: cache.endpoint().and_then(endpoint_from_sdk),
    })
}

/// An event; `None` if it does not say when it happened or to what.
pub(super) fn event_from_sdk(event: &types::Event) -> Option<StoreEvent> {
    Some(StoreEvent {
        source: event.source_identifier()?.to_owned(),
        message: event.message.clone().unwrap_or_default(),
        at: event.date().and_then(timestamp)?,
    })
}

fn unsigned(number: i32) -> Option<u32> {
    u32::try_from(number).ok()
}

fn endpoint_from_sdk(endpoint: &types::Endpoint) -> Option<String> {
    let address = endpoint.address()?;
    Some(match endpoint.port {
        Some(port) => format!("{address}:{port}"),
        None => address.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;
    use pretty_assertions::assert_eq;

    use super::*;

    fn endpoint(address: &str) -> types::Endpoint {
        types::Endpoint::builder().address(address).port(6379).build()
    }

    fn member(id: &str, status: &str) -> types::CacheCluster {
        types::CacheCluster::builder()
            .cache_cluster_id(id)
            .replication_group_id("sessions")
            .engine("valkey")
            .engine_version("8.0.1")
            .cache_nodes(
                types::CacheNode::builder()
                    .cache_node_id("0001")
                    .cache_node_status(status)
                    .customer_availability_zone("us-east-1a")
                    .build(),
            )
            .build()
    }

    fn group_member(id: &str, role: Option<&str>) -> types::NodeGroupMember {
        types::NodeGroupMember::builder()
            .cache_cluster_id(id)
            .cache_node_id("0001")
            .preferred_availability_zone("us-east-1b")
            .set_current_role(role.map(str::to_owned))
            .build()
    }

    #[test]
    fn a_group_learns_from_its_members() {
        let sdk = types::ReplicationGroup::builder()
            .replication_group_id("sessions")
            .arn("arn:aws:elasticache:us-east-1:1:replicationgroup:sessions")
            .status("available")
            .cache_node_type("cache.t4g.small")
            .member_clusters("sessions-001")
            .member_clusters("sessions-002")
            .automatic_failover(AutomaticFailoverStatus::Enabled)
            .multi_az(MultiAzStatus::Enabled)
            .snapshot_retention_limit(5)
            .cluster_enabled(false)
            .node_groups(
                types::NodeGroup::builder()
                    .node_group_id("0001")
                    .status("available")
                    .primary_endpoint(endpoint("sessions.cache"))
                    .node_group_members(group_member("sessions-001", Some("primary")))
                    .node_group_members(group_member("sessions-002", Some("replica")))
                    .build(),
            )
            .build();
        let mut first = member("sessions-001", "rebooting cluster nodes");
        first.pending_modified_values = Some(
            types::PendingModifiedValues::builder()
                .cache_node_type("cache.t4g.medium")
                .build(),
        );
        let members = HashMap::from([("sessions-001", &first)]);
        let cache = replication_group_from_sdk(&sdk, &members).unwrap();
        assert_eq!(
            cache,
            Cache {
                arn: "arn:aws:elasticache:us-east-1:1:replicationgroup:sessions".to_owned(),
                name: "sessions".to_owned(),
                form: CacheForm::ReplicationGroup,
                status: "available".to_owned(),
                engine: "valkey".to_owned(),
                engine_version: Some("8.0.1".to_owned()),
                node_type: Some("cache.t4g.small".to_owned()),
                pending_node_type: Some("cache.t4g.medium".to_owned()),
                shards: vec![CacheShard {
                    id: "0001".to_owned(),
                    status: "available".to_owned(),
                    slots: None,
                    nodes: vec![
                        CacheNode {
                            cluster_id: "sessions-001".to_owned(),
                            node_id: "0001".to_owned(),
                            role: Some("primary".to_owned()),
                            zone: Some("us-east-1a".to_owned()),
                            status: Some("rebooting cluster nodes".to_owned()),
                        },
                        CacheNode {
                            cluster_id: "sessions-002".to_owned(),
                            node_id: "0001".to_owned(),
                            role: Some("replica".to_owned()),
                            zone: Some("us-east-1b".to_owned()),
                            status: None,
                        },
                    ],
                }],
                cluster_mode: false,
                automatic_failover: true,
                multi_az: true,
                snapshot_retention_days: 5,
                endpoint: Some("sessions.cache:6379".to_owned()),
            }
        );
    }

    #[test]
    fn a_group_in_cluster_mode_is_reached_at_its_configuration_endpoint() {
        let sdk = types::ReplicationGroup::builder()
            .replication_group_id("cart")
            .cluster_enabled(true)
            .automatic_failover(AutomaticFailoverStatus::from("failing-over"))
            .configuration_endpoint(endpoint("clustercfg.cart"))
            .node_groups(
                types::NodeGroup::builder()
                    .node_group_id("0002")
                    .slots("8192-16383")
                    .primary_endpoint(endpoint("wrong"))
                    .node_group_members(group_member("cart-0002-001", None))
                    .build(),
            )
            .build();
        let cache = replication_group_from_sdk(&sdk, &HashMap::new()).unwrap();
        assert_eq!(cache.endpoint.as_deref(), Some("clustercfg.cart:6379"));
        assert_eq!(cache.shards[0].slots.as_deref(), Some("8192-16383"));
        assert_eq!(cache.shards[0].nodes[0].role, None);
        assert!(cache.cluster_mode && !cache.automatic_failover);
        assert_eq!((cache.engine.as_str(), cache.engine_version), ("redis", None));
    }

    #[test]
    fn memcached_is_one_shard_of_all_its_nodes() {
        let node = |id: &str| {
            types::CacheNode::builder()
                .cache_node_id(id)
                .cache_node_status("available")
                .endpoint(endpoint("node"))
                .build()
        };
        let sdk = types::CacheCluster::builder()
            .cache_cluster_id("memo")
            .engine("memcached")
            .cache_cluster_status("available")
            .preferred_availability_zone("Multiple")
            .configuration_endpoint(endpoint("cfg.memo"))
            .cache_nodes(node("0001"))
            .cache_nodes(node("0002"))
            .build();
        let cache = cache_cluster_from_sdk(&sdk).unwrap();
        assert_eq!((cache.shards.len(), cache.node_count()), (1, 2));
        assert_eq!(cache.endpoint.as_deref(), Some("cfg.memo:6379"));
        assert!(cache.multi_az);
        assert_eq!(cache.shards[0].nodes[1].cluster_id, "memo");
    }

    #[test]
    fn a_cluster_that_names_no_nodes_still_has_as_many_as_it_says() {
        let sdk = types::CacheCluster::builder()
            .cache_cluster_id("new")
            .cache_cluster_status("creating")
            .num_cache_nodes(2)
            .build();
        let cache = cache_cluster_from_sdk(&sdk).unwrap();
        assert_eq!(cache.shards[0].nodes[1].node_id, "0002");
        assert_eq!(cache.shards[0].nodes[1].status, None);
    }

    #[test]
    fn a_serverless_cache_has_no_nodes_to_see() {
        let sdk = types::ServerlessCache::builder()
            .serverless_cache_name("burst")
            .engine("valkey")
            .major_engine_version("8")
            .full_engine_version("8.0")
            .status("available")
            .endpoint(endpoint("burst.serverless"))
            .build();
        let cache = serverless_cache_from_sdk(&sdk).unwrap();
        assert_eq!((cache.form, cache.node_count()), (CacheForm::Serverless, 0));
        assert_eq!(cache.engine_version.as_deref(), Some("8.0"));
        assert_eq!(cache.node_type, None);
        assert!(cache.automatic_failover && cache.multi_az);
    }

    #[test]
    fn an_event_needs_a_source_and_a_time() {
        let builder = types::Event::builder()
            .source_identifier("sessions-001")
            .message("Failover from primary node completed");
        assert_eq!(event_from_sdk(&builder.clone().build()), None);
        let event = event_from_sdk(&builder.date(DateTime::from_secs(5)).build()).unwrap();
        assert_eq!((event.source.as_str(), event.at.as_second()), ("sessions-001", 5));
    }
}
