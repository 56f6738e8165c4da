#!/usr/bin/env python3
"""Measures a built `qd` from outside, as a user feels it, and prints the figures beside their budgets.

    benches/measure.py [--qd target/release/qd] [--seconds 60] [--only NAME…] [--json FILE]

Python's standard library only. Everything runs in a pseudo-terminal of 80x24 and touches 127.0.0.1
alone. The exit code is 1 if a budget is not kept, 2 if something could not be measured.
"""

import argparse
import json
import os
import pty
import re
import select
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from fcntl import ioctl
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
# What is on screen once header and panes are there.
USEFUL = b"estate"


class Terminal:
    """A program in a pseudo-terminal."""

    def __init__(self, command, environment, size=(80, 24)):
        self.output = bytearray()
        self.master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

        def own_session():
            os.setsid()
            ioctl(0, termios.TIOCSCTTY, 0)

        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, preexec_fn=own_session
        )
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        # Whoever does not read keeps the program from ending.
        self.read_for(0.2)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.master)

    def read_once(self, seconds):
        """Reads what is there within so many seconds; the number of bytes."""
        ready, _, _ = select.select([self.master], [], [], max(seconds, 0))
        if not ready:
            return 0
        try:
            chunk = os.read(self.master, 1 << 16)
        except OSError:
            return 0
        self.output += chunk
        return len(chunk)

    def read_for(self, seconds):
        end = time.perf_counter() + seconds
        before = len(self.output)
        while (left := end - time.perf_counter()) > 0:
            if self.read_once(left) == 0 and self.process.poll() is not None:
                break
        return len(self.output) - before

    def wait_for(self, text, seconds=30.0, since=0):
        """Reads until the text has been written; when that was, in seconds since the start."""
        end = time.perf_counter() + seconds
        while text not in self.output[since:]:
            left = end - time.perf_counter()
            if left <= 0 or (self.read_once(left) == 0 and self.process.poll() is not None):
                raise Missing(f"{text!r} never appeared; the end of the output: {bytes(self.output[-400:])!r}")
        return time.perf_counter() - self.started

    def press(self, keys):
        """Types; seconds until the first byte of an answer is there."""
        while self.read_once(0):
            pass
        before = time.perf_counter()
        os.write(self.master, keys)
        if self.read_once(5) == 0:
            raise Missing(f"no answer to {keys!r}")
        return time.perf_counter() - before

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_mib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) / 1024


class Missing(Exception):
    """Something that could not be measured."""


