//! Changes of Amazon ElastiCache.

use aws_sdk_elasticache::operation::RequestId;

use crate::cloud::aws::caller::Caller;
use crate::domain::fault::Fault;
use crate::domain::ops::elasticache::{Nodes, Write};
use crate::domain::ops::{Receipt, Token};

/// Makes a change, once. ElastiCache takes no token; its events tell what has begun.
pub(super) async fn write(caller: &Caller<'_>, change: &Write, _token: &Token) -> Result<Receipt, Fault> {
    match change {
        Write::TestFailover { group, shard } => {
            let call = caller
                .elasticache()
                .test_failover()
                .replication_group_id(group)
                .node_group_id(shard);
            let answer = caller.call(change.operation(), call.send()).await?;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: None,
            })
        }
        Write::Promote { group, node } => {
            let call = caller
                .elasticache()
                .modify_replication_group()
                .replication_group_id(group)
                .primary_cluster_id(node)
                .apply_immediately(true);
            let answer = caller.call(change.operation(), call.send()).await?;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: None,
            })
        }
        Write::Resize { nodes, node_type } => {
            let request_id = match nodes {
                Nodes::Cluster(name) => {
                    let call = caller
                        .elasticache()
                        .modify_cache_cluster()
                        .cache_cluster_id(name)
                        .cache_node_type(node_type)
                        .apply_immediately(true);
                    let answer = caller.call(change.operation(), call.send()).await?;
                    answer.request_id().map(str::to_owned)
                }
                Nodes::Group(name) => {
                    let call = caller
                        .elasticache()
                        .modify_replication_group()
                        .replication_group_id(name)
                        .cache_node_type(node_type)
                        .apply_immediately(true);
                    let answer = caller.call(change.operation(), call.send()).await?;
                    answer.request_id().map(str::to_owned)
                }
            };
            Ok(Receipt {
                request_id,
                created: None,
            })
        }
        Write::CreateSnapshot { group, snapshot } => {
            let call = caller
                .elasticache()
                .create_snapshot()
                .replication_group_id(group)
                .snapshot_name(snapshot);
            let answer = caller.call(change.operation(), call.send()).await?;
            Ok(Receipt {
                request_id: answer.request_id().map(str::to_owned),
                created: answer
                    .snapshot()
                    .and_then(|snapshot| snapshot.arn())
                    .map(str::to_owned),
            })
        }
    }
}
