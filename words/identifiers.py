"""Finding identifiers in a customer's words. Pure: text in, findings out.

A name comes from the words beside it ("order", "account"), from the shape (an e-mail looks like nothing else), or from
what was asked just before. An identifier that has none of these is kept as a `reference`: somebody may need it.
Card numbers never get here; they are masked before.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers

from words import addresses, amounts, spellings

REGION = "US"
"""Where phone numbers without a country code are dialled from."""
REFERENCE = "reference"
ASKED_FOR_A_NAME = frozenset({"customer_name", "full_name", "name"})
MOST_IN_A_MESSAGE = 30
MANY_DIGITS = 6
"""So many after a few letters are a number of something, wherever they stand."""
NUMBERED = frozenset(spellings.NUMBERED)
SENSITIVE = frozenset({"ssn"})
FEWEST_DIGITS = {"postcode": 5, "policy_number": 3, "claim_number": 3, "username": 0}
WRITTEN = {
    "case_ref": ("C", spellings.CASE_REF),
    "return_number": ("RN", spellings.RETURN),
    "order_number": ("F", spellings.ORDER),
}
"""Numbers of the company's own, each with its prefix."""
ASKED_BY_ENDING = {"_postcode": "postcode", "_place": "postcode", "_address": "address", "_contact": "phone"}
"""How a question's name tells what is asked for, where it is not the name itself."""


@dataclass(frozen=True)
class Found:
    """A name, the words as typed, and where they stand in the text."""

    name: str
    value: str
    start: int
    end: int
    is_validated: bool = False

    @property
    def canonical(self) -> str:
        return canonical(self.name, self.value)

    @property
    def is_sensitive(self) -> bool:
        return self.name in SENSITIVE


def find(text: str, *, asked_for: str | None = None) -> list[Found]:
    """Identifiers in `text`, in reading order, each word used once. `asked_for` is the fact or slot just asked for."""
    taken = bytearray(len(text))
    found: dict[tuple[str, str], Found] = {}
    for one in _candidates(text, kind_of(asked_for)):
        is_in_address = one.name == "postcode" and any(
            other.name == "address" and other.end == one.end for other in found.values()
        )
        if is_in_address or not any(taken[one.start : one.end]):
            taken[one.start : one.end] = b"\1" * (one.end - one.start)
            found.setdefault((one.name, normalize(one.name, one.value)), one)
    return sorted(found.values(), key=lambda one: one.start)[:MOST_IN_A_MESSAGE]


def first(name: str, text: str, *, asked_for: str | None = None) -> str | None:
    """The first identifier of this name in the form the company writes it, or None."""
    return next((one.canonical for one in find(text, asked_for=asked_for) if one.name == name), None)


def canonical(name: str, value: str) -> str:
    """The way the company writes it: `F-20418`, `C-482-917-4`, `+13125550128`, `12.50`; else as it was typed."""
    if name in WRITTEN and (match := WRITTEN[name][1].fullmatch(value)):
        return "-".join([WRITTEN[name][0], *(part for part in match.groups() if part)])
    if name in ("email", "amount") or (name == "phone" and (_is_phone(value))):
        return normalize(name, value)
    if name == "address" and (place := addresses.mentioned(value)):
        return str(place)
    is_code = name in ("account_number", "serial_number") and not value.isdigit()
    return value.upper() if is_code else value.title() if name == "customer_name" and value.islower() else value


def normalize(name: str, value: str) -> str:
    """What two spellings of one value share."""
    value = value.strip()
    if name == "email":
        return value.lower()
    if name == "phone":
        number = _phone(value)
        e164 = phonenumbers.PhoneNumberFormat.E164
        return phonenumbers.format_number(number, e164) if number else _bare(value)
    if name == "amount":
        amount = amounts.value(value)
        return value.lower() if amount is None else f"{amount:.2f}"
    if name in NUMBERED or name == REFERENCE:
        return _bare(value)
    return " ".join(value.lower().split())


def _bare(value: str) -> str:
    return re.sub(r"[^0-9a-z]", "", value.lower())


