"""Application Auto Scaling: what it has done, which moto does not tell. Nothing was moved."""

from typing import Any

from front.answers import Call, answer


@answer("application-autoscaling", "DescribeScalingActivities")
def describe_scaling_activities(_: Call) -> dict[str, Any]:
    return {"ScalingActivities": []}
