"""Systems Manager: which hosts have an agent, and commands that really run."""

from typing import Any

from front import commands
from front.answers import Call, answer
from front.clock import ago, now
from front.commands import Command, Invocation
from front.errors import Refusal
from front.host import KINDS
from front.upstream import ACCOUNT


@answer("ssm", "DescribeInstanceInformation")
def describe_instance_information(call: Call) -> dict[str, Any]:
    filters = {one["Key"]: one["Values"] for one in call.params.get("Filters") or []}
    filters |= {one["key"]: one["valueSet"] for one in call.params.get("InstanceInformationFilterList") or []}
    hosts = {name: KINDS[kind] for name, kind in sorted(call.here.hosts.items())}
    return {
        "InstanceInformationList": [
            {
                "InstanceId": name,
                "PingStatus": kind.ping,
                "LastPingDateTime": now() if kind.ping == "Online" else ago(hours=2),
                "AgentVersion": "3.3.987.0",
                "IsLatestVersion": True,
                "PlatformType": "Linux",
                "PlatformName": "Ubuntu",
                "PlatformVersion": "22.04",
                "ResourceType": "EC2Instance",
            }
            for name, kind in hosts.items()
            if kind.ping
            and name in filters.get("InstanceIds", [name])
            and kind.ping in filters.get("PingStatus", [kind.ping])
        ]
    }


@answer("ssm", "SendCommand")
def send_command(call: Call) -> dict[str, Any]:
    instances = call.params.get("InstanceIds") or []
    document = call.params["DocumentName"].rsplit("/", 1)[-1]
    if document != "AWS-RunShellScript":
        raise Refusal("InvalidDocument", f"Document with name {document} does not exist.")
    reachable = {name for name, kind in call.here.hosts.items() if KINDS[kind].ping == "Online"}
    if not instances or not set(instances) <= reachable:
        # One bad id fails the whole call.
        raise Refusal("InvalidInstanceId", "Instances not in a valid state for account " + ACCOUNT)
    parameters = call.params.get("Parameters") or {}
    command = Command(
        parameters=parameters,
        timeout_s=call.params.get("TimeoutSeconds", 3600),
        max_errors=call.params.get("MaxErrors", "0"),
        comment=call.params.get("Comment", ""),
        invocations={name: Invocation(name) for name in instances},
    )
    call.here.commands[command.command_id] = command
    commands.start(command, dict(call.here.hosts))
    return {"Command": _command(command)}


@answer("ssm", "ListCommandInvocations")
def list_command_invocations(call: Call) -> dict[str, Any]:
    wanted, instance = call.params.get("CommandId"), call.params.get("InstanceId")
    details = call.params.get("Details", False)
    return {
        "CommandInvocations": [
            _invocation(command, one, details)
            for command in call.here.commands.values()
            for one in command.invocations.values()
            if wanted in (None, command.command_id) and instance in (None, one.instance)
        ]
    }


@answer("ssm", "GetCommandInvocation")
def get_command_invocation(call: Call) -> dict[str, Any]:
    command = call.here.commands.get(call.params["CommandId"])
    one = command and command.invocations.get(call.params["InstanceId"])
    if not one:
        raise Refusal("InvocationDoesNotExist", "")
    return {
        "CommandId": command.command_id,
        "InstanceId": one.instance,
        "DocumentName": "AWS-RunShellScript",
        "PluginName": "aws:runShellScript",
        "ResponseCode": one.response_code,
        "Status": one.status,
        "StatusDetails": one.details or one.status,
        "StandardOutputContent": one.stdout[:24_000],
        "StandardErrorContent": one.stderr[:8_000],
    }


@answer("ssm", "CancelCommand")
def cancel_command(call: Call) -> dict[str, Any]:
    command = call.here.commands.get(call.params["CommandId"])
    if not command:
        raise Refusal("InvalidCommandId", "")
    command.cancel(call.params.get("InstanceIds"))
    return {}


def _command(command: Command) -> dict[str, Any]:
    return {
        "CommandId": command.command_id,
        "DocumentName": "AWS-RunShellScript",
        "Comment": command.comment,
        "Parameters": command.parameters,
        "InstanceIds": list(command.invocations),
        "RequestedDateTime": command.requested,
        "Status": "Pending",
        "StatusDetails": "Pending",
        "MaxErrors": command.max_errors,
        "TargetCount": len(command.invocations),
        "TimeoutSeconds": command.timeout_s,
    }


def _invocation(command: Command, one: Invocation, details: bool) -> dict[str, Any]:
    found = {
        "CommandId": command.command_id,
        "InstanceId": one.instance,
        "Comment": command.comment,
        "DocumentName": "AWS-RunShellScript",
        "RequestedDateTime": command.requested,
        "Status": one.status,
        "StatusDetails": one.details or one.status,
        "CommandPlugins": [],
    }
    if details:
        output = one.stdout + (f"\n----------ERROR-------\n{one.stderr}" if one.stderr else "")
        found["CommandPlugins"] = [
            {
                "Name": "aws:runShellScript",
                "Status": one.status,
                "StatusDetails": one.details or one.status,
                "ResponseCode": one.response_code,
                "Output": _cut(output),
            }
        ]
    return found


def _cut(output: str) -> str:
    """Systems Manager's words when it shows only the beginning."""
    mark = "\n---Output truncated---"
    return output if len(output) <= 2500 else output[: 2500 - len(mark)] + mark
