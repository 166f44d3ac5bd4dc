"""What a message is about, by its letters and words: TF-IDF n-grams and a linear model.

Rasa's own `LogisticRegressionClassifier` reads raw counts, where frequent letters drown rare words, and fixes the
strength of regularisation. The same linear model on TF-IDF weights is more often right and, above all, more honest
about being unsure, which is what the fallback lives on. Training twice on the same data gives the same model.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Dict, List, Optional, Text

import joblib
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline, make_union

from bot.nlu.several import INTENTS_ALSO, several

MODEL_FILE = "intents.joblib"
_DIGIT = re.compile(r"\d")


@DefaultV1Recipe.register([DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True)
class NgramIntentClassifier(GraphComponent, IntentClassifier):
    """Rasa wires components by the names and annotations of these methods, so those are not ours to choose."""

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        return {"word_ngrams": [1, 2], "char_ngrams": [2, 5], "C": 30.0, "max_iter": 300, "ranking_length": 10}

    def __init__(
        self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource, model: Optional[Pipeline] = None
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
    ) -> NgramIntentClassifier:
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> NgramIntentClassifier:
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, joblib.load(folder / MODEL_FILE))

    def train(self, training_data: TrainingData) -> Resource:
        examples = [example for example in training_data.intent_examples if example.get(TEXT)]
        texts, intents = [e.get(TEXT) for e in examples], [e.get(INTENT) for e in examples]
        self._model = _untrained(self._config).fit(texts, intents)
        with self._storage.write_to(self._resource) as folder:
            joblib.dump(self._model, folder / MODEL_FILE)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing later in the pipeline learns from guesses, so the examples are passed on unread."""
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        for message in messages:
            text = message.get(TEXT)
            if text and self._model is not None:
                rank = partial(self._rank, self._model)
                ranking = rank([text])[0]
                found = several(text, ranking, rank)
                if found:
                    ranking = list(found.ranking)
                    message.set(INTENTS_ALSO, [wish.as_json() for wish in found.also], add_to_output=True)
                message.set(INTENT, ranking[0], add_to_output=True)
                message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages

    def _rank(self, model: Pipeline, texts: List[Text]) -> List[List[Dict[Text, Any]]]:
        """Each text's intents, best first."""
        scored = (zip(model.classes_, row, strict=True) for row in model.predict_proba(texts))
        best = (
            sorted(pairs, key=lambda pair: pair[1], reverse=True)[: self._config["ranking_length"]] for pairs in scored
        )
        return [[{"name": str(name), "confidence": float(confidence)} for name, confidence in one] for one in best]


def blurred(text: str) -> str:
    """Lower case, every digit alike: account 10042 and account 10019 are the same message."""
    return _DIGIT.sub("0", text.lower())


def _untrained(config: Dict[Text, Any]) -> Pipeline:
    # Words of one letter count: "u", "y", "k".
    word = r"\b\w+\b"
    words = _weighed(analyzer="word", token_pattern=word, ngram_range=tuple(config["word_ngrams"]))
    letters = _weighed(analyzer="char_wb", ngram_range=tuple(config["char_ngrams"]))
    return make_pipeline(make_union(words, letters), LogisticRegression(C=config["C"], max_iter=config["max_iter"]))


def _weighed(**which: Any) -> TfidfVectorizer:
    return TfidfVectorizer(preprocessor=blurred, sublinear_tf=True, **which)
