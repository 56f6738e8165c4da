"""`python -m front`: starts, prints one line of JSON when ready, ends when standard input does.

{"endpoint": "http://127.0.0.1:40001", "control": "http://127.0.0.1:40001/_front/"}
"""

import argparse
import json
import logging
import os
import sys

from front import control
from front.memory import Memory
from front.server import Front
from front.upstream import Upstream
from front.world import seed, seed_more


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="front", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; any free one if left out")
    parser.add_argument(
        "--seed-world",
        nargs="?",
        choices=("usual", "whole"),
        const="usual",
        help="start with the world of the tests, not empty; with every family if it is to be whole",
    )
    arguments = parser.parse_args()
    # werkzeug writes a line for each request.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    upstream, memory = Upstream(), Memory()
    if arguments.seed_world:
        seed(upstream, memory)
    if arguments.seed_world == "whole":
        seed_more(upstream, memory)
    front = Front(upstream, memory, arguments.port)
    front.start()
    ready = {"endpoint": front.endpoint, "control": front.endpoint + control.PREFIX}
    print(json.dumps(ready), flush=True)
    # Whoever started this holds the other end; a test that dies takes the server with it.
    while sys.stdin.buffer.read(4096):
        pass
    # Commands that run and calls that hang are not waited for.
    os._exit(0)


if __name__ == "__main__":
    main()
