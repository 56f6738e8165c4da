"""CloudWatch alarms: composite ones, their history, and what moto says only in JSON and query.

moto speaks no CBOR, so every operation of CloudWatch that a client may call in CBOR comes through here.
"""

import json
from typing import Any

from front.answers import Call, answer
from front.clock import ago, now
from front.upstream import ACCOUNT


@answer("cloudwatch", "DescribeAlarms")
def describe_alarms(call: Call) -> dict[str, Any]:
    """Metric alarms only, unless other types are asked for: a trap that AWS sets, too."""
    kinds = call.params.pop("AlarmTypes", None) or ["MetricAlarm"]
    names, state = call.params.get("AlarmNames"), call.params.get("StateValue")
    prefix = call.params.get("AlarmNamePrefix", "")
    metric = call.moto()["MetricAlarms"] if "MetricAlarm" in kinds else []
    for alarm in metric:
        alarm["StateTransitionedTimestamp"] = call.here.alarm_since.get(alarm["AlarmName"], ago(days=3))
    composite = [
        alarm
        for alarm in call.here.composite_alarms
        if "CompositeAlarm" in kinds
        and (not names or alarm["AlarmName"] in names)
        and (not state or alarm["StateValue"] == state)
        and alarm["AlarmName"].startswith(prefix)
    ]
    return {
        "MetricAlarms": [alarm for alarm in metric if not state or alarm["StateValue"] == state],
        "CompositeAlarms": composite,
    }


@answer("cloudwatch", "SetAlarmState")
def set_alarm_state(call: Call) -> dict[str, Any]:
    """Changes a state as an evaluation would: with a transition time and a line in the history."""
    name, state = call.params["AlarmName"], call.params["StateValue"]
    described = call.moto("DescribeAlarms", {"AlarmNames": [name]})["MetricAlarms"]
    result = call.moto()
    before = described[0]["StateValue"] if described else "INSUFFICIENT_DATA"
    if state != before:
        call.here.alarm_since[name] = now()
        call.here.alarm_history.append(transition(name, before, state, call.params["StateReason"], now()))
    return result


@answer("cloudwatch", "DescribeAlarmHistory")
def describe_alarm_history(call: Call) -> dict[str, Any]:
    """Newest first."""
    asked = call.params
    found = [
        item
        for item in call.here.alarm_history
        if item["AlarmName"] == asked.get("AlarmName", item["AlarmName"])
        and item["HistoryItemType"] == asked.get("HistoryItemType", item["HistoryItemType"])
        and ("StartDate" not in asked or item["Timestamp"] >= asked["StartDate"])
        and ("EndDate" not in asked or item["Timestamp"] <= asked["EndDate"])
    ]
    oldest_first = asked.get("ScanBy") == "TimestampAscending"
    return {"AlarmHistoryItems": sorted(found, key=lambda item: item["Timestamp"], reverse=not oldest_first)}


def transition(name: str, before: str, after: str, reason: str, at: Any) -> dict[str, Any]:
    """A line of an alarm's history."""
    data = {
        "version": "1.0",
        "oldState": {"stateValue": before},
        "newState": {"stateValue": after, "stateReason": reason},
    }
    return {
        "AlarmName": name,
        "AlarmType": "MetricAlarm",
        "Timestamp": at,
        "HistoryItemType": "StateUpdate",
        "HistorySummary": f"Alarm updated from {before} to {after}",
        "HistoryData": json.dumps(data),
    }


def composite(region: str, name: str, rule: str, state: str, since: Any) -> dict[str, Any]:
    """A composite alarm, which moto stores without its rule's meaning."""
    return {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{name}",
        "AlarmRule": rule,
        "StateValue": state,
        "StateReason": f"{rule} is {'true' if state == 'ALARM' else 'false'}",
        "StateUpdatedTimestamp": since,
        "StateTransitionedTimestamp": since,
        "ActionsEnabled": True,
        "AlarmActions": [f"arn:aws:sns:{region}:{ACCOUNT}:oncall"],
        "OKActions": [],
        "InsufficientDataActions": [],
    }
