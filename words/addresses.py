"""Addresses as people type them: "no, 14 Elm Street, Brookfield 60612" becomes street, city and postcode. Pure.

`find` reads words nobody asked for and wants a number, a name and a kind of street. `spoken` reads the answer to "which
address?", where a misspelt street or a postcode alone will do. Neither knows which places exist.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

MOST_IN_A_MESSAGE = 20
LONGEST_REST = 120
"""So many letters after a street may tell its town and postcode."""

WAYS = (
    "street|stret|streeet|str|st|road|rd|avenue|avenu|ave|av|lane|ln|drive|dr|court|ct|place|pl|way|boulevard|blvd"
    "|square|sq|terrace|close|crescent|row|rise|walk|hill|park|parkway|pkwy|circle|cir|trail|green|broadway|highway|hwy"
)
# Words no street is called by, and the things people count.
_NO_STREET = (
    r"the|a|an|on|in|at|is|it|its|my|your|this|that|of|to|for|and|or|by|no|not|was|we|i|you|minutes?|mins?|hours?|hrs?|days?"
    r"|weeks?|months?|years?|times?|miles?|stars?|dollars?|bucks|mbps|gb|devices?|boxes|box|people|pm|am|percent|more"
)
_WORD = rf"(?!(?:{_NO_STREET})\b)(?:[a-z][a-z'.-]{{0,20}}|\d{{1,3}}(?:st|nd|rd|th))\s{{1,3}}"
_SIDE = r"(?:\s(?:north|south|east|west|n|s|e|w|ne|nw|se|sw)\b\.?(?!\s?['’]))?"
_UNIT = r"(?:,?\s{0,3}(?:apt|apartment|unit|flat|suite|ste|floor|fl|#)\.?\s{0,3}#?\w{1,5}(?:\s[a-z]\b(?![’']))?)?"
_ZIP = r"(?P<postcode>\d{5,6}(?:-\d{4})?)(?![\w-])"
_TOWN = r"[a-z][a-z'.-]{1,20}(?:\s{1,2}[a-z][a-z'.-]{1,20}){0,2}"
STREET = re.compile(
    rf"(?<![\w$£€.,/-])(?P<line1>\d{{1,5}}[a-z]?\s{{1,3}}(?:{_WORD}){{1,4}}?(?:{WAYS})\b\.?{_SIDE}{_UNIT})"
    rf"(?:(?:,?\s{{1,3}}(?:in\s)?(?:[a-z][a-z'.-]{{1,20}},?\s{{1,3}}){{0,4}}?|,\s{{0,3}}){_ZIP})?",
    re.I,
)
BARE_STREET = re.compile(r"\b(?P<line1>\d{1,5}[a-z]?\s{1,3}[a-z][a-z'.-]{2,20}(?:\s{1,3}[a-z'.-]{1,20}){0,3})", re.I)
_CODE = re.compile(
    r"(?:\b(?:acc\w{0,10}|acct|customer|order|number|no|ref\w{0,10})[\s:#.]{0,3}(?:is\s{1,2}|number\s{1,2})?|#)?"
    r"\b(?P<code>\d{5})(?:-\d{4})?\b",
    re.I,
)
_PHONE = re.compile(r"\b\d{3}[ .-]\d{3}[ .-]\d{4}\b|\b\d{3}-\d{4}\b|\b\d{10,20}\b")
_CITY = re.compile(
    rf"^[\s,]{{0,4}}(?:in\s{{1,2}})?(?P<city>{_TOWN})\s{{0,2}},?\s{{0,2}}(?:[a-z]{{2}}\s{{0,2}})?$", re.I
)
_STATE = re.compile(r"(?<=\w)\s{1,2}[a-z]{2}$", re.I)
# What tells a town from any other words after a street that nobody asked for.
_IS_TOWN = re.compile(r"\s{0,2}(?:,|(?i:in)\s|[A-Z])")
_TALK = """yes no sure ok please instead thanks tomorrow today now and account zip postcode not my is at on for the it
monday tuesday wednesday thursday friday saturday sunday next morning afternoon evening"""
NOT_A_CITY = frozenset(_TALK.split())


@dataclass(frozen=True)
class Place:
    """What of an address was said. A place without a street is a postcode only."""

    line1: str = ""
    city: str = ""
    postcode: str = ""

    def __str__(self) -> str:
        return ", ".join(part for part in (self.line1, f"{self.city} {self.postcode}".strip()) if part)


@dataclass(frozen=True)
class Mention:
    """An address in a text; `postcode_at` is where its postcode starts and ends, if one was said."""

    start: int
    end: int
    place: Place
    postcode_at: tuple[int, int] | None


def find(text: str) -> Iterator[Mention]:
    """Streets with their number and kind ("12 Elm St"), and the town and postcode that belong to them."""
    for match in islice(STREET.finditer(text), MOST_IN_A_MESSAGE):
        place = _place(text, match)
        code = match.span("postcode") if match["postcode"] else None
        end = match.end() if code or not place.city else text.lower().find(place.city.lower(), match.end("line1"))
        yield Mention(match.start(), end if code or not place.city else end + len(place.city), place, code)


def mentioned(text: str) -> Place | None:
    """The first address spoken of, or nothing. Strict: it reads words nobody asked for."""
    return next((one.place for one in find(text)), None)


def spoken(text: str) -> Place | None:
    """The answer to "which address?": a misspelt street, or a postcode alone, will do."""
    if found := STREET.search(text):
        return _place(text, found, is_asked_for=True)
    # Numbers that begin no street are blotted out, and keep their place.
    if found := BARE_STREET.search(_CODE.sub(_blot, _PHONE.sub(_blot, text))):
        return _place(text, found, is_asked_for=True)
    code = postcode(text)
    return Place(postcode=code) if code else None


def postcode(text: str) -> str:
    """The last group of five digits that is not called an account or order number."""
    codes = [found["code"] for found in _CODE.finditer(text) if found.group(0)[0].isdigit()]
    return str(codes[-1]) if codes else ""


def city_before(text: str, code: str) -> str:
    """The town said along with a postcode: "Brightwater 48210"."""
    return _city(text.split(code)[0]) if code in text else ""


def _place(text: str, street: re.Match[str], *, is_asked_for: bool = False) -> Place:
    rest = text[street.end("line1") :][:LONGEST_REST]
    code = postcode(rest)
    city = _city(rest.split(code)[0] if code else rest)
    is_plain = code or is_asked_for or _IS_TOWN.match(rest)
    return Place(line1=_tidy(street["line1"]), city=city if is_plain else "", postcode=code)


def _blot(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _city(rest: str) -> str:
    """Words after the street are a city only when nothing else follows and none of them is everyday talk."""
    found = _CITY.match(rest.rstrip(" .!,"))
    if not found or {word.lower() for word in found["city"].split()} & NOT_A_CITY:
        return ""
    return _STATE.sub("", found["city"]).title()


def _tidy(line: str) -> str:
    words = " ".join(line.replace(",", " ").split()).strip(" .")
    return " ".join(word if word[0].isdigit() else word[0].upper() + word[1:] for word in words.split())