class BlackHole:
    """An endpoint that takes every connection and never answers."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.taken = []
        threading.Thread(target=self._take, daemon=True).start()
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def _take(self):
        while True:
            try:
                self.taken.append(self.socket.accept()[0])
            except OSError:
                return

    def __exit__(self, *_):
        self.socket.close()
        for connection in self.taken:
            connection.close()


class Bench:
    """What is measured, with a home of its own."""

    def __init__(self, qd, seconds, home):
        self.qd = str(qd)
        self.seconds = seconds
        self.home = home

    def environment(self, **more):
        plain = {
            "HOME": self.home,
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        return plain | more

    def silent(self, endpoint):
        """The console on an endpoint that never answers."""
        keys = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "not-a-real-secret"}
        where = {"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1"}
        return Terminal([self.qd], self.environment(**keys, **where))

    def demo(self, *arguments):
        return Terminal([self.qd, "--demo", *arguments], self.environment())

    def first_frame(self):
        with BlackHole() as endpoint:
            times = []
            for _ in range(20):
                with self.silent(endpoint) as terminal:
                    times.append(terminal.wait_for(USEFUL) * 1000)
        return statistics.median(times), f"median of 20; slowest {max(times):.1f} ms"

    def keys_live(self):
        with BlackHole() as endpoint:
            times = []
            for _ in range(10):
                with self.silent(endpoint) as terminal:
                    os.write(terminal.master, b"2")
                    times.append(terminal.wait_for(b"ECS services") * 1000)
        return statistics.median(times), "key waiting at exec -> its pane painted, median of 10"

    def key_to_paint(self):
        with BlackHole() as endpoint, self.silent(endpoint) as terminal:
            terminal.wait_for(USEFUL)
            terminal.read_for(1)
            times = []
            for index in range(300):
                times.append(terminal.press(b"2458"[index % 4 : index % 4 + 1]) * 1000)
                terminal.read_for(0.01)
        times.sort()
        return times[int(len(times) * 0.99)], f"p99 of 300; median {statistics.median(times):.2f} ms"

    def key_to_paint_demo(self):
        with self.demo() as terminal:
            terminal.wait_for(b"CRIT")
            terminal.read_for(3)
            times = []
            for index in range(300):
                times.append(terminal.press(b"2345"[index % 4 : index % 4 + 1]) * 1000)
                terminal.read_for(0.01)
        times.sort()
        return times[int(len(times) * 0.99)], f"p99 of 300 while data arrives; median {statistics.median(times):.2f} ms"

    def idle_bytes(self):
        with self.demo("codemate", "--scenario", "quiet") as terminal:
            terminal.wait_for(b"CRIT")
            terminal.read_for(5)
            os.write(terminal.master, b"p")
            # The meter counts the calls of the last minute: it rests once that minute is over.
            terminal.read_for(65)
            count = terminal.read_for(min(self.seconds, 30))
        return count, f"view paused a minute ago, {min(self.seconds, 30)} s"

    def idle_cpu(self):
        with self.demo("codemate", "--scenario", "quiet") as terminal:
            terminal.wait_for(b"CRIT")
            terminal.read_for(5)
            before = terminal.cpu_seconds()
            count = terminal.read_for(self.seconds)
            share = (terminal.cpu_seconds() - before) / self.seconds * 100
        return share, f"quiet demo, live, {self.seconds} s; {count} bytes written meanwhile"

    def refresh_bytes(self):
        # Faster than life, so that there is enough to see.
        with self.demo("codemate", "--speed", "20") as terminal:
            terminal.wait_for(b"CRIT")
            terminal.read_for(5)
            bursts = []
            end = time.perf_counter() + self.seconds
            while (left := end - time.perf_counter()) > 0:
                if count := terminal.read_once(left):
                    # A frame is one write; what follows at once belongs to it.
                    bursts.append(count + terminal.read_for(0.02))
        if not bursts:
            raise Missing("nothing was refreshed meanwhile")
        bursts.sort()
        return bursts[-1], f"largest of {len(bursts)} in {self.seconds} s; median {statistics.median(bursts):.0f} B"

    def memory(self):
        with self.demo() as terminal:
            terminal.wait_for(b"CRIT")
            terminal.read_for(10)
            early = terminal.resident_mib()
            terminal.read_for(self.seconds)
            late = terminal.resident_mib()
        return late, f"every world, after {self.seconds + 10} s; {early:.1f} MiB after 10 s"

    def status(self):
        times = []
        for _ in range(5):
            started = time.perf_counter()
            done = subprocess.run(
                [self.qd, "--demo", "--no-probe", "status", "-o", "json"],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60,
                check=False,
            )
            times.append((time.perf_counter() - started) * 1000)
            if done.returncode != 0:
                raise Missing(f"exit code {done.returncode}: {done.stderr[-300:].decode(errors='replace')}")
            json.loads(done.stdout)
        return statistics.median(times), "every world of the demo, median of 5"

    def size(self):
        return os.path.getsize(self.qd) / (1 << 20), "as it lies there"


# name, what it is, unit, budget (None: no budget of its own), measure
FIGURES = [
    ("first-frame", "exec -> first useful frame, endpoint silent", "ms", 20, Bench.first_frame),
    ("keys-live", "exec -> a waiting key's pane, endpoint silent", "ms", None, Bench.keys_live),
    ("key-paint", "key -> painted, endpoint silent", "ms", 16, Bench.key_to_paint),
    ("key-paint-demo", "key -> painted, every demo world", "ms", 16, Bench.key_to_paint_demo),
    ("idle-bytes", "nothing changes: bytes to the terminal", "B", 0, Bench.idle_bytes),
    ("idle-cpu", "nothing changes: CPU", "% of a core", 0.5, Bench.idle_cpu),
    ("refresh", "one refresh of a few cells, 80x24", "B", 2048, Bench.refresh_bytes),
    ("memory", "resident memory, demo", "MiB", 40, Bench.memory),
    ("status", "`qd --no-probe status`, demo", "ms", None, Bench.status),
    ("size", "the binary", "MiB", 40, Bench.size),
]


def main():
    names = [name for name, *_ in FIGURES]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--qd", type=Path, default=ROOT / "target/release/qd", help="the binary (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=60, help="how long what takes time is watched (default: %(default)s)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--json", type=Path, help="write the figures there, too")
    arguments = parser.parse_args()
    if not arguments.qd.is_file():
        parser.error(f"there is no {arguments.qd}: cargo build --release")
    results = []
    print(f"{'what':<46} {'budget':>14} {'measured':>14}       how")
    with tempfile.TemporaryDirectory() as home:
        bench = Bench(arguments.qd.resolve(), arguments.seconds, home)
        for name, what, unit, budget, measure in FIGURES:
            if name not in arguments.only:
                continue
            limit = "-" if budget is None else f"<= {budget:g} {unit.split()[0]}"
            try:
                value, how = measure(bench)
            except Missing as missing:
                results.append({"name": name, "missing": str(missing)})
                print(f"{what:<46} {limit:>14} {'?':>14}       {missing}", flush=True)
                continue
            kept = budget is None or value <= budget
            results.append({"name": name, "unit": unit, "budget": budget, "measured": value, "kept": kept, "how": how})
            figure = f"{value:.0f}" if unit == "B" else f"{value:.2f}"
            mark = "" if budget is None else "ok" if kept else "OVER"
            print(f"{what:<46} {limit:>14} {figure + ' ' + unit.split()[0]:>14} {mark:<5} {how}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=2) + "\n")
    if any("missing" in result for result in results):
        return 2
    return 0 if all(result["kept"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
