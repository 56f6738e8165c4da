"""Metric values, over JSON and over CBOR."""

from datetime import timedelta
from unittest import mock

import botocore.session
from botocore.config import Config

from front.clock import from_epoch, now
from front.metrics import Metric, statistic, steady, step
from front.selftest.base import RENDER, SHOP, Case, front


def query(
    name: str, stat: str = "Average", metric: str = "CPUUtilization", database: str = "shop-db", **rest
) -> dict:
    dimensions = [{"Name": "DBInstanceIdentifier", "Value": database}]
    named = {"Namespace": "AWS/RDS", "MetricName": metric, "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": named, "Period": 60, "Stat": stat} | rest}


class Values(Case):
    def data(self, *queries: dict, minutes: int = 60, **rest) -> dict[str, dict]:
        end = now()
        found = self.client("cloudwatch").get_metric_data(
            MetricDataQueries=list(queries), StartTime=end - timedelta(minutes=minutes), EndTime=end, **rest
        )
        return {one["Id"]: one for one in found["MetricDataResults"]}

    def test_values_are_aligned_newest_first_and_a_minute_behind(self) -> None:
        one = self.data(query("a"))["a"]
        times = one["Timestamps"]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertTrue(all(at.second == 0 for at in times))
        self.assertGreaterEqual(len(times), 58)
        self.assertLess(times[0], now() - timedelta(seconds=60))
        self.assertTrue(all(34 <= value <= 58 for value in one["Values"]))

    def test_unknown_metrics_and_wrong_units_are_empty_and_no_error(self) -> None:
        found = self.data(query("a", metric="NoSuch"), query("b", database="gone"), query("c", Unit="Bytes"))
        for one in found.values():
            self.assertEqual((one["Values"], one["StatusCode"]), ([], "Complete"))

    def test_statistics_over_a_period(self) -> None:
        connections = {"metric": "DatabaseConnections", "Period": 300}
        names = {"a": "Sum", "b": "p95", "c": "SampleCount", "d": "Maximum"}
        found = self.data(*(query(key, stat, **connections) for key, stat in names.items()))
        whole = {key: one["Values"][3] for key, one in found.items()}
        self.assertEqual(whole, {"a": 5 * 372.0, "b": 372.0, "c": 5.0, "d": 372.0})

    def test_what_cloudwatch_refuses(self) -> None:
        for bad in (
            query("Upper"),
            query("a", Period=61),
            query("a", "median"),
            {"Id": "a", "Expression": "b*2"},
        ):
            with self.subTest(bad=bad), self.refused("ValidationError"):
                self.data(bad)
        with self.refused("ValidationError"):
            self.data(query("a"), query("a"))
        with self.refused("ValidationError"):
            self.data(query("a"), minutes=-5)

    def test_a_value_that_was_put_comes_back(self) -> None:
        cloudwatch = self.client("cloudwatch")
        at = now() - timedelta(minutes=10)
        for value in (1.0, 9.0):
            cloudwatch.put_metric_data(
                Namespace="Own", MetricData=[{"MetricName": "Jobs", "Value": value, "Timestamp": at}]
            )
        stat = {"Metric": {"Namespace": "Own", "MetricName": "Jobs"}, "Period": 60, "Stat": "Average"}
        found = self.data({"Id": "a", "MetricStat": stat})["a"]
        self.assertEqual(found["Values"], [5.0])
        listed = cloudwatch.list_metrics(Namespace="Own")["Metrics"]
        self.assertEqual(listed, [{"Namespace": "Own", "MetricName": "Jobs", "Dimensions": []}])

    def test_the_agents_metrics_are_listed_once(self) -> None:
        listed = self.client("cloudwatch", RENDER).list_metrics(
            Namespace="CWAgent", MetricName="nvidia_smi_utilization_gpu", Dimensions=[{"Name": "InstanceId"}]
        )["Metrics"]
        self.assertEqual(len(listed), 2)


class Functions(Case):
    def test_percentiles_are_values_that_occurred(self) -> None:
        self.assertEqual(statistic("p95", [float(n) for n in range(1, 101)]), 95.0)
        self.assertEqual(statistic("p0", [3.0, 1.0]), 1.0)
        self.assertIsNone(statistic("p101", [1.0]))
        self.assertIsNone(statistic("px", [1.0]))

    def test_samples_are_by_the_minute(self) -> None:
        metric = Metric("N", "m", {}, step(from_epoch(600), 1, 2))
        self.assertEqual(metric.samples(480, 720), [1, 1, 2, 2])
        self.assertEqual(Metric("N", "m", {}, steady(4)).samples(0, 0), [])


class Cbor(Case):
    """The same through rpc-v2-cbor, which boto3 speaks when its model leaves it no choice."""

    def client_cbor(self, region: str = SHOP):
        session = botocore.session.Session()
        load = session.get_component("data_loader").load_service_model

        def only_cbor(service, kind, **rest):
            model = load(service, kind, **rest)
            if service == "cloudwatch" and kind == "service-2":
                model["metadata"] |= {"protocols": ["smithy-rpc-v2-cbor"], "protocol": "smithy-rpc-v2-cbor"}
            return model

        with mock.patch.object(session.get_component("data_loader"), "load_service_model", only_cbor):
            return session.create_client(
                "cloudwatch",
                region_name=region,
                endpoint_url=front().endpoint,
                aws_access_key_id="AKIATEST",
                aws_secret_access_key="x",
                config=Config(retries={"total_max_attempts": 1}),
            )

    def test_every_answer_is_the_same_as_in_json(self) -> None:
        end = now().replace(second=0, microsecond=0) - timedelta(minutes=5)
        period = {"StartTime": end - timedelta(hours=3), "EndTime": end}
        calls = (
            ("describe_alarms", {"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}),
            ("describe_alarm_history", {}),
            ("list_metrics", {"Namespace": "AWS/RDS"}),
            (
                "get_metric_data",
                {"MetricDataQueries": [query("a", "p95"), query("b", metric="Gone")], **period},
            ),
        )
        for method, parameters in calls:
            with self.subTest(method=method):
                answers = []
                for client in (self.client("cloudwatch"), self.client_cbor()):
                    answer = getattr(client, method)(**parameters)
                    answer.pop("ResponseMetadata")
                    answers.append(_comparable(answer))
                self.assertEqual(*answers)
        protocols = {call["protocol"] for call in self.control("GET", "calls")}
        self.assertEqual(protocols, {"json", "cbor"})

    def test_errors_have_their_code(self) -> None:
        with self.refused("ValidationError"):
            self.client_cbor().get_metric_data(
                MetricDataQueries=[query("a", Period=7)], StartTime=now() - timedelta(hours=1), EndTime=now()
            )

    def test_operations_that_moto_has_are_carried_over(self) -> None:
        found = self.client_cbor().describe_alarms_for_metric(
            MetricName="CPUUtilization", Namespace="AWS/RDS"
        )
        self.assertEqual([one["AlarmName"] for one in found["MetricAlarms"]], ["shop-db-cpu"])
        with self.refused("UnknownOperationException"):
            self.client_cbor().enable_alarm_actions(AlarmNames=["shop-db-cpu"])


def _comparable(value):
    """Without what differs by protocol: absent against empty, zone classes, and parts of seconds."""
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items() if item not in (None, [], {})}
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    return int(value.timestamp()) if hasattr(value, "timestamp") else value
