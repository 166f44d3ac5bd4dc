"""Training a model with Rasa and telling how it goes: which component, for how many seconds.

`python -m bot.training --config … --domain … --data … --out model.tar.gz` is what `make train` runs in Rasa's
environment. Its progress goes to standard output, Rasa's chatter to standard error. Evaluation and benchmarks train
through `train` too, so that every figure is of models made the same way.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

if __name__ == "__main__" and sys.stdout.isatty():
    # Rasa takes seconds to import; say so before, not after.
    print("  loading Rasa …", end="", flush=True)
_LOADING_FROM = time.monotonic()

from rasa.core.policies.rule_policy import InvalidRule  # noqa: E402
from rasa.engine.caching import LocalTrainingCache  # noqa: E402
from rasa.engine.graph import ExecutionContext, GraphNodeHook, GraphSchema  # noqa: E402
from rasa.engine.recipes.recipe import Recipe  # noqa: E402
from rasa.engine.runner.dask import DaskGraphRunner  # noqa: E402
from rasa.engine.storage.local_model_storage import LocalModelStorage  # noqa: E402
from rasa.engine.storage.storage import ModelStorage  # noqa: E402
from rasa.engine.training.components import PrecomputedValueProvider  # noqa: E402
from rasa.engine.training.graph_trainer import GraphTrainer  # noqa: E402
from rasa.shared.data import TrainingType  # noqa: E402
from rasa.shared.importers.importer import TrainingDataImporter  # noqa: E402
from rasa.utils.common import configure_logging_and_warnings  # noqa: E402
from rasa.utils.log_utils import configure_structlog  # noqa: E402

from bot.validation.contradictions import placed  # noqa: E402
from bot.validation.project import load  # noqa: E402

SHOWN_FROM_S = 0.1
"""A component that took less is not worth a line."""

TOLD = 3
"""The exit code when what is wrong was printed for the designer; anything else that fails is in standard error."""

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


def main() -> int:
    quieten()
    asked = _arguments()
    _tell("loading Rasa", time.monotonic() - _LOADING_FROM)
    started_at = time.monotonic()
    importer = TrainingDataImporter.load_from_config(str(asked.config), str(asked.domain), [*map(str, asked.data)])
    unfinished = asked.out.with_name(f"unfinished-{asked.out.name}")
    try:
        seconds = train(importer, unfinished, nlu_only=asked.nlu_only, even_if_cached=asked.force, tell=_tell)
        unfinished.replace(asked.out)
    except InvalidRule as wrong:
        print("\n" + "\n".join(placed(wrong.message, load(Path.cwd()).flows)))
        return TOLD
    finally:
        unfinished.unlink(missing_ok=True)
    took = {"train_s": round(time.monotonic() - started_at, 2), "load_s": round(started_at - _LOADING_FROM, 2)}
    if asked.took:
        asked.took.write_text(json.dumps({**took, "components_s": {k: round(v, 3) for k, v in seconds.items()}}))
    print("\r\033[K" if sys.stdout.isatty() else "", end="")
    print(f"  trained in {took['train_s']:.1f} s, after {took['load_s']:.1f} s of loading Rasa")
    return 0


def _tell(name: str, took_s: float | None) -> None:
    live = sys.stdout.isatty()
    if took_s is None:
        print(f"\r\033[K  {name} …" if live else "", end="", flush=True)
    elif took_s >= SHOWN_FROM_S:
        print(f"{chr(13) if live else ''}  {name:<44} {took_s:6.1f} s", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--domain", type=Path, required=True)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="files or folders of training data")
    parser.add_argument("--out", type=Path, required=True, help="the model, ending in .tar.gz")
    parser.add_argument("--took", type=Path, help="a JSON file for the seconds of each component")
    parser.add_argument("--nlu-only", action="store_true", help="leave the policies out")
    parser.add_argument("--force", action="store_true", help="train also what Rasa's cache holds")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
