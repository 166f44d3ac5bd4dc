"""Processes that outlived a supervisor killed without a chance to stop them.

A stack notes its processes in its state folder. The next start with the same folder ends those that still run, so a
kill -9 costs nobody a hunt for what holds the ports.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from tools.console import Refusal, shown
from tools.processes import end_groups


def remember(var: Path, pids: list[int]) -> None:
    # Moved into place whole: whoever reads it meanwhile, or after a kill in the middle, finds the one before.
    fresh = _note(var).with_suffix(".new")
    fresh.write_text(json.dumps({"supervisor": os.getpid(), "pids": pids}))
    fresh.replace(_note(var))


def forget(var: Path) -> None:
    _note(var).unlink(missing_ok=True)


def sweep(var: Path) -> None:
    """End what a dead supervisor left; refuse when the supervisor of this folder is alive and is not us."""
    try:
        note = json.loads(_note(var).read_text())
    except (OSError, ValueError):
        return
    ours = [pid for pid in note["pids"] if _belongs_to(pid, var)]
    supervisor = note["supervisor"]
    if ours and supervisor != os.getpid() and _is_alive(supervisor):
        raise Refusal(
            f"Tellonce already runs with the state folder {shown(var)} (process {supervisor}); "
            "stop it first, or set TELLONCE_VAR to another folder and other ports."
        )
    end_groups(ours)
    forget(var)


def _note(var: Path) -> Path:
    return var / "processes.json"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _belongs_to(pid: int, var: Path) -> bool:
    """Process numbers are used again: only one that carries our state folder in its environment is ours."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"TELLONCE_VAR={var}".encode() in environment
