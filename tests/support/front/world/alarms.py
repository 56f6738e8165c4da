"""Alarms: some ringing, one that would tell nobody, and one made of others."""

from front.answers.cloudwatch import composite, transition
from front.clock import ago
from front.upstream import ACCOUNT
from front.world import RENDER, Place

# Name, namespace, metric, threshold, state, whether anybody is told.
ALARMS = {
    "ap-northeast-2": (
        ("shop-alb-5xx", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", 10.0, "ALARM", True),
        ("shop-db-cpu", "AWS/RDS", "CPUUtilization", 80.0, "OK", True),
        ("shop-db-storage", "AWS/RDS", "FreeStorageSpace", 5e9, "OK", False),
    ),
    "us-east-1": (
        ("render-jobs-age", "AWS/SQS", "ApproximateAgeOfOldestMessage", 600.0, "ALARM", True),
        ("render-gpu-idle", "CWAgent", "nvidia_smi_utilization_gpu", 5.0, "INSUFFICIENT_DATA", True),
    ),
}


def build(place: Place) -> None:
    cloudwatch = place.client("cloudwatch")
    for name, namespace, metric, threshold, state, told in ALARMS[place.region]:
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            AlarmDescription=f"{metric} of {name.rsplit('-', 1)[0]}",
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": "Name", "Value": name.rsplit("-", 1)[0]}],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=3,
            Threshold=threshold,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[f"arn:aws:sns:{place.region}:{ACCOUNT}:oncall"] if told else [],
        )
        reason = f"Threshold Crossed: 3 datapoints were greater than the threshold ({threshold})."
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=reason)
        if state == "ALARM":
            since = ago(minutes=22)
            place.here.alarm_since[name] = since
            place.here.alarm_history.append(transition(name, "OK", state, reason, since))
    if place.region != RENDER:
        rule = "ALARM(shop-alb-5xx) OR ALARM(shop-db-cpu)"
        place.here.composite_alarms.append(
            composite(place.region, "shop-down", rule, "ALARM", ago(minutes=22))
        )
