"""Every call that arrived, in order of arrival."""

import threading
from dataclasses import asdict, dataclass
from typing import Any

from front.clock import now
from front.protocol import Wire


@dataclass
class Entry:
    """A call. `status` is absent while it is being answered, and for ever if it never was."""

    at: str
    service: str
    operation: str
    region: str
    access_key: str
    protocol: str
    attempt: int
    invocation: str
    status: int | None = None
    error: str | None = None
    fault: str | None = None


class CallLog:
    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lock = threading.Lock()

    def arrived(self, wire: Wire) -> Entry:
        entry = Entry(
            at=now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            service=wire.service,
            operation=wire.operation,
            region=wire.region,
            access_key=wire.access_key,
            protocol=wire.protocol,
            attempt=_attempt(wire.headers.get("amz-sdk-request", "")),
            invocation=wire.headers.get("amz-sdk-invocation-id", ""),
        )
        with self._lock:
            self._entries.append(entry)
        return entry

    def all(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(entry) for entry in self._entries]

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


def _attempt(header: str) -> int:
    """`attempt=2; max=3` → 2; SDKs count from one."""
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == "attempt" and value.isdigit():
            return int(value)
    return 1
