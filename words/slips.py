"""Slips of the finger: a word one letter away from one that is waited for is read as that one.

Bounded on purpose. The first letter must be right, words under five letters are never guessed at, and a real word is no
slip of another: "remove" is no remote.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SHORTEST_TO_GUESS = 5
_REAL = """adapted adopter augusta bolster bones boost boosted boosts boxed boxer boxers brink brisk brock carle
changer charge charged charges charmer charter decide decided decider decode decoded extend extended frida moaning
mode model models modes mourning phoned phoney phony poker powder prone receive received receives remove removed
removes repeat repeated reuters roster rosters route routed routes sundae sundry vice voiced"""
# One letter away from a day, a month or a device, and everyday words themselves.
REAL_WORDS = frozenset(_REAL.split())
# Short forms, and slips of more than one letter that everybody makes.
SHORT_FORMS = {
    "tmrw": "tomorrow",
    "tmr": "tomorrow",
    "tmrow": "tomorrow",
    "tomo": "tomorrow",
    "tommorow": "tomorrow",
    "2moro": "tomorrow",
    "2mrw": "tomorrow",
    "2morrow": "tomorrow",
    "yday": "yesterday",
    "yest": "yesterday",
    "2day": "today",
    "2nite": "tonight",
    "tonite": "tonight",
    "wensday": "wednesday",
    "wendsday": "wednesday",
    "wknd": "weekend",
    "febuary": "february",
    "feburary": "february",
    "mornin": "morning",
}
_TIMES = """today tomorrow yesterday tonight weekend monday tuesday wednesday thursday friday saturday sunday january
february august september october november december morning afternoon evening"""
_WORD = re.compile(r"[a-z0-9]{3,24}", re.I)


@dataclass(frozen=True)
class Slip:
    """One corrected word: where it stands in the text as meant, and where in the text as typed."""

    meant_start: int
    meant_end: int
    typed_start: int
    typed_end: int


@dataclass(frozen=True)
class Spelled:
    """A text as it was meant, and how to find a place in it again in the text as it was typed."""

    text: str
    slips: tuple[Slip, ...] = ()

    def span(self, start: int, end: int) -> tuple[int, int]:
        """`start:end` in the text as typed; whoever touches a corrected word gets all of the word that was typed."""
        return self._typed(start, is_end=False), self._typed(end, is_end=True)

    def _typed(self, place: int, *, is_end: bool) -> int:
        at = bisect_right(self.slips, place - is_end, key=lambda slip: slip.meant_start) - 1
        if at < 0:
            return place
        slip = self.slips[at]
        if place - is_end < slip.meant_end:
            return slip.typed_end if is_end else slip.typed_start
        return place - slip.meant_end + slip.typed_end


class Slips:
    """Knows the words that are waited for. `forms` maps other spellings to them, exactly as typed."""

    def __init__(self, words: Iterable[str], forms: Mapping[str, str] | None = None) -> None:
        self._forms = dict(forms or {})
        self._known = frozenset(words)
        self._by_first: dict[str, list[str]] = defaultdict(list)
        for word in sorted(self._known):
            if len(word) >= SHORTEST_TO_GUESS:
                self._by_first[word[0]].append(word)

    def read(self, text: str) -> Spelled:
        pieces: list[str] = []
        slips: list[Slip] = []
        end = length = 0
        for match in _WORD.finditer(text):
            meant = self.meant(match.group())
            if meant is not None:
                pieces += [text[end : match.start()], meant]
                start = length + match.start() - end
                end, length = match.end(), start + len(meant)
                slips.append(Slip(start, length, match.start(), match.end()))
        return Spelled("".join([*pieces, text[end:]]), tuple(slips))

    def meant(self, typed: str) -> str | None:
        """The word this one is a slip of; None when it needs no correction."""
        word = typed.lower()
        if word in self._forms:
            return self._forms[word]
        if len(word) < SHORTEST_TO_GUESS - 1 or word in self._known or word in REAL_WORDS:
            return None
        return next((known for known in self._by_first.get(word[0], ()) if is_close(word, known)), None)


def is_close(one: str, other: str) -> bool:
    """Whether one letter was added, left out or changed, or two neighbours were swapped."""
    if one == other:
        return True
    shorter, longer = sorted((one, other), key=len)
    same = next((at for at, letter in enumerate(shorter) if letter != longer[at]), len(shorter))
    if len(shorter) + 1 == len(longer):
        return shorter[same:] == longer[same + 1 :]
    if len(shorter) != len(longer):
        return False
    is_swapped = shorter[same : same + 2] == longer[same : same + 2][::-1]
    return shorter[same + 1 :] == longer[same + 1 :] or (is_swapped and shorter[same + 2 :] == longer[same + 2 :])


TIMES = Slips(_TIMES.split(), SHORT_FORMS)
"""The names of days, months and parts of a day."""
