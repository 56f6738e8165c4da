"""What the account spends, its budget, an anomaly, and who changed what."""

import json
from datetime import date, timedelta
from typing import Any

from front.clock import ago
from front.spend import LineItem
from front.upstream import ACCOUNT
from front.world import RENDER, SHOP, Place

OTHER_ACCOUNT = "210987654321"

ITEMS = (
    LineItem("Amazon Elastic Compute Cloud - Compute", ACCOUNT, "Usage", 61.40),
    LineItem("Amazon Relational Database Service", ACCOUNT, "Usage", 14.25),
    LineItem("Amazon ElastiCache", ACCOUNT, "Usage", 9.10),
    LineItem("Amazon Elastic Container Service", OTHER_ACCOUNT, "Usage", 7.35),
    LineItem("AmazonCloudWatch", ACCOUNT, "Usage", 1.05),
    LineItem("Amazon Elastic Compute Cloud - Compute", ACCOUNT, "Credit", -5.00),
)


def build(place: Place) -> None:
    place.memory.spend.items += ITEMS
    jump = date.today() - timedelta(days=3)
    place.memory.spend.items.append(
        LineItem("AWS Lambda", ACCOUNT, "Usage", 38.00, first=jump, last=jump + timedelta(days=1))
    )
    place.memory.spend.anomalies.append(
        {
            "AnomalyId": "a1b2c3d4-0000-4000-8000-000000000001",
            "AnomalyStartDate": f"{jump}T00:00:00Z",
            "AnomalyEndDate": f"{jump + timedelta(days=1)}T00:00:00Z",
            "DimensionValue": "AWS Lambda",
            "RootCauses": [{"Service": "AWS Lambda", "Region": SHOP, "UsageType": "APN2-Lambda-GB-Second"}],
            "AnomalyScore": {"MaxScore": 0.92, "CurrentScore": 0.4},
            "Impact": {
                "MaxImpact": 38.0,
                "TotalImpact": 76.0,
                "TotalActualSpend": 78.2,
                "TotalExpectedSpend": 2.2,
            },
            "MonitorArn": f"arn:aws:ce::{ACCOUNT}:anomalymonitor/front",
        }
    )
    place.client("budgets").create_budget(
        AccountId=ACCOUNT,
        Budget={
            "BudgetName": "monthly",
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": "2500", "Unit": "USD"},
            "CalculatedSpend": {
                "ActualSpend": {"Amount": "1961.5", "Unit": "USD"},
                "ForecastedSpend": {"Amount": "2811.9", "Unit": "USD"},
            },
        },
    )
    place.here.trail += [
        _written("UpdateService", "ecs.amazonaws.com", "shop-checkout", "AWS::ECS::Service", 14),
        _written("ModifyDBInstance", "rds.amazonaws.com", "shop-db", "AWS::RDS::DBInstance", 90),
    ]
    place.memory.regions[RENDER].trail.append(
        _written(
            "UpdateAutoScalingGroup",
            "autoscaling.amazonaws.com",
            "render-gpu",
            "AWS::AutoScaling::AutoScalingGroup",
            41,
        )
    )


def _written(name: str, source: str, resource: str, kind: str, minutes: int) -> dict[str, Any]:
    at = ago(minutes=minutes)
    who = f"arn:aws:sts::{ACCOUNT}:assumed-role/ci/build-44"
    record = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "AssumedRole", "arn": who, "accountId": ACCOUNT},
        "eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": source,
        "eventName": name,
        "sourceIPAddress": "192.0.2.10",
        "readOnly": False,
    }
    return {
        "EventId": f"{resource}-{minutes}",
        "EventName": name,
        "ReadOnly": "false",
        "AccessKeyId": "ASIAEXAMPLE",
        "EventTime": at,
        "EventSource": source,
        "Username": "build-44",
        "Resources": [{"ResourceType": kind, "ResourceName": resource}],
        "CloudTrailEvent": json.dumps(record),
    }
