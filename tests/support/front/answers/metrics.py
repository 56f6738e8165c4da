"""CloudWatch metrics. moto has no percentiles, aligns no timestamps and lists a metric once a datapoint."""

import re
from typing import Any

from front.answers import Call, answer
from front.clock import aware, from_epoch, now
from front.errors import Refusal
from front.metrics import Metric, nothing, statistic

# CloudWatch is about this far behind.
LAG_SECONDS = 60


@answer("cloudwatch", "GetMetricData")
def get_metric_data(call: Call) -> dict[str, Any]:
    queries = call.params["MetricDataQueries"]
    ids = [query["Id"] for query in queries]
    if len(set(ids)) < len(ids):
        raise Refusal("ValidationError", "The values for parameter id in MetricDataQueries are not unique.")
    start, end = (int(aware(call.params[key]).timestamp()) for key in ("StartTime", "EndTime"))
    if start >= end:
        raise Refusal("ValidationError", "The parameter StartTime must be less than the parameter EndTime.")
    newest_first = call.params.get("ScanBy", "TimestampDescending") == "TimestampDescending"
    results = []
    for query in queries:
        points = _points(call, query, start, end)
        if newest_first:
            points.reverse()
        results.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
                "Timestamps": [from_epoch(at) for at, _ in points],
                "Values": [value for _, value in points],
                "StatusCode": "Complete",
            }
        )
    return {"MetricDataResults": results, "Messages": []}


def _points(call: Call, query: dict[str, Any], start: int, end: int) -> list[tuple[int, float]]:
    """Values by period, oldest first; a period without samples has none."""
    if not re.fullmatch(r"[a-z][A-Za-z0-9_]{0,254}", query["Id"]):
        raise Refusal(
            "ValidationError", f"The value {query['Id']} for parameter Id is not matching the pattern."
        )
    if "MetricStat" not in query:
        raise Refusal("ValidationError", "Expressions are not answered here.")
    wanted = query["MetricStat"]
    period = wanted["Period"]
    if period % 60:
        raise Refusal("ValidationError", f"Period {period} must be a multiple of 60.")
    metric = _find(call, wanted["Metric"])
    # A unit that differs from the stored one finds nothing, as in AWS.
    if metric is None or wanted.get("Unit", metric.unit) != metric.unit:
        return []
    newest = int(now().timestamp()) - LAG_SECONDS
    points = []
    for at in range(start - start % period, min(end, newest), period):
        samples = metric.samples(at, min(at + period, newest))
        if samples:
            value = statistic(wanted["Stat"], samples)
            if value is None:
                raise Refusal(
                    "ValidationError", f"The value {wanted['Stat']} for parameter Stat is not supported."
                )
            points.append((at, value))
    return points


@answer("cloudwatch", "ListMetrics")
def list_metrics(call: Call) -> dict[str, Any]:
    asked = call.params
    found = [
        metric
        for metric in call.here.metrics
        if metric.namespace == asked.get("Namespace", metric.namespace)
        and metric.name == asked.get("MetricName", metric.name)
        and all(_filtered(metric, one) for one in asked.get("Dimensions") or [])
    ]
    return {
        "Metrics": [
            {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": k, "Value": v} for k, v in metric.dimensions.items()],
            }
            for metric in found
        ]
    }


@answer("cloudwatch", "PutMetricData")
def put_metric_data(call: Call) -> dict[str, Any]:
    for datum in call.params.get("MetricData") or []:
        wanted = datum | {"Namespace": call.params["Namespace"]}
        metric = _find(call, wanted)
        if metric is None:
            metric = Metric(wanted["Namespace"], datum["MetricName"], _dimensions(datum), nothing())
            metric.unit = datum.get("Unit", "None")
            call.here.metrics.append(metric)
        at = int(aware(datum.get("Timestamp") or now()).timestamp())
        values = datum.get("Values") or [datum["Value"]]
        metric.put.setdefault(at - at % 60, []).extend(float(value) for value in values)
    return {}


def _find(call: Call, wanted: dict[str, Any]) -> Metric | None:
    """The metric with exactly these dimensions: CloudWatch aggregates over none."""
    dimensions = _dimensions(wanted)
    for metric in call.here.metrics:
        named = metric.namespace == wanted["Namespace"] and metric.name == wanted["MetricName"]
        if named and metric.dimensions == dimensions:
            return metric
    return None


def _dimensions(wanted: dict[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in wanted.get("Dimensions") or []}


def _filtered(metric: Metric, wanted: dict[str, str]) -> bool:
    value = metric.dimensions.get(wanted["Name"])
    return value is not None and value == wanted.get("Value", value)
