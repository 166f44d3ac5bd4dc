"""Which pickup window do the words mean? "tomorrow morning", "thursday after 5", "the second one".

Pure: it narrows the windows the company offers to those that fit what was said.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from difflib import get_close_matches

from actions.backends.returns import PickupWindow

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PARTS = {"morning": range(12), "afternoon": range(12, 16), "evening": range(16, 24), "night": range(16, 24)}
COUNTS = {"first": 0, "1st": 0, "earliest": 0, "soonest": 0, "asap": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2}


def fitting(text: str, windows: Sequence[PickupWindow], today: date) -> tuple[PickupWindow, ...] | None:
    """The windows that fit, perhaps none of them; `None` when the words say nothing about time."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    day, part, hour = _day(words, today), _part(words), _hour(text)
    if day is None and part is None and hour is None:
        return _counted(words, windows)
    return tuple(
        window
        for window in windows
        if (day is None or window.starts_at.date() == day)
        and (part is None or window.starts_at.hour in part)
        and (hour is None or window.starts_at.hour <= hour < max(window.ends_at.hour, window.starts_at.hour + 1))
    )


def wished(wish: str, windows: Sequence[PickupWindow], today: date) -> tuple[PickupWindow, ...]:
    """The windows a kept wish leaves: words, or the id of a window chosen for another address."""
    chosen = tuple(window for window in windows if window.window_id == wish)
    return chosen or fitting(wish, windows, today) or ()


def _counted(words: list[str], windows: Sequence[PickupWindow]) -> tuple[PickupWindow, ...] | None:
    for word in words:
        if word in COUNTS:
            return tuple(windows[COUNTS[word] : COUNTS[word] + 1])
    return None


def _day(words: list[str], today: date) -> date | None:
    if "today" in words:
        return today
    if any(get_close_matches(word, ["tomorrow"], cutoff=0.75) or word == "tmrw" for word in words):
        return today + timedelta(days=2 if "after" in words and "day" in words else 1)
    return _weekday(words, today) or _calendar_day(words, today)


def _weekday(words: list[str], today: date) -> date | None:
    for word in words:
        for number, name in enumerate(DAYS):
            if word in (name, name[:3]) or (len(word) > 5 and get_close_matches(word, [name], cutoff=0.85)):
                return today + timedelta(days=(number - today.weekday()) % 7 or 7)
    return None


def _calendar_day(words: list[str], today: date) -> date | None:
    """ "3 December", "dec 3rd". A day that has passed means next year's."""
    months = [(at, MONTHS.index(word[:3])) for at, word in enumerate(words) if word[:3] in MONTHS and word.isalpha()]
    for at, month in months:
        for near in words[at + 1 : at + 2] + words[max(at - 1, 0) : at]:
            if digits := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)?", near):
                return _dated(today, month + 1, int(digits.group(1)))
    return None


def _dated(today: date, month: int, day: int) -> date | None:
    try:
        this_year = date(today.year, month, day)
    except ValueError:
        return None
    return this_year if this_year >= today else this_year.replace(year=today.year + 1)


def _part(words: list[str]) -> range | None:
    for word in words:
        if close := get_close_matches(word, list(PARTS), n=1, cutoff=0.8):
            return PARTS[close[0]]
    return None


def _hour(text: str) -> int | None:
    found = re.search(r"\b(?:at|around|about|after|from|by)?\s*(\d{1,2})(?::\d{2})?\s*(am|pm)\b", text, re.IGNORECASE)
    if not found:
        return None
    hour = int(found.group(1)) % 12
    return hour + 12 if found.group(2).lower() == "pm" else hour
