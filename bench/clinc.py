"""CLINC150 with twenty examples an intent: our intent model on somebody else's data, and stock Rasa beside it.

    python -m bench.clinc --data clinc150_20shot.json --pipeline ours|stock|both --intents 150

Runs in Rasa's environment. The data is one JSON object: `{train: [[text, intent]], test: [[text, intent]],
oos: [text]}`.
Nothing of `train` is out of scope, so the out-of-scope decision is learnt by leaving whole intents out. Stock's
out-of-scope score is one minus its confidence. `--intents` takes the first so many intents only, to try the road.

The last line is one JSON object: for each pipeline `accuracy` (of the test set), `oos_auc` (test against oos),
`train_s` and `parse_ms` (per message, one after the other, on one thread).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from sklearn.metrics import roc_auc_score

from bot.evaluation.folds import THREADS, settings_in
from bot.nlu import encoder, intent_model, vectors
from bot.nlu.intent_model import Choices, Examples, IntentModel

ROOT = Path(__file__).resolve().parent.parent
STOCK = ROOT / "bench" / "stock" / "config.yml"
TIMED = 200
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Clinc:
    train: Pairs
    test: Pairs
    oos: list[str]

    def first(self, intents: int) -> Clinc:
        kept = set(sorted({intent for _, intent in self.train})[:intents])
        return Clinc([p for p in self.train if p[1] in kept], [p for p in self.test if p[1] in kept], self.oos)


@dataclass(frozen=True)
class Score:
    accuracy: float
    oos_auc: float
    train_s: float
    parse_ms: float


def read(path: Path) -> Clinc:
    stored = json.loads(path.read_text(encoding="utf-8"))
    pairs = {name: [(text, intent) for text, intent in stored[name]] for name in ("train", "test")}
    return Clinc(pairs["train"], pairs["test"], [row if isinstance(row, str) else row[0] for row in stored["oos"]])


def ours(clinc: Clinc, choices: Choices) -> Score:
    started_at = time.perf_counter()
    # From clean: no vectors kept from an earlier run.
    with tempfile.TemporaryDirectory() as nowhere:
        told = vectors.encoded([text for text, _ in clinc.train], encoder.configured(THREADS), Path(nowhere))
    examples = intent_model.named(_examples(clinc.train, told), encoder.configured(THREADS).encode)
    model = intent_model.fit(examples, choices)
    train_s = time.perf_counter() - started_at
    texts = [text for text, _ in clinc.test]
    answers = model.rank(texts, _encoded(texts))
    right = [guess.name == intent for guess, (_, intent) in zip(answers, clinc.test, strict=True)]
    foreign = [model.foreignness(side, _encoded(side)) for side in (texts, clinc.oos)]
    return Score(float(np.mean(right)), auc(*foreign), train_s, parse_ms(model, texts))


def stock(clinc: Clinc) -> Score:
    """Trains with Rasa's own graph; minutes for a few intents, half an hour for all of them."""
    from rasa.shared.importers.importer import TrainingDataImporter

    from bot.evaluation.parsing import load, parse_all, parse_each
    from bot.learning import quieten, train

    quieten()
    with tempfile.TemporaryDirectory() as folder:
        told, model = Path(folder) / "nlu.yml", Path(folder) / "stock.tar.gz"
        told.write_text(yaml.safe_dump(_as_rasa(clinc.train), allow_unicode=True, width=10_000), encoding="utf-8")
        importer = TrainingDataImporter.load_nlu_importer_from_config(str(STOCK), None, [str(told)])
        started_at = time.perf_counter()
        train(importer, model, nlu_only=True, even_if_cached=True)
        train_s, agent = time.perf_counter() - started_at, load(model)
    texts = [text for text, _ in clinc.test]
    answers, foreign = parse_all(agent, texts), parse_all(agent, clinc.oos)
    right = [_best(answer)[0] == intent for answer, (_, intent) in zip(answers, clinc.test, strict=True)]
    scores = [np.array([1 - _best(answer)[1] for answer in side]) for side in (answers, foreign)]
    timed = [answer.ms for answer in parse_each(agent, texts[:TIMED])]
    return Score(float(np.mean(right)), auc(*scores), train_s, statistics.median(timed))


def auc(inside: Sequence[float], outside: Sequence[float]) -> float:
    """How often a message that is out of scope looks more foreign than one that is not."""
    truth = np.r_[np.zeros(len(inside)), np.ones(len(outside))]
    return float(roc_auc_score(truth, np.r_[inside, outside]))


def configured_choices() -> Choices:
    """What config.yml says, as `make train` uses it."""
    known, settings = {field.name for field in fields(Choices)}, settings_in(ROOT / "config.yml")
    return Choices(**{name: value for name, value in settings.items() if name in known})


def _best(answer: Any) -> tuple[str, float]:
    """The first of the ranking that is an intent; Rasa's fallback classifier would stand above it."""
    return next((name, confidence) for name, confidence in answer.ranking if name != "nlu_fallback")


def _as_rasa(pairs: Pairs) -> dict[str, Any]:
    told: dict[str, list[str]] = {}
    for text, intent in pairs:
        # Brackets would be read as annotations of entities.
        told.setdefault(intent, []).append("- " + text.replace("[", "(").replace("]", ")"))
    return {
        "version": "3.1",
        "nlu": [{"intent": intent, "examples": "\n".join(lines) + "\n"} for intent, lines in told.items()],
    }


def _examples(pairs: Pairs, told: encoder.Vectors) -> Examples:
    return Examples([text for text, _ in pairs], told, [intent for _, intent in pairs])


def _encoded(texts: list[str]) -> encoder.Vectors:
    return vectors.encoded(texts, encoder.configured(THREADS))


def parse_ms(model: IntentModel, texts: list[str], *, has_vectors: bool = True) -> float:
    """Encoding (where vectors are used) and ranking, of one message at a time."""
    alone, times = encoder.configured(1), []
    nothing = np.zeros((1, alone.dimension), dtype=np.float32)
    for text in texts[:TIMED]:
        started_at = time.perf_counter()
        model.rank([text], alone.encode([text]) if has_vectors else nothing)
        times.append((time.perf_counter() - started_at) * 1000)
    return statistics.median(times)


def main() -> None:
    asked = _arguments()
    clinc = read(asked.data).first(asked.intents)
    roads = {"ours": lambda: ours(clinc, configured_choices()), "stock": lambda: stock(clinc)}
    wanted = list(roads) if asked.pipeline == "both" else [asked.pipeline]
    print(f"CLINC150: {len(clinc.train)} examples, {len(clinc.test)} test messages, {len(clinc.oos)} out of scope")
    print(f"{'':8}{'accuracy':>10}{'oos AUC':>10}{'train s':>10}{'ms each':>10}")
    scores = {}
    for name in wanted:
        score = scores[name] = roads[name]()
        print(f"{name:8}{score.accuracy:10.4f}{score.oos_auc:10.4f}{score.train_s:10.1f}{score.parse_ms:10.2f}")
    result = {name: {key: round(value, 4) for key, value in vars(score).items()} for name, score in scores.items()}
    print(json.dumps({"intents": len({intent for _, intent in clinc.train}), **result}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pipeline", choices=["ours", "stock", "both"], default="ours")
    parser.add_argument("--intents", type=int, default=150)
    return parser.parse_args()


if __name__ == "__main__":
    main()
