"""`python -m bot.evaluation.comparison --base FOLDER`: what a change of the data made better and worse.

Both states of the data are trained with the code and pipeline of now. Without rows, every example of now is asked of
models that learnt without it (see `folds`); with rows, both models are asked those. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from bot.evaluation.changes import compare, summary, told
from bot.evaluation.rows import BadRow, read_rows
from bot.training import TOLD, prepare
from bot.validation import project


def main() -> int:
    asked = _arguments()
    root, config = Path.cwd(), Path("config.yml")
    prepare(config)
    from bot.evaluation.folds import ask, cross_validate, read_project
    from bot.learning import quieten

    quieten()
    base, now = read_project(asked.base, config), read_project(root, config)
    try:
        rows = read_rows(asked.rows, project.load(root).domain.intents) if asked.rows else []
    except BadRow as bad:
        print(f"\n{bad}")
        return TOLD
    print(f"Training with the data of {asked.name}", flush=True)
    before = ask(base, rows) if rows else cross_validate(base, now, root)
    print("Training with the data of now", flush=True)
    after = ask(now, rows) if rows else cross_validate(now, now, root)
    changes = compare(before, after)
    print("\n".join(told(changes)))
    print("\n" + json.dumps(summary(asked.name, changes)))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=Path, nargs="*", help="JSON lines; without, our own examples")
    parser.add_argument("--base", type=Path, required=True, help="a folder with data/ and domain.yml as they were")
    parser.add_argument("--name", required=True, help="what that state is called")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
