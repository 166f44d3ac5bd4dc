"""Rasa's own story tests: `tests/bot/stories/*.yml` against the trained model."""

import subprocess
from pathlib import Path

import pytest

from tools.training import MODEL, RASA, ROOT, rasa_env

STORIES = Path(__file__).parent / "stories"

pytestmark = pytest.mark.slow


def test_the_trained_assistant_tells_every_story_as_written(tmp_path: Path) -> None:
    command = [RASA, "test", "core", "--stories", STORIES, "--model", MODEL, "--out", tmp_path]
    done = subprocess.run(
        [*map(str, command), "--fail-on-prediction-errors"], cwd=ROOT, env=rasa_env(), capture_output=True, text=True
    )
    failed = tmp_path / "failed_test_stories.yml"
    told = failed.read_text(encoding="utf-8") if failed.exists() else done.stderr[-2000:]
    assert done.returncode == 0, told
