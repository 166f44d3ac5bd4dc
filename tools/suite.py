"""`make test`: build what is missing, then run every test that this machine can run.

First what is content with a core of its own, one process a core; then what starts whole stacks and browsers, one after
the other. Arguments go to pytest instead, e.g. `make test ARGS="tests/hub -k floor"`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tools import environments, training
from tools.console import Refusal, main, run_step, say
from tools.processes import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NEEDS_ALL_CORES = ("tests/journeys", "tests/browser")


def suite() -> int:
    environments.ensure(environments.HUB, "dev")
    training.train()
    browser = find_browser() or install_browser()
    env = {**os.environ, **training.QUIET_RASA, "TELLONCE_CHROMIUM": browser or ""}
    env.pop("PYTHONWARNINGS", None)
    left_out = []
    if not browser:
        say(
            "Left out: the browser tests in tests/browser, because chromium is missing. "
            "Install it (Debian: `sudo apt-get install chromium`) and run make test again."
        )
        left_out = ["--ignore=tests/browser"]
    return max([_pytest([*arguments, *left_out], env) for arguments in _parts()])


def _parts() -> list[list[str]]:
    if asked := sys.argv[1:]:
        return [asked]
    apart = [f"--ignore={folder}" for folder in NEEDS_ALL_CORES]
    return [["--numprocesses=auto", "--dist=loadfile", *apart], [*NEEDS_ALL_CORES]]


def _pytest(arguments: list[str], env: dict[str, str]) -> int:
    return subprocess.run([environments.HUB.python, "-m", "pytest", *arguments], cwd=ROOT, env=env).returncode


def find_browser() -> str | None:
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def install_browser() -> str | None:
    """Debian's own package, when we may; a browser that cannot be had leaves its tests out and says so."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        run_step("Reading Debian's package list", ["apt-get", "update"], _log("apt-update"), env=quiet)
        install = ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]
        run_step("Installing chromium", install, _log("apt-install"), env=quiet)
    except Refusal as refusal:
        say(str(refusal))
    return find_browser()


def _log(name: str) -> Path:
    return environments.LOGS / f"{name}.log"


if __name__ == "__main__":
    main(suite)
