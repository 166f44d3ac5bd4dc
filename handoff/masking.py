"""Card numbers are taken out of a text before it is stored, logged or sent on.

Called with words that exist only in memory. What passes the Luhn check and begins like a card of that length is always
one, however it is spelled. Any other long number is taken for one too, to be on the safe side, unless the words beside
it say what else it is: "my account number is …" stays. Twelve digits are one only where the words speak of a card.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated

from pydantic import AfterValidator

from handoff import digits
from handoff.digits import Group
from handoff.labels import Label, label_of, last_label

MASK = "[card number removed]"
SHORTEST, LONGEST = 13, 19
YEAR = re.compile(r"(?:19|20)\d\d")
SHORTEST_WHEN_SPOKEN_OF = 12
SHORTEST_CARD_BESIDE_PHONES = 16
"""A fact that begins with "+" and is shorter than this is a phone number."""
BRANDS: tuple[tuple[int, int, tuple[int, ...]], ...] = (
    (4, 4, (13, 16, 19)),
    (51, 55, (16,)),
    (2221, 2720, (16,)),
    (2200, 2204, (16, 19)),
    (34, 34, (15,)),
    (37, 37, (15,)),
    (300, 305, (14, 16, 19)),
    (36, 36, (14, 16, 19)),
    (38, 39, (14, 16, 19)),
    (3528, 3589, (16, 17, 18, 19)),
    (50, 50, (13, 14, 15, 16, 17, 18, 19)),
    (56, 58, (13, 14, 15, 16, 17, 18, 19)),
    (60, 69, (13, 14, 15, 16, 17, 18, 19)),
    (81, 82, (16,)),
    (9792, 9792, (16,)),
)
"""First and last prefix of a range, and how long its numbers are."""


@dataclass(frozen=True)
class Masked:
    text: str
    is_masked: bool


def mask(text: str, *, asked_for_card: bool = False, earlier: str = "") -> Masked:
    """The text without card numbers.

    `asked_for_card`: the words before this message spoke of a card. `earlier`: what the customer wrote just
    before, for a number sent in pieces; the pieces stored already are too short to be one, so its end must not follow.
    """
    whole = f"{earlier}\n{text}" if earlier else text
    begins = len(whole) - len(text)
    spans: list[tuple[int, int]] = []
    for run in digits.runs(whole):
        if sum(len(group.digits) for group in run) >= SHORTEST_WHEN_SPOKEN_OF and run[-1].end > begins:
            spans += _cards_in(run, whole, begins, asked_for_card)
    return _without(text, [(max(start, begins) - begins, end - begins) for start, end in spans])


def without_cards(text: str) -> str:
    return mask(text).text


def without_sure_cards(value: str) -> str:
    """For the value of a fact, which its name explains: only what the check digit proves is taken out."""
    is_phone = value.startswith("+") and len(value) < SHORTEST_CARD_BESIDE_PHONES
    spans = [] if is_phone else [span for run in digits.runs(value) for span in _sure(run, 0)]
    return _without(value, spans).text


CardFree = Annotated[str, AfterValidator(without_cards)]
"""Free text of a request, at the edge: what people and programs write beside the conversation is kept as well."""
FactValue = Annotated[str, AfterValidator(without_sure_cards)]


def speaks_of_card(text: str) -> bool:
    """Whether a message puts the next bare number in the light of a payment card."""
    return last_label(text.replace(MASK, "")) is Label.CARD


def _without(text: str, spans: list[tuple[int, int]]) -> Masked:
    pieces, at = [], 0
    for start, end in sorted(spans):
        if start >= at:
            pieces += [text[at:start], MASK]
        at = max(at, end)
    return Masked("".join([*pieces, text[at:]]), bool(spans))


def _cards_in(run: list[Group], text: str, begins: int, asked_for_card: bool) -> list[tuple[int, int]]:
    sure = _sure(run, begins)
    here = [group for group in run if group.start >= begins]
    return [*sure, *_likely([group for group in here if not _touches(group, sure)], text, begins, asked_for_card)]


def _touches(group: Group, spans: list[tuple[int, int]]) -> bool:
    return any(group.start < end and start < group.end for start, end in spans)


def _sure(run: list[Group], begins: int) -> list[tuple[int, int]]:
    """What the check digit proves. Across two messages only where it was written in a card's groups."""
    found: list[tuple[int, int]] = []
    for first, group in enumerate(run):
        if len(group.digits) > LONGEST and group.end > begins and _hides_a_card(group.digits):
            found.append((group.start, group.end))
        for window in _windows(run[first : first + LONGEST]):
            is_split = group.start < begins < window[-1].end
            if window[-1].end > begins and (not is_split or _is_grouped_like_a_card(window)):
                found.append((group.start, window[-1].end))
    return found


