"""Rasa's side of the sentence encoder: one vector for a message, one pass through the encoder for all examples."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu import encoder, vectors
from bot.nlu.encoder import Vectors

TRAINING_THREADS = 2
ORIGIN = "sentence_vectors"


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER], is_trainable=False)
class SentenceVectors(DenseFeaturizer, GraphComponent):
    """Rasa wires components by the names and annotations of these methods, so those are not ours to choose."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """`threads`: processor threads for one message; a second one gains little and takes it from other turns."""
        return {**DenseFeaturizer.get_default_config(), "threads": 1}

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceVectors:
        return cls(execution_context.node_name, config)

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        """Rasa asks for this; there is nothing that could be wrong."""

    @classmethod
    def fingerprint_addon(cls, config: Dict[Text, Any]) -> Optional[Text]:
        """Another encoder gives other vectors: Rasa's cache of trained components must not mix them."""
        return encoder.configured(TRAINING_THREADS).checksum

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        examples = [example for example in training_data.training_examples if example.get(TEXT)]
        texts = [example.get(TEXT) for example in examples]
        for example, vector in zip(examples, vectors.encoded(texts, encoder.configured(TRAINING_THREADS)), strict=True):
            self._add(example, vector)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        told = [message for message in messages if message.get(TEXT)]
        if told:
            found = encoder.configured(self._config["threads"]).encode([message.get(TEXT) for message in told])
            for message, vector in zip(told, found, strict=True):
                self._add(message, vector)
        return messages

    def _add(self, message: Message, vector: Vectors) -> None:
        message.add_features(Features(vector[None], FEATURE_TYPE_SENTENCE, TEXT, ORIGIN))


def vector_of(message: Message) -> Optional[Vectors]:
    """The vector that `SentenceVectors` gave the message, or None where it is not in the pipeline."""
    for features in message.features:
        if features.origin == ORIGIN:
            return np.asarray(features.features, dtype=np.float32).reshape(-1)
    return None
