"""Card numbers are taken out of a text before it is stored, logged or sent on.

Called with words that exist only in memory. A run of 13 to 19 digits in any usual spelling (spaces, dashes, dots,
full-width digits, zero-width characters) is a card number when it passes the Luhn check and begins like one, or when
the words around it speak of a card. An account number that only looks long is left alone.
"""

import re
import unicodedata
from dataclasses import dataclass

from stdnum import luhn

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
SEPARATORS = r"[\s.,\-\u2010-\u2015_/\\|*·•]"
RUN = re.compile(rf"(?<![\w])\d(?:(?:{SEPARATORS}|[{INVISIBLE}]){{0,3}}\d){{12,18}}(?![\w])")
SPEAKS_OF_A_CARD = re.compile(r"\b(card|visa|master\s?card|amex|american express|credit|debit|cvv|cvc|maestro)\b", re.I)
SPEAKS_OF_ANOTHER_NUMBER = re.compile(r"\b(account|acct|order|policy|claim|serial|reference|tracking|ticket|case)\b", re.I)
MASK = "[card number removed]"


@dataclass(frozen=True)
class Masked:
    text: str
    is_masked: bool


def mask(text: str, *, asked_for_card: bool = False) -> Masked:
    """The text without card numbers. `asked_for_card`: the words before this message spoke of a card."""
    plain = "".join(_plain_digit(letter) for letter in text)
    pieces, at = [], 0
    for run in RUN.finditer(plain):
        if _is_card(run.group(), plain[: run.start()], plain[run.end() :], asked_for_card):
            pieces += [text[at : run.start()], MASK]
            at = run.end()
    if not pieces:
        return Masked(text, False)
    return Masked("".join([*pieces, text[at:]]), True)


def speaks_of_card(text: str) -> bool:
    """Whether a message puts the next bare number in the light of a payment card."""
    return bool(SPEAKS_OF_A_CARD.search(text))


def _plain_digit(letter: str) -> str:
    """Same length as the input, so that positions in the plain text are positions in the original."""
    if letter.isdigit() and not letter.isascii():
        return str(unicodedata.digit(letter, 0))
    return letter


def _is_card(run: str, before: str, after: str, asked_for_card: bool) -> bool:
    digits = re.sub(r"\D", "", run)
    near = f"{before[-60:]} {after[:30]}"
    if SPEAKS_OF_A_CARD.search(near):
        return True
    if SPEAKS_OF_ANOTHER_NUMBER.search(before[-40:]):
        return False
    return asked_for_card or (digits[0] in "23456" and luhn.is_valid(digits))
