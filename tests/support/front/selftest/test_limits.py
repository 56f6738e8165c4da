"""Limits that AWS has and moto lacks."""

from typing import Any

from front.clock import ago, now
from front.selftest.base import RENDER, SHOP, Case
from front.world.services import SERVICES


class Lists(Case):
    def test_ten_services_a_call(self) -> None:
        names = list(SERVICES[SHOP])
        ecs = self.client("ecs")
        self.assertEqual(
            len(ecs.describe_services(cluster="shop-cluster", services=names[:10])["services"]), 10
        )
        with self.refused("InvalidParameterException"):
            ecs.describe_services(cluster="shop-cluster", services=names[:11])

    def test_a_missing_service_is_a_failure_and_no_error(self) -> None:
        result = self.client("ecs").describe_services(cluster="shop-cluster", services=["gone"])
        self.assertEqual(result["failures"][0]["reason"], "MISSING")

    def test_hundred_tasks_and_fifty_hosts_a_call(self) -> None:
        with self.refused("InvalidParameterException"):
            self.client("ecs").describe_tasks(cluster="shop-cluster", tasks=["x"] * 101)
        with self.refused("ValidationException"):
            self.client("ssm").send_command(
                InstanceIds=[f"i-{n:017x}" for n in range(51)], DocumentName="AWS-RunShellScript"
            )

    def test_five_hundred_metrics_a_call(self) -> None:
        metric = {"Namespace": "AWS/RDS", "MetricName": "CPUUtilization"}
        stat = {"Metric": metric, "Period": 60, "Stat": "Average"}
        queries = [{"Id": f"q{n}", "MetricStat": stat} for n in range(501)]
        period = {"StartTime": ago(hours=1), "EndTime": now()}
        cloudwatch = self.client("cloudwatch")
        with self.refused("ValidationError"):
            cloudwatch.get_metric_data(MetricDataQueries=queries, **period)
        found = cloudwatch.get_metric_data(MetricDataQueries=queries[:500], **period)["MetricDataResults"]
        self.assertEqual(len(found), 500)


class Pages(Case):
    def test_ten_services_a_page_unless_more_are_asked_for(self) -> None:
        ecs = self.client("ecs")
        first = ecs.list_services(cluster="shop-cluster")
        self.assertEqual(len(first["serviceArns"]), 10)
        rest = ecs.list_services(cluster="shop-cluster", nextToken=first["nextToken"])
        self.assertEqual(len(rest["serviceArns"]), 2)
        self.assertNotIn("nextToken", rest)
        self.assertEqual(len(ecs.list_services(cluster="shop-cluster", maxResults=100)["serviceArns"]), 12)

    def test_sizes_out_of_range_and_foreign_tokens_are_refused(self) -> None:
        cases: list[tuple[str, str, dict[str, Any], str]] = [
            (
                "ecs",
                "list_services",
                {"cluster": "shop-cluster", "maxResults": 101},
                "InvalidParameterException",
            ),
            (
                "ecs",
                "list_services",
                {"cluster": "shop-cluster", "nextToken": "x"},
                "InvalidParameterException",
            ),
            ("autoscaling", "describe_auto_scaling_groups", {"MaxRecords": 101}, "ValidationError"),
            ("rds", "describe_db_instances", {"MaxRecords": 19}, "InvalidParameterValue"),
            ("elasticache", "describe_replication_groups", {"MaxRecords": 19}, "InvalidParameterValue"),
            ("logs", "describe_log_groups", {"limit": 50, "nextToken": "x"}, "InvalidParameterException"),
        ]
        for service, method, parameters, code in cases:
            with self.subTest(method=method, **parameters), self.refused(code):
                getattr(self.client(service), method)(**parameters)
        ssm = self.client("ssm", RENDER)
        with self.refused("ValidationException"):
            ssm.describe_instance_information(MaxResults=4)

    def test_hosts_come_ten_a_page(self) -> None:
        # There are fewer than ten, so the cap stands in for more.
        self.control("PUT", "settings", {"page_cap": 3})
        ssm = self.client("ssm", RENDER)
        first = ssm.describe_instance_information()
        self.assertEqual(len(first["InstanceInformationList"]), 3)
        self.assertIn("NextToken", first)

    def test_small_pages_join_to_the_same_everywhere(self) -> None:
        whole = self.control("GET", "inventory")
        self.control("PUT", "settings", {"page_cap": 2})
        self.assertEqual(self.control("GET", "inventory"), whole)
        ecs = self.client("ecs")
        self.assertEqual(len(ecs.list_services(cluster="shop-cluster", maxResults=100)["serviceArns"]), 2)
        cut = self.client("cloudwatch").describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        self.assertEqual(len(cut["MetricAlarms"]) + len(cut["CompositeAlarms"]), 2)

    def test_a_page_of_log_events_may_be_empty_and_not_the_last(self) -> None:
        logs = self.client("logs")
        whole = logs.filter_log_events(logGroupName="/ecs/shop-cart")["events"]
        self.control("PUT", "settings", {"page_cap": 20})
        first = logs.filter_log_events(logGroupName="/ecs/shop-cart")
        self.assertEqual(first["events"], [])
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/ecs/shop-cart")
        self.assertEqual([one for page in pages for one in page["events"]], whole)
