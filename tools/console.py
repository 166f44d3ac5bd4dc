"""How the tools talk: a progress line for long steps, one sentence when something is wrong.

Every tool raises `Refusal` with a whole sentence and is wrapped in `main`, so a user never meets a traceback for a
missing Python, a taken port or a broken download.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tools.processes import ROOT, Stopped, end, start, stop_on_signals, undisturbed

# What a log says when a command failed for a reason the user can do something about.
CAUSES = {
    "the disk is full; free some space and run it again": ("No space left on device", "os error 28"),
    "a download failed; check the network and run it again": (
        "Failed to fetch",
        "error sending request",
        "dns error",
        "Network is unreachable",
        "Temporary failure in name resolution",
        "Temporary failure resolving",
        "NewConnectionError",
        "Could not find a version",
        "operation timed out",
        "the network was disabled",
    ),
    "a download does not match its locked hash, so it was refused": ("hash mismatch", "Hash mismatch", "DO NOT MATCH"),
}


class Refusal(Exception):
    """One sentence for the user: what is wrong and what to do. The tool ends with exit code 1."""


def say(text: str = "") -> None:
    print(text, flush=True)


def main(tool: Callable[[], int | None]) -> None:
    """Run a tool as a program: a refusal is printed, a stop is quiet, anything else is a bug and shows itself."""
    stop_on_signals()
    try:
        code = tool() or 0
    except Refusal as refusal:
        print(f"\n{refusal}", file=sys.stderr, flush=True)
        code = 1
    except Stopped:
        code = 130
    sys.exit(code)


def run_step(label: str, command: Sequence[object], log: Path, env: Mapping[str, str] | None = None) -> None:
    """Run a long command (words and paths), its output in `log`, its age on the screen; failing is a `Refusal`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output, undisturbed():
        process = start(command, output, {**os.environ, **(env or {})})
    try:
        wait_with_progress(label, process)
    except BaseException:
        end([process])
        raise
    if process.returncode:
        raise Refusal(f"{label} failed: {cause_of_failure(log)} (the whole output is in {shown(log)}).")


def run_shown(command: Sequence[object], log: Path, env: Mapping[str, str] | None = None) -> int:
    """Run a command that tells its own progress; what it complains of goes to `log`. Returns its exit code."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output, undisturbed():
        process = start(command, output, {**os.environ, **(env or {})}, is_shown=True)
    try:
        return process.wait()
    except BaseException:
        end([process])
        raise


def wait_with_progress(label: str, process: subprocess.Popen[bytes]) -> None:
    """A line that counts seconds on a terminal; on a pipe, a line at the start and one every 30 seconds."""
    started_at, said_at = time.monotonic(), time.monotonic()
    live = sys.stdout.isatty()
    print(f"{label} …", end="" if live else "\n", flush=True)
    while process.poll() is None:
        time.sleep(0.2)
        age_s = time.monotonic() - started_at
        if live:
            print(f"\r{label} … {age_s:.0f} s", end="", flush=True)
        elif time.monotonic() - said_at > 30:
            said_at = time.monotonic()
            print(f"  still at it after {age_s:.0f} s", flush=True)
    if live:
        print(flush=True)
    elif process.returncode == 0:
        print(f"  done in {time.monotonic() - started_at:.0f} s", flush=True)


def cause_of_failure(log: Path) -> str:
    """A reason the user can act on when the log names one, else the log's last line with words in it."""
    text = log.read_text(errors="replace")
    for reason, signs in CAUSES.items():
        if any(sign in text for sign in signs):
            return reason
    lines = [line.strip() for line in text.splitlines() if any(c.isalpha() for c in line)]
    return lines[-1].rstrip(".") if lines else "it said nothing"


def tail(log: Path, lines: int = 15) -> str:
    if not log.exists():
        return ""
    return "\n".join(f"  | {line}" for line in log.read_text(errors="replace").splitlines()[-lines:])


def shown(path: Path) -> str:
    """A path as the user would type it."""
    try:
        return str(path.relative_to(ROOT))
    except ValueError:
        return str(path)


def as_typed(command: Sequence[str | Path]) -> str:
    return shlex.join(shown(part) if isinstance(part, Path) else part for part in command)
