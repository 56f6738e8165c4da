//! RDS and ElastiCache.

use jiff::SignedDuration;
use pretty_assertions::assert_eq;
use quarterdeck::domain::datastore::{Cache, CacheForm, ConnectionLimit};
use quarterdeck::domain::fault::FaultKind;
use quarterdeck::domain::ops::{Query, elasticache, rds};

use super::super::server::{Answer, Request};
use super::{Canned, data, now, result, whole, with_gaps};

fn instance(name: &str) -> String {
    format!(
        "<DBInstance><DBInstanceIdentifier>{name}</DBInstanceIdentifier><Engine>postgres</Engine></DBInstance>"
    )
}

/// Two pages of one instance each.
fn two_pages(call: &Request) -> Answer {
    let (name, marker) = match call.form("Marker").as_deref() {
        None => ("first", "<Marker>page+2/=&amp;</Marker>"),
        Some("page+2/=&") => ("second", ""),
        Some(other) => panic!("no such marker: {other}"),
    };
    let list = format!("{marker}<DBInstances>{}</DBInstances>", instance(name));
    result(call, &list)
}

#[tokio::test]
async fn instances_are_read_to_the_last_page() {
    let server = Canned::start(two_pages);
    let answer = server.read(Query::Rds(rds::Read::Instances)).await;
    let instances = data!(DbInstances, whole(answer));
    let names: Vec<_> = instances.iter().map(|each| each.name.as_str()).collect();
    assert_eq!(names, ["first", "second"]);
    let calls = server.arrived();
    assert_eq!(calls.len(), 2);
    for call in calls {
        assert_eq!(call.form("MaxRecords").as_deref(), Some("100"));
    }
}

#[tokio::test]
async fn a_page_that_fails_leaves_a_gap_and_the_pages_before() {
    let server = Canned::start(|call| match call.form("Marker") {
        None => two_pages(call),
        Some(_) => Answer::refuse(call, 403, "AccessDenied", "not any more"),
    });
    let answer = server.read(Query::Rds(rds::Read::Instances)).await;
    let (instances, gaps) = with_gaps(answer);
    assert_eq!(data!(DbInstances, instances).len(), 1);
    let gap = (
        FaultKind::AccessDenied,
        "DescribeDBInstances".to_owned(),
        "not any more".to_owned(),
    );
    assert_eq!(gaps, [gap]);
}

#[tokio::test]
async fn an_endpoint_that_repeats_its_marker_does_not_keep_us() {
    let server = Canned::start(|call| {
        let list = format!(
            "<Marker>again</Marker><DBInstances>{}</DBInstances>",
            instance("one")
        );
        result(call, &list)
    });
    let answer = server.read(Query::Rds(rds::Read::Instances)).await;
    assert_eq!(data!(DbInstances, whole(answer)).len(), 2);
}

fn snapshot(name: &str, time: &str) -> String {
    format!(
        "<DBSnapshot><DBSnapshotIdentifier>{name}</DBSnapshotIdentifier>\
         <SnapshotDatabaseTime>{time}</SnapshotDatabaseTime></DBSnapshot>"
    )
}

#[tokio::test]
async fn snapshots_of_instances_stay_when_those_of_clusters_are_denied() {
    let server = Canned::start(|call| match call.operation().as_str() {
        "DescribeDBSnapshots" => {
            let list = [
                snapshot("old", "2026-11-19T18:00:00Z"),
                snapshot("new", "2026-11-20T18:00:00Z"),
            ];
            result(call, &format!("<DBSnapshots>{}</DBSnapshots>", list.concat()))
        }
        _ => Answer::refuse(call, 403, "AccessDenied", "no"),
    });
    let (snapshots, gaps) = with_gaps(server.read(Query::Rds(rds::Read::Snapshots)).await);
    let names: Vec<_> = data!(DbSnapshots, snapshots)
        .into_iter()
        .map(|each| each.id)
        .collect();
    assert_eq!(names, ["new", "old"]);
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].1, "DescribeDBClusterSnapshots");
}

