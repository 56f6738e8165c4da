"""ECS: services as they stand, their tasks, and what each deployment brought."""

import hashlib
from typing import Any

from front.answers import Call, answer
from front.clock import ago, now
from front.errors import Refusal
from front.memory import Rollout
from front.upstream import ACCOUNT


@answer("ecs", "DescribeServices")
def describe_services(call: Call) -> dict[str, Any]:
    result = call.moto()
    result["services"] = [_as_it_stands(call, service) for service in result["services"]]
    return result


def _as_it_stands(call: Call, service: dict[str, Any]) -> dict[str, Any]:
    """moto freezes counts and deployments at creation and has no events."""
    cluster = service["clusterArn"].rsplit("/", 1)[-1]
    rollout = call.here.rollouts.get((cluster, service["serviceName"]), Rollout())
    desired = service["desiredCount"]
    running = desired if rollout.running is None else rollout.running
    definition = _definition_arn(call, service["taskDefinition"])
    steady = {
        "id": "ecs-svc/" + _id(service["serviceArn"], definition)[:19],
        "status": "PRIMARY",
        "taskDefinition": definition,
        "desiredCount": desired,
        "runningCount": running,
        "pendingCount": rollout.pending,
        "failedTasks": 0,
        "rolloutState": "COMPLETED",
        "rolloutStateReason": "ECS deployment completed.",
        "createdAt": rollout.created_at,
        "updatedAt": rollout.created_at,
    }
    breaker = {"enable": rollout.circuit_breaker, "rollback": rollout.circuit_breaker}
    return service | {
        "taskDefinition": definition,
        "createdAt": rollout.created_at,
        "runningCount": running,
        "pendingCount": rollout.pending,
        "deployments": rollout.deployments or [steady],
        "events": rollout.events,
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": breaker,
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
        },
    }


@answer("ecs", "ListTasks")
def list_tasks(call: Call) -> dict[str, Any]:
    status = call.params.get("desiredStatus", "RUNNING")
    wanted = call.params.get("serviceName")
    cluster = _name(call.params.get("cluster", "default"))
    tasks = _tasks(call, cluster, _name(wanted) if wanted else None)
    return {"taskArns": [task["taskArn"] for task in tasks if task["desiredStatus"] == status]}


@answer("ecs", "DescribeTasks")
def describe_tasks(call: Call) -> dict[str, Any]:
    cluster = _name(call.params.get("cluster", "default"))
    known = {}
    for task in _tasks(call, cluster):
        known[task["taskArn"]] = known[_name(task["taskArn"])] = task
    found, failures = [], []
    for wanted in call.params["tasks"]:
        if wanted in known:
            found.append(known[wanted])
        else:
            failures.append({"arn": wanted, "reason": "MISSING"})
    return {"tasks": found, "failures": failures}


@answer("ecs", "StopTask")
def stop_task(call: Call) -> dict[str, Any]:
    cluster = _name(call.params.get("cluster", "default"))
    for task in _tasks(call, cluster):
        if call.params["task"] in (task["taskArn"], _name(task["taskArn"])):
            stopped = task | {
                "lastStatus": "STOPPED",
                "desiredStatus": "STOPPED",
                "stopCode": "UserInitiated",
                "stoppedReason": call.params.get("reason", "Task stopped by user"),
                "stoppedAt": now(),
            }
            call.here.stopped[task["taskArn"]] = stopped
            return {"task": stopped}
    raise Refusal("InvalidParameterException", "The referenced task was not found.")


@answer("ecs", "DescribeTaskDefinition")
def describe_task_definition(call: Call) -> dict[str, Any]:
    result = call.moto()
    definition = result["taskDefinition"]
    at, who = call.here.registered.get(definition["taskDefinitionArn"], (None, None))
    if at:
        definition |= {"registeredAt": at, "registeredBy": who}
    return result


@answer("ecs", "ListServiceDeployments")
def list_service_deployments(call: Call) -> dict[str, Any]:
    wanted = call.params.get("status") or []
    history = _history(call, _name(call.params.get("cluster", "default")), _name(call.params["service"]))
    brief = ("serviceDeploymentArn", "serviceArn", "clusterArn", "startedAt", "createdAt", "finishedAt")
    return {
        "serviceDeployments": [
            {key: one[key] for key in (*brief, "targetServiceRevisionArn", "status") if key in one}
            | ({"statusReason": one["statusReason"]} if "statusReason" in one else {})
            for one in history
            if not wanted or one["status"] in wanted
        ]
    }


@answer("ecs", "DescribeServiceDeployments")
def describe_service_deployments(call: Call) -> dict[str, Any]:
    found, failures = [], []
    for arn in call.params["serviceDeploymentArns"]:
        cluster, service = arn.split("/")[1:3]
        match = [one for one in _history(call, cluster, service) if one["serviceDeploymentArn"] == arn]
        found += [one | {"targetServiceRevision": {"arn": one["targetServiceRevisionArn"]}} for one in match]
        if not match:
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"serviceDeployments": found, "failures": failures}


