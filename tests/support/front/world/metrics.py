"""Metrics of everything that the world has, current at any time."""

from front.answers.elasticache import member_ids
from front.clock import ago, now
from front.metrics import Metric, Series, ended, slope, steady, step, wave
from front.world import RENDER, Place

GIB = 1024.0**3


def build(place: Place) -> None:
    if place.region == RENDER:
        _render(place)
    else:
        _shop(place)


def _shop(place: Place) -> None:
    _database(
        place, "shop-db", cpu=wave(46, 12), connections=steady(372), free=slope(now(), 9.5 * GIB, -0.4 * GIB)
    )
    for number in (1, 2):
        name = f"shop-aurora-{number}"
        _database(place, name, cpu=steady(20), connections=steady(35), free=steady(60 * GIB))
        _add(place, "AWS/RDS", {"DBInstanceIdentifier": name}, {"AuroraReplicaLag": steady(18)})
    for name, cache in place.here.caches.items():
        for member in member_ids(name, cache):
            _cache(place, member, evictions=steady(40) if name == "shop-views" else steady(0))
    _balancer(
        place, "shop-alb", requests=step(ago(minutes=12), 1200, 1150), errors=step(ago(minutes=12), 0, 30)
    )
    _add(place, "AWS/NATGateway", {"NatGatewayId": "nat-1"}, {"BytesOutToDestination": steady(1e6)})
    _queue(place, "shop-orders", age=steady(4))


def _render(place: Place) -> None:
    _database(place, "render-db", cpu=wave(12, 4), connections=steady(14), free=steady(70 * GIB))
    _add(place, "AWS/RDS", {"DBInstanceIdentifier": "render-db"}, {"CPUCreditBalance": slope(now(), 40, -10)})
    _cache(place, "render-cache", evictions=steady(0))
    _balancer(place, "render-alb", requests=steady(60), errors=steady(0))
    _queue(place, "render-jobs", age=steady(912))
    # A host that cannot be asked, whose CloudWatch agent tells instead.
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
    _add(
        place,
        "CWAgent",
        agent | {"InstanceId": "i-gone"},
        {"nvidia_smi_utilization_gpu": ended(ago(hours=2), 99)},
    )


def _database(place: Place, name: str, cpu: Series, connections: Series, free: Series) -> None:
    _add(
        place,
        "AWS/RDS",
        {"DBInstanceIdentifier": name},
        {
            "CPUUtilization": cpu,
            "DatabaseConnections": connections,
            "FreeStorageSpace": free,
            "FreeableMemory": steady(2.5 * GIB),
            "SwapUsage": steady(0),
            "DiskQueueDepth": steady(0.4),
            "ReadIOPS": steady(120),
            "WriteIOPS": steady(80),
            "BurstBalance": steady(100),
        },
    )


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
    _add(
        place,
        "AWS/ApplicationELB",
        dimension,
        {"RequestCount": requests, "HTTPCode_ELB_5XX_Count": steady(0)},
    )
    _add(place, "AWS/ApplicationELB", dimension, {"HTTPCode_Target_5XX_Count": errors})
    _add(place, "AWS/ApplicationELB", dimension, {"TargetResponseTime": wave(0.4, 0.3, minutes=10)})
    for group in elb.describe_target_groups(LoadBalancerArn=balancer)["TargetGroups"]:
        both = dimension | {"TargetGroup": group["TargetGroupArn"].split(":")[-1]}
        of_group = {
            "RequestCount": requests,
            "HTTPCode_Target_5XX_Count": errors,
            "TargetResponseTime": wave(0.4, 0.3),
        }
        _add(place, "AWS/ApplicationELB", both, of_group | {"UnHealthyHostCount": steady(0)})


def _queue(place: Place, name: str, age: Series) -> None:
    series = {
        "ApproximateAgeOfOldestMessage": age,
        "NumberOfMessagesSent": steady(3),
        "NumberOfMessagesDeleted": steady(2),
    }
    _add(place, "AWS/SQS", {"QueueName": name}, series)


def _add(place: Place, namespace: str, dimensions: dict[str, str], series: dict[str, Series]) -> None:
    place.here.metrics += [Metric(namespace, name, dimensions, values) for name, values in series.items()]
