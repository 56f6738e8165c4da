"""CloudWatch Logs: events in one time order over all streams, filtered."""

from typing import Any

from front.answers import Call, answer
from front.patterns import compiled


@answer("logs", "FilterLogEvents")
def filter_log_events(call: Call) -> dict[str, Any]:
    """moto goes stream after stream and understands few patterns; so it is asked for everything."""
    matches = compiled(call.params.get("filterPattern") or "")
    prefix = call.params.get("logStreamNamePrefix", "")
    group = {"logGroupName": _group_name(call.params)}
    streams = call.params.get("logStreamNames")
    everything = call.moto(params=group | ({"logStreamNames": streams} if streams else {}))["events"]
    start = call.params.get("startTime", 0)
    end = call.params.get("endTime", float("inf"))
    found = [
        event
        for event in everything
        if start <= event["timestamp"] <= end
        and event["logStreamName"].startswith(prefix)
        and matches(event["message"])
    ]
    found.sort(key=lambda event: (event["timestamp"], event["ingestionTime"], int(event["eventId"])))
    return {"events": found, "searchedLogStreams": []}


def _group_name(params: dict[str, Any]) -> str:
    if "logGroupName" in params:
        return params["logGroupName"]
    return params["logGroupIdentifier"].split(":log-group:")[-1]
