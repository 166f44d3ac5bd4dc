"""The two environments: .venv for the hub and the actions, .venv-bot for Rasa.

Each carries a stamp with the hash of the requirements it was built from. A stamp is written last, so an environment
without one was left half-built and is built again from nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools import interpreters
from tools.console import Refusal, main, run_step, say
from tools.processes import ROOT

LOGS = ROOT / "var" / "log"


@dataclass(frozen=True)
class Environment:
    """An environment at `folder`; each of `levels` is a requirements file, a later one holding all of the earlier."""

    folder: Path
    label: str
    versions: tuple[str, ...]
    levels: tuple[str, ...]
    needs_gb: float

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.folder / "built-from.json"


HUB = Environment(ROOT / ".venv", "the hub's packages", ("3.11", "3.12", "3.13"), ("hub", "dev"), 1.0)
HELPDESK = Environment(
    ROOT / "build" / "helpdesk", "django-helpdesk", ("3.11", "3.12", "3.13"), ("bench-helpdesk",), 0.5
)
BOT = Environment(ROOT / ".venv-bot", "Rasa and TensorFlow", ("3.10",), ("bot",), 4.0)
# Locked apart because they cannot be resolved together: what these packages ask for would pull torch in, or move numpy
# from where Rasa pins it. They install beside the level all the same, for `uv pip sync` adds nothing to its lists.
ALONGSIDE = {"bot": ("encoder",)}


def ensure(environment: Environment, level: str) -> None:
    """Build or update the environment when its stamp says that it must be."""
    with only_one("environments"):
        level = _level_kept(environment, level)
        if _built_from(environment).get(level) == requirements_hash(level):
            return
        _build(environment, level)


def _build(environment: Environment, level: str) -> None:
    """Bring the environment to `level`; one that was not there before and fails is taken away again."""
    whole = environment.stamp.exists() and interpreters.probe(environment.python) is not None
    if not whole:
        shutil.rmtree(environment.folder, ignore_errors=True)
        _refuse_without_space(environment)
    uv = bootstrap_uv()
    try:
        if not whole:
            _create(environment, uv)
        _install(environment, level, uv)
    except BaseException:
        if not whole:
            shutil.rmtree(environment.folder, ignore_errors=True)
        raise


def requirements_file(level: str) -> Path:
    return ROOT / "requirements" / f"{level}.txt"


def requirements_files(level: str) -> list[Path]:
    """Every list a level is made of: its own, and those locked apart from it."""
    return [requirements_file(name) for name in (level, *ALONGSIDE.get(level, ()))]


def requirements_hash(level: str) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in requirements_files(level))).hexdigest()


@contextlib.contextmanager
def only_one(name: str) -> Iterator[None]:
    """Two makes at once must not build the same thing; the second waits for the first."""
    lock = ROOT / "var" / f"{name}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another make that is building in this folder …")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def bootstrap_uv() -> Path:
    """uv in .tools/, put there by pip from a locked file when it is absent or does not run."""
    uv = ROOT / ".tools" / "bin" / "uv"
    if _runs([str(uv), "--version"]):
        return uv
    if not _runs([sys.executable, "-m", "pip", "--version"]):
        raise Refusal(
            "pip is missing, and it is needed once to fetch uv; install it (Debian: `apt install python3-pip`)."
        )
    shutil.rmtree(ROOT / ".tools" / "uv", ignore_errors=True)
    quiet = {"PIP_ROOT_USER_ACTION": "ignore", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--require-hashes"]
    command = [*pip, "--target", ROOT / ".tools", "-r", requirements_file("uv")]
    run_step("Fetching uv", command, LOGS / "install-uv.log", env=quiet)
    return uv


def _create(environment: Environment, uv: Path) -> None:
    interpreter = interpreters.find(environment.versions, uv)
    log = LOGS / f"create{environment.folder.name}.log"
    command = [uv, "venv", "--python", interpreter.path, environment.folder]
    run_step(f"Creating {environment.folder.name} on Python {interpreter.version}", command, log)


def _install(environment: Environment, level: str, uv: Path) -> None:
    environment.stamp.unlink(missing_ok=True)
    command = [
        uv,
        "pip",
        "sync",
        "--require-hashes",
        "--python",
        environment.python,
        *requirements_files(level),
    ]
    run_step(f"Installing {environment.label} into {environment.folder.name}", command, LOGS / f"install-{level}.log")
    included = environment.levels[: environment.levels.index(level) + 1]
    environment.stamp.write_text(json.dumps({name: requirements_hash(name) for name in included}))


def _level_kept(environment: Environment, level: str) -> str:
    """`make run` after `make test` keeps the test tools: never sync to less than what is installed."""
    known = [name for name in _built_from(environment) if name in environment.levels]
    return max([level, *known], key=environment.levels.index)


def _built_from(environment: Environment) -> dict[str, str]:
    try:
        stamp = json.loads(environment.stamp.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _refuse_without_space(environment: Environment) -> None:
    free_gb = shutil.disk_usage(ROOT).free / 1e9
    if free_gb < environment.needs_gb:
        raise Refusal(
            f"Building {environment.folder.name} needs about {environment.needs_gb:.0f} GB of free disk "
            f"and only {free_gb:.1f} GB are left here; free some space and run it again."
        )


def _runs(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, env=os.environ).returncode == 0
    except OSError:
        return False


def build(names: list[str]) -> None:
    """Build by level: `hub`, `dev` or `bot`."""
    for name in names:
        ensure(BOT if name in BOT.levels else HUB, name)


if __name__ == "__main__":
    main(lambda: build(sys.argv[1:] or ["hub", "bot"]))
