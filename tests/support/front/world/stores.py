"""Databases and caches: RDS, Aurora, a sharded Redis, a lone node, a serverless cache."""

from typing import Any

from front.clock import ago, now
from front.memory import Cache
from front.upstream import ACCOUNT
from front.world import RENDER, Place


def build(place: Place) -> None:
    if place.region == RENDER:
        _instance(place, "render-db", "postgres", "db.t4g.medium", BackupRetentionPeriod=0)
        _lone_node(place)
    else:
        _shop_databases(place)
        _shop_caches(place)


def _shop_databases(place: Place) -> None:
    rds = place.client("rds")
    rds.create_db_parameter_group(
        DBParameterGroupName="shop-postgres", DBParameterGroupFamily="postgres16", Description="shop"
    )
    limit = {"ParameterName": "max_connections", "ParameterValue": "400", "Source": "user"}
    place.here.db_parameters["shop-postgres"] = [
        limit,
        {"ParameterName": "work_mem", "Source": "engine-default"},
    ]
    _instance(
        place,
        "shop-db",
        "postgres",
        "db.m6g.large",
        MultiAZ=True,
        DBParameterGroupName="shop-postgres",
        BackupRetentionPeriod=7,
        PreferredBackupWindow="03:00-03:30",
        DeletionProtection=True,
    )
    rds.create_db_snapshot(DBInstanceIdentifier="shop-db", DBSnapshotIdentifier="shop-db-before-migration")
    rds.create_db_cluster(
        DBClusterIdentifier="shop-aurora",
        Engine="aurora-postgresql",
        MasterUsername="app",
        MasterUserPassword="not-a-real-password",
    )
    for number in (1, 2):
        rds.create_db_instance(
            DBInstanceIdentifier=f"shop-aurora-{number}",
            DBClusterIdentifier="shop-aurora",
            Engine="aurora-postgresql",
            DBInstanceClass="db.r6g.large",
        )
    rds.create_db_cluster_snapshot(
        DBClusterIdentifier="shop-aurora", DBClusterSnapshotIdentifier="shop-aurora-weekly"
    )
    place.here.maintenance.append(
        {
            "ResourceIdentifier": _arn(place, "shop-db"),
            "PendingMaintenanceActionDetails": [
                {
                    "Action": "system-update",
                    "Description": "New Operating System update is available",
                    "AutoAppliedAfterDate": ago(days=-9),
                    "CurrentApplyDate": ago(days=-9),
                }
            ],
        }
    )
    place.here.rds_events += [
        _event(place, "shop-db", 35, "Multi-AZ instance failover completed", ["failover"]),
        _event(place, "shop-db", 36, "Multi-AZ instance failover started.", ["failover"]),
        _event(place, "shop-db", 600, "Finished DB Instance backup", ["backup"]),
    ]


def _shop_caches(place: Place) -> None:
    elasticache = place.client("elasticache")
    elasticache.create_replication_group(
        ReplicationGroupId="shop-sessions",
        ReplicationGroupDescription="sessions of the shop",
        NumNodeGroups=2,
        ReplicasPerNodeGroup=1,
        CacheNodeType="cache.r6g.large",
        Engine="redis",
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
    )
    place.here.caches["shop-sessions"] = Cache(2, 2, "cache.r6g.large", "7.1.0")
    elasticache.create_replication_group(
        ReplicationGroupId="shop-views",
        ReplicationGroupDescription="rendered pages",
        NumCacheClusters=2,
        CacheNodeType="cache.t4g.small",
        Engine="redis",
    )
    place.here.caches["shop-views"] = Cache(1, 2, "cache.t4g.small", "7.1.0", multi_az=False)
    place.here.serverless_caches.append(
        {
            "ServerlessCacheName": "shop-flags",
            "Description": "feature flags",
            "CreateTime": ago(days=20),
            "Status": "available",
            "Engine": "valkey",
            "MajorEngineVersion": "8",
            "FullEngineVersion": "8.0",
            "ARN": f"arn:aws:elasticache:{place.region}:{ACCOUNT}:serverlesscache:shop-flags",
            "Endpoint": {
                "Address": f"shop-flags.serverless.{place.region}.cache.amazonaws.com",
                "Port": 6379,
            },
        }
    )
    place.here.cache_events.append(
        {
            "SourceIdentifier": "shop-sessions",
            "SourceType": "replication-group",
            "Message": "Failover from primary node shop-sessions-0001-001 to replica node"
            " shop-sessions-0001-002 completed",
            "Date": ago(minutes=70),
        }
    )


def _lone_node(place: Place) -> None:
    place.client("elasticache").create_cache_cluster(
        CacheClusterId="render-cache",
        Engine="redis",
        EngineVersion="7.1",
        CacheNodeType="cache.t4g.micro",
        NumCacheNodes=1,
    )


def _instance(place: Place, name: str, engine: str, kind: str, **rest: Any) -> None:
    place.client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        Engine=engine,
        EngineVersion="16.4",
        DBInstanceClass=kind,
        AllocatedStorage=100,
        StorageType="gp3",
        MasterUsername="app",
        MasterUserPassword="not-a-real-password",
        Tags=[{"Key": "team", "Value": name.split("-")[0]}],
        **rest,
    )


def _event(place: Place, name: str, minutes: int, message: str, categories: list[str]) -> dict[str, Any]:
    return {
        "SourceIdentifier": name,
        "SourceType": "db-instance",
        "Message": message,
        "EventCategories": categories,
        "Date": ago(minutes=minutes) if minutes else now(),
        "SourceArn": _arn(place, name),
    }


def _arn(place: Place, name: str) -> str:
    return f"arn:aws:rds:{place.region}:{ACCOUNT}:db:{name}"
