"""Card numbers never get past `masking`, however they are written; other long numbers do."""

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff import digits, labels, masking
from handoff.api.shapes import Noted
from handoff.masking import MASK, mask
from handoff.package import Handback, LearnedFact
from tests.hub.bounded import unbounded_repeats

PREFIXES = {"4": 16, "51": 16, "2221": 16, "34": 15, "37": 15, "6011": 16, "3530": 16, "62": 17, "36": 14, "5018": 18}
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def a_card(seed: int) -> str:
    """A number that a card could have: a known beginning, the right length, a true check digit."""
    dice = random.Random(seed)
    prefix, length = dice.choice(list(PREFIXES.items()))
    body = prefix + "".join(dice.choices("0123456789", k=length - len(prefix) - 1))
    return next(body + check for check in "0123456789" if masking._passes_luhn(body + check))


def grouped(number: str, sign: str, size: int = 4) -> str:
    return sign.join(number[at : at + size] for at in range(0, len(number), size))


def in_digits_from(zero: str) -> Callable[[str], str]:
    return lambda number: "".join(chr(ord(zero) + int(digit)) for digit in number)


def mixed(number: str) -> str:
    signs = (" ", "-", ".", "\u200b", "  ", "\n", " - ", "")
    return "".join(digit + signs[at % len(signs)] for at, digit in enumerate(number)).strip()


def half_wide(number: str) -> str:
    return in_digits_from("０")(number[:8]) + number[8:]


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    **{
        f"in fours by {sign!r}": lambda number, sign=sign: grouped(number, sign)
        for sign in (
            " ",
            "-",
            ".",
            ",",
            "/",
            "_",
            "|",
            "*",
            "·",
            "•",
            "–",
            "—",
            "\t",
            "\n",
            "\r\n",
            "  ",
            " - ",
            " . ",
            ", ",
            "\n> ",
            "\u00a0",
            "\u2009",
            "\u3000",
            "\u200b",
            "\u00ad",
            "\u2060",
            "\ufeff",
            " \u200b ",
            "+",
            "#",
            "=",
            "~",
            ") (",
            "**",
            ":",
        )
    },
    **{f"by {size} with spaces": lambda number, size=size: grouped(number, " ", size) for size in (1, 2, 3, 5, 6, 8)},
    "digit by digit with dashes": lambda number: grouped(number, "-", 1),
    "full width": in_digits_from("０"),
    "half of it full width": half_wide,
    "full width in fours": lambda number: grouped(in_digits_from("０")(number), " "),
    "arabic": in_digits_from("٠"),
    "devanagari": in_digits_from("०"),
    "bold mathematical": in_digits_from("\U0001d7ce"),
    "key caps": lambda number: "".join(f"{digit}\ufe0f\u20e3" for digit in number),
    "zero width everywhere": lambda number: "\u200b".join(number),
    "right to left marks": lambda number: "\u200f".join(number),
    "in words": lambda number: " ".join(WORDS[int(digit)] for digit in number),
    "words and digits": lambda number: " ".join(WORDS[int(d)] if at % 3 else d for at, d in enumerate(number)),
    "mixed": mixed,
    "with what stands beside it on the card": lambda number: f"{grouped(number, ' ')} 09/31 123",
    "behind zeros": lambda number: f"0000{number}0000",
}
SENTENCES = (
    "{}",
    "take it from {} please",
    "my account number is {}",
    "order {} was never here",
    "Karte:{}.",
    "({})",
)


def bare(text: str) -> str:
    """All digits of a text, whatever they look like, and nothing else."""
    return "".join(group.digits for run in digits.runs(text) for group in run)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_card_number_is_taken_out_in_every_spelling(spelling: str) -> None:
    for seed in range(40):
        number = a_card(seed)
        for sentence in SENTENCES:
            masked = mask(sentence.format(SPELLINGS[spelling](number)))

            assert masked.is_masked, (number, sentence)
            assert number not in bare(masked.text), (number, sentence)


def test_letters_glued_to_a_card_number_do_not_save_it() -> None:
    assert mask("cc4111111111111111x").text == f"cc{MASK}x"


def test_a_thousand_numbers_in_forty_spellings_leave_no_trace() -> None:
    assert len(SPELLINGS) >= 40
    spellings_in_turn = list(SPELLINGS.values())
    leaked = [
        number
        for seed in range(1000)
        for number in [a_card(seed)]
        if number in bare(mask(f"card: {spellings_in_turn[seed % len(spellings_in_turn)](number)}").text)
    ]

    assert leaked == []


