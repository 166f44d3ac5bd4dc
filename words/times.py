"""Times of day as people write them: "at 5 pm", "between 10 and 12", "after 5", "in the evening", "noon". Pure.

A bare number is a time only beside a word that makes it one; without am or pm the hours from one to seven are taken for
the afternoon, for nobody is awaited at three in the morning.
"""

import re
from dataclasses import dataclass

from words import slips

MOST_IN_A_MESSAGE = 20
PARTS = {
    "morning": (6, 12),
    "lunchtime": (12, 14),
    "afternoon": (12, 17),
    "evening": (17, 22),
    "night": (18, 24),
    "tonight": (18, 24),
    "noon": (12, 12),
    "midday": (12, 12),
    "midnight": (0, 0),
}
"""First hour, and the hour it ends before; the same for a moment."""

_HALF = r"\s?(?:am|pm|a\.m\.?|p\.m\.?)(?!\w)"
_BOUNDARY = r"(?<![\w:.,/$£€#-])"
_HOUR = r"\d{1,2}(?:[:.]?[0-5]\d)?"
_CLOCK = r"\d{1,2}:[0-5]\d"
_TO = r"\s{0,2}(?:-|–|to|and|till?|until)\s{0,2}"
_BEFORE = r"(?:(?P<when>at|around|about|by|before|after|from|until|till|past|not before)\s{1,2})?"
_AT = r"(?P<when>at|around|by|before|after|until|till|past)\s{1,2}"
# A bare hour ends its phrase, or goes on with words that tell when.
_ENDS = (
    r"(?=\s?(?:$|[.,;!?)]|on\b|in the\b|today|tonight|tomorrow|please|pls|if\b|or\b|and\b|would|works?|is fine"
    r"|\w{3,6}day\b))"
)
_NOT_COUNTED = r"(?![\w:.,/-]{0,3}\d|\s?(?:dollars?|bucks|%|percent|days?|weeks?|months?|devices|boxes|of\b))"
_FROM_TO = (
    rf"{_BOUNDARY}(?:(?:between|from)\s{{1,2}})?(?P<one>{_HOUR})(?P<half>{_HALF})?{_TO}(?P<other>{_HOUR})"
    rf"(?P<other_half>{_HALF})"
)
_BETWEEN = (
    rf"\bbetween\s{{1,2}}(?P<one>{_CLOCK}|\d{{1,2}})(?P<half>{_HALF})?\s{{1,2}}and\s{{1,2}}"
    rf"(?P<other>{_CLOCK}|\d{{1,2}})(?P<other_half>{_HALF})?{_NOT_COUNTED}"
)
_CLOCKS = rf"{_BOUNDARY}(?P<one>{_CLOCK})(?P<half>){_TO}(?P<other>{_CLOCK})(?P<other_half>)(?![\w:])"
_RANGES = tuple(re.compile(shape, re.I) for shape in (_FROM_TO, _BETWEEN, _CLOCKS))
_HALF_OF_DAY = rf"{_BEFORE}(?P<one>{_HOUR})(?P<half>{_HALF})"
_ON_THE_CLOCK = rf"{_BEFORE}(?P<one>{_CLOCK})(?P<half>)(?![\w:])"
_BARE_HOUR = rf"{_AT}(?P<one>\d{{1,2}})(?P<half>)\b{_ENDS}"
_O_CLOCK = rf"{_BEFORE}(?P<one>\d{{1,2}})(?P<half>)\s?o'?clock\b"
_MOMENTS = tuple(re.compile(_BOUNDARY + shape, re.I) for shape in (_HALF_OF_DAY, _ON_THE_CLOCK, _BARE_HOUR, _O_CLOCK))
_PART = re.compile(
    r"\b(?:(?:in|during)\s{1,2}the\s{1,2}|(?P<when>at|around|by|before|after|until|till|past)\s{1,2}|at\s)?"
    r"(?:(?P<which>early|late|mid)[\s-])?"
    rf"(?P<part>{'|'.join(PARTS)}|lunch)s?\b",
    re.I,
)
_GREETING = re.compile(r"\b(?:good|lovely|nice)\s{1,2}$", re.I)


@dataclass(frozen=True)
class Times:
    """One mention: where it stands, and the minute of the day it begins and ends at, the same for a moment."""

    start: int
    end: int
    since: int
    until: int

    @property
    def iso(self) -> str:
        """ISO 8601: `17:00`, or the interval `10:00/12:00`."""
        return _clock(self.since) if self.since == self.until else f"{_clock(self.since)}/{_clock(self.until)}"


def find(text: str) -> list[Times]:
    """Every time or part of the day spoken of, in reading order; none overlaps another."""
    read = slips.TIMES.read(text)
    taken = bytearray(len(text))
    found: list[Times] = []
    for patterns, meant in ((_RANGES, _range), (_MOMENTS, _moment), ((_PART,), _part)):
        for match in (match for pattern in patterns for match in pattern.finditer(read.text)):
            start, end = read.span(*match.span())
            span = meant(match)
            if span is not None and not any(taken[start:end]):
                taken[start:end] = b"\1" * (end - start)
                found.append(Times(start, end, *span))
    return sorted(found, key=lambda one: one.start)[:MOST_IN_A_MESSAGE]


def _range(match: re.Match[str]) -> tuple[int, int] | None:
    other_half = match["other_half"] or ""
    until = _minutes(match["other"], other_half)
    since = _minutes(match["one"], match["half"] or "")
    if since is None or until is None:
        return None
    if not match["half"] and other_half:
        # "10 to 12 pm" begins in the morning, "2 to 4 pm" in the afternoon.
        same = _minutes(match["one"], other_half)
        since = same if same is not None and same < until else since
    return (since, until) if since < until else None


def _moment(match: re.Match[str]) -> tuple[int, int] | None:
    at = _minutes(match["one"], match["half"])
    return None if at is None else _around(at, at, match["when"])


def _part(match: re.Match[str]) -> tuple[int, int] | None:
    if _GREETING.search(match.string, max(0, match.start() - 10), match.start()):
        return None
    name = match["part"].lower()
    first, last = (60 * hour for hour in PARTS["lunchtime" if name == "lunch" else name])
    which, middle = (match["which"] or "").lower(), (first + last) // 2
    if first == last or not which:
        return _around(first, last, match["when"])
    return (first, middle) if which == "early" else (middle, last) if which == "late" else (first, last)


def _around(since: int, until: int, when: str | None) -> tuple[int, int]:
    """ "After 5" lasts until midnight, "before noon" begins with the day."""
    word = (when or "").lower()
    if word in ("after", "from", "past", "not before"):
        return until if since != until and word == "after" else since, 24 * 60
    return (0, since) if word in ("by", "before", "until", "till") else (since, until)


def _minutes(said: str, half: str) -> int | None:
    digits = re.sub(r"\D", "", said)
    hour, minute = (int(digits[:-2]), int(digits[-2:])) if len(digits) > 2 else (int(digits), 0)
    half = half.strip().lower()[:1]
    if hour > (12 if half else 24) or (half and hour == 0):
        return None
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    elif 1 <= hour <= 7 and not said.startswith("0"):
        hour += 12
    return hour * 60 + minute if hour * 60 + minute <= 24 * 60 else None


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
