"""What a message names: identifiers, addresses, amounts, days and times as `words/` reads them, and the designers' own
shapes, lists and synonyms. Pure; `entities.py` makes a Rasa component of it.

One pass. Where two readings want the same words, the more certain one has them, then the longer one: an e-mail address
is certain, a number that only looks like a postcode is less so, and a misspelt device is a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum
from typing import Dict, Iterator, List, Mapping, Sequence, Tuple

from bot.nlu.phrases import Listed, Phrases, Words, words_of
from words import addresses, days, identifiers, times
from words.days import Days
from words.identifiers import Found
from words.times import Times

LONGEST_TEXT = 4000
"""The hub takes no longer messages."""
MOST_IN_A_MESSAGE = 40
RENAMED = {"customer_name": "name"}
OF_THE_COMPANY = frozenset(
    {
        "account_number",
        "order_number",
        "return_number",
        "case_ref",
        "email",
        "phone",
        "postcode",
        "amount",
        "address",
        "name",
    }
)
# Read better below.
READ_BELOW = frozenset({"date", identifiers.REFERENCE})
_BETWEEN_DAY_AND_TIME = re.compile(r"[\s,]{1,3}(?:on\s)?|")


class Certainty(IntEnum):
    GUESSED = 0
    LISTED = 1
    SHAPED = 2
    SAID = 3
    """Days and times."""
    CHECKED = 4


@dataclass(frozen=True)
class Named:
    """`entity` with its normalised `value`, and where it stands in the text as typed."""

    entity: str
    value: str
    start: int
    end: int
    certainty: Certainty


class Spotter:
    """`shapes` are pairs of an entity and a regular expression, `synonyms` map a spelling to the value it stands for.

    `guessed` names the lists whose phrases are also found when misspelt, as far as a synonym gives them a value: a
    known device is worth a guess, "shirt" is too near to everyday words.
    """

    def __init__(
        self,
        shapes: Sequence[Tuple[str, str]] = (),
        lists: Mapping[str, Sequence[str]] = {},
        synonyms: Mapping[str, str] = {},
        guessed: Sequence[str] = (),
    ) -> None:
        self._shapes = [(name, re.compile(shape, re.IGNORECASE)) for name, shape in shapes]
        self._values: Dict[Words, str] = {words_of(value): value for value in synonyms.values()}
        self._values.update({words_of(spelling): value for spelling, value in synonyms.items()})
        worth = [phrase for name in guessed for phrase in lists.get(name, ()) if words_of(phrase) in self._values]
        self._phrases = Phrases(lists, worth)

    def spot(self, text: str, today: date) -> List[Named]:
        """In reading order, none overlapping another. Days are told from `today`."""
        text = text[:LONGEST_TEXT]
        taken = bytearray(len(text))
        kept: List[Named] = []
        for one in sorted(self._candidates(text, today), key=_precedence):
            if not any(taken[one.start : one.end]):
                taken[one.start : one.end] = b"\1" * (one.end - one.start)
                kept.append(one)
        named = [one for one in kept if one.value]
        return sorted(named[:MOST_IN_A_MESSAGE], key=lambda one: one.start)

    def _candidates(self, text: str, today: date) -> Iterator[Named]:
        yield from _identified(text)
        yield from _dated(text, today)
        for name, shape in self._shapes:
            for match in shape.finditer(text):
                if match.group():
                    yield Named(name, self._value(match.group()), *match.span(), Certainty.SHAPED)
        for listed in self._phrases.find(text):
            yield self._listed(listed, text)

    def _listed(self, listed: Listed, text: str) -> Named:
        certainty = Certainty.LISTED if listed.is_exact else Certainty.GUESSED
        typed = text[listed.start : listed.end] if listed.is_exact else " ".join(listed.words)
        return Named(listed.name, self._values.get(listed.words, typed), listed.start, listed.end, certainty)

    def _value(self, typed: str) -> str:
        return self._values.get(words_of(typed), typed)


def _precedence(one: Named) -> Tuple[int, int, int]:
    return -one.certainty, one.start - one.end, one.start


def _identified(text: str) -> Iterator[Named]:
    """What is not for the assistant (a social security number) still takes its words, without a value."""
    found = [one for one in identifiers.find(text) if one.name not in READ_BELOW]
    for one in found:
        if one.name == "address":
            yield _address(text, one, found)
        else:
            name = RENAMED.get(one.name, one.name)
            value = one.canonical if name in OF_THE_COMPANY else ""
            yield Named(name, value, one.start, one.end, Certainty.CHECKED)


def _address(text: str, one: Found, found: Sequence[Found]) -> Named:
    """Street and town. The postcode at its end is an entity of its own, and no two overlap."""
    code = next((other for other in found if other.name == "postcode" and other.end == one.end), None)
    end = one.start + len(text[one.start : code.start].rstrip(" ,")) if code else one.end
    place = addresses.mentioned(one.value)
    value = str(replace(place, postcode="")) if place else one.value
    return Named("address", value, one.start, end, Certainty.CHECKED)


def _dated(text: str, today: date) -> Iterator[Named]:
    """A time beside its day is one date: "yesterday evening", "at 5 on tuesday"."""
    # Eight digits in a row are more often a number than a day.
    told = [one for one in days.find(text, today) if not text[one.start : one.end].isdigit()]
    hours = times.find(text)
    for day in told:
        time = next((time for time in hours if _belong_together(text, day, time)), None)
        if time is None:
            yield Named("date", day.iso, day.start, day.end, Certainty.SAID)
        else:
            hours.remove(time)
            start, end = min(day.start, time.start), max(day.end, time.end)
            yield Named("date", f"{day.iso}T{time.iso}", start, end, Certainty.SAID)
    for time in hours:
        yield Named("time", time.iso, time.start, time.end, Certainty.SAID)


def _belong_together(text: str, day: Days, time: Times) -> bool:
    if day.first != day.last:
        return False
    if day.start < time.end and time.start < day.end:
        return True
    first_end, second_start = (day.end, time.start) if day.start < time.start else (time.end, day.start)
    return bool(_BETWEEN_DAY_AND_TIME.fullmatch(text, first_end, second_start))