@given(st.integers(0, 10**9), st.text(max_size=40), st.text(max_size=40), st.sampled_from(sorted(SPELLINGS)))
def test_no_words_around_it_save_a_card_number(seed: int, before: str, after: str, spelling: str) -> None:
    number = a_card(seed)

    assert number not in bare(mask(f"{before} {SPELLINGS[spelling](number)} {after}").text)


@given(st.text(max_size=300))
def test_words_without_long_numbers_are_left_alone(text: str) -> None:
    if sum(map(str.isnumeric, text)) < 12:
        assert mask(text) == masking.Masked(text, False)


@given(st.text(alphabet="0123456789 -.,/\nabc４\u200b", max_size=120))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask(text).text

    assert mask(once).text == once


@pytest.mark.parametrize(
    "kept",
    [
        "my account number is 2856718492458765",
        "2856718492458765 is my account number",
        "acct 2856-7184-9245-8765",
        "account: 2856718492458765",
        "the account id's 2856718492458765",
        "that's my policy no: 2856718492458765",
        "tracking 123456789012345678",
        "the serial is SN1234567890123",
        "credit it to account 2856718492458765 please",
        "call +49 1512 3456789",
        "312-555-0128 or 312-555-0199",
        "48103 3125550128",
        "order 6609498072 from 2031-11-15",
        "kim 6656 2563 8965",
        "it was 12.50, 13.75, 14.20 and 19.99",
    ],
)
def test_other_long_numbers_stay(kept: str) -> None:
    assert mask(kept).text == kept


@pytest.mark.parametrize(
    "typed",
    [
        "4455447744884499",
        "9071 871490230651",
        "my card, account 2856718492458765",
        "refund my order to 4455447744884499",
        "in this case 4455447744884499",
        "return it to 4455447744884499 please",
        "9071 8714 9023 06 51",
        "the card number is 1255303000008874",
    ],
)
def test_a_long_number_that_nothing_explains_is_taken_for_a_card(typed: str) -> None:
    assert MASK in mask(typed).text


def test_the_words_before_an_earlier_number_say_nothing_about_the_next() -> None:
    assert mask("account 10042 and 4455447744884499").text == f"account 10042 and {MASK}"


def test_twelve_digits_are_a_card_only_where_a_card_is_spoken_of() -> None:
    assert mask("455698235623").text == "455698235623"
    assert mask("it is dc 455698235623").text == f"it is dc {MASK}"
    assert mask("455698235623", asked_for_card=True).text == MASK


def test_what_a_message_spoke_of_last_puts_the_next_in_its_light() -> None:
    assert masking.speaks_of_card("Which card did you pay with?")
    assert not masking.speaks_of_card("I see the card. What's your account number?")
    assert not masking.speaks_of_card(f"take {MASK}")


def test_the_end_of_a_number_sent_in_pieces_is_taken_out() -> None:
    assert mask("1111 1111", earlier="yes\n4111 1111").text == MASK
    assert mask("1111", earlier="4111\n1111\n1111").text == MASK
    assert mask("48103", earlier="my order is 4205439943").text == "48103"


def test_only_the_number_is_taken_out() -> None:
    assert mask("pay 40 with 4111 1111 1111 1111, not 20.").text == f"pay 40 with {MASK}, not 20."


@pytest.mark.parametrize("module", [digits, labels, masking])
def test_no_pattern_can_run_away(module: object) -> None:
    patterns = [value for value in vars(module).values() if isinstance(value, re.Pattern)]

    assert [pattern.pattern for pattern in patterns if unbounded_repeats(pattern)] in ([], [digits.TOKEN.pattern])


@pytest.mark.parametrize("unit", ["4", "4 ", "4111 ", "one ", "card ", "1-", "4444444444444448"])
def test_work_grows_with_the_text_and_not_faster(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    checks = 0
    really = masking._passes_luhn

    def counting(number: str) -> bool:
        nonlocal checks
        checks += 1
        return really(number)

    monkeypatch.setattr(masking, "_passes_luhn", counting)
    mask((unit * 4000)[:4000])

    assert checks <= 4000 * 7


def test_a_facts_name_explains_its_value_unless_the_check_digit_proves_a_card() -> None:
    assert masking.without_sure_cards("2856718492458765") == "2856718492458765"
    assert masking.without_sure_cards("+4915123456789") == "+4915123456789"
    assert masking.without_sure_cards("4111111111111111") == MASK


def test_what_people_write_beside_the_conversation_is_kept_without_cards_too() -> None:
    handback = Handback(
        outcome="resolved",
        summary="Paid with 4111 1111 1111 1111.",
        facts_learned=[LearnedFact(name="account_number", value="2856718492458765")],
    )

    assert handback.summary == f"Paid with {MASK}."
    assert handback.facts_learned[0].value == "2856718492458765"
    assert Noted(text="card 4111-1111-1111-1111").text == f"card {MASK}"
