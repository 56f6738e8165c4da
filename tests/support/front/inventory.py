"""What an independent client finds, with the names that each kind has in `qd status`."""

from typing import Any

from front.upstream import boto_client
from front.world import REGIONS


def take(endpoint: str) -> dict[str, dict[str, list[str]]]:
    """Sorted names or ids by region and kind."""
    return {region: _region(endpoint, region) for region in REGIONS}


def _region(endpoint: str, region: str) -> dict[str, list[str]]:
    def pages(service: str, method: str, **params: Any) -> dict[str, Any]:
        client = boto_client(endpoint, service, region)
        if client.can_paginate(method):
            return client.get_paginator(method).paginate(**params).build_full_result()
        return getattr(client, method)(**params)

    clusters = pages("ecs", "list_clusters").get("clusterArns", [])
    services = [
        arn
        for cluster in clusters
        for arn in pages("ecs", "list_services", cluster=cluster).get("serviceArns", [])
    ]
    groups = pages("autoscaling", "describe_auto_scaling_groups").get("AutoScalingGroups", [])
    reservations = pages("ec2", "describe_instances").get("Reservations", [])
    alarms = pages("cloudwatch", "describe_alarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    standalone = pages("elasticache", "describe_cache_clusters", ShowCacheClustersNotInReplicationGroups=True)
    replicated = pages("elasticache", "describe_replication_groups")
    serverless = pages("elasticache", "describe_serverless_caches")
    found = {
        "ecs-service": [arn.rsplit("/", 1)[-1] for arn in services],
        "asg": [group["AutoScalingGroupName"] for group in groups],
        "ec2-instance": [one["InstanceId"] for each in reservations for one in each["Instances"]],
        "rds-instance": _names(pages("rds", "describe_db_instances"), "DBInstances", "DBInstanceIdentifier"),
        "rds-cluster": _names(pages("rds", "describe_db_clusters"), "DBClusters", "DBClusterIdentifier"),
        "redis": _names(standalone, "CacheClusters", "CacheClusterId")
        + _names(replicated, "ReplicationGroups", "ReplicationGroupId")
        + _names(serverless, "ServerlessCaches", "ServerlessCacheName"),
        "load-balancer": _names(
            pages("elbv2", "describe_load_balancers"), "LoadBalancers", "LoadBalancerName"
        ),
        "target-group": _names(pages("elbv2", "describe_target_groups"), "TargetGroups", "TargetGroupName"),
        "alarm": _names(alarms, "MetricAlarms", "AlarmName") + _names(alarms, "CompositeAlarms", "AlarmName"),
        "queue": [url.rsplit("/", 1)[-1] for url in pages("sqs", "list_queues").get("QueueUrls", [])],
        "log-group": _names(pages("logs", "describe_log_groups"), "logGroups", "logGroupName"),
    }
    return {kind: sorted(names) for kind, names in found.items()}


def _names(result: dict[str, Any], items: str, key: str) -> list[str]:
    return [one[key] for one in result.get(items) or []]
