"""EC2: what is bought on the Spot market, and at what price."""

from typing import Any

from front.answers import Call, answer
from front.clock import ago


@answer("ec2", "DescribeInstances")
def describe_instances(call: Call) -> dict[str, Any]:
    result = call.moto()
    for reservation in result["Reservations"]:
        for instance in reservation["Instances"]:
            if instance["InstanceId"] in call.here.spot_instances:
                instance["InstanceLifecycle"] = "spot"
    return result


@answer("ec2", "DescribeSpotPriceHistory")
def describe_spot_price_history(call: Call) -> dict[str, Any]:
    types = call.params.get("InstanceTypes") or sorted(call.here.spot_prices)
    return {
        "SpotPriceHistory": [
            {
                "AvailabilityZone": zone,
                "InstanceType": kind,
                "ProductDescription": "Linux/UNIX",
                "SpotPrice": price,
                "Timestamp": ago(hours=3),
            }
            for kind in types
            for zone, price in call.here.spot_prices.get(kind, [])
        ]
    }
