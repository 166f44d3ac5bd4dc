"""`python -m bot.evaluation.crossval`: cross-validate our own examples and hold the floors; `--record` renews them."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from bot.evaluation.figures import figures
from bot.evaluation.floors import RECORD, broken, read_floors, write_floors
from bot.evaluation.folds import FOLDS, cross_validate, examples_in
from bot.training import TOLD


def main() -> int:
    asked = _arguments()
    started_at = time.monotonic()
    examples = examples_in(Path.cwd())
    answered = cross_validate(examples, examples, Path("config.yml"))
    result = figures(answered)
    took_s = time.monotonic() - started_at
    print(
        f"Cross-validated {len(answered)} examples in {FOLDS} folds in {took_s:.0f} s: {json.dumps(result.as_dict())}"
    )
    if asked.record:
        floors = write_floors(answered, asked.floors)
        print(
            f"Recorded the floors of {len(floors.intents)} intents in {asked.floors}; see its diff before committing."
        )
        return 0
    if fallen := broken(answered, read_floors(asked.floors)):
        print("\nSome of what was understood before is not any more:\n" + "\n".join(fallen))
        print(f"\nMend the examples (docs/designers.md, Floors), or accept it deliberately with {RECORD}.")
        return TOLD
    print("Every intent is above its floor.")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--floors", type=Path, default=Path("tests/bot/floors.yml"))
    parser.add_argument("--record", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
