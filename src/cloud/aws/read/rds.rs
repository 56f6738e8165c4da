//! Reads of Amazon RDS: instances, clusters, snapshots, maintenance, events, connection limits.

mod convert;

use std::cmp::Reverse;

use aws_sdk_rds::types::Filter;
use futures_util::future::join;
use jiff::Timestamp;

use super::listing::{of_part, one, reply, some};
use crate::cloud::aws::caller::{Caller, Page, Paged, each, pages};
use crate::domain::datastore::{
    ConnectionLimit, DbCluster, DbInstance, DbProxy, DbSnapshot, PendingMaintenance, StoreEvent,
};
use crate::domain::fault::Fault;
use crate::domain::ops::rds::Read;
use crate::domain::ops::{Operation, Reply, ReplyData};

const INSTANCES: Operation = Operation::new("rds", "DescribeDBInstances");
const CLUSTERS: Operation = Operation::new("rds", "DescribeDBClusters");
const SNAPSHOTS: Operation = Operation::new("rds", "DescribeDBSnapshots");
const CLUSTER_SNAPSHOTS: Operation = Operation::new("rds", "DescribeDBClusterSnapshots");
const MAINTENANCE: Operation = Operation::new("rds", "DescribePendingMaintenanceActions");
const EVENTS: Operation = Operation::new("rds", "DescribeEvents");
const PROXIES: Operation = Operation::new("rds", "DescribeDBProxies");
const PROXY_TARGETS: Operation = Operation::new("rds", "DescribeDBProxyTargets");
const PARAMETERS: Operation = Operation::new("rds", "DescribeDBParameters");

/// The most that AWS puts on a page of any RDS list.
const PAGE: i32 = 100;

/// RDS keeps events for fourteen days, and refuses a longer span.
const MOST_EVENT_MINUTES: i64 = 14 * 24 * 60;

/// Answers a read.
pub(super) async fn read(caller: &Caller<'_>, read: &Read) -> Result<Reply, Fault> {
    match read {
        Read::Instances => Ok(reply(instances(caller).await?, ReplyData::DbInstances)),
        Read::Clusters => Ok(reply(clusters(caller).await?, ReplyData::DbClusters)),
        Read::Snapshots => snapshots(caller).await,
        Read::PendingMaintenance => Ok(reply(maintenance(caller).await?, ReplyData::Maintenance)),
        Read::Events { since } => Ok(reply(events(caller, *since).await?, ReplyData::StoreEvents)),
        Read::ConnectionLimits { parameter_groups } => connection_limits(caller, parameter_groups).await,
        Read::Proxies => proxies(caller).await,
    }
}

async fn instances(caller: &Caller<'_>) -> Result<Paged<DbInstance>, Fault> {
    pages(|marker| async move {
        let call = caller
            .rds()
            .describe_db_instances()
            .max_records(PAGE)
            .set_marker(marker);
        let page = caller.call(INSTANCES, call.send()).await?;
        Ok(Page {
            items: page
                .db_instances()
                .iter()
                .filter_map(convert::db_instance_from_sdk)
                .collect(),
            next: page.marker,
        })
    })
    .await
}

async fn clusters(caller: &Caller<'_>) -> Result<Paged<DbCluster>, Fault> {
    pages(|marker| async move {
        let call = caller
            .rds()
            .describe_db_clusters()
            .max_records(PAGE)
            .set_marker(marker);
        let page = caller.call(CLUSTERS, call.send()).await?;
        Ok(Page {
            items: page
                .db_clusters()
                .iter()
                .filter_map(convert::db_cluster_from_sdk)
                .collect(),
            next: page.marker,
        })
    })
    .await
}

async fn snapshots(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let (of_instances, of_clusters) = join(instance_snapshots(caller), cluster_snapshots(caller)).await;
    let (mut found, gaps) = some(vec![of_instances, of_clusters])?;
    found.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.id.cmp(&b.id)));
    Ok(Reply {
        data: ReplyData::DbSnapshots(found),
        gaps,
    })
}

async fn instance_snapshots(caller: &Caller<'_>) -> Result<Paged<DbSnapshot>, Fault> {
    pages(|marker| async move {
        let call = caller
            .rds()
            .describe_db_snapshots()
            .max_records(PAGE)
            .set_marker(marker);
        let page = caller.call(SNAPSHOTS, call.send()).await?;
        Ok(Page {
            items: page
                .db_snapshots()
                .iter()
                .filter_map(convert::db_snapshot_from_sdk)
                .collect(),
            next: page.marker,
        })
    })
    .await
}

async fn cluster_snapshots(caller: &Caller<'_>) -> Result<Paged<DbSnapshot>, Fault> {
    pages(|marker| async move {
        let call = caller
            .rds()
            .describe_db_cluster_snapshots()
            .max_records(PAGE)
            .set_marker(marker);
        let page = caller.call(CLUSTER_SNAPSHOTS, call.send()).await?;
        Ok(Page {
            items: page
                .db_cluster_snapshots()
                .iter()
                .filter_map(convert::db_cluster_snapshot_from_sdk)
                .collect(),
            next: page.marker,
        })
    })
    .await
}

async fn maintenance(caller: &Caller<'_>) -> Result<Paged<PendingMaintenance>, Fault> {
    pages(|marker| async move {
        let call = caller
            .rds()
            .describe_pending_maintenance_actions()
            .max_records(PAGE)
            .set_marker(marker);
        let page = caller.call(MAINTENANCE, call.send()).await?;
        Ok(Page {
            items: page
                .pending_maintenance_actions()
                .iter()
                .flat_map(convert::maintenance_from_sdk)
                .collect(),
            next: page.marker,
        })
    })
    .await
}