@answer("ecs", "DescribeServiceRevisions")
def describe_service_revisions(call: Call) -> dict[str, Any]:
    found, failures = [], []
    for arn in call.params["serviceRevisionArns"]:
        cluster, service = arn.split("/")[1:3]
        history = _history(call, cluster, service)
        match = next((one for one in history if one["targetServiceRevisionArn"] == arn), None)
        if match is None:
            failures.append({"arn": arn, "reason": "MISSING"})
            continue
        definition = call.moto("DescribeTaskDefinition", {"taskDefinition": match["taskDefinition"]})
        containers = definition["taskDefinition"]["containerDefinitions"]
        found.append(
            {
                "serviceRevisionArn": arn,
                "serviceArn": match["serviceArn"],
                "clusterArn": match["clusterArn"],
                "taskDefinition": match["taskDefinition"],
                "createdAt": match["createdAt"],
                "containerImages": [
                    {
                        "containerName": one["name"],
                        "image": one["image"],
                        "imageDigest": digest(one["image"]),
                    }
                    for one in containers
                ],
            }
        )
    return {"serviceRevisions": found, "failures": failures}


def digest(image: str) -> str:
    """The digest that an image's tag points to, for ever the same one."""
    return "sha256:" + hashlib.sha256(image.encode()).hexdigest()


def _history(call: Call, cluster: str, name: str) -> list[dict[str, Any]]:
    """Service deployments, newest first; for a service that never changed the one of its creation."""
    rollout = call.here.rollouts.get((cluster, name), Rollout())
    if rollout.history:
        return rollout.history
    described = call.moto("DescribeServices", {"cluster": cluster, "services": [name]})["services"]
    if not described:
        raise Refusal("ServiceNotFoundException", "Service not found.")
    created = rollout.created_at
    return [
        service_deployment(
            call.region,
            cluster,
            name,
            _definition_arn(call, described[0]["taskDefinition"]),
            {"status": "SUCCESSFUL", "createdAt": created, "startedAt": created, "finishedAt": created},
        )
    ]


def service_deployment(
    region: str, cluster: str, name: str, definition: str, rest: dict[str, Any]
) -> dict[str, Any]:
    """A service deployment that brought a task definition, with its revision."""
    prefix = f"arn:aws:ecs:{region}:{ACCOUNT}"
    place = f"{cluster}/{name}"
    return {
        "serviceDeploymentArn": f"{prefix}:service-deployment/{place}/{_id(place, definition)[:21]}",
        "serviceArn": f"{prefix}:service/{place}",
        "clusterArn": f"{prefix}:cluster/{cluster}",
        "targetServiceRevisionArn": f"{prefix}:service-revision/{place}/{_id(definition, place)[:19]}",
        "taskDefinition": definition,
    } | rest


def _tasks(call: Call, cluster: str, name: str | None = None) -> list[dict[str, Any]]:
    """The tasks of one service or of all: as many as run, and those that stopped in the last hour."""
    names = (
        [name]
        if name
        else [_name(arn) for arn in call.moto("ListServices", {"cluster": cluster})["serviceArns"]]
    )
    described = call.moto("DescribeServices", {"cluster": cluster, "services": names})
    if name and not described["services"]:
        raise Refusal("ServiceNotFoundException", "Service not found.")
    tasks = []
    for service in described["services"]:
        rollout = call.here.rollouts.get((cluster, service["serviceName"]), Rollout())
        running = service["desiredCount"] if rollout.running is None else rollout.running
        # What runs in a rollout that fails is the revision before.
        definition = _definition_arn(call, service["taskDefinition"])
        if rollout.deployments:
            definition = max(rollout.deployments, key=lambda one: one["runningCount"])["taskDefinition"]
        containers = call.moto("DescribeTaskDefinition", {"taskDefinition": definition})["taskDefinition"][
            "containerDefinitions"
        ]
        alive = [_task(call, service, definition, number) for number in range(running)]
        for task in alive:
            task["containers"] = [_container(one) for one in containers]
        tasks += [call.here.stopped.get(task["taskArn"], task) for task in alive] + rollout.stopped_tasks
    return tasks


def _task(call: Call, service: dict[str, Any], definition: str, number: int) -> dict[str, Any]:
    cluster = service["clusterArn"].rsplit("/", 1)[-1]
    task_id = _id(service["serviceArn"], definition, str(number))[:32]
    return {
        "taskArn": f"arn:aws:ecs:{call.region}:{ACCOUNT}:task/{cluster}/{task_id}",
        "clusterArn": service["clusterArn"],
        "taskDefinitionArn": definition,
        "group": f"service:{service['serviceName']}",
        "launchType": "FARGATE",
        "lastStatus": "RUNNING",
        "desiredStatus": "RUNNING",
        "healthStatus": "HEALTHY",
        "availabilityZone": call.region + "ab"[number % 2],
        "createdAt": ago(hours=20),
        "startedAt": ago(hours=20),
    }


def _container(definition: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": definition["name"],
        "image": definition["image"],
        "imageDigest": digest(definition["image"]),
        "lastStatus": "RUNNING",
        "healthStatus": "HEALTHY",
    }


def _definition_arn(call: Call, definition: str) -> str:
    """moto keeps what was sent, which may be `family:revision`."""
    if definition.startswith("arn:"):
        return definition
    return f"arn:aws:ecs:{call.region}:{ACCOUNT}:task-definition/{definition}"


def _name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _id(*parts: str) -> str:
    return hashlib.sha1("/".join(parts).encode()).hexdigest()
