"""`make eval-intents DATA=path.jsonl`: how well the assistant understands, written to build/eval/.

`PIPELINE=ours` (the default) measures the trained assistant, `PIPELINE=stock` stock Rasa trained on the same data,
`PIPELINE=both` both and the differences. DATA may name several files.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tools import environments, stock, training
from tools.console import Refusal, main, run_shown
from tools.processes import ROOT

OUT = ROOT / "build" / "eval"
PIPELINES = {"ours": ("ours",), "stock": ("stock",), "both": ("ours", "stock")}


def evaluate() -> int:
    pipeline, paths = asked_pipeline(), asked_rows("eval-intents")
    models = [argument for name in pipeline for argument in ("--model", f"{name}={_model(name)}")]
    shutil.rmtree(OUT, ignore_errors=True)
    command = [environments.BOT.python, "-m", "bot.evaluation", *models, "--out", OUT.relative_to(ROOT), *paths]
    return run_bot_program(command, "eval-intents")


def asked_pipeline() -> tuple[str, ...]:
    name = os.environ.get("PIPELINE") or "ours"
    if name not in PIPELINES:
        raise Refusal(f"There is no pipeline {name}; PIPELINE is one of {', '.join(PIPELINES)}.")
    return PIPELINES[name]


def asked_rows(target: str, *, is_needed: bool = True) -> list[Path]:
    """The files of DATA, seen from where make was called."""
    paths = [Path(name).expanduser().resolve() for name in os.environ.get("DATA", "").split()]
    if not paths and is_needed:
        raise Refusal(
            f"Say what to measure on: make {target} DATA=path.jsonl (several in quotes, with spaces between)."
        )
    for path in paths:
        if not path.is_file():
            raise Refusal(f"There is no file {path}. DATA names files of JSON lines.")
    return paths


def run_bot_program(command: Sequence[object], name: str) -> int:
    """Run a program of the bot's environment; a mistake it has told ends with 1 and nothing more."""
    log = environments.LOGS / f"{name}.log"
    code = run_shown(command, log, env=training.rasa_env())
    if code not in (0, training.TOLD):
        raise Refusal(f"make {name} failed: {training.cause(code, log)}")
    return 1 if code else 0


def _model(name: str) -> Path:
    if name == "stock":
        return stock.trained().model
    training.train()
    return training.MODEL


if __name__ == "__main__":
    main(evaluate)
