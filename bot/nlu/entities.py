"""The entities of a message: what `words/` reads, and the shapes, lists and synonyms of the training data.

Stands where Rasa's `RegexEntityExtractor` and `EntitySynonymMapper` stood. Those run every list as one long pattern,
let entities overlap and leave "40 bucks" as it is.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timezone
from typing import Any, Dict, List, Optional, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.spotting import Named, Spotter

FILE = "entities.json"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR], is_trainable=True)
class EntitySpotter(GraphComponent, EntityExtractorMixin):
    """Rasa wires components by the names and annotations of these methods, so those are not ours to choose."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`guessed`: the lists whose words are also found when misspelt."""
        return {"guessed": ["item"]}

    def __init__(
        self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource, told: Optional[Dict[str, Any]] = None
    ) -> None:
        self._storage = storage
        self._resource = resource
        self._spotter = Spotter(**(told or {}), guessed=config["guessed"])

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> EntitySpotter:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> EntitySpotter:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, json.loads((folder / FILE).read_text(encoding="utf-8")))

    def train(self, training_data: TrainingData) -> Resource:
        """Nothing is learnt: shapes, lists and synonyms are written down as the designers gave them."""
        with self._storage.write_to(self._resource) as folder:
            (folder / FILE).write_text(json.dumps(told_by(training_data)), encoding="utf-8")
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        today = datetime.now(timezone.utc).date()
        for message in messages:
            found = self.add_extractor_name(self._entities(message.get(TEXT) or "", today))
            message.set(ENTITIES, [*message.get(ENTITIES, []), *found], add_to_output=True)
        return messages

    def _entities(self, text: str, today: date) -> List[Dict[Text, Any]]:
        return [_as_rasa_has_it(one) for one in self._spotter.spot(text, today)]


def told_by(training_data: TrainingData) -> Dict[str, Any]:
    """What the designers' data says about entities, as `Spotter` takes it."""
    lists: Dict[str, List[str]] = {}
    for table in training_data.lookup_tables:
        lists.setdefault(table["name"], []).extend(table["elements"])
    shapes = [(shape["name"], shape["pattern"]) for shape in training_data.regex_features]
    return {"shapes": shapes, "lists": lists, "synonyms": training_data.entity_synonyms}


def _as_rasa_has_it(one: Named) -> Dict[Text, Any]:
    return {"entity": one.entity, "value": one.value, "start": one.start, "end": one.end}
