"""Days as people write them: "tomorrow", "next friday", "3 december", "12/03", "2026-12-01". Pure."""

import re
from datetime import date, timedelta

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_ISO = re.compile(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b")
_NUMBERS = re.compile(r"\b(\d{1,2})/(\d{1,2})(?:/(\d{2,4}))?\b")
_MONTH = "|".join(MONTHS)
_DAY_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+({_MONTH})[a-z]*(?:,?\s+(\d{{4}}))?", re.I)
_MONTH_DAY = re.compile(rf"\b({_MONTH})[a-z]*\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}}))?", re.I)
_DAY = re.compile(r"\bthe (\d{1,2})(?:st|nd|rd|th)\b", re.I)
_IN = re.compile(r"\bin (\d{1,2}|a|one|two|three) (day|week)s?\b", re.I)
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3}


def day(words: str, today: date) -> date | None:
    """The next day these words can mean, or None. Without a year a day that has passed is next year's; month first."""
    text = words.strip().lower()
    return _exact(text, today) or _relative(text, today) or _weekday(text, today)


def spoken(when: date) -> str:
    """`Friday 4 December`, the same on every system."""
    return f"{when:%A} {when.day} {when:%B}"


def _exact(text: str, today: date) -> date | None:
    if found := _ISO.search(text):
        return _make(int(found[1]), int(found[2]), int(found[3]))
    if found := _NUMBERS.search(text):
        year = found[3] and (int(found[3]) + (2000 if len(found[3]) == 2 else 0))
        return _coming(today, int(found[1]), int(found[2]), year)
    if found := _DAY_MONTH.search(text):
        return _coming(today, MONTHS.index(found[2].lower()) + 1, int(found[1]), found[3])
    if found := _MONTH_DAY.search(text):
        return _coming(today, MONTHS.index(found[1].lower()) + 1, int(found[2]), found[3])
    return _of_the_month(int(found[1]), today) if (found := _DAY.search(text)) else None


def _of_the_month(number: int, today: date) -> date | None:
    """ "The 5th": of this month while it is still to come, else of the next."""
    following = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    this, following_one = (_make(month.year, month.month, number) for month in (today, following))
    return this if this and this >= today else following_one


def _relative(text: str, today: date) -> date | None:
    if "day after tomorrow" in text:
        return today + timedelta(days=2)
    if "tomorrow" in text:
        return today + timedelta(days=1)
    if "today" in text or "tonight" in text:
        return today
    if found := _IN.search(text):
        count = _COUNTS.get(found[1].lower()) or int(found[1])
        return today + timedelta(days=count * (7 if found[2].lower() == "week" else 1))
    return today + timedelta(days=7) if "next week" in text else None


def _weekday(text: str, today: date) -> date | None:
    for number, name in enumerate(WEEKDAYS):
        if re.search(rf"\b{name}s?\b|\b{name[:3]}\b", text):
            ahead = (number - today.weekday()) % 7 or 7
            is_next_week = "next" in text and ahead + today.weekday() < 7
            return today + timedelta(days=ahead + (7 if is_next_week else 0))
    return None


def _coming(today: date, month: int, number: int, year: str | int | None) -> date | None:
    when = _make(int(year) if year else today.year, month, number)
    if when and not year and when < today:
        return _make(today.year + 1, month, number)
    return when


def _make(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except ValueError:
        return None
