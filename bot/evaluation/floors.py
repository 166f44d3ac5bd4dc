"""What each intent reached once must not be lost: floors in tests/bot/floors.yml, checked by `make test`.

A floor is the F1 of an intent in cross-validation when it was recorded, less an allowance, since adding examples to
one intent moves its neighbours a little. Pure; `python -m bot.evaluation.crossval` measures and calls it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.evaluation.figures import Answered, Intent, by_intent, is_right

ALLOWANCE = 0.05
"""Of one intent: about two examples of forty."""
ALLOWANCE_IN_ALL = 0.01
WORST = 6
RECORD = "`make test-bot ARGS=--record`"
HEADING = """\
# F1 of each intent in cross-validation over data/nlu/ that must not be lost again, and the accuracy over all of them.
# Renewed on purpose by `make test-bot ARGS=--record`; what it means and what to do when it breaks: docs/designers.md.
"""


@dataclass(frozen=True)
class Floors:
    accuracy: float
    intents: Mapping[str, float]


def read_floors(path: Path) -> Floors:
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Floors(float(given["accuracy"]), {str(name): float(floor) for name, floor in given["intents"].items()})


def write_floors(answered: Sequence[Answered], path: Path) -> Floors:
    intents = {one.name: max(0.0, round(one.f1 - ALLOWANCE, 2)) for one in by_intent(answered) if one.rows}
    floors = Floors(round(_accuracy(answered) - ALLOWANCE_IN_ALL, 3), intents)
    rest = yaml.safe_dump({"accuracy": floors.accuracy, "intents": dict(floors.intents)}, sort_keys=False)
    path.write_text(HEADING + rest, encoding="utf-8")
    return floors


def broken(answered: Sequence[Answered], floors: Floors) -> list[str]:
    """What fell below its floor, with its figure, the floor and its worst examples; empty when nothing did."""
    intents = {one.name: one for one in by_intent(answered) if one.rows}
    return [
        *_in_all(answered, floors),
        *(line for name, one in intents.items() if name in floors.intents for line in _one(one, answered, floors)),
        *(f"{name} has no floor yet: record one with {RECORD}." for name in intents if name not in floors.intents),
        *(
            f"{name} has a floor but no examples: renew with {RECORD}."
            for name in floors.intents
            if name not in intents
        ),
    ]


def _in_all(answered: Sequence[Answered], floors: Floors) -> Iterator[str]:
    accuracy = _accuracy(answered)
    if accuracy < floors.accuracy:
        yield f"Over all intents: accuracy {accuracy:.3f}, floor {floors.accuracy:.3f}."


def _one(one: Intent, answered: Sequence[Answered], floors: Floors) -> Iterator[str]:
    floor = floors.intents[one.name]
    if one.f1 >= floor:
        return
    concerned = [(row, parsed) for row, parsed in answered if one.name in (row.intent, parsed.intent)]
    wrong = sorted((ones for ones in concerned if not is_right(ones)), key=lambda ones: -ones[1].confidence)
    yield (
        f"{one.name}: F1 {one.f1:.3f}, floor {floor:.2f} ({one.found} of its {one.rows} examples found, "
        f"{one.taken - one.found} others taken for it). The surest mistakes:"
    )
    for row, parsed in wrong[:WORST]:
        yield f"  {row.place}: {row.text!r} is {row.intent}, taken for {parsed.intent} ({parsed.confidence:.2f})"


def _accuracy(answered: Sequence[Answered]) -> float:
    return sum(map(is_right, answered)) / len(answered)
