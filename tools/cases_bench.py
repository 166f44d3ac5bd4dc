"""`make bench-cases`: what cases cost at a thousand and at a million, and in django-helpdesk (bench/cases measures)."""

from __future__ import annotations

import subprocess
import sys

from tools import environments
from tools.console import main
from tools.processes import ROOT


def measure() -> int:
    environments.ensure(environments.HUB, "dev")
    environments.ensure(environments.HELPDESK, "bench-helpdesk")
    command = [str(environments.HUB.python), "-m", "bench.cases", *sys.argv[1:]]
    return subprocess.run(command, cwd=ROOT).returncode


if __name__ == "__main__":
    main(measure)
