"""When a customer has had enough. Pure rules over what they wrote, newest last; each sign has a name people can read.

One strong sign is enough: strong language, or saying that they have told us before. Shouting and repeating are weak,
because some people always write in capitals: it takes two of them.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

LOOK_BACK = 4
SAME = 0.85
SHORTEST_SHOUT = 12
STRONG = "strong language"

_PROFANITY = re.compile(
    r"\b(f+u+c+k+\w*|f\*+k?\w*|wtf|stfu|bull\s?s?h[i1*]t\w*|sh[i1*]tty|(piece|load|pile|full) of (sh[i1*]t|crap)|"
    r"a+s+s+h+o+l+e+s?|bastards?|bloody (useless|hell|joke)|screw (you|this)|damn (you|it|bot)|idiots?|morons?)(?!\w)",
    re.I,
)
_TOLD_BEFORE = re.compile(
    r"\b((third|fourth|fifth|sixth|tenth|(3|4|5|6|7|8|9|10)(rd|th)|umpteenth|nth|hundredth|millionth) (time|call|chat)"
    r"|how many (more )?times|(told|tell|telling|said|explained|asked) (you|this|that|it)( people| guys)?( already)? "
    r"(\w+ )?(already|twice|before|again and again|over and over|(three|four|five|3|4|5|many) times)"
    r"|(keep|sick of|tired of|fed up with) (repeating|explaining|asking|having to|saying|being|this)"
    r"|i('ve| have)? (already|just) (told|said|explained|given) |same (thing|question) (again|over)"
    r"|getting nowhere|going (round|around) in circles|fed up|last straw|ridiculous)",
    re.I,
)
_JUST_TOLD = re.compile(r"\bi('ve| have)? (already|just) (told|said|explained|given) ", re.I)


def sign(texts: Sequence[str]) -> str | None:
    """Why this customer should have a person, or None. `texts` are what they typed; pressed buttons are left out."""
    recent = [text.strip() for text in texts if text.strip()][-LOOK_BACK:]
    if not recent:
        return None
    now = recent[-1]
    if _PROFANITY.search(now):
        return STRONG
    if _TOLD_BEFORE.search(now):
        return "says they told us before"
    weak = [kind for kind, is_there in (("shouting", _shouts), ("repeating", _repeats)) if is_there(recent)]
    if len(weak) == 2 or sum(map(_is_shout, recent)) >= 2:
        return " and ".join(weak) or "shouting"
    return None


def is_strong(text: str) -> bool:
    return bool(_PROFANITY.search(text))


def _shouts(recent: Sequence[str]) -> bool:
    return _is_shout(recent[-1])


def _is_shout(text: str) -> bool:
    """Capitals that are a choice: long enough, more than two words, so not just a reference or a postcode."""
    words = [word for word in re.findall(r"[A-Za-z']+", text) if len(word) > 1]
    letters = "".join(words)
    is_capitals = len(letters) >= SHORTEST_SHOUT and len(words) > 2 and letters.upper() == letters
    return is_capitals or (bool(re.search(r"[!?]{3,}", text)) and len(letters) >= SHORTEST_SHOUT)


def _repeats(recent: Sequence[str]) -> bool:
    now = recent[-1].casefold()
    if len(now) < SHORTEST_SHOUT:
        return False
    return any(SequenceMatcher(None, now, before.casefold()).ratio() >= SAME for before in recent[:-1])
