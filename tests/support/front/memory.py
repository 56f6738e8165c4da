"""What AWS knows and moto has no place for, region by region. The world fills it, answers read it."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from front.clock import ago
from front.metrics import Metric
from front.spend import Spend

Dict = dict[str, Any]

# When services were created, unless somebody says otherwise.
LONG_AGO = ago(days=30)


@dataclass
class Rollout:
    """How an ECS service really stands. Without one, a service runs what it wants and is steady."""

    running: int | None = None
    pending: int = 0
    # Newest first, as DescribeServices has them; empty for one finished deployment.
    deployments: list[Dict] = field(default_factory=list)
    events: list[Dict] = field(default_factory=list)
    # Service deployments, newest first; empty for the one that brought what runs.
    history: list[Dict] = field(default_factory=list)
    stopped_tasks: list[Dict] = field(default_factory=list)
    circuit_breaker: bool = True
    created_at: datetime = LONG_AGO


@dataclass
class Cache:
    """The nodes of a replication group: so many shards with so many nodes each."""

    shards: int
    nodes_per_shard: int
    node_type: str
    engine_version: str
    multi_az: bool = True


@dataclass
class Region:
    rollouts: dict[tuple[str, str], Rollout] = field(default_factory=dict)
    # Tasks that were stopped by a call, by ARN.
    stopped: dict[str, Dict] = field(default_factory=dict)
    # By task definition ARN: when and by whom it was registered.
    registered: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    # By instance: what kind of host it is (front.host.KINDS).
    hosts: dict[str, str] = field(default_factory=dict)
    commands: dict[str, Any] = field(default_factory=dict)
    spot_instances: set[str] = field(default_factory=set)
    spot_prices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    activities: list[Dict] = field(default_factory=list)
    # By target group ARN and target id: state, reason, description.
    target_health: dict[tuple[str, str], Dict] = field(default_factory=dict)
    maintenance: list[Dict] = field(default_factory=list)
    rds_events: list[Dict] = field(default_factory=list)
    # By parameter group: parameters of interest.
    db_parameters: dict[str, list[Dict]] = field(default_factory=dict)
    caches: dict[str, Cache] = field(default_factory=dict)
    serverless_caches: list[Dict] = field(default_factory=list)
    cache_events: list[Dict] = field(default_factory=list)
    composite_alarms: list[Dict] = field(default_factory=list)
    alarm_history: list[Dict] = field(default_factory=list)
    # By alarm: since when its state is what it is.
    alarm_since: dict[str, datetime] = field(default_factory=dict)
    metrics: list[Metric] = field(default_factory=list)
    trail: list[Dict] = field(default_factory=list)


@dataclass
class Settings:
    """What a test can change while the server runs."""

    # At most so many items a page, whatever was asked; 0 for AWS's own sizes.
    page_cap: int = 0


@dataclass
class Memory:
    regions: dict[str, Region] = field(default_factory=lambda: defaultdict(Region))
    spend: Spend = field(default_factory=Spend)
    settings: Settings = field(default_factory=Settings)
    lock: threading.RLock = field(default_factory=threading.RLock)
