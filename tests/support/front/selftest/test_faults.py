"""Faults, and the log that shows them."""

import http.client
import threading
import time
import urllib.request

from botocore.exceptions import ConnectionClosedError, HTTPClientError, ReadTimeoutError

from front.selftest.base import RENDER, Case, front


class Errors(Case):
    def rule(self, fault: str, **rest) -> None:
        self.control("PUT", "rules", [{"fault": fault} | rest])

    def test_each_protocol_has_its_own_words(self) -> None:
        words = {
            ("throttle", "ecs"): "ThrottlingException",
            ("throttle", "rds"): "Throttling",
            ("throttle", "ec2"): "RequestLimitExceeded",
            ("throttle", "cloudwatch"): "ThrottlingException",
            ("expired", "ecs"): "ExpiredTokenException",
            ("expired", "rds"): "ExpiredToken",
            ("expired", "ec2"): "RequestExpired",
            ("denied", "ecs"): "AccessDeniedException",
            ("denied", "rds"): "AccessDenied",
            ("denied", "ec2"): "UnauthorizedOperation",
        }
        methods = {
            "ecs": "list_clusters",
            "rds": "describe_db_instances",
            "ec2": "describe_instances",
            "cloudwatch": "describe_alarms",
        }
        for (fault, service), code in words.items():
            self.rule(fault)
            with self.subTest(fault=fault, service=service), self.refused(code):
                getattr(self.client(service), methods[service])()

    def test_a_rule_hits_only_what_it_names(self) -> None:
        self.rule("denied", service="rds", operation="Describe*", region=RENDER)
        self.client("rds").describe_db_instances()
        self.client("ecs", RENDER).list_clusters()
        with self.refused("AccessDenied") as refused:
            self.client("rds", RENDER).describe_db_instances()
        self.assertIn("rds:DescribeDBInstances", refused.response["Error"]["Message"])

    def test_a_rule_for_one_key_leaves_the_others_alone(self) -> None:
        self.rule("expired", access_key="AKIAOLD")
        self.client("sts").get_caller_identity()
        with self.refused("ExpiredToken"):
            self.client("sts", key="AKIAOLD").get_caller_identity()

    def test_times_and_skip_and_the_attempts_of_the_client(self) -> None:
        self.rule("throttle", service="ecs", skip=1, times=2)
        ecs = self.client("ecs", attempts=5)
        ecs.list_clusters()
        ecs.list_clusters()
        calls = self.control("GET", "calls")
        self.assertEqual([one["status"] for one in calls], [200, 400, 400, 200])
        self.assertEqual([one["fault"] for one in calls], [None, "throttle", "throttle", None])
        self.assertEqual([one["attempt"] for one in calls], [1, 1, 2, 3])
        self.assertEqual(calls[1]["error"], "ThrottlingException")
        self.assertEqual(len({one["invocation"] for one in calls}), 2)

    def test_any_code_and_any_status(self) -> None:
        self.rule("error", code="ServiceUnavailable", status=503)
        with self.refused("ServiceUnavailable"):
            self.client("rds").describe_db_instances()
        self.rule("status", status=503)
        with self.refused("503"):
            self.client("ecs").list_clusters()

    def test_an_unknown_rule_is_an_error(self) -> None:
        for bad in ([{"fault": "nonsense"}], [{"fault": "throttle", "servce": "ecs"}]):
            with self.assertRaises(OSError):
                self.control("PUT", "rules", bad)


class Connections(Case):
    def test_drop_acts_and_says_nothing(self) -> None:
        self.control("PUT", "rules", [{"fault": "drop", "operation": "CreateQueue"}])
        with self.assertRaises(ConnectionClosedError):
            self.client("sqs").create_queue(QueueName="dropped")
        self.assertIn("dropped", str(self.client("sqs").list_queues()["QueueUrls"]))
        self.client("sqs").delete_queue(
            QueueUrl=self.client("sqs").get_queue_url(QueueName="dropped")["QueueUrl"]
        )

    def test_reset_does_nothing(self) -> None:
        self.control("PUT", "rules", [{"fault": "reset", "operation": "CreateQueue"}])
        with self.assertRaises(HTTPClientError):
            self.client("sqs").create_queue(QueueName="never")
        self.control("PUT", "rules", [])
        self.assertNotIn("never", str(self.client("sqs").list_queues()["QueueUrls"]))

    def test_truncated_answers_are_noticed(self) -> None:
        self.control("PUT", "rules", [{"fault": "truncate"}])
        headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=k/d/us-east-1/sts/aws4_request, x"}
        headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        body = b"Action=GetCallerIdentity&Version=2011-06-15"
        request = urllib.request.Request(front().endpoint, body, headers)
        with (
            self.assertRaises(http.client.IncompleteRead),
            urllib.request.urlopen(request, timeout=5) as answer,
        ):
            answer.read()

    def test_a_hanging_call_ends_when_the_rules_change(self) -> None:
        self.control("PUT", "rules", [{"fault": "hang", "service": "ecs"}])
        ended = threading.Event()

        def hang() -> None:
            try:
                self.client("ecs").list_clusters()
            except (ConnectionClosedError, ReadTimeoutError):
                ended.set()

        threading.Thread(target=hang, daemon=True).start()
        deadline = time.monotonic() + 5
        while not self.control("GET", "calls") and time.monotonic() < deadline:
            pass
        self.assertIsNone(self.control("GET", "calls")[0]["status"])
        self.assertFalse(ended.is_set())
        self.control("PUT", "rules", [])
        self.assertTrue(ended.wait(5))

    def test_delay_comes_before_another_fault(self) -> None:
        self.control("PUT", "rules", [{"fault": "delay", "ms": 300}, {"fault": "throttle"}])
        started = time.monotonic()
        with self.refused("ThrottlingException"):
            self.client("ecs").list_clusters()
        self.assertGreaterEqual(time.monotonic() - started, 0.3)


class Unknown(Case):
    def test_what_nobody_answers_is_an_aws_error_that_no_client_repeats(self) -> None:
        with self.refused("UnknownOperationException"):
            self.client("ssm", attempts=3).describe_patch_baselines(Filters=[])
            self.client("ssm", attempts=3).start_session(Target="i-1")
        with self.refused("UnknownOperationException"):
            self.client("lambda", attempts=3).get_account_settings()
        calls = [one for one in self.control("GET", "calls") if one["service"] == "lambda"]
        self.assertEqual(len(calls), 1)

    def test_a_request_without_a_signature_is_refused(self) -> None:
        with self.assertRaises(OSError):
            self.control("GET", "../anything")

    def test_boto3_through_the_control_leaves_no_trace(self) -> None:
        queues = self.control(
            "POST", "aws", {"service": "sqs", "region": RENDER, "operation": "list_queues", "params": {}}
        )
        self.assertEqual(len(queues["QueueUrls"]), 2)
        self.assertEqual(self.control("GET", "calls"), [])
