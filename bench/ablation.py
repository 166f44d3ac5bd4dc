"""What each part of the intent model is worth: the same measurements with one part taken away at a time.

    python -m bench.ablation --clinc clinc150_20shot.json --rows rows.jsonl

Runs in Rasa's environment, on one fit per part and data set. `clinc` and `auc`: accuracy and out-of-scope AUC on
CLINC150 (bench/clinc.py). `cv`: accuracy within our own examples, each answered by a model that learnt without its
fold or its world. From `accuracy` to `ece`: the figures of bot/evaluation/figures.py on rows. `ms`: a message, encoded
and ranked on one thread. What was not given is left out. The last line is
one JSON object of the same.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.clinc import Clinc, configured_choices, ours, parse_ms, read
from bot.evaluation.answers import Parsed
from bot.evaluation.figures import figures
from bot.evaluation.folds import THREADS, examples_in, settings_in
from bot.evaluation.rows import OUT_OF_SCOPE, Row, read_rows
from bot.nlu import encoder, intent_model, vectors
from bot.nlu.encoder import Vectors
from bot.nlu.intent_model import Choices, Examples, Guess

ROOT = Path(__file__).resolve().parent.parent
FOLDS = 3
SHOWN = ("clinc", "auc", "cv", "accuracy", "macro_f1", "far", "near", "false_reject", "ece", "ms")
Figures = dict[str, float]


def parts(whole: Choices) -> dict[str, Choices]:
    return {
        "everything": whole,
        "no vectors": replace(whole, has_vectors=False),
        "no words": replace(whole, words=0.0),
        "no letters": replace(whole, words=1.0),
        "no n-grams": replace(whole, has_ngrams=False),
        "no calibration": replace(whole, has_calibration=False),
        "no learnt rejection": replace(whole, has_rejection=False),
    }


def measured(choices: Choices, clinc: Clinc | None, told: Examples, rows: Sequence[Row]) -> Figures:
    result: Figures = {}
    if clinc:
        score = ours(clinc, choices)
        result |= {"clinc": score.accuracy, "auc": score.oos_auc}
    result["cv"] = _cross_validated(told, choices)
    model = intent_model.fit(intent_model.named(told, _encoded), choices)
    if rows:
        result |= _on_rows(model.rank([row.text for row in rows], _encoded([row.text for row in rows])), rows)
    has_vectors = choices.has_vectors or choices.has_rejection
    return {**result, "ms": parse_ms(model, list(told.texts), has_vectors=has_vectors)}


def _cross_validated(told: Examples, choices: Choices) -> float:
    fold = told.folds(FOLDS, choices.seed)
    right = [
        guess.name == told.intents[at]
        for held in range(FOLDS)
        for at, guess in _held_out(told, np.asarray(fold != held), choices)
    ]
    return float(np.mean(right))


def _held_out(told: Examples, is_learnt: np.ndarray, choices: Choices) -> Iterator[tuple[int, Guess]]:
    learnt, held = np.flatnonzero(is_learnt), np.flatnonzero(~is_learnt)
    model = intent_model.fit(intent_model.named(told.only(learnt), _encoded), choices)
    asked = told.only(held)
    yield from zip(held.tolist(), model.rank(asked.texts, asked.vectors), strict=True)


def _on_rows(guesses: Sequence[Guess], rows: Sequence[Row]) -> Figures:
    asks_below = float(settings_in(ROOT / "config.yml").get("asks_below", 0))
    answers = [
        Parsed(OUT_OF_SCOPE if guess.is_rejected or guess.confidence < asks_below else guess.name, guess.confidence)
        for guess in guesses
    ]
    found = figures(list(zip(rows, answers, strict=True))).as_dict()
    named = {"accuracy": "accuracy_human", "far": "oos_recall_far", "near": "oos_recall_near"}
    return {key: found[named.get(key, key)] for key in SHOWN if found.get(named.get(key, key)) is not None}


def _own() -> Examples:
    listed = examples_in(ROOT)
    texts = [example.plain for example in listed]
    return Examples(texts, _encoded(texts), [one.name for one in listed], [one.world for one in listed])


def _encoded(texts: list[str]) -> Vectors:
    return vectors.encoded(texts, encoder.configured(THREADS))


def main() -> None:
    asked = _arguments()
    told, clinc = _own(), read(asked.clinc).first(asked.intents) if asked.clinc else None
    rows = read_rows(asked.rows, set(told.intents)) if asked.rows else []
    table: dict[str, Figures] = {}
    for name, choices in parts(configured_choices()).items():
        table[name] = measured(choices, clinc, told, rows)
        if len(table) == 1:
            print(f"{'':20}" + "".join(f"{key:>13}" for key in SHOWN if key in table[name]))
        print(f"{name:20}" + "".join(f"{table[name][key]:13.4f}" for key in SHOWN if key in table[name]), flush=True)
    print(json.dumps({name: {key: round(value, 4) for key, value in found.items()} for name, found in table.items()}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clinc", type=Path)
    parser.add_argument("--rows", type=Path, nargs="*", default=[])
    parser.add_argument("--intents", type=int, default=150)
    return parser.parse_args()


if __name__ == "__main__":
    main()
