"""Runs a command line as a host would: with sh, and with the nvidia-smi of its kind or with none."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from front.host import KINDS, Kind

HERE = Path(__file__).parent

# A machine that runs the tests may have a real nvidia-smi, which a host without one must not find.
_HIDDEN = 'command() { case "$*" in *nvidia-smi*) return 1;; esac; type "$2"; }\n'


@dataclass(frozen=True)
class Outcome:
    status: int
    stdout: str
    stderr: str


def run(instance: str, kind_name: str, script: str, seconds: float) -> Outcome | None:
    """What the script printed; `None` if it took too long."""
    kind = KINDS[kind_name]
    environment = {"PATH": os.defpath, "HOME": "/root"}
    if kind.card:
        environment["PATH"] = f"{HERE / 'bin'}:{os.defpath}"
        environment["FRONT_PYTHON"] = sys.executable
        environment["FRONT_HOST"] = json.dumps(_host(instance, kind))
    elif shutil.which("nvidia-smi"):
        script = _HIDDEN + script
    try:
        done = subprocess.run(
            ["sh", "-c", script],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return Outcome(
        done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def _host(instance: str, kind: Kind) -> dict[str, Any]:
    recorded = json.loads((HERE / f"{kind.card}.json").read_text())
    cards = []
    for index in range(kind.cards):
        # Real cards have ids of their own, and recordings of one card must not look like one card.
        own = {"index": str(index), "uuid": f"GPU-{uuid.uuid5(uuid.NAMESPACE_OID, f'{instance}/{index}')}"}
        apps = recorded["processes"] if kind.processes is None else kind.processes
        cards.append({"fields": recorded["fields"] | kind.changes | own, "processes": apps})
    return {"driver_fails": kind.driver_fails, "cards": cards}
