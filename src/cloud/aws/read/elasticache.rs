//! Reads of Amazon ElastiCache: caches in their three forms, and events.

mod convert;

use std::cmp::Reverse;
use std::collections::HashMap;

use aws_sdk_elasticache::types::{CacheCluster, ReplicationGroup, ServerlessCache};
use futures_util::future::join3;
use jiff::Timestamp;

use super::listing::reply;
use super::rds::minutes_back;
use crate::cloud::aws::caller::{Caller, Page, Paged, gather, pages};
use crate::domain::datastore::node_type::NodeTypes;
use crate::domain::datastore::{Cache, CacheSnapshot, StoreEvent};
use crate::domain::fault::Fault;
use crate::domain::ops::elasticache::{Nodes, Read};
use crate::domain::ops::{Operation, Reply, ReplyData};

const GROUPS: Operation = Operation::new("elasticache", "DescribeReplicationGroups");
const CLUSTERS: Operation = Operation::new("elasticache", "DescribeCacheClusters");
const SERVERLESS: Operation = Operation::new("elasticache", "DescribeServerlessCaches");
const SNAPSHOTS: Operation = Operation::new("elasticache", "DescribeSnapshots");
const NODE_TYPES: Operation = Operation::new("elasticache", "ListAllowedNodeTypeModifications");
const EVENTS: Operation = Operation::new("elasticache", "DescribeEvents");

/// The most backups that AWS puts on a page.
const SNAPSHOTS_PAGE: i32 = 50;

/// The most that AWS puts on a page of any ElastiCache list.
const PAGE: i32 = 100;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Caches => caches(caller).await,
        Read::Events { since } => Ok(reply(events(caller, *since).await?, ReplyData::StoreEvents)),
        Read::NodeTypes(nodes) => node_types(caller, nodes).await,
        Read::Snapshots { group } => Ok(reply(snapshots(caller, group).await?, ReplyData::CacheSnapshots)),
    }
}

async fn snapshots(caller: &Caller<'_>, group: &str) -> Result<Paged<CacheSnapshot>, Fault> {
    pages(|token| async move {
        let call = caller
            .elasticache()
            .describe_snapshots()
            .replication_group_id(group)
            .max_records(SNAPSHOTS_PAGE)
            .set_marker(token);
        let page = caller.call(SNAPSHOTS, call.send()).await?;
        Ok(Page {
            items: page
                .snapshots()
                .iter()
                .filter_map(convert::snapshot_from_sdk)
                .collect(),
            next: page.marker,
        })
    })
    .await
}

async fn node_types(caller: &Caller<'_>, nodes: &Nodes) -> Result<Reply, Fault> {
    let call = caller.elasticache().list_allowed_node_type_modifications();
    let call = match nodes {
        Nodes::Cluster(name) => call.cache_cluster_id(name),
        Nodes::Group(name) => call.replication_group_id(name),
    };
    let answer = caller.call(NODE_TYPES, call.send()).await?;
    Ok(Reply::whole(ReplyData::CacheNodeTypes(NodeTypes {
        larger: answer.scale_up_modifications.unwrap_or_default(),
        smaller: answer.scale_down_modifications.unwrap_or_default(),
    })))
}

async fn caches(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let (groups, clusters, serverless) = join3(
        replication_groups(caller),
        cache_clusters(caller),
        serverless_caches(caller),
    )
    .await;
    if let (Err(fault), Err(_), Err(_)) = (&groups, &clusters, &serverless) {
        return Err(fault.clone());
    }
    let (groups, mut gaps) = gather(vec![groups]);
    let (clusters, more) = gather(vec![clusters]);
    gaps.extend(more);
    let (serverless, more) = gather(vec![serverless]);
    gaps.extend(more);
    let mut found = put_together(&groups, &clusters);
    found.extend(serverless.iter().filter_map(convert::serverless_cache_from_sdk));
    Ok(Reply {
        data: ReplyData::Caches(found),
        gaps,
    })
}

