"""Finding a Python that really runs.

A name on PATH proves nothing: a pyenv shim exists for every version and fails for most, and a Python built without
its libraries starts but cannot open a database. So every candidate is asked to import what we need.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.console import Refusal
from tools.processes import ROOT

PROBE = "import ctypes, sqlite3, ssl, sys, zlib; print('%d.%d' % sys.version_info[:2], sys.executable, sep='\\n')"


@dataclass(frozen=True)
class Interpreter:
    path: Path
    version: str


def find(versions: tuple[str, ...], uv: Path, download_to: Path | None = None) -> Interpreter:
    """A working interpreter of one of `versions`, the first being the dearest: PATH, then pyenv, then uv's download."""
    for candidate in (*_on_path(versions), *_in_pyenv(versions)):
        interpreter = probe(candidate)
        if interpreter and interpreter.version in versions:
            return interpreter
    return _downloaded(versions[0], uv, download_to or ROOT / ".tools" / "python")


def probe(path: Path) -> Interpreter | None:
    """What `path` really is, or None when it does not run or lacks a library."""
    try:
        answer = subprocess.run(
            [str(path), "-I", "-c", PROBE], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = answer.stdout.split("\n")
    return Interpreter(Path(lines[1]), lines[0]) if answer.returncode == 0 and len(lines) >= 2 else None


def _on_path(versions: tuple[str, ...]) -> Iterator[Path]:
    """Every folder is looked at, because a broken shim may stand before a working Python."""
    folders = [Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder]
    for name in [f"python{version}" for version in versions] + ["python3"]:
        yield from (folder / name for folder in folders if (folder / name).is_file())


def _in_pyenv(versions: tuple[str, ...]) -> Iterator[Path]:
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for version in versions:
        installed = [path for path in root.glob(f"{version}.*") if path.name.split(".")[2:3]]
        newest_first = sorted(installed, key=lambda path: _patch(path.name), reverse=True)
        yield from (path / "bin" / f"python{version}" for path in newest_first)


def _patch(name: str) -> int:
    digits = name.split(".")[2]
    return int(digits) if digits.isdigit() else -1


def _downloaded(version: str, uv: Path, folder: Path) -> Interpreter:
    env = dict(os.environ, UV_PYTHON_INSTALL_DIR=str(folder))
    command = [str(uv), "python", "install", "--quiet", "--no-bin", version]
    with contextlib.suppress(OSError):
        subprocess.run(command, env=env, stdin=subprocess.DEVNULL, capture_output=True)
    for path in sorted(folder.glob(f"cpython-{version}*/bin/python{version}")):
        interpreter = probe(path)
        if interpreter:
            return interpreter
    raise Refusal(
        f"No working Python {version} was found on PATH or in pyenv, and it could not be downloaded; "
        f"install one (for example `pyenv install {version}`) and run it again."
    )
