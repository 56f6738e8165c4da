"""Operations that are answered here and not by moto alone, one file for each service.

An answer takes the call and gives the whole result under the API's names; pages are cut elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from front.memory import Memory, Region
from front.upstream import Upstream


@dataclass
class Call:
    """An operation that was asked for."""

    service: str
    boto_name: str
    operation: str
    region: str
    params: dict[str, Any]
    memory: Memory
    upstream: Upstream

    @property
    def here(self) -> Region:
        return self.memory.regions[self.region]

    def moto(self, operation: str | None = None, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """moto's whole answer to this call, or to another of the same service."""
        asked = self.params if params is None else params
        return self.upstream.drain(self.boto_name, self.region, operation or self.operation, asked)


Handler = Callable[[Call], dict[str, Any]]

ANSWERS: dict[tuple[str, str], Handler] = {}


def answer(service: str, operation: str) -> Callable[[Handler], Handler]:
    """Registers the answer to an operation; `service` is the IAM prefix."""

    def register(handler: Handler) -> Handler:
        ANSWERS[service, operation] = handler
        return handler

    return register


def load() -> None:
    """Registers all answers."""
    from front.answers import (  # noqa: F401
        applicationautoscaling,
        autoscaling,
        cloudtrail,
        cloudwatch,
        codepipeline,
        costs,
        ec2,
        ecs,
        eks,
        elasticache,
        elb,
        logs,
        metrics,
        rds,
        s3,
        sagemaker,
        ssm,
    )
