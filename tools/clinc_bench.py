"""`make bench-clinc`: our intent model on CLINC150, twenty examples an intent (bench/clinc.py measures).

`PIPELINE=stock` or `both` trains stock Rasa on it too, which takes half an hour; `DATA=path.json` names another file,
`ARGS="--intents 10"` takes a few intents only.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tools import environments, evaluation
from tools.console import Refusal, main
from tools.processes import ROOT

USUAL = ROOT.parent / "shared" / "eval" / "clinc150_20shot.json"


def measure() -> int:
    asked_for = evaluation.asked_pipeline()
    environments.ensure(environments.BOT, "bot")
    pipeline = "both" if len(asked_for) > 1 else asked_for[0]
    command = [environments.BOT.python, "-m", "bench.clinc", "--data", clinc(), "--pipeline", pipeline, *sys.argv[1:]]
    return evaluation.run_bot_program(command, "bench-clinc")


def clinc() -> Path:
    path = Path(os.environ.get("DATA") or USUAL).expanduser().resolve()
    if not path.is_file():
        raise Refusal(
            f"There is no file {path}. CLINC150 is not part of the project: name it with DATA=path.json, "
            'one JSON object {"train": [[text, intent]], "test": [[text, intent]], "oos": [text]}.'
        )
    return path


if __name__ == "__main__":
    main(measure)
