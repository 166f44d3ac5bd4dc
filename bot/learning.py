"""Training a model with Rasa's own graph, watched: how many seconds each component took.

`bot/training.py`, the evaluation and the benchmarks all train through `train`, so that every figure is of models made
the same way. Whoever imports this has decided before whether TensorFlow is needed (`bot/without_tensorflow.py`).
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from rasa.engine.caching import LocalTrainingCache
from rasa.engine.graph import ExecutionContext, GraphNodeHook, GraphSchema
from rasa.engine.recipes.recipe import Recipe
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.storage import ModelStorage
from rasa.engine.training.components import PrecomputedValueProvider
from rasa.engine.training.graph_trainer import GraphTrainer
from rasa.shared.data import TrainingType
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.utils.common import configure_logging_and_warnings
from rasa.utils.log_utils import configure_structlog

Tell = Callable[[str, "float | None"], None]
"""Hears of a component that begins (without seconds) and of one that ended."""


@dataclass
class Stopwatch(GraphNodeHook):
    """Seconds of every component of a graph, training and processing together; `tell` hears of each that ended."""

    schema: GraphSchema
    tell: Tell
    seconds: dict[str, float] = field(default_factory=dict)
    _started_at: float = 0.0

    def on_before_node(
        self,
        node_name: str,
        execution_context: ExecutionContext,
        config: dict[str, Any],
        received_inputs: dict[str, Any],
    ) -> dict[str, Any]:
        self.tell(self.schema.nodes[node_name].uses.__name__, None)
        self._started_at = time.monotonic()
        return {}

    def on_after_node(
        self,
        node_name: str,
        execution_context: ExecutionContext,
        config: dict[str, Any],
        output: Any,
        input_hook_data: dict[str, Any],
    ) -> None:
        took_s = time.monotonic() - self._started_at
        name = self.schema.nodes[node_name].uses.__name__
        if name != PrecomputedValueProvider.__name__:
            self.seconds[name] = self.seconds.get(name, 0.0) + took_s
            self.tell(name, took_s)


class WatchedRunner(DaskGraphRunner):
    """Rasa's own runner, with a stopwatch on every node of the last graph it was made for."""

    tell: ClassVar[Tell] = staticmethod(lambda name, took_s: None)
    stopwatch: ClassVar[Stopwatch | None] = None

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> WatchedRunner:
        # Rasa's dry run over fingerprints comes without hooks and is not to be watched.
        if hooks is not None:
            cls.stopwatch = Stopwatch(graph_schema, cls.tell)
            hooks = [*hooks, cls.stopwatch]
        return cls(graph_schema, model_storage, execution_context, hooks)


def train(
    importer: TrainingDataImporter,
    out: Path,
    *,
    nlu_only: bool = False,
    even_if_cached: bool = False,
    tell: Tell = lambda name, took_s: None,
) -> Mapping[str, float]:
    """Train what `importer` holds into the archive `out`; returns the seconds of each component that ran.

    `even_if_cached` trains components anew that Rasa's cache could restore. Raises `InvalidRule` for rules that
    contradict each other and Rasa's own exceptions for everything else `bot.validation` cannot see.
    """
    kind = TrainingType.NLU if nlu_only else TrainingType.BOTH
    config = importer.get_config()
    recipe = Recipe.recipe_for_name(config.get("recipe"))
    graphs = recipe.graph_config_for_recipe(config, {}, training_type=kind)
    WatchedRunner.tell = staticmethod(tell)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        trainer = GraphTrainer(LocalModelStorage(Path(folder)), LocalTrainingCache(), WatchedRunner)
        trainer.train(graphs, importer, out, force_retraining=even_if_cached)
    return dict(WatchedRunner.stopwatch.seconds) if WatchedRunner.stopwatch else {}


def quieten() -> None:
    """Warnings and errors only, to standard error: Rasa would put a page for each rule on standard output."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr, level=logging.WARNING)
    configure_structlog(logging.WARNING)
    configure_logging_and_warnings(logging.WARNING)
