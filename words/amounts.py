"""Amounts of money as people write them: "$12.50", "40 bucks", "twenty dollars", "a hundred and fifty usd". Pure.

A number is money only beside a sign or a word for it. "Pounds" are a weight here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

_ONES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen"""
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
VALUES = {word: at for at, word in enumerate(_ONES.split())} | {word: at * 10 for at, word in enumerate(TENS) if word}
VALUES |= {"a": 1, "fourty": 40, "ninty": 90}
SCALES = {"hundred": 100, "thousand": 1000, "grand": 1000}
HUNDREDS = 100

_MONEY = r"(?:dollars?|dollers?|bucks?|bux|usd|us\$|eur|euros?|gbp|quid)"
_NUMBER = r"\d[\d,]{0,12}(?:\.\d{1,2})?"
_NOT_WITHIN_NUMBER = r"(?<![\w$£€.,/-])"
_SIGNED = re.compile(rf"(?<!\w)(?:us)?[$£€]\s?(?P<number>{_NUMBER})(?P<thousands>k\b)?(?!\d)", re.I)
_NAMED = re.compile(
    rf"{_NOT_WITHIN_NUMBER}(?P<number>{_NUMBER})(?P<thousands>k)?\s?(?:{_MONEY}\b|[$£€](?![\w$]))"
    r"(?:\s(?:and\s)?(?P<cents>\d{1,2})\s?cents?\b)?"
    rf"|(?<!\w)(?:usd|eur|gbp)\s(?P<after>{_NUMBER})(?!\d)",
    re.I,
)
_CENTS = re.compile(rf"{_NOT_WITHIN_NUMBER}(?P<cents>\d{{1,3}})\s?cents?\b", re.I)
_WORD = "|".join(sorted({*VALUES, *SCALES}, key=len, reverse=True))
_SPELLED = re.compile(
    rf"\b(?P<words>(?:{_WORD})(?:[\s-]{{1,2}}(?:and\s)?(?:{_WORD})){{0,7}})\s{{1,2}}(?:of\s)?{_MONEY}\b", re.I
)


@dataclass(frozen=True)
class Amount:
    """Where it stands, and how much it is in whole currency units with two digits."""

    start: int
    end: int
    value: Decimal

    def __str__(self) -> str:
        return f"{self.value:.2f}"


def find(text: str) -> Iterator[Amount]:
    """Every amount; those that overlap are left to the caller, the longest being right."""
    for pattern in (_NAMED, _SIGNED, _CENTS):
        for match in pattern.finditer(text):
            yield Amount(*match.span(), _counted(match.groupdict()))
    for match in _SPELLED.finditer(text):
        value = _read(re.findall(r"[a-z]+", match["words"].lower()))
        if value is not None:
            yield Amount(*match.span(), Decimal(value))


def value(text: str) -> Decimal | None:
    """The amount a text consists of: `40`, `$1,200`, "forty bucks". None when it is no amount."""
    bare = text.strip().replace(",", "")
    if re.fullmatch(r"\d{1,12}(?:\.\d{1,2})?", bare):
        return Decimal(bare)
    return max(find(text), key=lambda one: one.end - one.start).value if any(find(text)) else None


def _counted(said: dict[str, str | None]) -> Decimal:
    number = (said.get("number") or said.get("after") or "0").replace(",", "")
    thousands = 1000 if said.get("thousands") else 1
    return Decimal(number) * thousands + Decimal(said.get("cents") or 0) / 100


def _read(words: list[str]) -> int | None:
    """ "A hundred and twenty" is 120; None for words that make no number, like "five five"."""
    total = current = 0
    room = HUNDREDS
    for word in words:
        value = VALUES.get(word)
        if value is not None:
            if value >= room:
                return None
            current, room = current + value, 10 if value >= 20 else 1
        elif word in SCALES:
            current, room = max(current, 1) * SCALES[word], HUNDREDS
            if SCALES[word] > HUNDREDS:
                total, current = total + current, 0
    return total + current
