"""RDS: maintenance, events, and the limits in parameter groups."""

from datetime import timedelta
from typing import Any

from front.answers import Call, answer
from front.clock import now


@answer("rds", "DescribePendingMaintenanceActions")
def describe_pending_maintenance_actions(call: Call) -> dict[str, Any]:
    return {"PendingMaintenanceActions": call.here.maintenance}


@answer("rds", "DescribeEvents")
def describe_events(call: Call) -> dict[str, Any]:
    return {"Events": recent(call, call.here.rds_events)}


@answer("rds", "DescribeDBParameters")
def describe_db_parameters(call: Call) -> dict[str, Any]:
    return {"Parameters": call.here.db_parameters.get(call.params["DBParameterGroupName"], [])}


def recent(call: Call, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Events of the window that was asked for, oldest first; an hour if none was."""
    end = call.params.get("EndTime") or now()
    start = call.params.get("StartTime")
    if start is None:
        start = end - timedelta(minutes=call.params.get("Duration", 60))
    source, kind = call.params.get("SourceIdentifier"), call.params.get("SourceType")
    found = [
        event
        for event in events
        if start <= event["Date"] <= end
        and (not source or event["SourceIdentifier"] == source)
        and (not kind or event["SourceType"] == kind)
    ]
    return sorted(found, key=lambda event: event["Date"])
