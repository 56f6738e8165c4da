"""Elastic Load Balancing: targets that are not healthy."""

from typing import Any

from front.answers import Call, answer


@answer("elasticloadbalancing", "DescribeTargetHealth")
def describe_target_health(call: Call) -> dict[str, Any]:
    result = call.moto()
    for described in result["TargetHealthDescriptions"]:
        key = (call.params["TargetGroupArn"], described["Target"]["Id"])
        described["TargetHealth"] = call.here.target_health.get(key, described["TargetHealth"])
    return result
