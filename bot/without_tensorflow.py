"""A stand-in for TensorFlow, for the processes that never use it.

Rasa imports TensorFlow wherever it could be used: 400 MB and seconds at every start, for a pipeline that has no neural
network in it. `install` answers those imports with a module whose every name exists and can do nothing, so that Rasa's
neural components can be defined and not be used. Whoever starts a process asks `is_needed` first.
"""

import importlib.abc
import importlib.machinery
import json
import sys
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator, Optional, Sequence, Tuple

STOOD_IN_FOR = frozenset({"keras", "tensorflow", "tensorflow_addons", "tensorflow_hub", "tensorflow_text"})
NEURAL = (
    "diet_classifier",
    "response_selector",
    "ted_policy",
    "unexpected_intent_policy",
    "convert_featurizer",
    "lm_featurizer",
)
"""The modules of Rasa whose components calculate with TensorFlow."""
NEURAL_COMPONENTS = (
    "DIETClassifier",
    "ResponseSelector",
    "TEDPolicy",
    "UnexpecTEDIntentPolicy",
    "ConveRTFeaturizer",
    "LanguageModelFeaturizer",
)
"""The same by the names a config.yml calls them."""


def is_needed(model: Path) -> bool:
    """Whether a trained model has a component that calculates with TensorFlow; also when it cannot be told."""
    try:
        with tarfile.open(model) as archive:
            metadata = json.load(archive.extractfile("metadata.json") or archive)  # type: ignore[arg-type]
    except (OSError, KeyError, ValueError, tarfile.TarError):
        return True
    graphs = (metadata["predict_schema"], metadata["train_schema"])
    used = [node["uses"] for graph in graphs for node in graph["nodes"].values()]
    return any(part in NEURAL for uses in used for part in uses.split("."))


def is_needed_by(config: Path) -> bool:
    """Whether a pipeline to be trained names such a component."""
    return any(component in config.read_text(encoding="utf-8") for component in NEURAL_COMPONENTS)


def install() -> None:
    """Before anything of Rasa is imported. A process that has TensorFlow already keeps it."""
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _Finder())


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(
        self, name: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        if name.partition(".")[0] not in STOOD_IN_FOR:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        return None


class _Empty(ModuleType):
    """A module in which every name is there."""

    __version__ = "0"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(f"{self.__name__}.{name}")


class _Nothing:
    """Can be named, called, inherited from and used as a decorator; that is all that definitions need."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> "_Nothing":
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing(f"{self._name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return args[0] if len(args) == 1 and callable(args[0]) and not kwargs else self

    def __mro_entries__(self, bases: Tuple[Any, ...]) -> Tuple[type, ...]:
        return (object,)

    def __getitem__(self, key: Any) -> "_Nothing":
        return self

    def __or__(self, other: Any) -> Any:
        return self

    __ror__ = __or__

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __repr__(self) -> str:
        return f"<{self._name}, which this process runs without>"
