"""One model's report: Markdown and JSON by intent and by source, the worst confusions to read, and the pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bot.evaluation.figures import Answered, Figures, Intent, by_intent, confusions, figures, is_right
from bot.evaluation.pictures import draw_calibration, draw_confusions

WORST = 30
TEXTS_SHOWN = 8
FEW_ROWS = 40
"""An intent with fewer rows than this is to be read row by row; its percentages swing with three customers."""


def write_report(name: str, answered: Sequence[Answered], folder: Path) -> Figures:
    """Writes report.md, report.json, confusions.txt, confusions.png and calibration.png; returns the figures."""
    folder.mkdir(parents=True, exist_ok=True)
    human = [one for one in answered if one[0].human] or list(answered)
    result = figures(answered)
    whole = {"pipeline": name, **result.as_dict(), "intents": _intents(human), "sources": _sources(answered)}
    (folder / "report.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    (folder / "report.md").write_text("\n".join(_markdown(name, result, answered, human)) + "\n", encoding="utf-8")
    (folder / "confusions.txt").write_text("\n".join(_worst(answered)) + "\n", encoding="utf-8")
    shown = f"{len(human)} human rows" if any(row.human for row, _ in answered) else f"{len(human)} rows"
    draw_confusions(human, f"{name}: what was meant, and what it was taken for ({shown})", folder / "confusions.png")
    draw_calibration(human, f"{name}: as sure as it may be? ({shown})", folder / "calibration.png")
    return result


def _intents(answered: Sequence[Answered]) -> dict[str, dict[str, Any]]:
    return {
        one.name: {"rows": one.rows, "f1": _r(one.f1), "recall": _r(one.recall), "precision": _r(one.precision)}
        for one in by_intent(answered)
    }


def _sources(answered: Sequence[Answered]) -> dict[str, dict[str, Any]]:
    sources: dict[str, list[Answered]] = {}
    for one in answered:
        sources.setdefault(f"{one[0].source}{'' if one[0].human else ' (templates)'}", []).append(one)
    return {
        name: {
            "rows": len(ones),
            "accuracy": _r(sum(map(is_right, ones)) / len(ones)),
            "rejected": _r(sum(parsed.is_rejected for _, parsed in ones) / len(ones)),
        }
        for name, ones in sorted(sources.items())
    }


def _markdown(name: str, result: Figures, answered: Sequence[Answered], human: Sequence[Answered]) -> Iterator[str]:
    yield from (f"# How well `{name}` understands", "")
    yield from ("What each figure means is told in `bot/evaluation/figures.py`.", "", "| figure | |", "|---|--:|")
    yield from (f"| {key} | {_cell(value)} |" for key, value in result.as_dict().items())
    yield from ("", f"Pictures: `confusions.png`, `calibration.png`. The {WORST} worst confusions: `confusions.txt`.")
    yield from ("", "## By intent, worst first (human rows)", "")
    yield f"Intents with fewer than {FEW_ROWS} rows are marked *; read their rows, do not quote their percentages."
    yield from ("", "| intent | rows | F1 | recall | precision | most often taken for |", "|---|--:|--:|--:|--:|---|")
    taken = {pair: len(rows) for pair, rows in confusions(human)}
    for one in sorted(by_intent(human), key=lambda intent: (intent.rows == 0, intent.f1)):
        yield _intent_row(one, taken)
    yield from ("", "## By source", "", "| source | rows | accuracy | rejected |", "|---|--:|--:|--:|")
    for source, row in _sources(answered).items():
        yield f"| {source} | {row['rows']} | {_cell(row['accuracy'])} | {_cell(row['rejected'])} |"


def _intent_row(one: Intent, taken: dict[tuple[str, str], int]) -> str:
    others = sorted(((count, other) for (meant, other), count in taken.items() if meant == one.name), reverse=True)
    mistaken = ", ".join(f"{other} ({count})" for count, other in others[:3])
    few = "*" if one.rows < FEW_ROWS else ""
    if not one.rows:
        mistaken = f"no row means it, {one.taken} were taken for it"
    f1 = one.f1 if one.rows else None
    cells = (f"{one.name}{few}", one.rows, _cell(f1), _cell(one.recall), _cell(one.precision), mistaken)
    return "| " + " | ".join(map(str, cells)) + " |"


def _worst(answered: Sequence[Answered]) -> Iterator[str]:
    """The pairs with the most wrong rows, human or not, with the texts that were misunderstood."""
    pairs = confusions(answered)
    wrong = sum(len(rows) for _, rows in pairs)
    yield f"{wrong} of {len(answered)} rows were misunderstood, in {len(pairs)} ways. The {WORST} most frequent:"
    for number, ((meant, other), rows) in enumerate(pairs[:WORST], 1):
        yield f"\n{number}. {meant} taken for {other}: {len(rows)}"
        for row, parsed in rows[:TEXTS_SHOWN]:
            text = " ".join(row.text.split())
            yield f"   {parsed.confidence:.2f}  {text}  [{row.source}, {row.place}]"
        if len(rows) > TEXTS_SHOWN:
            yield f"   and {len(rows) - TEXTS_SHOWN} more"


def _cell(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.3f}" if isinstance(figure, float) else str(figure)


def _r(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 4)