async fn events(caller: &Caller<'_>, since: Timestamp) -> Result<Paged<StoreEvent>, Fault> {
    let minutes = minutes_back(since, caller.host().now());
    let mut listed = pages(|marker| async move {
        let call = caller
            .rds()
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

/// The span that reaches back to `since`, in whole minutes. AWS counts it back from its own clock,
/// so that a wrong clock here costs no event.
pub(super) fn minutes_back(since: Timestamp, now: Timestamp) -> i32 {
    let seconds = now.duration_since(since).as_secs();
    let minutes = seconds.div_euclid(60) + i64::from(seconds.rem_euclid(60) != 0);
    i32::try_from(minutes.clamp(1, MOST_EVENT_MINUTES)).unwrap_or(i32::MAX)
}

async fn proxies(caller: &Caller<'_>) -> Result<Reply, Fault> {
    let names = pages(|marker| async move {
        let call = caller
            .rds()
            .describe_db_proxies()
            .max_records(PAGE)
            .set_marker(marker);
        let page = caller.call(PROXIES, call.send()).await?;
        Ok(Page {
            items: page
                .db_proxies()
                .iter()
                .filter_map(|proxy| proxy.db_proxy_name().map(str::to_owned))
                .collect(),
            next: page.marker,
        })
    })
    .await?;
    let answers = each(names.items, |name| async move {
        proxy(caller, &name)
            .await
            .map(one)
            .map_err(|fault| of_part(fault, &name))
    })
    .await;
    let (mut found, mut gaps) = some(answers)?;
    gaps.extend(names.gap);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Reply {
        data: ReplyData::DbProxies(found),
        gaps,
    })
}

async fn proxy(caller: &Caller<'_>, name: &str) -> Result<DbProxy, Fault> {
    let listed = pages(|marker| async move {
        let call = caller
            .rds()
            .describe_db_proxy_targets()
            .db_proxy_name(name)
            .max_records(PAGE)
            .set_marker(marker);
        let page = caller.call(PROXY_TARGETS, call.send()).await?;
        Ok(Page {
            items: page
                .targets()
                .iter()
                .filter_map(convert::proxy_target_from_sdk)
                .collect(),
            next: page.marker,
        })
    })
    .await?;
    match listed.gap {
        // Half of its targets would look like all of them.
        Some(fault) => Err(fault),
        None => Ok(DbProxy {
            name: name.to_owned(),
            targets: listed.items,
        }),
    }
}

async fn connection_limits(caller: &Caller<'_>, groups: &[String]) -> Result<Reply, Fault> {
    let answers = each(groups.to_vec(), |group| async move {
        connection_limit(caller, &group)
            .await
            .map(one)
            .map_err(|fault| of_part(fault, &group))
    })
    .await;
    let (mut found, gaps) = some(answers)?;
    found.sort_by(|a, b| a.parameter_group.cmp(&b.parameter_group));
    Ok(Reply {
        data: ReplyData::ConnectionLimits(found),
        gaps,
    })
}

async fn connection_limit(caller: &Caller<'_>, group: &str) -> Result<ConnectionLimit, Fault> {
    // A group has some four hundred parameters; the filter leaves the one.
    let only = &Filter::builder()
        .name("parameter-name")
        .values(convert::MAX_CONNECTIONS)
        .build();
    let listed = pages(|marker| async move {
        let call = caller
            .rds()
            .describe_db_parameters()
            .db_parameter_group_name(group)
            .filters(only.clone())
            .max_records(PAGE)
            .set_marker(marker);
        let page = caller.call(PARAMETERS, call.send()).await?;
        Ok(Page {
            items: page
                .parameters()
                .iter()
                .filter_map(convert::max_connections_from_sdk)
                .collect(),
            next: page.marker,
        })
    })
    .await?;
    match (listed.items.into_iter().next(), listed.gap) {
        // Without the whole list, "not set" would be a guess.
        (None, Some(fault)) => Err(fault),
        (max_connections, _) => Ok(ConnectionLimit {
            parameter_group: group.to_owned(),
            max_connections,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_made_are_the_ones_declared() {
        let since = Timestamp::UNIX_EPOCH;
        let limits = Read::ConnectionLimits {
            parameter_groups: Vec::new(),
        };
        assert_eq!(Read::Instances.operations(), [INSTANCES]);
        assert_eq!(Read::Clusters.operations(), [CLUSTERS]);
        assert_eq!(Read::Snapshots.operations(), [SNAPSHOTS, CLUSTER_SNAPSHOTS]);
        assert_eq!(Read::PendingMaintenance.operations(), [MAINTENANCE]);
        assert_eq!(Read::Events { since }.operations(), [EVENTS]);
        assert_eq!(limits.operations(), [PARAMETERS]);
        assert_eq!(Read::Proxies.operations(), [PROXIES, PROXY_TARGETS]);
    }

    #[test]
    fn the_span_of_events_is_rounded_up_and_kept_within_what_aws_takes() {
        let now: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
        let back = |seconds: i64| minutes_back(now - jiff::SignedDuration::from_secs(seconds), now);
        assert_eq!(back(7200), 120);
        assert_eq!(back(7201), 121);
        assert_eq!(back(0), 1);
        assert_eq!(back(-90), 1);
        assert_eq!(back(30 * 86_400), 20_160);
    }
}
