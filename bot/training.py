"""`python -m bot.training --config … --domain … --data … --out model.tar.gz`: train, and tell how it goes.

`make train` runs this in Rasa's environment. Progress goes to standard output, Rasa's chatter to standard error. Rasa
is imported after the arguments are read, without TensorFlow where the pipeline has no neural network.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from bot import without_tensorflow
from bot.validation.contradictions import placed
from bot.validation.project import load

SHOWN_FROM_S = 0.1
"""A component that took less is not worth a line."""

TOLD = 3
"""The exit code when what is wrong was printed for the designer; anything else that fails is in standard error."""


def main() -> int:
    asked = _arguments()
    loading_from = time.monotonic()
    _tell("loading Rasa", None)
    prepare(asked.config)
    from rasa.core.policies.rule_policy import InvalidRule
    from rasa.shared.importers.importer import TrainingDataImporter

    from bot.learning import quieten, train

    quieten()
    started_at = time.monotonic()
    _tell("loading Rasa", started_at - loading_from)
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
    took = {"train_s": round(time.monotonic() - started_at, 2), "load_s": round(started_at - loading_from, 2)}
    if asked.took:
        asked.took.write_text(json.dumps({**took, "components_s": {k: round(v, 3) for k, v in seconds.items()}}))
    print("\r\033[K" if sys.stdout.isatty() else "", end="")
    print(f"  trained in {took['train_s']:.1f} s, after {took['load_s']:.1f} s of loading Rasa")
    return 0


def prepare(config: Path) -> None:
    """Before Rasa is imported: leave TensorFlow out when no component of the pipeline calculates with it."""
    if not without_tensorflow.is_needed_by(config):
        without_tensorflow.install()


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
