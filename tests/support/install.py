"""Installs tests/support/requirements.txt: `python3 tests/support/install.py`.

Into .venv where Python can make virtual environments; else into .venv-site, with the pip that is
there or, where there is none, with one that is fetched for this and run from its archive. Does nothing
if it is done already. Needs Python 3.10 and, the first time, PyPI.
"""

import filecmp
import hashlib
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "tests" / "support" / "requirements.txt"
ENVIRONMENT = ROOT / ".venv"
PACKAGES = ROOT / ".venv-site"

# pip itself, for machines without.
PIP_URL = (
    "https://files.pythonhosted.org/packages/44/3c/"
    "d717024885424591d5376220b5e836c2d5293ce2011523c9de23ff7bf068/pip-25.3-py3-none-any.whl"
)
PIP_SHA256 = "9655943313a94722b7774661c21049070f6bbb0a1516bf02f7c8d5d9201514cd"


def main() -> int:
    if sys.version_info < (3, 10):
        print(f"Python 3.10 is needed, this is {sys.version.split()[0]}", file=sys.stderr)
        return 1
    for place in (ENVIRONMENT, PACKAGES):
        done = place / "installed.txt"
        if done.exists() and filecmp.cmp(done, REQUIREMENTS, shallow=False):
            return 0
    # Half an installation is worse than none.
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    shutil.rmtree(PACKAGES, ignore_errors=True)
    if run([sys.executable, "-m", "venv", str(ENVIRONMENT)], quiet=True):
        place, command = ENVIRONMENT, [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install"]
    else:
        shutil.rmtree(ENVIRONMENT, ignore_errors=True)
        print("no virtual environments here, installing into .venv-site", file=sys.stderr)
        place, command = PACKAGES, [*pip(), "install", "--target", str(PACKAGES)]
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--requirement", str(REQUIREMENTS)]
    if not run(command + options):
        return 1
    shutil.copyfile(REQUIREMENTS, place / "installed.txt")
    return 0


def pip() -> list[str]:
    """How to call pip without a virtual environment."""
    if run([sys.executable, "-m", "pip", "--version"], quiet=True):
        return [sys.executable, "-m", "pip"]
    with urllib.request.urlopen(PIP_URL, timeout=60) as answer:
        archive = answer.read()
    if hashlib.sha256(archive).hexdigest() != PIP_SHA256:
        raise SystemExit(f"{PIP_URL} is not what it was")
    PACKAGES.mkdir(exist_ok=True)
    wheel = PACKAGES / PIP_URL.rsplit("/", 1)[-1]
    wheel.write_bytes(archive)
    return [sys.executable, str(wheel / "pip")]


def run(command: list[str], quiet: bool = False) -> bool:
    out = subprocess.DEVNULL if quiet else None
    # A developer's own packages and settings of Python have no place in this.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(command, stdout=out, stderr=out, env=environment, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
