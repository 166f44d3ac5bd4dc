"""What the figures of an evaluation mean, and how they are computed. Pure: rows and answers in, figures out.

- `rows`: how many rows were measured, human ones and ones made from templates.
- `accuracy`: share of all rows whose intent was found; a rejected row of out_of_scope counts as found.
- `accuracy_human`: the same over human rows.
- `macro_f1`: the mean F1 on human rows of the intents that human rows have, each weighing the same.
- `oos_recall_far`, `oos_recall_near`: share of human out_of_scope rows of that kind that were rejected.
- `false_reject`: share of the human rows in scope that were rejected.
- `ece`: expected calibration error over human rows, in 15 equally wide bins of confidence: the distance between mean
  confidence and share of right answers in a bin, weighed by the rows in it.
- `parse_ms_p50`: median time of parsing one row, in milliseconds.

Rejected is whatever the pipeline answers with `out_of_scope` or `nlu_fallback`. A figure over no rows is None.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import mean, median
from typing import Any

from bot.evaluation.answers import Parsed
from bot.evaluation.rows import OUT_OF_SCOPE, Row

BINS = 15
Answered = tuple[Row, Parsed]


@dataclass(frozen=True)
class Figures:
    rows: int
    accuracy: float | None
    macro_f1: float | None
    accuracy_human: float | None
    oos_recall_far: float | None
    oos_recall_near: float | None
    false_reject: float | None
    ece: float | None
    parse_ms_p50: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Intent:
    """One intent: rows that have it, rows taken for it, rows of it that were found."""

    name: str
    rows: int
    taken: int
    found: int

    @property
    def recall(self) -> float | None:
        return self.found / self.rows if self.rows else None

    @property
    def precision(self) -> float | None:
        return self.found / self.taken if self.taken else None

    @property
    def f1(self) -> float:
        return 2 * self.found / (self.rows + self.taken) if self.rows + self.taken else 0.0


@dataclass(frozen=True)
class Bin:
    """Answers of about one confidence."""

    rows: int
    confidence: float
    right: float


def is_right(answered: Answered) -> bool:
    row, parsed = answered
    return row.intent == parsed.intent


def figures(answered: Sequence[Answered]) -> Figures:
    human = [(row, parsed) for row, parsed in answered if row.human]
    inside = [(row, parsed) for row, parsed in human if row.intent != OUT_OF_SCOPE]
    kinds = {kind: [parsed.is_rejected for row, parsed in human if row.oos_kind == kind] for kind in ("far", "near")}
    times = [parsed.ms for _, parsed in answered]
    return Figures(
        rows=len(answered),
        accuracy=_rounded(_share([is_right(one) for one in answered])),
        macro_f1=_rounded(mean(one.f1 for one in by_intent(human) if one.rows) if human else None),
        accuracy_human=_rounded(_share([is_right(one) for one in human])),
        oos_recall_far=_rounded(_share(kinds["far"])),
        oos_recall_near=_rounded(_share(kinds["near"])),
        false_reject=_rounded(_share([parsed.is_rejected for _, parsed in inside])),
        ece=_rounded(calibration_error(human)),
        parse_ms_p50=round(median(times), 2) if times else None,
    )


def by_intent(answered: Sequence[Answered]) -> list[Intent]:
    """Every intent that a row has or was taken for, by name."""
    rows = Counter(row.intent for row, _ in answered)
    taken = Counter(parsed.intent for _, parsed in answered)
    found = Counter(row.intent for row, parsed in answered if row.intent == parsed.intent)
    return [Intent(name, rows[name], taken[name], found[name]) for name in sorted(rows | taken)]


def confusions(answered: Sequence[Answered]) -> list[tuple[tuple[str, str], list[Answered]]]:
    """Pairs of (meant, taken for) with their rows, the most frequent first; the surest wrong answer first in each."""
    pairs: dict[tuple[str, str], list[Answered]] = {}
    for row, parsed in answered:
        if row.intent != parsed.intent:
            pairs.setdefault((row.intent, parsed.intent), []).append((row, parsed))
    for wrong in pairs.values():
        wrong.sort(key=lambda one: -one[1].confidence)
    return sorted(pairs.items(), key=lambda pair: (-len(pair[1]), -pair[1][0][1].confidence, pair[0]))


def bins(answered: Sequence[Answered]) -> list[Bin]:
    """`BINS` equally wide ones from 0 to 1, those without rows left out."""
    filled: dict[int, list[Answered]] = {}
    for one in answered:
        filled.setdefault(min(int(one[1].confidence * BINS), BINS - 1), []).append(one)
    return [
        Bin(len(ones), mean(parsed.confidence for _, parsed in ones), mean(is_right(one) for one in ones))
        for _, ones in sorted(filled.items())
    ]


def calibration_error(answered: Sequence[Answered]) -> float | None:
    if not answered:
        return None
    return sum(one.rows * abs(one.right - one.confidence) for one in bins(answered)) / len(answered)


def _share(truths: Sequence[bool]) -> float | None:
    return sum(truths) / len(truths) if truths else None


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)
