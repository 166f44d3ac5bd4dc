"""`make bench-turns`: what a turn costs, ours against stock Rasa on the same data (bench/turns measures).

Both models are trained from clean, one after the other with nothing else of ours running, and kept in build/ by what
they were made of, with the seconds it took; `FRESH=1` trains them again. `ARGS="--rounds 5"` goes to bench.turns.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import environments, stock, training
from tools.console import Refusal, main, run_shown, say
from tools.processes import ROOT

FOLDER = ROOT / "build" / "turns"


def measure() -> int:
    environments.ensure(environments.HUB, "dev")
    environments.ensure(environments.BOT, "bot")
    model, train_s = trained()
    other = stock.trained()
    both = ["--ours", model, "--ours-train-s", train_s, "--stock", other.model, "--stock-train-s", other.train_s]
    command = [environments.HUB.python, "-m", "bench.turns", *both, *sys.argv[1:]]
    return subprocess.run([str(word) for word in command], cwd=ROOT).returncode


def trained() -> tuple[Path, float]:
    """Our model of the data and code as they are now, and the seconds its training took without any cache."""
    folder = FOLDER / training.fingerprint()[:12]
    model, took = folder / training.MODEL.name, folder / "took.json"
    with environments.only_one("turns"):
        if os.environ.get("FRESH") or not (model.exists() and took.exists()):
            _train(model, took)
    return model, float(json.loads(took.read_text())["train_s"])


def _train(model: Path, took: Path) -> None:
    training.validate()
    shutil.rmtree(FOLDER, ignore_errors=True)
    model.parent.mkdir(parents=True)
    say("Training the assistant from clean")
    log = environments.LOGS / "train-clean.log"
    command = [environments.BOT.python, "-m", "bot.training", *training.sources(), "--out", model, "--took", took]
    with tempfile.TemporaryDirectory() as clean:
        caches = {"RASA_CACHE_DIRECTORY": f"{clean}/rasa", "TELLONCE_VAR": f"{clean}/var"}
        code = run_shown([*command, "--force"], log, env={**training.rasa_env(), **caches})
    if code:
        raise Refusal(f"Training the assistant stopped: {training.cause(code, log)}")


if __name__ == "__main__":
    main(measure)
