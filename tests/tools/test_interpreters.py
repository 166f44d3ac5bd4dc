"""Finding a Python: names on PATH are not believed until they have run."""

import os
import sys
from pathlib import Path

import pytest

from tools import interpreters
from tools.console import Refusal

NOW = f"{sys.version_info.major}.{sys.version_info.minor}"
NO_UV = Path("/nonexistent/uv")


def a_program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def a_broken_shim(path: Path) -> Path:
    return a_program(path, 'echo "pyenv: command not found" >&2; exit 127')


def a_working_python(path: Path) -> Path:
    return a_program(path, f'exec {sys.executable} "$@"')


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def test_a_broken_shim_before_a_working_python_is_passed_over(
    nothing_installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shims, real = nothing_installed / "shims", nothing_installed / "usr"
    a_broken_shim(shims / f"python{NOW}")
    a_working_python(real / f"python{NOW}")
    monkeypatch.setenv("PATH", f"{shims}{os.pathsep}{real}")

    assert interpreters.find((NOW,), NO_UV).version == NOW


def test_a_shim_that_only_breaks_leads_to_the_newest_python_in_pyenv(nothing_installed: Path) -> None:
    a_broken_shim(nothing_installed / "bin" / f"python{NOW}")
    for patch in ("9", "14", "2rc1"):
        folder = nothing_installed / "pyenv" / "versions" / f"{NOW}.{patch}" / "bin"
        a_program(folder / f"python{NOW}", f"echo {NOW}; echo /pyenv/{patch}")

    assert interpreters.find((NOW,), NO_UV).path == Path("/pyenv/14")


def test_a_python3_of_another_version_is_not_taken(nothing_installed: Path) -> None:
    a_working_python(nothing_installed / "bin" / "python3")

    assert interpreters.find((NOW,), NO_UV).version == NOW
    with pytest.raises(Refusal, match=r"No working Python 3\.99"):
        interpreters.find(("3.99",), NO_UV)


def test_a_python_without_its_libraries_does_not_count(nothing_installed: Path) -> None:
    python = a_program(nothing_installed / "bin" / f"python{NOW}", "echo ModuleNotFoundError: sqlite3 >&2; exit 1")

    assert interpreters.probe(python) is None


def test_a_download_that_fails_is_told_in_one_sentence_that_says_what_to_do(nothing_installed: Path) -> None:
    uv = a_program(nothing_installed / "uv", "exit 2")

    with pytest.raises(Refusal, match=r"No working Python .*could not be downloaded; install one .*run it again\.$"):
        interpreters.find((NOW,), uv, nothing_installed / "python")


def test_a_python_that_uv_downloaded_before_is_found_again(nothing_installed: Path) -> None:
    folder = nothing_installed / "python"
    a_working_python(folder / f"cpython-{NOW}.7-linux" / "bin" / f"python{NOW}")
    uv = a_program(nothing_installed / "uv", "exit 0")

    assert interpreters.find((NOW,), uv, folder).version == NOW
