"""Cross-validation over our own examples: no intent may fall below what was recorded in floors.yml."""

import subprocess

import pytest

from tools import environments
from tools.training import ROOT, rasa_env

# Under a minute on two idle cores; a busy machine may take longer without anything being wrong.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_no_intent_falls_below_its_floor() -> None:
    command = [str(environments.BOT.python), "-m", "bot.evaluation.crossval"]
    done = subprocess.run(command, cwd=ROOT, env=rasa_env(), capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout or done.stderr[-3000:]