def kind_of(asked_for: str | None) -> str | None:
    """The fact that answers a question: `account_postcode` asks for a postcode."""
    if asked_for is None:
        return None
    return next((kind for ending, kind in ASKED_BY_ENDING.items() if asked_for.endswith(ending)), asked_for)


def _candidates(text: str, asked: str | None) -> Iterator[Found]:
    """Surest first: whoever comes first keeps the words."""
    yield from _shaped(text)
    if asked in ASKED_FOR_A_NAME and (match := spellings.BARE_NAME.match(text)):
        yield _of("customer_name", match, "value")
    yield from _labelled(text)
    yield from _phones(text, asked)
    yield from _dates_and_amounts(text, asked)
    yield from _bare_ones(text, asked)


def _shaped(text: str) -> Iterator[Found]:
    """What looks like nothing else."""
    for match in spellings.EMAIL.finditer(text):
        yield _of("email", match)
    for name, (_, pattern) in WRITTEN.items():
        for match in pattern.finditer(text):
            yield Found(name, match.group().upper(), match.start(), match.end())
    for match in spellings.SSN.finditer(text):
        yield _of("ssn", match)
    for match in spellings.DATE.finditer(text):
        yield _of("date", match)
    for amount in sorted(amounts.find(text), key=lambda one: one.start - one.end):
        yield Found("amount", text[amount.start : amount.end], amount.start, amount.end)
    for address in addresses.find(text):
        yield _at("address", text, address.start, address.end)
        if address.postcode_at:
            yield _at("postcode", text, *address.postcode_at)
    for match in spellings.NAME.finditer(text):
        yield _of("customer_name", match, "value")


def _labelled(text: str) -> Iterator[Found]:
    at = 0
    while match := spellings.LABEL_BEFORE.search(text, at):
        name, value = _label(match), match["value"]
        is_one = _is_identifier(name, value)
        if is_one:
            yield _of(name, match, "value")
        at = match.end() if is_one else match.start() + 1


def _label(match: re.Match[str]) -> str:
    return next(name for name in spellings.NUMBERED if match[name])


def _is_identifier(name: str, value: str) -> bool:
    digits = sum(letter.isdigit() for letter in value)
    if name == "username":
        return len(value) > 2
    if name == "ssn":
        return digits in (4, 9) and value.replace("-", "").isdigit()
    return digits >= FEWEST_DIGITS.get(name, 4) or any(code.fullmatch(value) for code in spellings.CODES)


def _phones(text: str, asked: str | None) -> Iterator[Found]:
    """Numbers written like one; others only where a phone is spoken of: ten bare digits may be an order."""
    for match in spellings.PHONE.finditer(text):
        number = _phone(match.group())
        if number and (phonenumbers.is_valid_number(number) or asked == "phone" or _speaks_of_phone(text, match)):
            yield _of("phone", match)
    for match in spellings.PHONE_IF_SPOKEN_OF.finditer(text):
        if asked == "phone" or _speaks_of_phone(text, match):
            yield _of("phone", match)


def _speaks_of_phone(text: str, match: re.Match[str]) -> bool:
    return bool(spellings.SPEAKS_OF_PHONE.search(text[max(0, match.start() - 48) : match.start()]))


