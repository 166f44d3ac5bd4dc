"""Understanding, ours against stock Rasa: the same data, the same machine, the same run, in turn.

    python -m bench.nlu --stock MODEL --stock-train-s 812 --rounds 3 rows.jsonl

Each round trains ours from clean (no cache of Rasa's, no cache of sentence vectors), then loads and parses with ours
and with stock, each in a process of its own. `train_s` is from a loaded Rasa to the finished model, policies included.
Stock trains for minutes, so its measured seconds come from the run that made its model (tools/stock.py).

The last line is one JSON object: the medians over the rounds for `ours` and `stock`, and `ratio`, ours over stock:
below 1 is better for seconds, milliseconds and memory, above 1 for parses per second. With rows, `accuracy` has the
figures of bot/evaluation/figures.py of both.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.validation import project

ROOT = Path(__file__).resolve().parent.parent
OURS = ROOT / "models" / "tellonce.tar.gz"
MOST_TEXTS = 400
SEED = 7
Round = dict[str, float]


def main() -> int:
    asked = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        texts = Path(folder) / "texts.json"
        texts.write_text(json.dumps(_texts(asked.rows)), encoding="utf-8")
        rounds = [_round(number, asked, texts) for number in range(1, asked.rounds + 1)]
    ours, stock = ({key: _median(rounds, name, key) for key in rounds[0][name]} for name in ("ours", "stock"))
    result: dict[str, Any] = {"rounds": asked.rounds, "ours": ours, "stock": stock}
    result["ratio"] = {key: round(value / stock[key], 3) for key, value in ours.items() if stock.get(key)}
    if asked.rows:
        result["accuracy"] = _accuracy(asked)
    print()
    for line in _table(ours, stock, result["ratio"]):
        print(line)
    print("\n" + json.dumps(result))
    return 0


def _texts(rows: list[Path]) -> list[str]:
    """The same few hundred in every round: those of the rows, or our own examples."""
    lines = [line for path in rows for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    own = [example.plain for example in project.load(ROOT).examples if example.kind == "intent"]
    texts = [json.loads(line)["text"] for line in lines] or own
    return random.Random(SEED).sample(texts, min(MOST_TEXTS, len(texts)))


def _round(number: int, asked: argparse.Namespace, texts: Path) -> dict[str, Round]:
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "ours.tar.gz"
        train_s = _train(model, Path(folder))
        ours = {"train_s": train_s, **_run("bench.nlu_round", model, texts)}
    stock = {"train_s": asked.stock_train_s, **_run("bench.nlu_round", asked.stock, texts)}
    print(f"round {number}: ours {json.dumps(ours)}\n         stock {json.dumps(stock)}", flush=True)
    return {"ours": ours, "stock": stock}


def _train(model: Path, folder: Path) -> float:
    took = folder / "took.json"
    data = [str(path) for path in sorted((ROOT / "data").iterdir()) if path.is_dir() and path.name != "demo"]
    sources = ["--config", "config.yml", "--domain", "domain.yml", "--data", *data]
    clean = {"RASA_CACHE_DIRECTORY": str(folder / "rasa"), "TELLONCE_VAR": str(folder / "var")}
    command = [sys.executable, "-m", "bot.training", *sources, "--out", str(model), "--took", str(took), "--force"]
    _check(subprocess.run(command, cwd=ROOT, env={**os.environ, **clean}, capture_output=True, text=True))
    return float(json.loads(took.read_text(encoding="utf-8"))["train_s"])


def _run(module: str, *arguments: Path) -> Round:
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = _check(subprocess.run(command, cwd=ROOT, capture_output=True, text=True))
    answer: Round = json.loads(done.stdout.splitlines()[-1])
    return answer


def _accuracy(asked: argparse.Namespace) -> dict[str, Any]:
    models = ["--model", f"ours={OURS}", "--model", f"stock={asked.stock}"]
    command = [sys.executable, "-m", "bot.evaluation", *models, "--out", "build/bench-nlu", *map(str, asked.rows)]
    done = _check(subprocess.run(command, cwd=ROOT, capture_output=True, text=True))
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _check(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    if done.returncode:
        sys.exit(f"{' '.join(done.args[1:4])} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done


def _median(rounds: list[dict[str, Round]], name: str, key: str) -> float:
    return round(statistics.median(one[name][key] for one in rounds), 3)


def _table(ours: Round, stock: Round, ratio: Round) -> Iterator[str]:
    yield f"{'':<14}{'ours':>10}{'stock':>10}{'ratio':>8}"
    for key, value in ours.items():
        yield f"{key:<14}{value:>10g}{stock[key]:>10g}{ratio.get(key, 0):>8g}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, nargs="*", help="JSON lines to measure accuracy on and to parse")
    parser.add_argument("--stock", type=Path, required=True, help="the trained stock model")
    parser.add_argument("--stock-train-s", type=float, required=True, help="how long its training took")
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
