"""`python -m bot.evaluation.comparison --base FOLDER`: what a change of the data made better and worse.

Both states of the data are trained with the code and pipeline of now. Without rows, every example of now is asked of
models that learnt without it (see `folds`); with rows, both models are asked those. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from bot.evaluation import folds
from bot.evaluation.changes import compare, summary, told
from bot.evaluation.figures import Answered
from bot.evaluation.rows import BadRow, Row, read_rows
from bot.training import TOLD, prepare
from bot.validation import project


def main() -> int:
    asked = _arguments()
    root, config = Path.cwd(), Path("config.yml")
    try:
        rows = read_rows(asked.rows, project.load(root).domain.intents) if asked.rows else []
    except BadRow as bad:
        print(f"\n{bad}")
        return TOLD
    before, now = _on_rows(asked.base, root, config, rows) if rows else _on_examples(asked.base, root, config)
    changes = compare(before, now)
    print("\n".join(told(changes)))
    print("\n" + json.dumps(summary(asked.name, changes)))
    return 0


def _on_examples(base: Path, root: Path, config: Path) -> tuple[list[Answered], list[Answered]]:
    examples = folds.examples_in(root)
    print("Training with the data of then", flush=True)
    before = folds.cross_validate(folds.examples_in(base), examples, config)
    print("Training with the data of now", flush=True)
    return before, folds.cross_validate(examples, examples, config)


def _on_rows(base: Path, root: Path, config: Path, rows: list[Row]) -> tuple[list[Answered], list[Answered]]:
    """The whole pipeline, trained by Rasa, asked each row."""
    prepare(config)
    from bot.evaluation.parsing import load, parse_all
    from bot.learning import quieten, train

    quieten()
    # Rasa knows a component by its class alone; code that it calls may have changed.
    os.environ["RASA_MAX_CACHE_SIZE"] = "0"
    from rasa.shared.importers.importer import TrainingDataImporter

    def answers(folder: Path, name: str) -> list[Answered]:
        print(f"Training with the data of {name}", flush=True)
        files = [str(path) for path in project.data_files(folder)]
        importer = TrainingDataImporter.load_from_config(str(config), str(folder / "domain.yml"), files)
        with tempfile.TemporaryDirectory() as made:
            model = Path(made) / "model.tar.gz"
            train(importer, model, nlu_only=True, even_if_cached=True)
            return list(zip(rows, parse_all(load(model), [row.text for row in rows]), strict=True))

    return answers(base, "then"), answers(root, "now")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, nargs="*", help="JSON lines; without, our own examples")
    parser.add_argument("--base", type=Path, required=True, help="a folder with data/ and domain.yml as they were")
    parser.add_argument("--name", required=True, help="what that state is called")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
