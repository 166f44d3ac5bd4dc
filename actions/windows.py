"""Which pickup window do the words mean? "tomorrow morning", "thursday after 5", "the second one".

Pure: it narrows the windows the company offers to those that fit what was said.
"""

import re
from collections.abc import Sequence
from datetime import date

from actions.backends.returns import PickupWindow
from words import days, times
from words.days import Days
from words.times import Times

COUNTS = {"first": 0, "1st": 0, "earliest": 0, "soonest": 0, "asap": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2}


def fitting(text: str, windows: Sequence[PickupWindow], today: date) -> tuple[PickupWindow, ...] | None:
    """The windows that fit, perhaps none of them; `None` when the words say nothing about time."""
    wished_days = [day for day in days.find(text, today) if day.last >= today]
    hours, counted = times.find(text), _counted(text, windows)
    if not wished_days and not hours:
        return counted
    fits = _at_hours([window for window in windows if _is_on(window, wished_days)], hours)
    return fits or counted or ()


def wished(wish: str, windows: Sequence[PickupWindow], today: date) -> tuple[PickupWindow, ...]:
    """The windows a kept wish leaves: words, or the id of a window chosen for another address."""
    chosen = tuple(window for window in windows if window.window_id == wish)
    return chosen or fitting(wish, windows, today) or ()


def _counted(text: str, windows: Sequence[PickupWindow]) -> tuple[PickupWindow, ...] | None:
    for word in re.findall(r"[a-z0-9]+", text.lower()):
        if word in COUNTS:
            return tuple(windows[COUNTS[word] : COUNTS[word] + 1])
    return None


def _is_on(window: PickupWindow, wished_days: Sequence[Days]) -> bool:
    on = window.starts_at.date()
    return not wished_days or any(day.first <= on <= day.last for day in wished_days)


def _at_hours(windows: Sequence[PickupWindow], hours: Sequence[Times]) -> tuple[PickupWindow, ...]:
    """Those that lie within what was said; if none does, those that touch it: "after 5" is met from 16 to 20."""
    if not hours:
        return tuple(windows)
    within = tuple(window for window in windows if any(_lies_within(window, time) for time in hours))
    return within or tuple(window for window in windows if any(_touches(window, time) for time in hours))


def _lies_within(window: PickupWindow, time: Times) -> bool:
    starts, ends = _minutes(window)
    return time.since <= starts and ends <= time.until


def _touches(window: PickupWindow, time: Times) -> bool:
    starts, ends = _minutes(window)
    return starts < max(time.until, time.since + 1) and time.since < ends


def _minutes(window: PickupWindow) -> tuple[int, int]:
    """From midnight on; a window that ends after it ends with the day."""
    starts = window.starts_at.hour * 60 + window.starts_at.minute
    return starts, min(starts + int((window.ends_at - window.starts_at).total_seconds() // 60), 24 * 60)
