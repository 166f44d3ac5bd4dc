"""Addresses as people type them: "no, 14 Elm Street, Brookfield 60612" becomes street, city and postcode.

Forms call `spoken` for an answer and `mentioned` for any other words. Neither knows which places exist.
"""

import re
from dataclasses import dataclass

WAYS = (
    "street|stret|streeet|str|st|road|rd|avenue|ave|av|lane|ln|drive|dr|court|ct|place|pl|way|boulevard|blvd|square|sq|"
    "terrace|close|crescent|row|hill|park|parkway|pkwy|circle|cir|trail|green|broadway|highway|hwy"
)
UNIT = r"(?:,?\s*(?:apt|apartment|unit|flat|suite|ste|floor|fl|#)\.?\s*#?\w{1,5})?"
STREET = re.compile(rf"\b(\d{{1,5}}[a-z]?\s+(?:[a-z'.-]+\s+){{0,4}}?(?:{WAYS})\b\.?{UNIT})", re.IGNORECASE)
BARE_STREET = re.compile(r"\b(\d{1,5}[a-z]?\s+[a-z][a-z'.-]{2,}(?:\s+[a-z'.-]+){0,3})", re.IGNORECASE)
POSTCODE = re.compile(
    r"(?:\b(acc\w*|acct|customer|order|number|no|ref\w*)[\s:#.]*(?:is\s+|number\s+)?|#)?\b(\d{5})(?:-\d{4})?\b", re.I
)
PHONE = re.compile(r"\b\d{3}[ .-]\d{3}[ .-]\d{4}\b|\b\d{3}-\d{4}\b|\b\d{10,}\b")
CITY = re.compile(
    r"^[\s,]*(?:in\s+)?([a-z][a-z'.-]+(?:\s+[a-z][a-z'.-]+){0,2})\s*,?\s*(?:[a-z]{2}\s*)?$", re.IGNORECASE
)
NOT_A_CITY = {
    "yes",
    "no",
    "sure",
    "ok",
    "please",
    "instead",
    "thanks",
    "tomorrow",
    "today",
    "now",
    "and",
    "account",
    "zip",
    "postcode",
    "not",
    "my",
}


@dataclass(frozen=True)
class Place:
    """What of an address was said. A place without a street is a postcode only."""

    line1: str = ""
    city: str = ""
    postcode: str = ""

    def __str__(self) -> str:
        return ", ".join(part for part in (self.line1, f"{self.city} {self.postcode}".strip()) if part)


def mentioned(text: str) -> Place | None:
    """A street with its number and kind ("12 Elm St"), or nothing. Strict: it reads words nobody asked for."""
    found = STREET.search(text)
    return _place(text, found) if found else None


def spoken(text: str) -> Place | None:
    """The answer to "which address?": a misspelt street, or a postcode alone, will do."""
    found = STREET.search(text) or BARE_STREET.search(POSTCODE.sub("", PHONE.sub("", text)))
    if found:
        return _place(text, found)
    code = postcode(text)
    return Place(postcode=code) if code else None


def postcode(text: str) -> str:
    """The last group of five digits that is not called an account or order number."""
    codes = [found.group(2) for found in POSTCODE.finditer(text) if found.group(0)[0].isdigit()]
    return str(codes[-1]) if codes else ""


def city_before(text: str, code: str) -> str:
    """The town said along with a postcode: "Brightwater 48210"."""
    return _city(text.split(code)[0]) if code in text else ""


def _place(text: str, street: re.Match[str]) -> Place:
    line1 = _tidy(street.group(1))
    rest = text[text.find(street.group(1)) + len(street.group(1)) :]
    code = postcode(rest)
    return Place(line1=line1, city=_city(rest.split(code)[0] if code else rest), postcode=code)


def _city(rest: str) -> str:
    """Words after the street are a city only when nothing else follows and none of them is everyday talk."""
    found = CITY.match(rest.rstrip(" .!,"))
    if not found or {word.lower() for word in found.group(1).split()} & NOT_A_CITY:
        return ""
    return found.group(1).title()


def _tidy(line: str) -> str:
    words = " ".join(line.replace(",", " ").split()).strip(" .")
    return " ".join(word if word[0].isdigit() else word[0].upper() + word[1:] for word in words.split())
