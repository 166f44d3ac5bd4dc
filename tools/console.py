"""How the tools talk: a progress line for long steps, one sentence when something is wrong.

Every tool raises `Refusal` with a whole sentence and is wrapped in `main`, so a user never meets a traceback for a
missing Python, a taken port or a broken download.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# What a log says when a command failed for a reason the user can do something about.
CAUSES = (
    (("No space left on device", "os error 28"), "the disk is full; free some space and run it again"),
    (
        ("Failed to fetch", "error sending request", "Connection refused", "dns error", "Network is unreachable",
         "Temporary failure in name resolution", "Could not find a version", "NewConnectionError", "timed out"),
        "a download failed; check the network and run it again",
    ),
    (("hash mismatch", "Hash mismatch"), "a download does not match its locked hash, so nothing of it was installed"),
)  # fmt: skip


class Refusal(Exception):
    """One sentence for the user: what is wrong and what to do. The tool ends with exit code 1."""


class Stopped(Exception):
    """Ctrl-C or SIGTERM arrived."""


def say(text: str = "") -> None:
    print(text, flush=True)


def main(tool: Callable[[], int | None]) -> None:
    """Run a tool as a program: a refusal is printed, a stop is quiet, anything else is a bug and shows itself."""
    try:
        code = tool() or 0
    except Refusal as refusal:
        print(f"\n{refusal}", file=sys.stderr, flush=True)
        code = 1
    except (Stopped, KeyboardInterrupt):
        code = 130
    sys.exit(code)


def stop_on_signals() -> None:
    """Turn SIGINT and SIGTERM into `Stopped`, also in a background job whose shell told it to ignore SIGINT."""

    def stop(number: int, frame: object) -> None:
        raise Stopped

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


def run_step(label: str, command: Sequence[str | Path], log: Path, env: Mapping[str, str] | None = None) -> None:
    """Run a long command with its output in `log` and its age on the screen; a failure becomes a `Refusal`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=ROOT, env=dict(os.environ, **(env or {})), stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            wait_with_progress(label, process)
        except BaseException:
            end_group(process)
            raise
    if process.returncode:
        raise Refusal(f"{label} failed: {cause_of_failure(log)} (the whole output is in {shown(log)}).")


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


def end_group(process: subprocess.Popen[bytes], patience_s: float = 10.0) -> None:
    """TERM to the whole process group, KILL to what is left of it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            continue
        if not group_alive(process.pid, patience_s if number == signal.SIGTERM else 1.0):
            return


def group_alive(group: int, patience_s: float) -> bool:
    """Whether workers outlive their leader; gives them `patience_s` to follow it."""
    give_up_at = time.monotonic() + patience_s
    while time.monotonic() < give_up_at:
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return False
        time.sleep(0.05)
    return True


def cause_of_failure(log: Path) -> str:
    """A reason the user can act on when the log names one, else the log's last line with words in it."""
    text = log.read_text(errors="replace")
    for signs, reason in CAUSES:
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
