"""`python -m bot.evaluation --model ours=models/tellonce.tar.gz --out build/eval rows.jsonl`: measure and report.

With two models both are measured on the same rows, one after the other, and shown side by side. The last line printed
is one JSON object: the figures of the model, or `{ours: …, stock: …, difference: …}`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from bot import without_tensorflow
from bot.evaluation.figures import Figures
from bot.evaluation.rows import BadRow, Row, read_rows
from bot.training import TOLD
from bot.validation import project


def main() -> int:
    asked = _arguments()
    try:
        rows = read_rows(asked.rows, project.load(Path.cwd()).domain.intents)
    except BadRow as bad:
        print(f"\n{bad}")
        return TOLD
    measured = _measure(rows, dict(one.split("=", 1) for one in asked.model), asked.out)
    print(_last_line(measured))
    return 0


def _measure(rows: list[Row], models: dict[str, str], out: Path) -> dict[str, Figures]:
    """The figures of each model; Rasa is imported when it is known whether one of them needs TensorFlow."""
    if not any(without_tensorflow.is_needed(Path(model)) for model in models.values()):
        without_tensorflow.install()
    from bot.evaluation.parsing import load, parse_each
    from bot.evaluation.report import write_report
    from bot.learning import quieten

    quieten()
    measured: dict[str, Figures] = {}
    for name, model in models.items():
        print(f"Reading {len(rows)} rows with {name}", flush=True)
        answered = list(zip(rows, parse_each(load(Path(model)), [row.text for row in rows]), strict=True))
        folder = out if name == next(iter(models)) else out / name
        measured[name] = write_report(name, answered, folder)
        print(f"  {folder}/report.md, confusions.txt, confusions.png, calibration.png, report.json")
    return measured


def _last_line(measured: dict[str, Figures]) -> str:
    if len(measured) == 1:
        return json.dumps(next(iter(measured.values())).as_dict())
    (one, figures), (other, others) = measured.items()
    difference = {key: _minus(figures.as_dict()[key], others.as_dict()[key]) for key in figures.as_dict()}
    print(f"\n{'':<18}{one:>10}{other:>10}{'difference':>12}")
    for key, value in figures.as_dict().items():
        print(f"{key:<18}{_shown(value):>10}{_shown(others.as_dict()[key]):>10}{_shown(difference[key]):>12}")
    return "\n" + json.dumps({one: figures.as_dict(), other: others.as_dict(), "difference": difference})


def _minus(one: Any, other: Any) -> float | None:
    return None if one is None or other is None else round(one - other, 4)


def _shown(value: Any) -> str:
    return "none" if value is None else f"{value:g}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, nargs="+", help="JSON lines")
    parser.add_argument("--model", action="append", required=True, help="NAME=PATH, at most two")
    parser.add_argument("--out", type=Path, required=True, help="the folder for reports")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
