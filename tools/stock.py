"""Stock Rasa trained on our data: the yardstick's model, cached under build/stock/ by what it is made of.

Its training takes minutes, so the seconds it took are kept beside it and reported with it. `FRESH=1` trains it anew.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools import environments, training
from tools.console import Refusal, run_shown, say
from tools.processes import ROOT

CONFIG = ROOT / "bench" / "stock" / "config.yml"
FOLDER = ROOT / "build" / "stock"


@dataclass(frozen=True)
class Stock:
    """A trained stock model and the measured seconds of its training from clean."""

    model: Path
    train_s: float


def trained() -> Stock:
    """The stock model of the data as it is now; trained when there is none. Older ones are removed."""
    environments.ensure(environments.BOT, "bot")
    data = [
        ROOT / "domain.yml",
        *(path for folder in training.data_folders() for path in sorted(folder.rglob("*.yml"))),
    ]
    folder = FOLDER / training.hash_of([CONFIG, *data])[:12]
    model, took = folder / "stock.tar.gz", folder / "took.json"
    with environments.only_one("stock"):
        if os.environ.get("FRESH") or not (model.exists() and took.exists()):
            _train(model, took)
    return Stock(model, float(json.loads(took.read_text())["train_s"]))


def _train(model: Path, took: Path) -> None:
    training.validate()
    shutil.rmtree(FOLDER, ignore_errors=True)
    model.parent.mkdir(parents=True)
    say("Training stock Rasa on the same data; this takes minutes and is kept in build/stock/")
    log = environments.LOGS / "train-stock.log"
    sources = ["--config", CONFIG, "--domain", ROOT / "domain.yml", "--data", *training.data_folders()]
    command = [environments.BOT.python, "-m", "bot.training", *sources, "--out", model, "--took", took, "--force"]
    with tempfile.TemporaryDirectory() as cache:
        code = run_shown(command, log, env={**training.rasa_env(), "RASA_CACHE_DIRECTORY": cache})
    if code:
        raise Refusal(f"Training stock Rasa stopped: {training.cause(code, log)}")
