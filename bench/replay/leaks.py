"""Card numbers that customers typed must be in no file that the processes wrote."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path


def found(cards: Iterable[str], files: Iterable[Path]) -> list[Path]:
    """The files that hold one of these numbers, as typed or as bare digits."""
    needles = {spelling.encode() for card in cards for spelling in (card, re.sub(r"\D", "", card))}
    return [path for path in files if _holds(path, needles)]


def written_below(state: Path) -> Iterator[Path]:
    """Database, write-ahead log, the assistant's store and every log of a stack's state folder."""
    return (path for path in sorted(state.rglob("*")) if path.is_file())


def _holds(path: Path, needles: set[bytes]) -> bool:
    content = path.read_bytes()
    return any(needle in content for needle in needles)
