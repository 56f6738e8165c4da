"""ECS. The shop has twelve services, two more than one DescribeServices takes, and two in trouble."""

from typing import Any

from front.answers.ecs import service_deployment
from front.clock import ago
from front.memory import Rollout
from front.upstream import ACCOUNT
from front.world import RENDER, Place

CLUSTERS = {"ap-northeast-2": "shop-cluster", "us-east-1": "render-cluster"}

SERVICES = {
    "ap-northeast-2": {
        "shop-cart": 2,
        "shop-catalog": 3,
        "shop-checkout": 3,
        "shop-gateway": 2,
        "shop-images": 1,
        "shop-mail": 1,
        "shop-orders": 2,
        "shop-pricing": 1,
        "shop-reviews": 1,
        "shop-search": 2,
        "shop-session": 2,
        "shop-stock": 1,
    },
    "us-east-1": {"render-api": 2, "render-web": 1},
}

# Revisions of these families; the rest have one.
REVISIONS = {"shop-checkout": 4, "shop-search": 3}


def build(place: Place) -> None:
    ecs = place.client("ecs")
    cluster = CLUSTERS[place.region]
    ecs.create_cluster(clusterName=cluster)
    for name, desired in SERVICES[place.region].items():
        for revision in range(1, REVISIONS.get(name, 1) + 1):
            _register(place, name, revision)
        ecs.create_service(
            cluster=cluster,
            serviceName=name,
            taskDefinition=f"{name}:{REVISIONS.get(name, 1)}",
            desiredCount=desired,
            launchType="FARGATE",
            tags=[{"key": "team", "value": "render" if place.region == RENDER else "shop"}],
        )
        place.here.rollouts[cluster, name] = Rollout(
            events=[_event(name, ago(minutes=50), "has reached a steady state.")]
        )
    if place.region != RENDER:
        _stuck_deployment(place, cluster, "shop-checkout")
        _rolled_back_deployment(place, cluster, "shop-search")


def _register(place: Place, family: str, revision: int) -> None:
    image = f"{ACCOUNT}.dkr.ecr.{place.region}.amazonaws.com/{family}:1.{revision}.0"
    described = place.client("ecs").register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="512",
        memory="1024",
        runtimePlatform={"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        containerDefinitions=[
            {
                "name": "app",
                "image": image,
                "cpu": 512,
                "memory": 1024,
                "essential": True,
                "environment": [
                    {"name": "LOG_LEVEL", "value": "info"},
                    {"name": "DATABASE_URL", "value": f"postgres://app:hunter2@{family}-db:5432/app"},
                ],
                "secrets": [
                    {
                        "name": "API_KEY",
                        "valueFrom": f"arn:aws:ssm:{place.region}:{ACCOUNT}:parameter/{family}/key",
                    }
                ],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {"awslogs-group": f"/ecs/{family}", "awslogs-region": place.region},
                },
            }
        ],
    )
    arn = described["taskDefinition"]["taskDefinitionArn"]
    registered_at = ago(days=12 - 3 * revision)
    place.here.registered[arn] = (
        registered_at,
        f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/build-{40 + revision}",
    )


def _stuck_deployment(place: Place, cluster: str, name: str) -> None:
    """Revision 4 cannot be pulled; there is no circuit breaker, so it goes on for ever."""
    good, bad = (_definition(place, name, revision) for revision in (3, 4))
    begun = ago(minutes=14)
    image = f"{ACCOUNT}.dkr.ecr.{place.region}.amazonaws.com/{name}:1.4.0"
    reason = (
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref "
        f"{image}: not found"
    )
    place.here.rollouts[cluster, name] = Rollout(
        running=2,
        pending=1,
        circuit_breaker=False,
        deployments=[
            _deployment("PRIMARY", bad, begun)
            | {"desiredCount": 3, "runningCount": 0, "pendingCount": 1, "failedTasks": 9}
            | {"rolloutState": "IN_PROGRESS", "rolloutStateReason": "ECS deployment ecs-svc/4 in progress."},
            _deployment("ACTIVE", good, ago(days=3))
            | {"desiredCount": 3, "runningCount": 2, "pendingCount": 0, "failedTasks": 0}
            | {"rolloutState": "COMPLETED", "rolloutStateReason": "ECS deployment ecs-svc/3 completed."},
        ],
        events=[
            _event(name, ago(minutes=2), "was unable to place a task. Reason: " + reason[:60]),
            _event(name, ago(minutes=6), "has started 1 tasks: (task 4f1f2f3f)."),
            _event(name, ago(days=3), "has reached a steady state."),
        ],
        history=[
            _history(place, name, bad, {"status": "IN_PROGRESS", "startedAt": begun, "createdAt": begun}),
            _history(place, name, good, _finished("SUCCESSFUL", days=3)),
            _history(place, name, _definition(place, name, 2), _finished("SUCCESSFUL", days=6)),
        ],
        stopped_tasks=[_stopped(place, name, image, reason, minutes) for minutes in (3, 5, 8)],
    )


