"""Two models' answers to the same rows, held against each other: what became better, what worse. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.evaluation.answers import Parsed
from bot.evaluation.figures import Answered, by_intent
from bot.evaluation.rows import Row

MOVED_FROM = 0.02
"""An intent whose F1 moved less than this is not listed."""


@dataclass(frozen=True)
class Change:
    row: Row
    before: Parsed
    now: Parsed

    @property
    def step(self) -> int:
        """1 when it became right, -1 when it became wrong, else 0."""
        return (self.now.intent == self.row.intent) - (self.before.intent == self.row.intent)

    def __str__(self) -> str:
        before, now = self.before, self.now
        was, became = f"{before.intent} {before.confidence:.2f}", f"{now.intent} {now.confidence:.2f}"
        return f"  {self.row.text!r} is {self.row.intent}: was {was}, now {became}  [{self.row.place}]"


def compare(before: Sequence[Answered], now: Sequence[Answered]) -> list[Change]:
    """The answers of two models to the same rows, in any order."""
    earlier = dict(before)
    return [Change(row, earlier[row], parsed) for row, parsed in now]


def told(changes: Sequence[Change]) -> Iterator[str]:
    for step, heading in ((1, "Better"), (-1, "Worse")):
        moved = sorted((change for change in changes if change.step == step), key=lambda change: change.row.intent)
        yield f"\n{heading}: {len(moved)}"
        yield from map(str, moved)
    earlier = {one.name: one for one in by_intent([(change.row, change.before) for change in changes])}
    listed = []
    for one in by_intent([(change.row, change.now) for change in changes]):
        f1 = earlier[one.name].f1 if one.name in earlier else 0.0
        if one.rows and abs(one.f1 - f1) >= MOVED_FROM:
            listed.append((one.f1 - f1, f"  {one.name:<22} {f1:.3f} -> {one.f1:.3f}"))
    yield f"\nF1 of intents that moved by {MOVED_FROM} or more: {len(listed)}"
    yield from (line for _, line in sorted(listed))


def summary(name: str, changes: Sequence[Change]) -> dict[str, Any]:
    right = [change.now.intent == change.row.intent for change in changes]
    were_right = [change.before.intent == change.row.intent for change in changes]
    before, now = sum(were_right) / len(changes), sum(right) / len(changes)
    return {
        "base": name,
        "rows": len(changes),
        "better": sum(change.step > 0 for change in changes),
        "worse": sum(change.step < 0 for change in changes),
        "accuracy_base": round(before, 4),
        "accuracy_now": round(now, 4),
        "difference": round(now - before, 4),
    }
