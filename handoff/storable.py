"""What can be kept: the same answer whatever the database.

PostgreSQL refuses NUL characters, UTF-8 has no half characters, JSON has no NaN, and serializers give up on deep nests.
The shapes of every edge ask here first, so that the sender reads what is wrong instead of a failed commit.
"""

import math
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")
DEEPEST = 40
"""Lists and objects within each other; a handover package has six."""


def checked(value: T) -> T:
    """The value itself, or `ValueError` with what is wrong. Looks into lists and objects, not into other values."""
    left: list[tuple[object, int]] = [(value, 0)]
    while left:
        one, depth = left.pop()
        if isinstance(one, str):
            _check_text(one)
        elif isinstance(one, float) and not math.isfinite(one):
            raise ValueError("numbers must be finite")
        elif isinstance(one, Mapping | list | tuple):
            if depth >= DEEPEST:
                raise ValueError("lists and objects are nested too deeply")
            within = [*one.keys(), *one.values()] if isinstance(one, Mapping) else one
            left += [(part, depth + 1) for part in within]
    return value


def _check_text(text: str) -> None:
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueError("must not contain half characters (lone surrogates)")
