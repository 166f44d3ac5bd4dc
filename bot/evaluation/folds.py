"""Cross-validation over our own examples, with the intent model itself and sentence vectors kept from training.

Without Rasa around it, so that it takes a minute. The fold of an example follows from its text alone, so adding one
moves no other. Examples of out_of_scope go by the world they tell of: whether the assistant knows its limits shows only
on worlds it has not been told about.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from bot.evaluation.answers import Parsed
from bot.evaluation.figures import Answered
from bot.evaluation.rows import OUT_OF_SCOPE, Row
from bot.nlu import encoder, intent_model, vectors
from bot.nlu.encoder import Vectors
from bot.nlu.intent_model import Choices, Examples, Guess, IntentModel
from bot.validation import project
from bot.validation.examples import normalised
from bot.validation.nlu import Example

FOLDS = 5
COMPONENT = "bot.nlu.intents.IntentRanker"
JUDGED_IN = 2
"""The model judges itself in folds of its own to calibrate and to learn what is not ours; two are enough here."""
THREADS = 2


def examples_in(root: Path) -> list[Example]:
    return [example for example in project.load(root).examples if example.kind == "intent"]


def cross_validate(learnt: Sequence[Example], asked: Sequence[Example], config: Path) -> list[Answered]:
    """Every example of `asked`, answered by a model that learnt from `learnt` without the fold it is in.

    Both are usually the same; a comparison learns from an older state and asks what is asked today. `config` is the
    config.yml whose settings of the intent model count.
    """
    settings = settings_in(config)
    texts = _texts([*learnt, *asked])
    vector = dict(zip(texts, vectors.encoded(texts, encoder.configured(THREADS)), strict=True))
    answered: list[Answered] = []
    judge: IntentModel | None = None
    for fold in range(FOLDS):
        kept = _learnt([example for example in learnt if fold_of(example) != fold], vector)
        model = _fitted(kept, _choices(settings), judge)
        judge = judge or model
        held = [example for example in asked if fold_of(example) == fold]
        guesses = model.rank(_texts_of(held), _vectors_of(held, vector)) if held else []
        answered += [(_row(example), _parsed(guess, settings)) for example, guess in zip(held, guesses, strict=True)]
    return answered


def _fitted(kept: Examples, choices: Choices, judge: IntentModel | None) -> IntentModel:
    """The temperature and the ten weights of the out-of-scope decision are learnt in the first fold alone.

    They cost as much again as everything else, and ten numbers remember no example.
    """
    if judge is None:
        return intent_model.fit(kept, choices)
    model = intent_model.fit(kept, replace(choices, has_calibration=False, has_rejection=False))
    return replace(model, temperature=judge.temperature, rejection=judge.rejection)


def settings_in(config: Path) -> dict[str, Any]:
    pipeline = yaml.safe_load(config.read_text(encoding="utf-8")).get("pipeline") or []
    return next((component for component in pipeline if component.get("name") == COMPONENT), {})


def fold_of(example: Example) -> int:
    key = f"world {example.world}" if example.world else normalised(example.plain)
    return hashlib.sha256(key.encode()).digest()[0] % FOLDS


def _choices(settings: dict[str, Any]) -> Choices:
    known = {field.name for field in fields(Choices)}
    return Choices(**{**{key: value for key, value in settings.items() if key in known}, "folds": JUDGED_IN})


def _learnt(kept: Sequence[Example], vector: dict[str, Vectors]) -> Examples:
    return Examples(
        texts=_texts_of(kept),
        vectors=_vectors_of(kept, vector),
        intents=[example.name for example in kept],
        worlds=[example.world for example in kept],
    )


def _row(example: Example) -> Row:
    return Row(example.plain, example.name, "data/nlu", True, example.distance, str(example.place))


def _parsed(guess: Guess, settings: dict[str, Any]) -> Parsed:
    """As the pipeline answers: what is too unsure is asked about, which is a rejection too."""
    is_unsure = guess.confidence < float(settings.get("asks_below", 0))
    return Parsed(OUT_OF_SCOPE if guess.is_rejected or is_unsure else guess.name, guess.confidence, guess.ranking)


def _texts(examples: Sequence[Example]) -> list[str]:
    return list(dict.fromkeys(_texts_of(examples)))


def _texts_of(examples: Sequence[Example]) -> list[str]:
    return [example.plain for example in examples]


def _vectors_of(examples: Sequence[Example], vector: dict[str, Vectors]) -> Vectors:
    return np.stack([vector[example.plain] for example in examples])
