"""The world that tests look at: small, in two regions, with something wrong in every family.

ap-northeast-2 is a shop, us-east-1 renders pictures on GPUs. All of it is made through the AWS API,
except for what moto has no place for, which goes to the server's memory.
"""

import json
from typing import Any

from front.memory import Memory, Region
from front.upstream import Upstream

SHOP = "ap-northeast-2"
RENDER = "us-east-1"
REGIONS = (SHOP, RENDER)


class Place:
    """A region to build in."""

    def __init__(self, upstream: Upstream, memory: Memory, region: str) -> None:
        self.upstream = upstream
        self.memory = memory
        self.region = region

    def client(self, service: str) -> Any:
        """boto3's client, under boto3's name."""
        return self.upstream.client(service, self.region)

    def role(self, service: str) -> str:
        """The ARN of a new role that a service may take: moto looks at who may."""
        trusted = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
        name = f"{service.split('.')[0]}-{self.region}"
        created = self.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy)
        return created["Role"]["Arn"]

    @property
    def here(self) -> Region:
        return self.memory.regions[self.region]


def seed(upstream: Upstream, memory: Memory) -> None:
    """Builds what most tests look at."""
    from front.world import alarms, hosts, logs, metrics, money, network, services, stores

    shop, render = _places(upstream, memory)
    for place in (shop, render):
        services.build(place)
        hosts.build(place)
        stores.build(place)
        network.build(place)
        alarms.build(place)
        logs.build(place)
        metrics.build(place)
    money.build(shop)


def seed_more(upstream: Upstream, memory: Memory) -> None:
    """Adds the families that only few tests look at, since making them takes as long as all the rest."""
    from front.world import delivery, edge, functions, models

    for place in _places(upstream, memory):
        delivery.build(place)
        models.build(place)
        functions.build(place)
        edge.build(place)


def _places(upstream: Upstream, memory: Memory) -> list[Place]:
    return [Place(upstream, memory, region) for region in REGIONS]
