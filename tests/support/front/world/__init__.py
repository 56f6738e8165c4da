"""The world that tests look at: small, in two regions, with something wrong in every family.

ap-northeast-2 is a shop, us-east-1 renders pictures on GPUs. All of it is made through the AWS API,
except for what moto has no place for, which goes to the server's memory.
"""

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

    @property
    def here(self) -> Region:
        return self.memory.regions[self.region]


def seed(upstream: Upstream, memory: Memory) -> None:
    """Builds everything."""
    from front.world import alarms, hosts, logs, metrics, money, network, services, stores

    shop, render = (Place(upstream, memory, region) for region in REGIONS)
    for place in (shop, render):
        services.build(place)
        hosts.build(place)
        stores.build(place)
        network.build(place)
        alarms.build(place)
        logs.build(place)
        metrics.build(place)
    money.build(shop)
