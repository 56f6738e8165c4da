"""CloudTrail: who changed what."""

from typing import Any

from front.answers import Call, answer
from front.errors import Refusal


@answer("cloudtrail", "LookupEvents")
def lookup_events(call: Call) -> dict[str, Any]:
    """Newest first, by at most one attribute, as AWS."""
    attributes = call.params.get("LookupAttributes") or []
    if len(attributes) > 1:
        raise Refusal("InvalidLookupAttributesException", "You can specify only one lookup attribute")
    start, end = call.params.get("StartTime"), call.params.get("EndTime")
    found = [
        event
        for event in call.here.trail
        if (not start or event["EventTime"] >= start)
        and (not end or event["EventTime"] <= end)
        and all(_has(event, one["AttributeKey"], one["AttributeValue"]) for one in attributes)
    ]
    return {"Events": sorted(found, key=lambda event: event["EventTime"], reverse=True)}


def _has(event: dict[str, Any], key: str, value: str) -> bool:
    if key in ("ResourceName", "ResourceType"):
        return any(one[key] == value for one in event["Resources"])
    return event.get(key) == value
