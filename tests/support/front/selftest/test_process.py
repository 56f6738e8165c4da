"""The server as a process."""

import json
import os
import subprocess
import sys
import unittest
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Process(unittest.TestCase):
    def test_it_says_where_it_is_and_ends_with_its_input(self) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "front"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.addCleanup(process.stdout.close)
        ready = json.loads(process.stdout.readline())
        with urllib.request.urlopen(ready["control"] + "calls", timeout=10) as answer:
            self.assertEqual(json.loads(answer.read()), [])
        self.assertTrue(ready["endpoint"].startswith("http://127.0.0.1:"))
        process.stdin.close()
        self.assertEqual(process.wait(10), 0)


if __name__ == "__main__":
    unittest.main()
