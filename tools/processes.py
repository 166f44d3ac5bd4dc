"""Ending process groups, and not losing one to a badly timed Ctrl-C.

Every process we start leads a group of its own, because Rasa, Sanic and uv start workers that must end with them.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent


class Stopped(Exception):
    """Ctrl-C or SIGTERM arrived."""


_held_back = {"depth": 0, "arrived": 0}


def stop_on_signals() -> None:
    """Turn Ctrl-C, SIGTERM and a closed terminal into `Stopped`.

    Also in a background job, whose shell told it to ignore SIGINT; but `nohup` keeps its promise.
    """
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, _stop)


def _stop(number: int, frame: object) -> None:
    # make passes a SIGTERM on to us that we may have had already; only a second Ctrl-C means "at once".
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if _held_back["depth"]:
        _held_back["arrived"] = number
    else:
        raise Stopped


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Hold a stop back: between starting a process and writing down that we did, it would leave an orphan."""
    _held_back["depth"] += 1
    try:
        yield
    finally:
        _held_back["depth"] -= 1
    if _held_back["arrived"] and not _held_back["depth"]:
        _held_back["arrived"] = 0
        raise Stopped


def start(
    command: Sequence[object], output: IO[bytes], env: Mapping[str, str], *, is_shown: bool = False
) -> subprocess.Popen[bytes]:
    """Start a command (words and paths) in the project's folder, away from the terminal's Ctrl-C.

    `is_shown` lets what it prints through to the terminal and puts only its complaints into `output`.
    """
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=ROOT,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=None if is_shown else output,
        stderr=output if is_shown else subprocess.STDOUT,
        start_new_session=True,
    )


def signal_group(group: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def end(processes: Sequence[subprocess.Popen[bytes]], patience_s: float = 10.0) -> None:
    """TERM to the groups of all these children; KILL to what is left after `patience_s`, or at once on a stop."""
    groups = [process.pid for process in processes]

    def reap() -> None:
        for process in processes:
            process.poll()

    try:
        end_groups(groups, patience_s, reap)
    except BaseException:
        for group in groups:
            signal_group(group, signal.SIGKILL)
        raise
    finally:
        for process in processes:
            process.wait()


def end_groups(groups: Sequence[int], patience_s: float = 10.0, reap: Callable[[], None] = lambda: None) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for group in groups:
            signal_group(group, number)
        give_up_at = time.monotonic() + patience_s
        while time.monotonic() < give_up_at:
            reap()
            if not any(_lives(group) for group in groups):
                return
            time.sleep(0.05)


def _lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return not _is_only_zombies(group)


def _is_only_zombies(group: int) -> bool:
    """In a container whose first process reaps nobody, a dead orphan stays in its group for ever."""
    states = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = stat.read_text().rsplit(")", 1)[1].split()[:3]
            states += [state] if int(its_group) == group else []
    return bool(states) and all(state in "ZX" for state in states)
