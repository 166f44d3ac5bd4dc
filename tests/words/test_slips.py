"""One letter wrong is forgiven, and the place in the text as typed is found again."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hub.bounded import unbounded_repeats
from words import addresses, amounts, days, slips, times
from words.slips import TIMES, is_close


@pytest.mark.parametrize("typed", ["tomorow", "tmrw", "tommorow", "tomorrow", "Tomorrwo", "toomorrow"])
def test_tomorrow_is_understood_with_a_slip(typed: str) -> None:
    assert TIMES.read(typed).text.lower() == "tomorrow"


@pytest.mark.parametrize("typed", ["sundae", "sundry", "mourning", "moaning", "august", "frida", "omorrow"])
def test_a_real_word_and_a_wrong_first_letter_are_left_alone(typed: str) -> None:
    assert TIMES.read(typed).text == typed


@given(st.lists(st.sampled_from(["tmrw", "mornin", "x", "  ", "at 5", "wensday", "ok."])).map(" ".join))
def test_every_word_as_meant_leads_back_to_the_word_as_typed(text: str) -> None:
    read = TIMES.read(text)
    meant = {"tmrw": "tomorrow", "mornin": "morning", "wensday": "wednesday"}
    places = [read.span(*match.span()) for match in re.finditer(r"\S+", read.text)]
    assert [meant.get(text[start:end], text[start:end]) for start, end in places] == read.text.split()


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("modum", "modem", True),
        ("ruoter", "router", True),
        ("bx", "box", True),
        ("boxx", "box", True),
        ("moden", "model", True),
        ("ruotre", "router", False),
        ("mdm", "modem", False),
        ("", "ab", False),
    ],
)
def test_close_is_one_letter_or_two_neighbours_swapped(one: str, other: str, expected: bool) -> None:
    assert is_close(one, other) is is_close(other, one) is expected


def test_no_pattern_can_run_away() -> None:
    modules = (addresses, amounts, days, slips, times)
    patterns = [value for module in modules for value in vars(module).values() if isinstance(value, re.Pattern)]
    patterns += [pattern for _, pattern in days._PATTERNS] + [*times._RANGES, *times._MOMENTS]
    assert [pattern.pattern for pattern in patterns if unbounded_repeats(pattern)] == []
