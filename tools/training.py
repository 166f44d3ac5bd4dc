"""`make train`: look through the training data, then train the assistant when its model is older than what made it.

`bot.validation` names mistakes by file and line within a second, `bot.training` trains in Rasa's environment. The model
goes to a folder of its own first and is moved into place whole, so a failed training leaves the last good one standing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from tools import environments
from tools.console import Refusal, cause_of_failure, main, run_shown, say, shown
from tools.processes import ROOT

MODEL = ROOT / "models" / "tellonce.tar.gz"
STAMP = ROOT / "models" / "tellonce.trained-from"
TOLD = 3  # what bot.validation and bot.training end with when they printed what a designer has to correct
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


def train(*, even_if_fresh: bool = False) -> bool:
    """Build the bot's environment if needed, then train unless the model is fresh; returns whether it trained."""
    environments.ensure(environments.BOT, "bot")
    with environments.only_one("training"):
        wanted = fingerprint()
        if not even_if_fresh and is_fresh(wanted):
            return False
        validate()
        _train_into(ROOT / "models" / ".building", even_if_cached=even_if_fresh)
        STAMP.write_text(wanted)
        return True


def validate() -> None:
    """Refuse to train on data with mistakes; each has been printed with its file and line."""
    say("Looking through the training data")
    log = environments.LOGS / "validation.log"
    code = run_shown([environments.BOT.python, "-m", "bot.validation"], log, env=rasa_env())
    if code:
        raise Refusal(f"Nothing was trained: {cause(code, log)}")


def cause(code: int, log: Path) -> str:
    """Why a program of the bot ended with `code`: it said so itself, or it is in its log."""
    if code == TOLD:
        return "correct what is listed above."
    if code == -signal.SIGKILL:
        return "the system ended it, most often because memory ran out; close something and run it again."
    if code < 0:
        return f"something ended it ({signal.Signals(-code).name}); run it again."
    return f"{cause_of_failure(log)} (the whole output is in {shown(log)})."


def is_fresh(wanted: str) -> bool:
    return MODEL.exists() and STAMP.exists() and STAMP.read_text() == wanted


def data_folders() -> list[Path]:
    """Training data is every folder of data/ except the demo company's."""
    return sorted(path for path in (ROOT / "data").iterdir() if path.is_dir() and path.name != "demo")


def fingerprint() -> str:
    """The hash of all that decides what the model becomes; another encoder gives another model."""
    encoder = os.environ.get("TELLONCE_ENCODER", "")
    return hash_of(_sources()) + (f" {encoder}" if encoder else "")


def hash_of(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def rasa_env() -> dict[str, str]:
    """What Rasa's commands need around them; endpoints.yml and credentials.yml name variables that must exist."""
    names = ("TELLONCE_ASSISTANT_SECRET", "TELLONCE_ACTION_ENDPOINT", "TELLONCE_TRACKER_DB")
    return {**QUIET_RASA, **{name: os.environ.get(name, "unused") for name in names}, "PYTHONPATH": str(ROOT)}


def _sources() -> Iterator[Path]:
    for name in ("config.yml", "domain.yml", "requirements/bot.txt", "requirements/encoder.txt"):
        if not (ROOT / name).exists():
            raise Refusal(f"The assistant cannot be trained: {name} is missing.")
        yield ROOT / name
    for folder in (*data_folders(), ROOT / "bot", ROOT / "words"):
        yield from sorted(path for path in folder.rglob("*") if _decides(path))


def _decides(path: Path) -> bool:
    """What only looks through the data or measures the model changes nothing in it."""
    return path.suffix in {".yml", ".yaml", ".txt", ".py"} and not {"validation", "evaluation"} & set(path.parts)


def rasa_cache() -> Path:
    """Where Rasa keeps trained components. It knows them by their class alone, so other code gets another folder."""
    code = hash_of(sorted((ROOT / "bot").rglob("*.py")))
    cache = ROOT / ".rasa" / "trained-by" / code[:12]
    for other in cache.parent.glob("*"):
        if other != cache:
            shutil.rmtree(other, ignore_errors=True)
    return cache


def _train_into(building: Path, *, even_if_cached: bool) -> None:
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    model, took = building / MODEL.name, MODEL.with_name("tellonce.took.json")
    command = [environments.BOT.python, "-m", "bot.training", *sources(), "--out", model, "--took", took]
    log = environments.LOGS / "train.log"
    say("Training the assistant")
    try:
        env = {**rasa_env(), "RASA_CACHE_DIRECTORY": str(rasa_cache())}
        if code := run_shown([*command, *(["--force"] if even_if_cached else [])], log, env=env):
            raise Refusal(f"Training the assistant stopped: {cause(code, log)}")
        STAMP.unlink(missing_ok=True)
        model.replace(MODEL)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def sources() -> list[str | Path]:
    return ["--config", ROOT / "config.yml", "--domain", ROOT / "domain.yml", "--data", *data_folders()]


def _tool() -> None:
    started_at = time.monotonic()
    if train(even_if_fresh="--force" in sys.argv[1:]):
        say(f"The assistant is trained: {shown(MODEL)} ({time.monotonic() - started_at:.1f} s in all)")
    else:
        say(f"The assistant is up to date: {shown(MODEL)} (ARGS=--force trains it anyway)")


if __name__ == "__main__":
    main(_tool)
