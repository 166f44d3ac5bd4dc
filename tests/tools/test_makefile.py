"""The commands a newcomer types: each is listed by `make help`, and each runs a module that is there."""

import re
import subprocess

import pytest

from tools.processes import ROOT

MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE)


def test_help_lists_every_target() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert {"run", "test", "check", "train", "seed"} <= set(TARGETS)
    assert re.findall(r"make ([\w-]+) {2,}", listed) == TARGETS


@pytest.mark.parametrize("module", re.findall(r"-m tools\.(\w+)", MAKEFILE))
def test_every_target_runs_a_tool_that_exists(module: str) -> None:
    assert (ROOT / "tools" / f"{module}.py").exists()


def test_ci_calls_check_and_test_and_nothing_else() -> None:
    script = (ROOT / ".ci" / "run").read_text()

    assert re.findall(r"^make (\w+)$", script, re.MULTILINE) == ["check", "test"]


def test_without_a_working_python_make_says_what_is_needed() -> None:
    refused = subprocess.run(["make", "PYTHON=/nowhere/python3", "run"], cwd=ROOT, capture_output=True, text=True)

    assert refused.returncode != 0
    assert refused.stdout.startswith("A working python3 (3.10 or newer) is needed to begin")
