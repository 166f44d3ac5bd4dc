"""Days as people write them. Today is Sunday 22 November 2026."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from words import days

TODAY = date(2026, 11, 22)
_WORDS = "the 31st in 2 weeks last next friday feb 30 of 12/31 week month end ago"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("today", date(2026, 11, 22)),
        ("tomorrow morning", date(2026, 11, 23)),
        ("the day after tomorrow", date(2026, 11, 24)),
        ("friday", date(2026, 11, 27)),
        ("next friday", date(2026, 11, 27)),
        ("sunday", date(2026, 11, 29)),
        ("in two weeks", date(2026, 12, 6)),
        ("3 december", date(2026, 12, 3)),
        ("the 12th of december", date(2026, 12, 12)),
        ("December 3rd", date(2026, 12, 3)),
        ("on 2 dec", date(2026, 12, 2)),
        ("no the 5th", date(2026, 12, 5)),
        ("the 25th", date(2026, 11, 25)),
        ("12/03", date(2026, 12, 3)),
        ("12/03/27", date(2027, 12, 3)),
        ("2026-12-01", date(2026, 12, 1)),
        ("5 january", date(2027, 1, 5)),
    ],
)
def test_a_day_is_read(words: str, expected: date) -> None:
    assert days.day(words, TODAY) == expected


@pytest.mark.parametrize("words", ["soon", "30 february", "13/45", "no idea", "14 Elm Street", ""])
def test_no_day_is_invented(words: str) -> None:
    assert days.day(words, TODAY) is None


def test_next_weekday_skips_this_week() -> None:
    assert days.day("next friday", date(2026, 11, 23)) == date(2026, 12, 4)


def test_a_day_is_spoken_without_the_year() -> None:
    assert days.spoken(date(2026, 12, 4)) == "Friday 4 December"


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("last tuesday", "2026-11-17"),
        ("yesterday", "2026-11-21"),
        ("3 days ago", "2026-11-19"),
        ("a couple of weeks ago", "2026-11-08"),
        ("since friday", "2026-11-20"),
        ("charged on march 3rd", "2026-03-03"),
        ("tuesday next week", "2026-11-24"),
        ("friday week", "2026-12-04"),
        ("end of the month", "2026-11-30"),
        ("next week", "2026-11-23/2026-11-29"),
        ("this weekend", "2026-11-21/2026-11-22"),
        ("last month", "2026-10-01/2026-10-31"),
        ("bought it in march", "2026-03-01/2026-03-31"),
        ("feb 29", "2028-02-29"),
        ("a month from today", "2026-12-22"),
        ("wensday", "2026-11-25"),
        ("25/12", "2026-12-25"),
    ],
)
def test_words_that_look_back_or_name_a_span_are_told_apart(typed: str, iso: str) -> None:
    assert [one.iso for one in days.find(typed, TODAY)] == [iso]


@pytest.mark.parametrize("typed", ["the 3rd floor", "2-3 days", "sat down in the sun", "may I", "version 1.2.2026.1"])
def test_what_only_looks_like_a_day_is_none(typed: str) -> None:
    assert days.find(typed, TODAY) == []


def test_a_run_of_days_is_no_day() -> None:
    assert days.day("next week", TODAY) is None


WORDS = st.sampled_from(_WORDS.split())


@given(
    st.text(max_size=120) | st.lists(WORDS).map(" ".join),
    st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 12, 31)),
)
def test_days_lie_in_the_text_and_never_overlap_whatever_today_is(text: str, today: date) -> None:
    found = days.find(text, today)
    assert all(0 <= one.start < one.end <= len(text) and one.first <= one.last for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
