"""One server for all tests that leave it as it was."""

import json
import logging
import unittest
import urllib.request
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from front.memory import Memory
from front.server import Front
from front.upstream import Upstream
from front.world import RENDER, SHOP, seed, seed_more

__all__ = ["RENDER", "SHOP", "Case", "ClientError", "front"]


@cache
def front() -> Front:
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    upstream, memory = Upstream(), Memory()
    seed(upstream, memory)
    seed_more(upstream, memory)
    server = Front(upstream, memory)
    server.start()
    return server


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.control("POST", "clear")
        self.addCleanup(self.control, "POST", "clear")
        self.addCleanup(self.control, "PUT", "settings", {"page_cap": 0})

    def client(self, service: str, region: str = SHOP, key: str = "AKIATEST", attempts: int = 1) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=front().endpoint,
            aws_access_key_id=key,
            aws_secret_access_key="x",
            # What the server refuses must reach it.
            config=Config(
                retries={"total_max_attempts": attempts}, read_timeout=5, parameter_validation=False
            ),
        )

    def control(self, method: str, name: str, value: Any = None) -> Any:
        body = json.dumps(value).encode() if value is not None else None
        request = urllib.request.Request(f"{front().endpoint}/_front/{name}", body, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def refused(self, code: str) -> Any:
        """Expects an AWS error of this code."""
        return _Refused(self, code)


class _Refused:
    def __init__(self, case: unittest.TestCase, code: str) -> None:
        self.case, self.code = case, code

    def __enter__(self) -> "_Refused":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        self.case.assertIsInstance(error, ClientError)
        self.case.assertEqual(error.response["Error"]["Code"], self.code)
        self.response = error.response
        return True
