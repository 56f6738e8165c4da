"""GPU hosts: what a shell on them prints. A card's values were recorded on real ones (`*.json`)."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """A sort of host."""

    # Which recording its cards play; none where there is no nvidia-smi.
    card: str | None = None
    cards: int = 1
    # What differs from the recording, which was made at rest.
    changes: dict[str, str] = field(default_factory=dict)
    # Compute processes of each card: pid, memory in MiB, name; those of the recording if left out.
    processes: tuple[tuple[int, int, str], ...] | None = None
    # Systems Manager's word; none for a host that never registered.
    ping: str | None = "Online"
    # nvidia-smi fails as it does without a kernel module.
    driver_fails: bool = False
    # Commands never end.
    stuck: bool = False


_BUSY = {"utilization.gpu": "97", "utilization.memory": "62", "pstate": "P0"}

KINDS: dict[str, Kind] = {
    "t4-busy": Kind(
        "t4",
        changes=_BUSY
        | {"memory.used": "13120", "memory.free": "1852", "power.draw": "68.40", "temperature.gpu": "71"},
        processes=((4211, 13088, "/opt/render/venv/bin/python3"),),
    ),
    "a10g-busy": Kind(
        "a10g",
        changes=_BUSY
        | {"memory.used": "18840", "memory.free": "3751", "power.draw": "271.33", "temperature.gpu": "64"}
        | {
            "clocks_throttle_reasons.active": "0x0000000000000004",
            "clocks_throttle_reasons.gpu_idle": "Not Active",
        },
        processes=((981, 12288, "python3"), (982, 6530, "/srv/worker, queue=render")),
    ),
    "a10g-idle": Kind("a10g"),
    "t4-light": Kind("t4"),
    "a10g-hot": Kind(
        "a10g",
        changes=_BUSY | {"temperature.gpu": "93", "clocks_throttle_reasons.active": "0x0000000000000040"},
    ),
    "card-lost": Kind("a10g", cards=3),
    "no-smi": Kind(),
    "driver-error": Kind("t4", driver_fails=True),
    "stuck": Kind("t4", stuck=True),
    "offline": Kind("t4", ping="ConnectionLost"),
    "unmanaged": Kind("t4", ping=None),
}
