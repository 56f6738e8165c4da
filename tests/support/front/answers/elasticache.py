"""ElastiCache: the nodes of replication groups, serverless caches, events."""

from typing import Any

from front.answers import Call, answer
from front.answers.rds import recent
from front.clock import ago
from front.memory import Cache
from front.upstream import ACCOUNT


@answer("elasticache", "DescribeReplicationGroups")
def describe_replication_groups(call: Call) -> dict[str, Any]:
    result = call.moto()
    for group in result["ReplicationGroups"]:
        cache = call.here.caches.get(group["ReplicationGroupId"])
        if cache:
            group.update(_group(call.region, group["ReplicationGroupId"], cache))
    return result


@answer("elasticache", "DescribeCacheClusters")
def describe_cache_clusters(call: Call) -> dict[str, Any]:
    """moto leaves out the members of replication groups and all nodes."""
    result = call.moto()
    wanted = call.params.get("CacheClusterId")
    with_nodes = call.params.get("ShowCacheNodeInfo", False)
    clusters = result["CacheClusters"]
    if not call.params.get("ShowCacheClustersNotInReplicationGroups", False):
        for name, cache in call.here.caches.items():
            clusters += [
                one for one in _members(call.region, name, cache) if wanted in (None, one["CacheClusterId"])
            ]
    for cluster in clusters:
        if with_nodes:
            cluster["CacheNodes"] = [
                _node(call.region, cluster["CacheClusterId"], cluster.get("CacheNodeType", ""))
            ]
        else:
            cluster.pop("CacheNodes", None)
    return result


@answer("elasticache", "DescribeServerlessCaches")
def describe_serverless_caches(call: Call) -> dict[str, Any]:
    return {"ServerlessCaches": call.here.serverless_caches}


@answer("elasticache", "DescribeEvents")
def describe_events(call: Call) -> dict[str, Any]:
    return {"Events": recent(call, call.here.cache_events)}


def member_ids(name: str, cache: Cache) -> list[str]:
    """The clusters of a group, as AWS names them: by shard only where there are shards."""
    sharded = cache.shards > 1
    return [
        f"{name}-{shard:04}-{node:03}" if sharded else f"{name}-{node:03}"
        for shard in range(1, cache.shards + 1)
        for node in range(1, cache.nodes_per_shard + 1)
    ]


def _group(region: str, name: str, cache: Cache) -> dict[str, Any]:
    ids = member_ids(name, cache)
    shards = []
    for index in range(cache.shards):
        members = ids[index * cache.nodes_per_shard : (index + 1) * cache.nodes_per_shard]
        shards.append(
            {
                "NodeGroupId": f"{index + 1:04}",
                "Status": "available",
                "NodeGroupMembers": [
                    {
                        "CacheClusterId": member,
                        "CacheNodeId": "0001",
                        "PreferredAvailabilityZone": region + "abc"[place % 3],
                    }
                    # Roles are known only where there is one shard.
                    | ({} if cache.shards > 1 else {"CurrentRole": "replica" if place else "primary"})
                    for place, member in enumerate(members)
                ],
            }
        )
    return {
        "ClusterEnabled": cache.shards > 1,
        "MemberClusters": ids,
        "NodeGroups": shards,
        "CacheNodeType": cache.node_type,
        "AutomaticFailover": "enabled" if cache.multi_az else "disabled",
        "MultiAZ": "enabled" if cache.multi_az else "disabled",
    }


def _members(region: str, name: str, cache: Cache) -> list[dict[str, Any]]:
    return [
        {
            "CacheClusterId": member,
            "ReplicationGroupId": name,
            "CacheNodeType": cache.node_type,
            "Engine": "redis",
            "EngineVersion": cache.engine_version,
            "CacheClusterStatus": "available",
            "NumCacheNodes": 1,
            "PreferredAvailabilityZone": f"{region}a",
            "CacheClusterCreateTime": ago(days=90),
            "ARN": f"arn:aws:elasticache:{region}:{ACCOUNT}:cluster:{member}",
        }
        for member in member_ids(name, cache)
    ]


def _node(region: str, cluster: str, node_type: str) -> dict[str, Any]:
    return {
        "CacheNodeId": "0001",
        "CacheNodeStatus": "available",
        "CacheNodeCreateTime": ago(days=90),
        "Endpoint": {
            "Address": f"{cluster}.{node_type.replace('.', '-')}.{region}.cache.amazonaws.com",
            "Port": 6379,
        },
        "CustomerAvailabilityZone": f"{region}a",
    }
