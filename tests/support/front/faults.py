"""Faults by rule. A rule says which calls it is for, what happens to them, and how often.

    {"service": "rds", "operation": "Describe*", "region": "us-east-1", "access_key": "AKIA…",
     "fault": "throttle", "times": 3}

Patterns are those of the shell; what is left out matches everything; `service` is the IAM prefix.
`times` is how many calls it hits before it is used up, `skip` how many it lets pass before. The first
rule that matches is the one that counts, except that `delay` goes on to the next.
"""

import threading
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any

from front.errors import Refusal
from front.protocol import Wire
from front.upstream import ACCOUNT


class Fault(str, Enum):
    THROTTLE = "throttle"  # the service's own throttling error
    ERROR = "error"  # any error: `code`, `message`, `status`
    STATUS = "status"  # a bare HTTP status from some load balancer: `status`, 500 if left out
    EXPIRED = "expired"  # the session is over
    DENIED = "denied"  # no policy allows it
    DELAY = "delay"  # answered `ms` later
    HANG = "hang"  # never answered, until the rules change
    DROP = "drop"  # done, and the connection closed without a word
    RESET = "reset"  # connection reset, nothing done
    TRUNCATE = "truncate"  # done, and the answer cut in half


@dataclass
class Rule:
    fault: Fault
    service: str = "*"
    operation: str = "*"
    region: str = "*"
    access_key: str = "*"
    times: int | None = None
    skip: int = 0
    code: str = "InternalFailure"
    message: str = "injected"
    status: int | None = None
    ms: int = 0

    @classmethod
    def parse(cls, text: dict[str, Any]) -> "Rule":
        return cls(**(text | {"fault": Fault(text["fault"])}))

    def matches(self, wire: Wire) -> bool:
        pairs = (
            (self.service, wire.service),
            (self.operation, wire.operation),
            (self.region, wire.region),
            (self.access_key, wire.access_key),
        )
        return all(fnmatchcase(value, pattern) for pattern, value in pairs)


class Rules:
    """The rules in force."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._changed = threading.Event()

    def replace(self, rules: list[dict[str, Any]]) -> None:
        parsed = [Rule.parse(rule) for rule in rules]
        with self._lock:
            self._rules = parsed
            # Whoever hangs because of an old rule is let go.
            self._changed.set()
            self._changed = threading.Event()

    def take(self, wire: Wire) -> list[Rule]:
        """The rules that hit this call: any delays, then at most one other."""
        hits = []
        with self._lock:
            for rule in self._rules:
                if rule.times == 0 or not rule.matches(wire):
                    continue
                if rule.skip > 0:
                    rule.skip -= 1
                    continue
                if rule.times is not None:
                    rule.times -= 1
                hits.append(rule)
                if rule.fault is not Fault.DELAY:
                    break
        return hits

    def wait_for_change(self, seconds: float | None) -> None:
        with self._lock:
            changed = self._changed
        changed.wait(seconds)


def refusal(rule: Rule, wire: Wire) -> Refusal | None:
    """The AWS error that a rule means, in the words of the service's protocol."""
    match rule.fault:
        case Fault.THROTTLE:
            return Refusal(*_throttle(wire))
        case Fault.EXPIRED:
            return _expired(wire)
        case Fault.DENIED:
            return _denied(wire)
        case Fault.ERROR:
            return Refusal(rule.code, rule.message, rule.status or 400)
        case _:
            return None


def _throttle(wire: Wire) -> tuple[str, str, int]:
    if wire.protocol == "ec2":
        return "RequestLimitExceeded", "Request limit exceeded.", 503
    if wire.service == "sqs":
        return "RequestThrottled", "Request is throttled.", 400
    code = "Throttling" if wire.protocol == "query" else "ThrottlingException"
    return code, "Rate exceeded", 400


def _expired(wire: Wire) -> Refusal:
    if wire.protocol == "ec2":
        return Refusal("RequestExpired", "Request has expired.", 400)
    query = wire.protocol == "query"
    code = "ExpiredToken" if query else "ExpiredTokenException"
    message = "The security token included in the request is expired"
    return Refusal(code, message, 403 if query else 400)


def _denied(wire: Wire) -> Refusal:
    action = f"{wire.service}:{wire.operation}"
    if wire.protocol == "ec2":
        return Refusal("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    message = (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/oncall/session is not authorized to perform: {action}"
        f" because no identity-based policy allows the {action} action"
    )
    query = wire.protocol == "query"
    return Refusal("AccessDenied" if query else "AccessDeniedException", message, 403 if query else 400)