#[tokio::test]
async fn snapshots_fail_when_nothing_of_them_can_be_read() {
    let server = Canned::start(|call| Answer::refuse(call, 403, "AccessDenied", "no"));
    let fault = server
        .read(Query::Rds(rds::Read::Snapshots))
        .await
        .expect_err("nothing was read");
    assert_eq!(fault.kind, FaultKind::AccessDenied);
    assert_eq!(fault.operation, "DescribeDBSnapshots");
    assert_eq!(fault.request_id.as_deref(), Some("req-1"));
}

#[tokio::test]
async fn events_are_asked_for_by_the_minute_and_cut_to_the_second() {
    let server = Canned::start(|call| {
        let event = |time: &str| {
            format!(
                "<Event><SourceIdentifier>orders</SourceIdentifier><Message>restarted</Message>\
                 <Date>{time}</Date></Event>"
            )
        };
        let list = [
            event("2026-11-21T00:34:40Z"),
            event("2026-11-21T00:34:50Z"),
            event("2026-11-21T02:00:00Z"),
        ];
        result(call, &format!("<Events>{}</Events>", list.concat()))
    });
    let since = now() - SignedDuration::from_secs(2 * 3600 + 10);
    for query in [
        Query::Rds(rds::Read::Events { since }),
        Query::ElastiCache(elasticache::Read::Events { since }),
    ] {
        let events = data!(StoreEvents, whole(server.read(query).await));
        let times: Vec<_> = events.iter().map(|event| event.at.to_string()).collect();
        assert_eq!(times, ["2026-11-21T02:00:00Z", "2026-11-21T00:34:50Z"]);
    }
    for call in server.arrived() {
        assert_eq!(call.form("Duration").as_deref(), Some("121"));
    }
}

#[tokio::test]
async fn limits_are_asked_for_by_name_and_a_missing_group_is_a_gap() {
    let server = Canned::start(|call| {
        let group = call.form("DBParameterGroupName").expect("it is sent");
        if group == "gone" {
            return Answer::refuse(call, 404, "DBParameterGroupNotFound", "no such parameter group");
        }
        let value = match group.as_str() {
            "set" => "<ParameterValue>200</ParameterValue>",
            _ => "",
        };
        let parameter = format!(
            "<Parameters><Parameter><ParameterName>max_connections</ParameterName>{value}</Parameter></Parameters>"
        );
        result(call, &parameter)
    });
    let query = Query::Rds(rds::Read::ConnectionLimits {
        parameter_groups: ["set", "gone", "default"].map(str::to_owned).to_vec(),
    });
    let (limits, gaps) = with_gaps(server.read(query).await);
    let limit = |group: &str, value: Option<&str>| ConnectionLimit {
        parameter_group: group.to_owned(),
        max_connections: value.map(str::to_owned),
    };
    assert_eq!(
        data!(ConnectionLimits, limits),
        [limit("default", None), limit("set", Some("200"))]
    );
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].0, FaultKind::NotFound);
    assert_eq!(gaps[0].2, "gone: no such parameter group");
    for call in server.arrived() {
        let filter = ["Filters.Filter.1.Name", "Filters.Filter.1.Values.Value.1"];
        let sent = filter.map(|name| call.form(name).expect("it is sent"));
        assert_eq!(sent, ["parameter-name", "max_connections"]);
    }
}