/// Replication groups with what only their members know, then the clusters that stand alone.
fn put_together(groups: &[ReplicationGroup], clusters: &[CacheCluster]) -> Vec<Cache> {
    let by_id: HashMap<&str, &CacheCluster> = clusters
        .iter()
        .filter_map(|cluster| Some((cluster.cache_cluster_id()?, cluster)))
        .collect();
    groups
        .iter()
        .filter_map(|group| convert::replication_group_from_sdk(group, &by_id))
        .chain(
            clusters
                .iter()
                .filter(|cluster| cluster.replication_group_id().is_none())
                .filter_map(convert::cache_cluster_from_sdk),
        )
        .collect()
}

async fn replication_groups(caller: &Caller<'_>) -> Result<Paged<ReplicationGroup>, Fault> {
    pages(|token| async move {
        let call = caller
            .elasticache()
            .describe_replication_groups()
            .max_records(PAGE)
            .set_marker(token);
        let page = caller.call(GROUPS, call.send()).await?;
        Ok(Page {
            items: page.replication_groups.unwrap_or_default(),
            next: page.marker,
        })
    })
    .await
}

/// All clusters, members of replication groups too: only a member tells its engine's version and
/// the state of its node.
async fn cache_clusters(caller: &Caller<'_>) -> Result<Paged<CacheCluster>, Fault> {
    pages(|token| async move {
        let call = caller
            .elasticache()
            .describe_cache_clusters()
            .show_cache_node_info(true)
            .max_records(PAGE)
            .set_marker(token);
        let page = caller.call(CLUSTERS, call.send()).await?;
        Ok(Page {
            items: page.cache_clusters.unwrap_or_default(),
            next: page.marker,
        })
    })
    .await
}

/// Pages are left at AWS's own 50, since their upper limit is not documented.
async fn serverless_caches(caller: &Caller<'_>) -> Result<Paged<ServerlessCache>, Fault> {
    pages(|token| async move {
        let call = caller
            .elasticache()
            .describe_serverless_caches()
            .set_next_token(token);
        let page = caller.call(SERVERLESS, call.send()).await?;
        Ok(Page {
            items: page.serverless_caches.unwrap_or_default(),
            next: page.next_token,
        })
    })
    .await
}

async fn events(caller: &Caller<'_>, since: Timestamp) -> Result<Paged<StoreEvent>, Fault> {
    let minutes = minutes_back(since, caller.host().now());
    let mut listed = pages(|marker| async move {
        let call = caller
            .elasticache()
            .describe_events()
            .duration(minutes)
            .max_records(PAGE)
            .set_marker(marker);
        let page = caller.call(EVENTS, call.send()).await?;
        Ok(Page {
            items: page.events().iter().filter_map(convert::event_from_sdk).collect(),
            next: page.marker,
        })
    })
    .await?;
    listed.items.retain(|event| event.at >= since);
    listed.items.sort_by_key(|event| Reverse(event.at));
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::datastore::CacheForm;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let since = Timestamp::UNIX_EPOCH;
        assert_eq!(Read::Caches.operations(), [GROUPS, CLUSTERS, SERVERLESS]);
        assert_eq!(Read::Events { since }.operations(), [EVENTS]);
        let nodes = Nodes::Cluster("memo".to_owned());
        assert_eq!(Read::NodeTypes(nodes).operations(), [NODE_TYPES]);
    }

    #[test]
    fn a_member_is_listed_under_its_group_only() {
        let group = ReplicationGroup::builder().replication_group_id("sessions");
        let member = CacheCluster::builder()
            .cache_cluster_id("sessions-001")
            .replication_group_id("sessions");
        let alone = CacheCluster::builder().cache_cluster_id("memo");
        let found = put_together(&[group.build()], &[member.build(), alone.build()]);
        assert_eq!(
            found
                .iter()
                .map(|cache| (cache.name.as_str(), cache.form))
                .collect::<Vec<_>>(),
            [
                ("sessions", CacheForm::ReplicationGroup),
                ("memo", CacheForm::Cluster)
            ]
        );
    }
}
