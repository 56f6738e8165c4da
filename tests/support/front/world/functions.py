"""Lambda functions, and what Application Auto Scaling moves."""

import io
import zipfile

from front.world import RENDER, Place
from front.world.services import CLUSTERS, SERVICES

FUNCTIONS = {
    "ap-northeast-2": ["shop-resize", "shop-receipts", "shop-webhook"],
    "us-east-1": ["render-notify", "render-thumbs"],
}


def build(place: Place) -> None:
    role = place.role("lambda.amazonaws.com")
    functions = place.client("lambda")
    for name in FUNCTIONS[place.region]:
        functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=role,
            Handler="app.handle",
            Code={"ZipFile": _code()},
            Timeout=30,
            Publish=True,
        )
        functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    if place.region == RENDER:
        functions.put_function_concurrency(FunctionName="render-thumbs", ReservedConcurrentExecutions=20)
    _targets(place)


def _targets(place: Place) -> None:
    cluster = CLUSTERS[place.region]
    for service in list(SERVICES[place.region])[:3]:
        _target(place, "ecs", f"service/{cluster}/{service}", "ecs:service:DesiredCount")
    if place.region == RENDER:
        dimension = "sagemaker:variant:DesiredInstanceCount"
        _target(place, "sagemaker", "endpoint/render-upscale/variant/main", dimension)


def _target(place: Place, namespace: str, resource: str, dimension: str) -> None:
    place.client("application-autoscaling").register_scalable_target(
        ServiceNamespace=namespace,
        ResourceId=resource,
        ScalableDimension=dimension,
        MinCapacity=1,
        MaxCapacity=4,
    )


def _code() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handle(event, context):\n    return event\n")
    return packed.getvalue()