/// A replication group of two nodes, and a cluster that stands alone.
fn caches(call: &Request) -> Answer {
    let member = |id: &str, group: &str| {
        format!(
            "<CacheCluster><CacheClusterId>{id}</CacheClusterId><Engine>valkey</Engine>\
             <EngineVersion>8.0.1</EngineVersion>{group}<CacheNodes><CacheNode>\
             <CacheNodeId>0001</CacheNodeId><CacheNodeStatus>available</CacheNodeStatus>\
             </CacheNode></CacheNodes></CacheCluster>"
        )
    };
    let node = |id: &str, role: &str| {
        format!(
            "<NodeGroupMember><CacheClusterId>{id}</CacheClusterId><CacheNodeId>0001</CacheNodeId>\
             <CurrentRole>{role}</CurrentRole></NodeGroupMember>"
        )
    };
    match call.operation().as_str() {
        "DescribeReplicationGroups" => {
            let nodes = [node("sessions-001", "primary"), node("sessions-002", "replica")].concat();
            let group = format!(
                "<ReplicationGroup><ReplicationGroupId>sessions</ReplicationGroupId>\
                 <MemberClusters><ClusterId>sessions-001</ClusterId></MemberClusters>\
                 <NodeGroups><NodeGroup><NodeGroupId>0001</NodeGroupId>\
                 <NodeGroupMembers>{nodes}</NodeGroupMembers></NodeGroup></NodeGroups></ReplicationGroup>"
            );
            result(call, &format!("<ReplicationGroups>{group}</ReplicationGroups>"))
        }
        "DescribeCacheClusters" => {
            assert_eq!(call.form("ShowCacheNodeInfo").as_deref(), Some("true"));
            let of_group = "<ReplicationGroupId>sessions</ReplicationGroupId>";
            let list = [
                member("sessions-001", of_group),
                member("sessions-002", of_group),
                member("alone", ""),
            ];
            result(call, &format!("<CacheClusters>{}</CacheClusters>", list.concat()))
        }
        other => panic!("not expected: {other}"),
    }
}

fn forms(caches: &[Cache]) -> Vec<(&str, CacheForm, usize)> {
    caches
        .iter()
        .map(|cache| (cache.name.as_str(), cache.form, cache.node_count()))
        .collect()
}

#[tokio::test]
async fn caches_of_all_forms_are_one_list() {
    let server = Canned::start(|call| match call.operation().as_str() {
        "DescribeServerlessCaches" => result(
            call,
            "<ServerlessCaches><member><ServerlessCacheName>burst</ServerlessCacheName></member></ServerlessCaches>",
        ),
        _ => caches(call),
    });
    let answer = server.read(Query::ElastiCache(elasticache::Read::Caches)).await;
    let found = data!(Caches, whole(answer));
    assert_eq!(
        forms(&found),
        [
            ("sessions", CacheForm::ReplicationGroup, 2),
            ("alone", CacheForm::Cluster, 1),
            ("burst", CacheForm::Serverless, 0),
        ]
    );
    assert_eq!(found[0].engine_version.as_deref(), Some("8.0.1"));
    assert_eq!(found[0].shards[0].nodes[1].role.as_deref(), Some("replica"));
}

#[tokio::test]
async fn an_endpoint_without_serverless_caches_still_has_the_others() {
    let server = Canned::start(|call| match call.operation().as_str() {
        "DescribeServerlessCaches" => Answer::page(404),
        _ => caches(call),
    });
    let answer = server.read(Query::ElastiCache(elasticache::Read::Caches)).await;
    let (found, gaps) = with_gaps(answer);
    assert_eq!(data!(Caches, found).len(), 2);
    assert_eq!(gaps.len(), 1);
    assert_eq!(gaps[0].0, FaultKind::Unsupported);
    assert_eq!(gaps[0].1, "DescribeServerlessCaches");
}

#[tokio::test]
async fn members_are_not_shown_as_clusters_when_their_group_cannot_be_read() {
    let server = Canned::start(|call| match call.operation().as_str() {
        "DescribeReplicationGroups" => Answer::refuse(call, 403, "AccessDenied", "no"),
        "DescribeServerlessCaches" => result(call, ""),
        _ => caches(call),
    });
    let answer = server.read(Query::ElastiCache(elasticache::Read::Caches)).await;
    let (found, gaps) = with_gaps(answer);
    assert_eq!(forms(&data!(Caches, found)), [("alone", CacheForm::Cluster, 1)]);
    assert_eq!(gaps.len(), 1);
}
