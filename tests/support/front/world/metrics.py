"""Metrics of everything that the world has, current at any time."""

from front.answers.elasticache import member_ids
from front.clock import ago, now
from front.metrics import Metric, Series, nothing, slope, steady, step, wave
from front.world import RENDER, Place
from front.world.services import CLUSTERS, SERVICES

GIB = 1024.0**3

# Counts of errors have no value, not 0, in a minute without errors.
NO_ERRORS = nothing()


def build(place: Place) -> None:
    for service in SERVICES[place.region]:
        dimensions = {"ClusterName": CLUSTERS[place.region], "ServiceName": service}
        _add(place, "AWS/ECS", dimensions, {"CPUUtilization": wave(35, 10), "MemoryUtilization": steady(52)})
    _instances(place)
    if place.region == RENDER:
        _render(place)
    else:
        _shop(place)


def _shop(place: Place) -> None:
    free = slope(now(), 9.5 * GIB, -0.4 * GIB)
    _database(place, "shop-db", {"CPUUtilization": wave(46, 12), "DatabaseConnections": steady(372)})
    _database(place, "shop-db", {"FreeStorageSpace": free, "ReplicaLag": nothing()})
    for name, lag in (("shop-aurora-1", nothing()), ("shop-aurora-2", steady(18))):
        _database(place, name, {"CPUUtilization": steady(20), "DatabaseConnections": steady(35)})
        _database(place, name, {"AuroraReplicaLag": lag})
    for name, cache in place.here.caches.items():
        for member in member_ids(name, cache):
            _cache(place, member, evictions=steady(40) if name == "shop-views" else steady(0))
    serverless = {"BytesUsedForCache": steady(3e8), "ElastiCacheProcessingUnits": steady(900)}
    _add(place, "AWS/ElastiCache", {"clusterId": "shop-flags"}, serverless)
    _balancer(place, "shop-alb", requests=steady(1150), errors=step(ago(minutes=12), None, 30))
    for gateway in place.client("ec2").describe_nat_gateways()["NatGateways"]:
        traffic = {"BytesOutToDestination": steady(1e6), "BytesInFromDestination": steady(8e6)}
        _add(place, "AWS/NATGateway", {"NatGatewayId": gateway["NatGatewayId"]}, traffic)
    _queue(place, "shop-orders", age=steady(4), depth=steady(2))


def _render(place: Place) -> None:
    _database(place, "render-db", {"CPUUtilization": wave(12, 4), "DatabaseConnections": steady(14)})
    _database(
        place, "render-db", {"FreeStorageSpace": steady(70 * GIB), "CPUCreditBalance": slope(now(), 40, -10)}
    )
    _cache(place, "render-cache", evictions=steady(0))
    _balancer(place, "render-alb", requests=steady(60), errors=NO_ERRORS)
    _queue(place, "render-jobs", age=slope(now(), 912, 3600), depth=steady(43))
    # A host that cannot be asked, whose CloudWatch agent tells instead; and one that is gone.
    offline = next(name for name, kind in place.here.hosts.items() if kind == "offline")
    agent = {"InstanceId": offline, "index": "0", "name": "Tesla T4", "host": "ip-10-0-0-9"}
    _add(
        place,
        "CWAgent",
        agent,
        {
            "nvidia_smi_utilization_gpu": steady(38),
            "nvidia_smi_memory_used": steady(6200),
            "nvidia_smi_memory_total": steady(15360),
            "nvidia_smi_temperature_gpu": steady(58),
            "nvidia_smi_power_draw": steady(51.5),
        },
    )
    gone = step(ago(hours=2), 99, None)
    _add(
        place, "CWAgent", agent | {"InstanceId": "i-0ddba11c0ffee0000"}, {"nvidia_smi_utilization_gpu": gone}
    )


def _instances(place: Place) -> None:
    reservations = place.client("ec2").describe_instances()["Reservations"]
    for instance in (one for each in reservations for one in each["Instances"]):
        series = {"CPUUtilization": wave(18, 5), "StatusCheckFailed": steady(0)}
        if instance["InstanceType"].startswith("t"):
            series["CPUCreditBalance"] = slope(now(), 120, -30)
        _add(place, "AWS/EC2", {"InstanceId": instance["InstanceId"]}, series)


def _database(place: Place, name: str, series: dict[str, Series]) -> None:
    """Adds to what every database has; the first call for a database adds that, too."""
    dimensions = {"DBInstanceIdentifier": name}
    common = {
        "FreeableMemory": steady(2.5 * GIB),
        "SwapUsage": steady(0),
        "DiskQueueDepth": steady(0.4),
        "ReadLatency": steady(0.0006),
        "WriteLatency": steady(0.0011),
    }
    known = any(metric.dimensions == dimensions for metric in place.here.metrics)
    _add(place, "AWS/RDS", dimensions, series if known else common | series)


def _cache(place: Place, node: str, evictions: Series) -> None:
    _add(
        place,
        "AWS/ElastiCache",
        {"CacheClusterId": node},
        {
            "CPUUtilization": steady(9),
            "EngineCPUUtilization": wave(22, 6),
            "DatabaseMemoryUsagePercentage": steady(63.5),
            "CurrConnections": steady(51),
            "Evictions": evictions,
            "CacheHits": steady(900),
            "CacheMisses": steady(100),
            "ReplicationLag": steady(0.2),
        },
    )


def _balancer(place: Place, name: str, requests: Series, errors: Series) -> None:
    elb = place.client("elbv2")
    balancer = elb.describe_load_balancers(Names=[name])["LoadBalancers"][0]["LoadBalancerArn"]
    dimension = {"LoadBalancer": balancer.split(":loadbalancer/")[1]}
    traffic = {
        "RequestCount": requests,
        "HTTPCode_Target_5XX_Count": errors,
        "TargetResponseTime": wave(0.4, 0.3, minutes=10),
    }
    _add(place, "AWS/ApplicationELB", dimension, traffic | {"HTTPCode_ELB_5XX_Count": NO_ERRORS})
    for group in elb.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]:
        arn = group["TargetGroupArn"]
        targets = len(elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"])
        unhealthy = sum(owner == arn for owner, _ in place.here.target_health)
        hosts = {"HealthyHostCount": steady(targets - unhealthy), "UnHealthyHostCount": steady(unhealthy)}
        of_group = dimension | {"TargetGroup": arn.split(":")[-1]}
        _add(place, "AWS/ApplicationELB", of_group, (traffic | hosts) if targets else hosts)


def _queue(place: Place, name: str, age: Series, depth: Series) -> None:
    series = {"ApproximateAgeOfOldestMessage": age, "ApproximateNumberOfMessagesVisible": depth}
    _add(place, "AWS/SQS", {"QueueName": name}, series)


def _add(place: Place, namespace: str, dimensions: dict[str, str], series: dict[str, Series]) -> None:
    place.here.metrics += [Metric(namespace, name, dimensions, values) for name, values in series.items()]
