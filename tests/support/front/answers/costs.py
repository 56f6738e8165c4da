"""Cost Explorer, over the line items of the world."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from front.answers import Call, answer
from front.errors import Refusal
from front.spend import LineItem


@answer("ce", "GetCostAndUsage")
def get_cost_and_usage(call: Call) -> dict[str, Any]:
    start, end = _period(call)
    metrics = call.params.get("Metrics") or []
    groups = call.params.get("GroupBy") or []
    if not metrics:
        raise Refusal("ValidationException", "Metrics must be given")
    if len(groups) > 2:
        raise Refusal("ValidationException", "At most two groups")
    items = [item for item in call.memory.spend.items if _passes(call.params.get("Filter"), item)]
    results = []
    for first, after in _steps(start, end, call.params.get("Granularity", "DAILY")):
        sums: dict[tuple[str, ...], float] = {}
        for item in items:
            keys = tuple(item.dimension(group["Key"]) for group in groups)
            amount = call.memory.spend.between(first, after, item)
            if amount or not groups:
                sums[keys] = sums.get(keys, 0.0) + amount
        result: dict[str, Any] = {
            "TimePeriod": {"Start": first.isoformat(), "End": after.isoformat()},
            # AWS counts for about two days.
            "Estimated": after > date.today() - timedelta(days=1),
            "Total": {},
            "Groups": [],
        }
        if groups:
            result["Groups"] = [
                {"Keys": list(keys), "Metrics": _amounts(metrics, amount)}
                for keys, amount in sorted(sums.items())
            ]
        else:
            result["Total"] = _amounts(metrics, sums.get((), 0.0))
        results.append(result)
    return {"ResultsByTime": results, "GroupDefinitions": groups, "DimensionValueAttributes": []}


@answer("ce", "GetCostForecast")
def get_cost_forecast(call: Call) -> dict[str, Any]:
    """As every day of late; Cost Explorer's forecast leaves credits out."""
    start, end = _period(call)
    if start < date.today():
        raise Refusal("ValidationException", "Start date must not be before today")
    if call.params["Metric"] != call.params["Metric"].upper():
        raise Refusal("ValidationException", "Metric must be one of UNBLENDED_COST, AMORTIZED_COST, …")
    yesterday = date.today() - timedelta(days=1)
    daily = sum(item.on(yesterday) for item in call.memory.spend.items if item.record_type == "Usage")
    total = daily * (end - start).days
    return {
        "Total": {"Amount": f"{total:.10f}", "Unit": "USD"},
        "ForecastResultsByTime": [
            {
                "TimePeriod": {"Start": start.isoformat(), "End": end.isoformat()},
                "MeanValue": f"{total:.10f}",
                "PredictionIntervalLowerBound": f"{total * 0.9:.10f}",
                "PredictionIntervalUpperBound": f"{total * 1.15:.10f}",
            }
        ],
    }


@answer("ce", "GetAnomalies")
def get_anomalies(call: Call) -> dict[str, Any]:
    asked = call.params["DateInterval"]
    start, end = asked["StartDate"], asked.get("EndDate", "9999-12-31")
    return {
        "Anomalies": [
            one for one in call.memory.spend.anomalies if start <= one["AnomalyStartDate"][:10] <= end
        ]
    }


def _period(call: Call) -> tuple[date, date]:
    asked = call.params["TimePeriod"]
    start, end = date.fromisoformat(asked["Start"]), date.fromisoformat(asked["End"])
    if start >= end:
        message = "Start date (and hour) should be before end date (and hour)"
        raise Refusal("ValidationException", message)
    return start, end


def _steps(start: date, end: date, granularity: str) -> Iterator[tuple[date, date]]:
    """The days of a period, or its months."""
    first = start
    while first < end:
        after = first + timedelta(days=1)
        if granularity == "MONTHLY":
            after = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        after = min(after, end)
        yield first, after
        first = after


def _passes(expression: dict[str, Any] | None, item: LineItem) -> bool:
    """Cost Explorer's filter language, for the dimensions that items have."""
    if not expression:
        return True
    if "Not" in expression:
        return not _passes(expression["Not"], item)
    if "And" in expression:
        return all(_passes(part, item) for part in expression["And"])
    if "Or" in expression:
        return any(_passes(part, item) for part in expression["Or"])
    if "Dimensions" in expression:
        dimension = expression["Dimensions"]
        return item.dimension(dimension["Key"]) in dimension["Values"]
    raise Refusal("ValidationException", "Only dimensions can be filtered here")


def _amounts(metrics: list[str], amount: float) -> dict[str, Any]:
    return {metric: {"Amount": f"{amount:.10f}", "Unit": "USD"} for metric in metrics}