def _rolled_back_deployment(place: Place, cluster: str, name: str) -> None:
    """Revision 3 failed and the circuit breaker brought revision 2 back."""
    good, bad = (_definition(place, name, revision) for revision in (2, 3))
    place.client("ecs").update_service(cluster=cluster, service=name, taskDefinition=good)
    reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
    failed = _history(place, name, bad, _finished("ROLLBACK_SUCCESSFUL", hours=1) | {"statusReason": reason})
    before = _history(place, name, good, _finished("SUCCESSFUL", days=5))
    failed["rollback"] = {
        "reason": reason,
        "startedAt": ago(minutes=55),
        "serviceRevisionArn": before["targetServiceRevisionArn"],
    }
    place.here.rollouts[cluster, name] = Rollout(
        deployments=[
            _deployment("PRIMARY", good, ago(minutes=55))
            | {"desiredCount": 2, "runningCount": 2, "pendingCount": 0, "failedTasks": 0}
            | {
                "rolloutState": "COMPLETED",
                "rolloutStateReason": "ECS deployment circuit breaker: rolling back to ecs-svc/2.",
            }
        ],
        events=[
            _event(name, ago(minutes=50), "has reached a steady state."),
            _event(name, ago(minutes=56), "(deployment ecs-svc/3) deployment failed: tasks failed to start."),
        ],
        history=[failed, before],
    )


def _deployment(status: str, definition: str, created: Any) -> dict[str, Any]:
    revision = definition.rsplit(":", 1)[-1]
    return {
        "id": f"ecs-svc/{revision}",
        "status": status,
        "taskDefinition": definition,
        "launchType": "FARGATE",
        "createdAt": created,
        "updatedAt": created,
    }


def _history(place: Place, name: str, definition: str, rest: dict[str, Any]) -> dict[str, Any]:
    return service_deployment(place.region, CLUSTERS[place.region], name, definition, rest)


def _finished(status: str, **back: float) -> dict[str, Any]:
    at = ago(**back)
    return {"status": status, "createdAt": at, "startedAt": at, "finishedAt": at}


def _stopped(place: Place, name: str, image: str, reason: str, minutes: int) -> dict[str, Any]:
    prefix, cluster = f"arn:aws:ecs:{place.region}:{ACCOUNT}", CLUSTERS[place.region]
    return {
        "taskArn": f"{prefix}:task/{cluster}/{minutes:032x}",
        "clusterArn": f"{prefix}:cluster/{cluster}",
        "taskDefinitionArn": _definition(place, name, REVISIONS[name]),
        "group": f"service:{name}",
        "launchType": "FARGATE",
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "availabilityZone": f"{place.region}a",
        "createdAt": ago(minutes=minutes + 1),
        "stoppedAt": ago(minutes=minutes),
        "stopCode": "TaskFailedToStart",
        "stoppedReason": reason,
        "containers": [{"name": "app", "image": image, "lastStatus": "STOPPED", "reason": reason[:255]}],
    }


def _event(name: str, at: Any, what: str) -> dict[str, Any]:
    return {"id": f"{name}-{int(at.timestamp())}", "createdAt": at, "message": f"(service {name}) {what}"}


def _definition(place: Place, family: str, revision: int) -> str:
    return f"arn:aws:ecs:{place.region}:{ACCOUNT}:task-definition/{family}:{revision}"
