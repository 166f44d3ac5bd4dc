"""`make test-bot`: does the assistant still understand what it understood, and tell every story as written?

Cross-validation over data/nlu/ against tests/bot/floors.yml, and Rasa's story tests. `ARGS=--record` renews the floors
on purpose; other arguments go to pytest.
"""

from __future__ import annotations

import os
import subprocess
import sys

from tools import environments, evaluation, training
from tools.console import main
from tools.processes import ROOT

TESTS = ("tests/bot/test_understanding.py", "tests/bot/test_stories.py")


def test_bot() -> int:
    environments.ensure(environments.HUB, "dev")
    environments.ensure(environments.BOT, "bot")
    training.validate()
    if "--record" in sys.argv[1:]:
        command = [environments.BOT.python, "-m", "bot.evaluation.crossval", "--record"]
        return evaluation.run_bot_program(command, "test-bot")
    training.train()
    env = {**os.environ, **training.QUIET_RASA}
    env.pop("PYTHONWARNINGS", None)
    pytest = [str(environments.HUB.python), "-m", "pytest", *TESTS, *sys.argv[1:]]
    return subprocess.run(pytest, cwd=ROOT, env=env).returncode


if __name__ == "__main__":
    main(test_bot)