def _windows(groups: list[Group]) -> Iterator[list[Group]]:
    """The first groups, as many as make up a card."""
    number = "".join(group.digits for group in groups)[:LONGEST]
    lengths = _lengths(number)
    for count, total in enumerate(accumulate(len(group.digits) for group in groups), 1):
        if total in lengths and _passes_luhn(number[:total]):
            yield groups[:count]


def _hides_a_card(number: str) -> bool:
    return any(
        len(number) >= start + length and _passes_luhn(number[start : start + length])
        for start in range(len(number) - SHORTEST + 1)
        for length in _lengths(number[start : start + LONGEST])
    )


def _likely(groups: list[Group], text: str, begins: int, asked_for_card: bool) -> list[tuple[int, int]]:
    """What no check digit proves (a slip, an invented number), judged by its shape and the words beside it."""
    found: list[tuple[int, int]] = []
    first = 0
    while first < len(groups):
        label = label_of(text[begins:], groups[first].start - begins, groups[first].end - begins)
        if label is None and asked_for_card:
            label = Label.CARD
        length = _window(groups[first:], spoken_of=label is Label.CARD)
        window = groups[first : first + length]
        if window and label is not Label.OTHER and not _is_part_of_a_word(window, text, label):
            found.append((window[0].start, window[-1].end))
        first += max(length, 1)
    return found


def _is_part_of_a_word(window: list[Group], text: str, label: Label | None) -> bool:
    """A serial number such as SN1234567890123, or a phone number that begins with "+"."""
    before = text[window[0].start - 1 : window[0].start]
    after = text[window[-1].end : window[-1].end + 1]
    return label is not Label.CARD and (before.isalpha() or before == "+" or after.isalpha())


def _window(groups: list[Group], *, spoken_of: bool) -> int:
    """How many groups from the first on make up one long number; 0 when they don't."""
    shortest = SHORTEST_WHEN_SPOKEN_OF if spoken_of else SHORTEST
    if shortest <= len(groups[0].digits) <= LONGEST:
        return 1
    totals = [sum(len(one.digits) for one in groups[: count + 1]) for count in range(min(len(groups), LONGEST))]
    for count in range(len(totals), 1, -1):
        if totals[count - 1] in (15, 16) and (
            _is_grouped_like_a_card(groups[:count]) or _begins_like_one(groups[:count])
        ):
            return count
    if spoken_of:
        fitting = [count + 1 for count, total in enumerate(totals) if shortest <= total <= LONGEST and count]
        return max((count for count in fitting if not _holds_a_date(groups[:count])), default=0)
    return 0


def _is_grouped_like_a_card(groups: list[Group]) -> bool:
    """4-4-4-4 and its joins, 4-6-5, or digit by digit."""
    lengths = [len(group.digits) for group in groups]
    by_fours = all(length % 4 == 0 for length in lengths[:-1]) and (lengths[-1] % 4 == 0 or lengths[0] == 4)
    return by_fours or lengths == [4, 6, 5] or set(lengths) == {1}


def _begins_like_one(groups: list[Group]) -> bool:
    return len(groups[0].digits) == 4 and not _holds_a_date(groups)


def _holds_a_date(groups: list[Group]) -> bool:
    numbers = [group.digits for group in groups]
    triples = zip(numbers, numbers[1:], numbers[2:], strict=False)
    return any(
        (YEAR.fullmatch(a) and max(len(b), len(c)) <= 2) or (YEAR.fullmatch(c) and max(len(a), len(b)) <= 2)
        for a, b, c in triples
    )


def _lengths(number: str) -> tuple[int, ...]:
    """How long a card beginning like this is."""
    return next(
        (lengths for low, high, lengths in BRANDS if low <= int(number[: len(str(low))] or 0) <= high),
        (),
    )


def _passes_luhn(number: str) -> bool:
    doubled = (int(digit) * 2 for digit in number[-2::-2])
    return (sum(int(digit) for digit in number[-1::-2]) + sum(two // 10 + two % 10 for two in doubled)) % 10 == 0
