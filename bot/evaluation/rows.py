"""Rows to measure on: JSON lines of `{text, intent, source, human, oos_kind?}`, read in place and never kept."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OUT_OF_SCOPE = "out_of_scope"
KINDS = (None, "far", "near")
SHAPE = '{"text": "…", "intent": "…", "source": "…", "human": true}'


class BadRow(ValueError):
    """A row that cannot be measured on: file, line, what is wrong and what to do."""


@dataclass(frozen=True)
class Row:
    """What somebody wrote and what they meant. `human` is false for texts made from templates."""

    text: str
    intent: str
    source: str
    human: bool
    oos_kind: str | None
    place: str


def read_rows(paths: Collection[Path], intents: Collection[str]) -> list[Row]:
    """All rows of all files; `intents` are those the assistant knows. Raises `BadRow` for the first bad one."""
    rows = [row for path in paths for row in _read(path, intents)]
    if not rows:
        raise BadRow(f"There is no row in {', '.join(map(str, paths))}. Each line is one object {SHAPE}.")
    return rows


def _read(path: Path, intents: Collection[str]) -> Iterator[Row]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BadRow(f"{path} is not UTF-8 text ({error.reason} at byte {error.start}). Save it as UTF-8.") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _row(line, f"{path}:{number}", intents)


def _row(line: str, place: str, intents: Collection[str]) -> Row:
    try:
        given = json.loads(line)
    except json.JSONDecodeError as error:
        raise BadRow(f"{place}: this is not JSON ({error.msg}). Each line is one object {SHAPE}.") from error
    if not isinstance(given, dict):
        raise BadRow(f"{place}: this is no object. Each line is one object {SHAPE}.")
    text, intent, kind = given.get("text"), given.get("intent"), given.get("oos_kind")
    if not isinstance(text, str) or not text.strip():
        raise BadRow(f'{place}: this row has no text. Give it one: {{"text": "…"}}.')
    if not isinstance(intent, str) or intent not in intents:
        raise BadRow(f"{place}: the assistant has no intent {intent!r}. Correct it, or declare it in domain.yml.")
    if kind not in KINDS or (kind and intent != OUT_OF_SCOPE):
        raise BadRow(f'{place}: oos_kind is {kind!r}; it is "far" or "near", and only rows of {OUT_OF_SCOPE} have it.')
    return Row(text, intent, str(given.get("source", "unnamed")), _is_human(given, place), kind, place)


def _is_human(given: dict[str, Any], place: str) -> bool:
    human = given.get("human", True)
    if not isinstance(human, bool):
        raise BadRow(
            f"{place}: human is {human!r}; it is true for what a person wrote, false for text from a template."
        )
    return human
