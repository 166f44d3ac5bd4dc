"""Rasa's side of the intent model: trains it, keeps it in the model archive and ranks messages.

`IntentRanker.rank(texts)` ranks any texts in one pass through the encoder, for whoever needs more than the message as
a whole (its clauses, bot/nlu/several.py).
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Sequence, Text

import joblib
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, METADATA, METADATA_INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu import encoder, intent_model, vectors
from bot.nlu.encoder import EncoderError, Vectors
from bot.nlu.featurizer import TRAINING_THREADS, vector_of
from bot.nlu.intent_model import OUT_OF_SCOPE, Choices, Examples, Guess, IntentModel
from bot.nlu.several import INTENTS_ALSO, several

FILE = "intents.joblib"
UNSURE = "nlu_fallback"
Ranking = List[Dict[Text, Any]]


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class IntentRanker(GraphComponent, IntentClassifier):
    """Rasa wires components by the names and annotations of these methods, so those are not ours to choose."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`asks_below`: the confidence under which the customer is asked instead of believed to have said it.

        A confidence is calibrated, so it is the share of such guesses that are right: at 0.25, three of four would be
        wrong. The rest are `Choices`.
        """
        chosen = Choices()
        return {
            "meaning": chosen.meaning,
            "words": chosen.words,
            "strength": chosen.strength,
            "folds": chosen.folds,
            "seed": chosen.seed,
            "false_rejections": chosen.false_rejections,
            "asks_below": 0.25,
            "ranking_length": 10,
            "threads": 1,
        }

    def __init__(
        self,
        config: Dict[Text, Any],
        storage: ModelStorage,
        resource: Resource,
        model: Optional[IntentModel] = None,
    ) -> None:
        self._config = config
        self._storage = storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> IntentRanker:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> IntentRanker:
        """Raises `EncoderError` when the model was trained with another encoder than the one set now."""
        with model_storage.read_from(resource) as folder:
            stored = joblib.load(folder / FILE)
        if stored["encoder"] != encoder.configured(config["threads"]).checksum:
            raise EncoderError(
                f"The model was trained with another encoder than {encoder.SETTING} names now: run `make train`."
            )
        return cls(config, model_storage, resource, stored["model"])

    def train(self, training_data: TrainingData) -> Resource:
        told = [example for example in training_data.intent_examples if example.get(TEXT)]
        used = encoder.configured(TRAINING_THREADS)
        examples = Examples(
            texts=[example.get(TEXT) for example in told],
            vectors=_vectors(told),
            intents=[example.get(INTENT) for example in told],
            worlds=[_world(example) for example in told],
        )
        choices = {name: self._config[name] for name in self._config if name in Choices.__dataclass_fields__}
        told_names = intent_model.named(examples, lambda names: vectors.encoded(names, used))
        self._model = intent_model.fit(told_names, Choices(**choices))
        with self._storage.write_to(self._resource) as folder:
            joblib.dump({"encoder": used.checksum, "model": self._model}, folder / FILE)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing later in the pipeline learns from guesses, so the examples are passed on unread."""
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            if message.get(TEXT) and self._model is not None:
                self._say(message, self._model)
        return messages

    def rank(self, texts: Sequence[str]) -> List[Ranking]:
        """Each text's intents with their confidences, the guess first; one pass through the encoder for all texts."""
        if self._model is None or not texts:
            return [[] for _ in texts]
        found = encoder.configured(self._config["threads"]).encode(list(texts))
        return [self._ranking(guess) for guess in self._model.rank(list(texts), found)]

    def _say(self, message: Message, model: IntentModel) -> None:
        text, vector = message.get(TEXT), vector_of(message)
        ranking = self.rank([text])[0] if vector is None else self._ranking(model.rank([text], vector[None])[0])
        if found := several(text, ranking, self.rank):
            ranking = list(found.ranking)
            message.set(INTENTS_ALSO, [wish.as_json() for wish in found.also], add_to_output=True)
        ranking = self._asked_about(ranking)
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)

    def _ranking(self, guess: Guess) -> Ranking:
        best = guess.ranking[: self._config["ranking_length"]]
        return [{"name": name, "confidence": confidence} for name, confidence in best]

    def _asked_about(self, ranking: Ranking) -> Ranking:
        """A guess of ours that is too unsure stands second, below `nlu_fallback`, where Rasa's own fallback classifier
        puts it: the customer is shown what the message looked like, and asked. What is not ours stays out of scope."""
        name, confidence = ranking[0]["name"], ranking[0]["confidence"]
        if name == OUT_OF_SCOPE or confidence >= self._config["asks_below"]:
            return ranking
        return [{"name": UNSURE, "confidence": 1 - confidence}, *ranking][: self._config["ranking_length"]]


def _vectors(examples: List[Message]) -> Vectors:
    given = [vector_of(example) for example in examples]
    if any(vector is None for vector in given):
        return vectors.encoded([example.get(TEXT) for example in examples], encoder.configured(TRAINING_THREADS))
    return np.stack([vector for vector in given if vector is not None])


def _world(example: Message) -> Optional[str]:
    """`metadata: {world: cooking}` beside the intent in the training data."""
    metadata = (example.get(METADATA) or {}).get(METADATA_INTENT)
    return metadata.get("world") if isinstance(metadata, dict) else None
