"""What the words beside a long number call it: a payment card, or something else."""

import re
from collections.abc import Callable
from enum import StrEnum


class Label(StrEnum):
    CARD = "card"
    OTHER = "other"


CARD = r"cards?|visa|master\s?card|amex|american express|cvv|cvc|maestro|discover card|cc|dc"
PERHAPS_A_CARD = r"credit|debit"
OTHER = (
    r"accounts?|acct|acc|a/c|customer|orders?|policy|claim|serial|imei|s/n|reference|ref|tracking|ticket|invoice|contract"
    r"|member(?:ship)?|meter|rma|iban|phone|mobile|parcel|shipment|(?:case|return)(?=\s(?:number|no|id|ref))"
)
WORD = re.compile(rf"\b(?:(?P<card>{CARD})|(?P<perhaps>{PERHAPS_A_CARD})|(?P<other>{OTHER}))(?![a-z])", re.I)
BETWEEN = re.compile(
    r"(?:\b(?:numbers?|num|no|nr|ids?|code|ref|reference|is|was|are|it|its|s|here|as|for|of|on|this|that|thats|the|my|our"
    r"|please)\b|[\W_]){0,16}",
    re.I,
)
"""What may stand between a number and its name. "Refund my order to …" does not name the number an order."""
CLAUSE_END = re.compile(r"[.!?;]\s|\n")
BEFORE, AFTER = 48, 40


def label_of(text: str, start: int, end: int) -> Label | None:
    """The label of the number at `start:end`: from the words before it in its clause, else from those after it.

    Words before an earlier number belong to that number. A card that is spoken of plainly outweighs an account nearer
    by: "my card, account …" is no reason to keep a number.
    """
    before = re.split(r"\d", CLAUSE_END.split(text[max(0, start - BEFORE) : start])[-1])[-1]
    after = re.split(r"\d", CLAUSE_END.split(text[end : end + AFTER])[0])[0]
    return _label(before, lambda word: before[word.end() :]) or _label(after, lambda word: after[: word.start()])


def last_label(text: str) -> Label | None:
    """What a message spoke of last."""
    found = list(WORD.finditer(text))
    return None if not found else Label.OTHER if found[-1]["other"] else Label.CARD


def _label(words: str, between: Callable[[re.Match[str]], str]) -> Label | None:
    found = list(WORD.finditer(words))
    if any(word["card"] for word in found):
        return Label.CARD
    if any(word["other"] and BETWEEN.fullmatch(between(word)) for word in found):
        return Label.OTHER
    return Label.CARD if any(word["perhaps"] for word in found) else None
