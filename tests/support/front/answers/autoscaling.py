"""Auto Scaling: activities, and the values that moto accepts though AWS does not."""

from typing import Any

from front.answers import Call, answer
from front.errors import Refusal


@answer("autoscaling", "DescribeScalingActivities")
def describe_scaling_activities(call: Call) -> dict[str, Any]:
    """Newest first."""
    group = call.params.get("AutoScalingGroupName")
    ids = call.params.get("ActivityIds")
    found = [
        one
        for one in call.here.activities
        if (not group or one["AutoScalingGroupName"] == group) and (not ids or one["ActivityId"] in ids)
    ]
    return {"Activities": sorted(found, key=lambda one: one["StartTime"], reverse=True)}


@answer("autoscaling", "UpdateAutoScalingGroup")
def update_group(call: Call) -> dict[str, Any]:
    name = call.params["AutoScalingGroupName"]
    groups = call.moto("DescribeAutoScalingGroups", {"AutoScalingGroupNames": [name]})
    if groups["AutoScalingGroups"]:
        before = groups["AutoScalingGroups"][0]
        least, most, desired = (
            call.params.get(key, before[key]) for key in ("MinSize", "MaxSize", "DesiredCapacity")
        )
        if least > most:
            raise Refusal("ValidationError", "Max bound must be greater than or equal to min bound")
        if "DesiredCapacity" in call.params and not least <= desired <= most:
            raise Refusal("ValidationError", f"Desired capacity:{desired} must be between {least} and {most}")
    return call.moto()


@answer("autoscaling", "DescribeInstanceRefreshes")
def describe_instance_refreshes(_: Call) -> dict[str, Any]:
    """The world's groups have never replaced their instances; moto lacks the operation."""
    return {"InstanceRefreshes": []}
