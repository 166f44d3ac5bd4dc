"""`make train`: train the assistant when its model is older than what it was trained from.

The model goes to a folder of its own first and is moved into place whole, so a failed training leaves the last good
model standing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tools import environments
from tools.console import Refusal, main, run_step, say
from tools.processes import ROOT

MODEL = ROOT / "models" / "tellonce.tar.gz"
STAMP = ROOT / "models" / "tellonce.trained-from"
RASA = environments.BOT.folder / "bin" / "rasa"

# Nothing Rasa is built on may call home, and its libraries' chatter hides what matters.
QUIET_RASA = {
    "RASA_TELEMETRY_ENABLED": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "MPLBACKEND": "agg",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "PYTHONWARNINGS": "ignore",
}


def train(*, even_if_fresh: bool = False) -> None:
    """Build the bot's environment if needed, then train unless the model is fresh."""
    environments.ensure(environments.BOT, "bot")
    with environments.only_one("training"):
        wanted = fingerprint()
        if not even_if_fresh and is_fresh(wanted):
            return
        _train_into(ROOT / "models" / ".building")
        STAMP.write_text(wanted)


def is_fresh(wanted: str) -> bool:
    return MODEL.exists() and STAMP.exists() and STAMP.read_text() == wanted


def data_folders() -> list[Path]:
    """Training data is every folder of data/ except the demo company's."""
    return sorted(path for path in (ROOT / "data").iterdir() if path.is_dir() and path.name != "demo")


def fingerprint() -> str:
    """The hash of all that decides what the model becomes."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def rasa_env() -> dict[str, str]:
    """What Rasa's commands need around them; endpoints.yml and credentials.yml name variables that must exist."""
    names = ("TELLONCE_ASSISTANT_SECRET", "TELLONCE_ACTION_ENDPOINT", "TELLONCE_TRACKER_DB")
    return {**QUIET_RASA, **{name: os.environ.get(name, "unused") for name in names}, "PYTHONPATH": str(ROOT)}


def _sources() -> Iterator[Path]:
    for name in ("config.yml", "domain.yml", "requirements/bot.txt"):
        if not (ROOT / name).exists():
            raise Refusal(f"The assistant cannot be trained: {name} is missing.")
        yield ROOT / name
    for folder in (*data_folders(), ROOT / "bot", ROOT / "words"):
        yield from sorted(path for path in folder.rglob("*") if path.suffix in {".yml", ".yaml", ".txt", ".py"})


def _train_into(building: Path) -> None:
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    sources = ["--config", "config.yml", "--domain", "domain.yml", "--data", *data_folders()]
    command = [RASA, "train", *sources, "--out", building, "--fixed-model-name", "tellonce"]
    log = environments.LOGS / "train.log"
    try:
        run_step("Training the assistant", command, log, env=rasa_env())
        if not (building / MODEL.name).exists():
            raise Refusal(f"Training the assistant ended without a model (see {log.relative_to(ROOT)}).")
        STAMP.unlink(missing_ok=True)
        (building / MODEL.name).replace(MODEL)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _tool() -> None:
    train(even_if_fresh="--force" in sys.argv[1:])
    say(f"The assistant is trained: {MODEL.relative_to(ROOT)}")


if __name__ == "__main__":
    main(_tool)
