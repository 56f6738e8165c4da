"""Commands of Systems Manager while they run: a thread each, a few hosts at a time."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from front.clock import now
from front.host import KINDS, shell

AT_ONCE = 8


@dataclass
class Invocation:
    """A command on one host, in Systems Manager's words."""

    instance: str
    status: str = "Pending"
    details: str = ""
    response_code: int = -1
    stdout: str = ""
    stderr: str = ""

    def end(self, status: str, details: str = "") -> None:
        if self.status in ("Pending", "InProgress"):
            self.status, self.details = status, details


@dataclass
class Command:
    parameters: dict[str, list[str]]
    timeout_s: int
    max_errors: str
    comment: str
    invocations: dict[str, Invocation]
    command_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    requested: datetime = field(default_factory=now)
    ended: threading.Event = field(default_factory=threading.Event)

    @property
    def execution_s(self) -> float:
        """How long a host may take."""
        return float((self.parameters.get("executionTimeout") or ["3600"])[0])

    def cancel(self, instances: list[str] | None) -> None:
        for one in self.invocations.values():
            if not instances or one.instance in instances:
                one.end("Cancelled")
        if all(one.status not in ("Pending", "InProgress") for one in self.invocations.values()):
            self.ended.set()

    def errors_left(self) -> bool:
        """Whether further hosts may begin. A plain number counts hosts; `100%` is as many as there are."""
        failed = sum(one.status in ("Failed", "TimedOut") for one in self.invocations.values())
        if self.max_errors.endswith("%"):
            return failed <= len(self.invocations) * int(self.max_errors[:-1]) / 100
        return failed <= int(self.max_errors)


def start(command: Command, kinds: dict[str, str]) -> None:
    """Runs the command in the background. It dies with the process."""
    threading.Thread(target=_run, args=(command, kinds), daemon=True).start()


def _run(command: Command, kinds: dict[str, str]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for one in command.invocations.values():
            pool.submit(_on_host, command, one, kinds[one.instance])
    command.ended.set()


def _on_host(command: Command, one: Invocation, kind: str) -> None:
    if not command.errors_left():
        one.end("Cancelled", "Terminated")
    if one.status != "Pending":
        return
    one.status = "InProgress"
    outcome: Any = None
    if KINDS[kind].stuck:
        command.ended.wait(command.execution_s)
    else:
        script = "\n".join(command.parameters.get("commands") or [])
        outcome = shell.run(one.instance, kind, script, command.execution_s)
    if outcome is None:
        one.end("TimedOut", "Execution Timed Out")
    elif one.status == "InProgress":
        one.stdout, one.stderr, one.response_code = outcome.stdout, outcome.stderr, outcome.status
        one.end("Failed" if outcome.status else "Success")
