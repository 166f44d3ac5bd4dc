"""Finding identifiers in a customer's words. Pure: text in, findings out.

A name comes from the shape (an e-mail looks like nothing else), from the words before it ("order", "account"), or from
what was asked just before. An identifier that has none of these is kept as a `reference`: somebody may need it.
Card numbers never get here; they are masked before.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers

REGION = "US"
"""Where phone numbers without a country code are dialled from."""
NUMBERED = {
    "order_number": r"order|purchase",
    "account_number": r"account|acct|customer|a/c",
    "policy_number": r"policy",
    "claim_number": r"claim",
    "case_ref": r"case|ticket",
    "return_number": r"return|rma",
    "serial_number": r"serial|s/n",
    "postcode": r"zip|postcode|post code|postal code|pin code",
}
LABELLED = re.compile(
    r"\b(?P<label>" + "|".join(f"(?P<{name}>{words})" for name, words in NUMBERED.items()) + r")\b"
    r"(?:\s*(?:code|number|num|no\b\.?|nr|id|ref(?:erence)?|#))*\s*(?:is|was|are|:|=|-|#|,)?\s*"
    r"(?P<value>[A-Za-z]{0,4}[-# ]?\d[\dA-Za-z]*(?:[ -]\d[\dA-Za-z]{1,})*|[A-Z0-9]*\d[A-Z0-9]{4,})",
    re.I,
)
EMAIL = re.compile(r"[\w.+%-]+@(?:[\w-]+\.)+[A-Za-z]{2,}")
AMOUNT = re.compile(
    r"(?P<sign>[$£€])\s?(?P<a>\d[\d,]*(?:\.\d{1,2})?)"
    r"|(?P<b>\d[\d,]*(?:\.\d{1,2})?)\s?(?P<word>dollars?|bucks|usd|eur|euros?|pounds?|gbp)\b",
    re.I,
)
MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
DATE = re.compile(
    rf"\b(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}[/.]\d{{1,2}}[/.]\d{{2,4}}"
    rf"|(?:{MONTHS})[a-z]*\.?\s+\d{{1,2}}(?:\s?(?:st|nd|rd|th))?(?:,?\s+\d{{4}})?"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:{MONTHS})[a-z]*(?:\s+\d{{4}})?)\b",
    re.I,
)
ORDER = re.compile(r"\bF-?\d{5}\b", re.I)
CASE_REF = re.compile(r"\bC-\d{3}-\d{3}-\d\b", re.I)
RETURN = re.compile(r"\bRN-?\d{4,6}\b", re.I)
CODE = re.compile(r"\b(?=[A-Z0-9]*\d)(?=[A-Z0-9]*[A-Z])[A-Z0-9]{8,14}\b")
LONG_NUMBER = re.compile(r"(?<![\w$£€.,/-])\d{4}(?:[ -]\d{4}){2,3}(?!\w)|(?<![\w$£€.,/-])\d{9,12}(?![\w/])")
NUMBER_WITH_PREFIX = re.compile(r"\b(?P<prefix>[a-z]{3}) (?P<digits>\d{3,9})\b", re.I)
POSTCODE = re.compile(r"(?<![\w#$£€.,/-])\d{5,6}(?![\w/]|[.,]\d)")
ADDRESS = re.compile(
    r"\b\d{1,5}\s+(?:[A-Za-z'.]+\s+){1,4}(?:street|str|st|avenue|ave|road|rd|lane|ln|drive|dr|court|ct|way|place|pl"
    r"|square|sq|boulevard|blvd|close|terrace|row|crescent|park|hill)\b\.?(?:,?\s+(?:apt|flat|unit|suite)\s*\w+)?",
    re.I,
)
SENSITIVE = frozenset({"ssn"})
COMMON_WORDS = frozenset(
    [
        "the",
        "and",
        "for",
        "was",
        "are",
        "has",
        "had",
        "not",
        "but",
        "you",
        "all",
        "can",
        "her",
        "his",
        "its",
        "our",
        "out",
        "day",
        "get",
        "who",
        "may",
        "apt",
        "ave",
        "ssn",
        "jun",
        "jul",
        "dec",
    ]
)


@dataclass(frozen=True)
class Found:
    """A name, the words as typed, and where they stand in the text."""

    name: str
    value: str
    start: int
    end: int
    is_validated: bool = False
    is_sensitive: bool = False


def find(text: str, *, asked_for: str | None = None) -> list[Found]:
    """Identifiers in `text`, none overlapping, in reading order. `asked_for` is the fact just asked for, if any."""
    taken: list[Found] = []
    for one in _candidates(text, asked_for):
        if all(one.end <= other.start or one.start >= other.end for other in taken):
            taken.append(one)
    unique = {(one.name, normalize(one.name, one.value)): one for one in reversed(taken)}
    return sorted(unique.values(), key=lambda one: one.start)


def normalize(name: str, value: str) -> str:
    """What two spellings of one value share."""
    value = value.strip()
    if name == "email":
        return value.lower()
    if name == "phone":
        return (
            phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            if (number := _phone(value))
            else _bare(value)
        )
    if name == "amount":
        digits = re.sub(r"[^\d.]", "", value)
        return f"{float(digits):.2f}" if re.fullmatch(r"\d+(\.\d+)?", digits) else value.lower()
    if name in NUMBERED or name == "reference":
        return _bare(value)
    return " ".join(value.lower().split())


def _bare(value: str) -> str:
    return re.sub(r"[^0-9a-z]", "", value.lower())


def _candidates(text: str, asked_for: str | None) -> Iterator[Found]:
    """Surest first: whoever comes first keeps the words."""
    for match in EMAIL.finditer(text):
        yield Found("email", match.group().rstrip("."), match.start(), match.end())
    for pattern, name in ((CASE_REF, "case_ref"), (RETURN, "return_number"), (ORDER, "order_number")):
        for match in pattern.finditer(text):
            yield Found(name, match.group().upper(), match.start(), match.end())
    for match in re.finditer(r"\bssn\b\D{0,15}(\d{4})\b|\b(\d{4})\b\D{0,15}\bssn\b", text, re.I):
        group = 1 if match.group(1) else 2
        yield Found("ssn", match.group(group), match.start(group), match.end(group), is_sensitive=True)
    for match in AMOUNT.finditer(text):
        yield Found("amount", match.group().strip(), match.start(), match.end())
    for match in DATE.finditer(text):
        yield Found("date", match.group(), match.start(), match.end())
    for match in ADDRESS.finditer(text):
        yield Found("address", match.group().strip(), match.start(), match.end())
    yield from _labelled(text)
    yield from _phones(text, asked_for)
    yield from _bare_ones(text, asked_for)


def _labelled(text: str) -> Iterator[Found]:
    for match in LABELLED.finditer(text):
        value = match["value"].strip(" -#")
        name = next(name for name in NUMBERED if match[name])
        if sum(letter.isdigit() for letter in value) >= (5 if name == "postcode" else 4):
            start = match.start("value")
            yield Found(name, value, start, match.end("value"))


def _phones(text: str, asked_for: str | None) -> Iterator[Found]:
    """Only numbers written like one, or given when a phone number was asked for: ten bare digits may be an order."""
    for match in phonenumbers.PhoneNumberMatcher(text, REGION, leniency=phonenumbers.Leniency.POSSIBLE):
        looks_like_one = bool(re.search(r"[+()]|\d[ .-]\d", match.raw_string))
        spoken_of = re.search(r"\b(phone|mobile|cell|call|tel|number is|reach)\b", text[: match.start], re.I)
        if asked_for == "phone" or spoken_of or (looks_like_one and phonenumbers.is_valid_number(match.number)):
            is_valid = phonenumbers.is_valid_number(match.number)
            yield Found("phone", match.raw_string, match.start, match.end, is_validated=is_valid)


def _bare_ones(text: str, asked_for: str | None) -> Iterator[Found]:
    """Identifiers without a name of their own: what was asked for, else a postcode by shape, else a reference."""
    asked = asked_for if asked_for in NUMBERED else None
    for match in LONG_NUMBER.finditer(text):
        yield Found(asked or "reference", match.group(), match.start(), match.end())
    for match in CODE.finditer(text):
        yield Found(asked or "reference", match.group(), match.start(), match.end())
    for match in NUMBER_WITH_PREFIX.finditer(text):
        if match["prefix"].lower() not in COMMON_WORDS:
            yield Found(asked or "reference", match.group(), match.start(), match.end())
    for match in POSTCODE.finditer(text):
        if asked and asked != "postcode":
            yield Found(asked, match.group(), match.start(), match.end())
        elif asked == "postcode" or len(match.group()) == 5 or match.group() == text.strip():
            yield Found("postcode", match.group(), match.start(), match.end())


def _phone(value: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(value, REGION)
    except phonenumbers.NumberParseException:
        return None
