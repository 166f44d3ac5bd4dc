"""Days as people write them. Today is Sunday 22 November 2026."""

from datetime import date

import pytest

from words import days

TODAY = date(2026, 11, 22)


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
