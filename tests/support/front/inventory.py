"""What an independent client finds, with the names that each kind has in `qd status`.

Two kinds are not here. `gpu` and `gpu-host` are no listing of AWS's: the tests read the hosts' own
output. `advice` is what Trusted Advisor and Compute Optimizer find, and moto has neither.
"""

from typing import Any

from front.upstream import boto_client
from front.world import REGIONS

# Whose view holds what the account has once: those lists are the same in every region.
GLOBAL = "global"


def take(endpoint: str) -> dict[str, dict[str, list[str]]]:
    """Sorted names or ids by region and kind; what belongs to the account is under `global`."""
    found = {region: _region(Pages(endpoint, region)) for region in REGIONS}
    found[GLOBAL] = _account(Pages(endpoint, REGIONS[-1]))
    return {
        where: {kind: sorted(names) for kind, names in kinds.items()} for where, kinds in found.items()
    }


class Pages:
    """Whole lists of a region."""

    def __init__(self, endpoint: str, region: str) -> None:
        self.endpoint = endpoint
        self.region = region

    def __call__(self, service: str, method: str, **params: Any) -> dict[str, Any]:
        client = boto_client(self.endpoint, service, self.region)
        if client.can_paginate(method):
            return client.get_paginator(method).paginate(**params).build_full_result()
        return getattr(client, method)(**params)

    def names(self, service: str, method: str, items: str, key: str, **params: Any) -> list[str]:
        """One field of each item."""
        return [one[key] for one in self(service, method, **params).get(items) or []]


def _region(pages: Pages) -> dict[str, list[str]]:
    return _compute(pages) | _stores(pages) | _network(pages) | _delivery(pages) | _models(pages)


def _compute(pages: Pages) -> dict[str, list[str]]:
    clusters = pages("ecs", "list_clusters").get("clusterArns", [])
    services = [
        arn
        for cluster in clusters
        for arn in pages("ecs", "list_services", cluster=cluster).get("serviceArns", [])
    ]
    reservations = pages("ec2", "describe_instances").get("Reservations", [])
    targets = [
        resource
        for namespace in ("ecs", "sagemaker")
        for resource in pages.names(
            "application-autoscaling",
            "describe_scalable_targets",
            "ScalableTargets",
            "ResourceId",
            ServiceNamespace=namespace,
        )
    ]
    return {
        "ecs-service": [_last(arn) for arn in services],
        "asg": pages.names(
            "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName"
        ),
        "ec2-instance": [one["InstanceId"] for each in reservations for one in each["Instances"]],
        "lambda": pages.names("lambda", "list_functions", "Functions", "FunctionName"),
        # `service/CLUSTER/SERVICE` and `endpoint/ENDPOINT/variant/VARIANT`.
        "scalable-target": [
            resource.split("/")[2 if resource.startswith("service/") else 1] for resource in targets
        ],
    }


def _stores(pages: Pages) -> dict[str, list[str]]:
    return {
        "rds-instance": pages.names("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
        "rds-cluster": pages.names("rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
        "redis": pages.names(
            "elasticache",
            "describe_cache_clusters",
            "CacheClusters",
            "CacheClusterId",
            ShowCacheClustersNotInReplicationGroups=True,
        )
        + pages.names(
            "elasticache", "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId"
        )
        + pages.names("elasticache", "describe_serverless_caches", "ServerlessCaches", "ServerlessCacheName"),
        "queue": [_last(url) for url in pages("sqs", "list_queues").get("QueueUrls", [])],
        "log-group": pages.names("logs", "describe_log_groups", "logGroups", "logGroupName"),
        "secret": pages.names("secretsmanager", "list_secrets", "SecretList", "Name"),
        "parameter": pages.names("ssm", "describe_parameters", "Parameters", "Name"),
    }


def _network(pages: Pages) -> dict[str, list[str]]:
    alarms = pages("cloudwatch", "describe_alarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return {
        "load-balancer": pages.names(
            "elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName"
        ),
        "target-group": pages.names("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName"),
        "alarm": [one["AlarmName"] for kind in ("MetricAlarms", "CompositeAlarms") for one in alarms[kind]],
        "nat-gateway": pages.names("ec2", "describe_nat_gateways", "NatGateways", "NatGatewayId"),
        "vpc-endpoint": pages.names("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
        "certificate": pages.names("acm", "list_certificates", "CertificateSummaryList", "DomainName"),
    }


def _delivery(pages: Pages) -> dict[str, list[str]]:
    return {
        "pipeline": pages.names("codepipeline", "list_pipelines", "pipelines", "name"),
        "codebuild-project": pages("codebuild", "list_projects")["projects"],
        "ecr-repository": pages.names("ecr", "describe_repositories", "repositories", "repositoryName"),
    }


def _models(pages: Pages) -> dict[str, list[str]]:
    clusters = pages("eks", "list_clusters")["clusters"]
    return {
        "sagemaker-endpoint": pages.names("sagemaker", "list_endpoints", "Endpoints", "EndpointName"),
        "training-job": pages.names(
            "sagemaker", "list_training_jobs", "TrainingJobSummaries", "TrainingJobName"
        ),
        "notebook-instance": pages.names(
            "sagemaker", "list_notebook_instances", "NotebookInstances", "NotebookInstanceName"
        ),
        "eks-cluster": clusters,
        "nodegroup": [
            name
            for cluster in clusters
            for name in pages("eks", "list_nodegroups", clusterName=cluster)["nodegroups"]
        ],
    }


def _account(pages: Pages) -> dict[str, list[str]]:
    checks = pages("route53", "list_health_checks")["HealthChecks"]
    # Of an account without any the paginator leaves out the list altogether.
    distributions = pages("cloudfront", "list_distributions").get("DistributionList", {})
    return {
        "bucket": pages.names("s3", "list_buckets", "Buckets", "Name"),
        "distribution": [one["Id"] for one in distributions.get("Items", [])],
        # Checks have no names.
        "health-check": [one["Id"] for one in checks],
    }


def _last(path: str) -> str:
    return path.rsplit("/", 1)[-1]
