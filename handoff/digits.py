"""Runs of digits in a text, however they are spelled. Pure, and one pass over the text.

Full-width, Arabic or circled digits and digits as words count; invisible characters do not part them; other signs do,
into groups. Letters and currency signs end a run.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

WORDS = {
    word: str(digit)
    for digit, words in enumerate(("zero oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"))
    for word in words.split()
}
TOKEN = re.compile(r"(?:" + "|".join(WORDS) + r")(?![^\W\d_])|[^\W\d_]+|.", re.I | re.S)
INVISIBLE = frozenset({"Cf", "Mn", "Me"})
WIDEST_GAP = 6
"""Signs between two digits of one number: " - " is three, a line break with a quotation mark four."""


@dataclass(frozen=True)
class Group:
    """Digits with nothing visible between them, and where they stand."""

    digits: str
    start: int
    end: int


def runs(text: str) -> Iterator[list[Group]]:
    """Groups that may belong to one number, run by run."""
    run: list[Group] = []
    digits, start, end, gap = "", 0, 0, 0
    for token in TOKEN.finditer(text):
        kind = _kind(token.group())
        if kind.isdigit():
            if digits and not gap:
                digits, end = digits + kind, token.end()
            else:
                if digits:
                    run.append(Group(digits, start, end))
                digits, start, end = kind, token.start(), token.end()
            gap = 0
        elif kind != "invisible" and digits:
            gap += 1
            if kind == "end" or gap > WIDEST_GAP:
                yield [*run, Group(digits, start, end)]
                run, digits, gap = [], "", 0
    if digits:
        yield [*run, Group(digits, start, end)]


def _kind(sign: str) -> str:
    """The digit it stands for, or `sign`, `invisible`, `end`."""
    if len(sign) > 1:
        return WORDS.get(sign.lower(), "end")
    digit = unicodedata.digit(sign, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(sign)
    if category in INVISIBLE:
        return "invisible"
    return "end" if category[0] == "L" or category == "Sc" or sign in "%@" else "sign"