def _phone(value: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(value, REGION)
    except phonenumbers.NumberParseException:
        return None


def _dates_and_amounts(text: str, asked: str | None) -> Iterator[Found]:
    """Numbers that only the words beside them, or the question, make a date or an amount."""
    for match in spellings.COMPACT_DATE.finditer(text):
        yield _of("date", match)
    for pattern, name in ((spellings.SHORT_DATE, "date"), (spellings.AMOUNT_NAMED, "amount")):
        for match in pattern.finditer(text):
            yield _of(name, match, "value")
    if asked == "amount" and re.fullmatch(r"\D{0,20}\d{1,7}(\.\d\d)?\D{0,20}", text):
        for match in re.finditer(r"\d{1,7}(\.\d\d)?", text):
            yield _of("amount", match)


def _bare_ones(text: str, asked: str | None) -> Iterator[Found]:
    """Identifiers without a name of their own: one from the words after them, else what was asked for."""
    wanted = asked if asked in NUMBERED else None
    is_nothing_else = _holds_only_identifiers(text)
    for match in spellings.PREFIXED.finditer(text):
        name = _label_after(text, match)
        if name or is_nothing_else or sum(map(str.isdigit, match.group())) >= MANY_DIGITS:
            yield _of(name or _fitting(wanted, match.group()), match)
    for pattern in (spellings.LONG_NUMBER, spellings.CODE, spellings.LETTERS_CODE):
        for match in pattern.finditer(text):
            yield _of(_label_after(text, match) or _fitting(wanted, match.group()), match)
    yield from _short_ones(text, wanted, is_nothing_else=is_nothing_else)
    if is_nothing_else:
        for match in spellings.LOWER_CODE.finditer(text):
            yield _of(_fitting(wanted, match.group()), match)


def _short_ones(text: str, wanted: str | None, *, is_nothing_else: bool) -> Iterator[Found]:
    """Four to six digits: what was asked for, an account where accounts are spoken of, a postcode beside a place.

    A question for an account has one answer; a second number beside it ("10019 48212") is the postcode, and so it is
    in "account 10019, 48212"."""
    is_about_account = bool(spellings.SPEAKS_OF_ACCOUNT.search(text))
    for match in spellings.SHORT_NUMBER.finditer(text):
        before = text[max(0, match.start() - 24) : match.start()]
        name = _label_after(text, match)
        if name is None and wanted and not _is_in_a_place(wanted, before) and _is_identifier(wanted, match.group()):
            name, wanted = wanted, "postcode" if wanted == "account_number" else wanted
        if name is None and len(match.group()) >= FEWEST_DIGITS["postcode"]:
            is_second = bool(spellings.AFTER_AN_ACCOUNT.search(text[: match.start()]))
            name = "postcode" if is_second else _name_by_place(before, is_about_account=is_about_account)
        is_year = spellings.YEAR.fullmatch(match.group())
        if name or (is_nothing_else and not is_year):
            yield _of(name or REFERENCE, match)


def _is_in_a_place(wanted: str, before: str) -> bool:
    """ "Is there an outage in 48212?" is no answer to the question for the account."""
    return wanted == "account_number" and bool(spellings.IN_A_PLACE.search(before))


def _name_by_place(before: str, *, is_about_account: bool) -> str | None:
    if spellings.IN_A_PLACE.search(before):
        return "postcode"
    if is_about_account:
        return "account_number"
    return "postcode" if spellings.AFTER_A_PLACE.search(before) else None


def _fitting(wanted: str | None, value: str) -> str:
    """The name asked for, unless the value could never be one."""
    is_too_long = wanted in ("postcode", "ssn") and len(_bare(value)) > 9
    return REFERENCE if wanted is None or is_too_long else wanted


def _label_after(text: str, match: re.Match[str]) -> str | None:
    """ "10042 is my account number". In "10042, postcode 48104" the label belongs to what follows it."""
    label = spellings.LABEL_AFTER.match(text, match.end(), match.end() + 60)
    if label and spellings.VALUE_NEXT.match(text, label.end()):
        return None
    name = _label(label) if label else None
    return name if name and _is_identifier(name, match.group()) else None


def _holds_only_identifiers(text: str) -> bool:
    """Whether nothing is left once codes and little words are taken out: the answer to a question, most likely."""
    if len(text) > 200:
        return False
    rest = spellings.PREFIXED.sub(" ", text)
    for pattern in (spellings.LONG_NUMBER, spellings.CODE, spellings.SHORT_NUMBER, spellings.LOWER_CODE):
        rest = pattern.sub(" ", rest)
    return not spellings.FILLER.sub("", rest)


def _of(name: str, match: re.Match[str], group: str | int = 0) -> Found:
    return _at(name, match.string, *match.span(group))


def _at(name: str, text: str, start: int, end: int) -> Found:
    value = text[start:end].strip(" .,#-")
    start = text.index(value, start)
    return Found(name, value, start, start + len(value), is_validated=name == "phone" and _is_phone(value))


def _is_phone(value: str) -> bool:
    number = _phone(value)
    return number is not None and phonenumbers.is_valid_number(number)
