"""Reads how a pattern repeats itself: what repeats without end can be made to take for ever."""

import re
from collections.abc import Iterable, Iterator
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any


def unbounded_repeats(pattern: re.Pattern[str]) -> list[Any]:
    """Repetitions without an upper limit, wherever they are nested."""
    return [parts for op, parts in _operations(_parser.parse(pattern.pattern, pattern.flags)) if _is_endless(op, parts)]


def _is_endless(op: Any, parts: Any) -> bool:
    repeats = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)
    return op in repeats and parts[1] == _constants.MAXREPEAT


def _operations(tree: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    for op, parts in tree:
        yield op, parts
        for inner in _subpatterns(parts):
            yield from _operations(inner)


def _subpatterns(parts: Any) -> Iterator[Any]:
    if isinstance(parts, _parser.SubPattern):
        yield parts
    elif isinstance(parts, tuple | list):
        for part in parts:
            yield from _subpatterns(part)
