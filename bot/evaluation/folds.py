"""Cross-validation over our own examples, with the real pipeline.

The fold of an example follows from its text alone, so adding one moves no other. Examples of out_of_scope go by the
world they tell of: whether the assistant knows its limits shows only on worlds it has not been told about.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.constants import INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.evaluation.figures import Answered
from bot.evaluation.parsing import load, parse_all
from bot.evaluation.rows import Row
from bot.learning import train
from bot.validation import project
from bot.validation.examples import normalised

FOLDS = 5


class Selected(TrainingDataImporter):
    """The training data of another importer with only some of its examples of intents."""

    def __init__(self, whole: TrainingDataImporter, kept: Sequence[Message]) -> None:
        self._whole = whole
        # Featurizers write into the examples they learn from; the next fold must not find that.
        self._kept = deepcopy(list(kept))

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        data = self._whole.get_nlu_data()
        others = [deepcopy(message) for message in data.training_examples if not message.get(INTENT)]
        return TrainingData(
            [*self._kept, *others], data.entity_synonyms, data.regex_features, data.lookup_tables, data.responses
        )

    def get_domain(self) -> Domain:
        return self._whole.get_domain()

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        return StoryGraph([])

    def get_conversation_tests(self) -> StoryGraph:
        return StoryGraph([])

    def get_config(self) -> dict[str, Any]:
        return self._whole.get_config()

    def get_config_file_for_auto_config(self) -> str | None:
        return self._whole.get_config_file_for_auto_config()


def read_project(root: Path, config: Path) -> TrainingDataImporter:
    """The training data of a folder, to be trained with `config`."""
    files = [str(path) for path in project.data_files(root)]
    return TrainingDataImporter.load_from_config(str(config), str(root / "domain.yml"), files)


def examples_of(importer: TrainingDataImporter) -> list[Message]:
    return [message for message in importer.get_nlu_data().intent_examples if message.get(TEXT)]


def cross_validate(learnt: TrainingDataImporter, asked: TrainingDataImporter, root: Path) -> list[Answered]:
    """Every example of `asked`, answered by a model that learnt from `learnt` without the fold it is in.

    Both are usually the same; a comparison learns from an older state and asks what is asked today. `root` is the
    folder of `asked`, for naming the file and line of each example.
    """
    answered: list[Answered] = []
    rows = _rows(asked, root)
    for fold in range(FOLDS):
        kept = [example for example in examples_of(learnt) if fold_of(example) != fold]
        held = [row for example, row in rows if fold_of(example) == fold]
        answered += ask(Selected(learnt, kept), held)
    return answered


def ask(importer: TrainingDataImporter, rows: Sequence[Row]) -> list[Answered]:
    """Train on what `importer` holds and answer the rows. Components come from no cache, so code counts as it is."""
    os.environ["RASA_MAX_CACHE_SIZE"] = "0"
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.tar.gz"
        train(importer, model, nlu_only=True, even_if_cached=True)
        return list(zip(rows, parse_all(load(model), [row.text for row in rows]), strict=True))


def fold_of(example: Message) -> int:
    world = ((example.get(METADATA) or {}).get(INTENT) or {}).get("world")
    key = f"world {world}" if world else normalised(example.get(TEXT))
    return hashlib.sha256(key.encode()).digest()[0] % FOLDS


def _rows(importer: TrainingDataImporter, root: Path) -> list[tuple[Message, Row]]:
    places = {example.plain: str(example.place) for example in project.load(root).examples if example.kind == "intent"}
    return [(example, _row(example, places)) for example in examples_of(importer)]


def _row(example: Message, places: dict[str, str]) -> Row:
    text, about = example.get(TEXT), ((example.get(METADATA) or {}).get(INTENT) or {})
    return Row(text, example.get(INTENT), "data/nlu", True, about.get("kind"), places.get(text, "data/nlu"))
