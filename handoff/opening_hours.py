"""When people answer: `mon-fri 08:00-20:00, sat 09:00-17:00`, in one time zone, without the holidays. Pure.

A moment is open when the clock on the wall of that zone says so: an hour that daylight saving skips is nobody's, and
one that comes twice counts twice. `tests/hub/test_calendars.py` holds all of this against a count minute by minute.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PART = re.compile(r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)", re.I)
LOOK_AHEAD_DAYS = 740
"""How far `opens_at` looks: two years of nothing but holidays is never."""
DAY_MINUTES = 24 * 60
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class OpeningHours:
    """`minutes` of opening by weekday (0 is Monday), each `(start, end)` within the day, sorted and apart."""

    minutes: tuple[tuple[tuple[int, int], ...], ...]
    zone: ZoneInfo
    holidays: frozenset[date] = frozenset()

    @staticmethod
    def parse(text: str, time_zone: str, holidays: Iterable[date] = ()) -> "OpeningHours":
        """Refuses, with the part it could not read, anything that is not `day[-day] hh:mm-hh:mm`."""
        days: list[list[tuple[int, int]]] = [[] for _ in DAYS]
        for part in filter(None, (piece.strip().lower() for piece in text.split(","))):
            found = PART.fullmatch(part)
            if not found or found["first"] not in DAYS or (found["last"] or found["first"]) not in DAYS:
                raise ValueError(f"Cannot read opening hours '{part}'. Write for example 'mon-fri 08:00-20:00'.")
            start, end = _minute(found["start"]), _minute(found["end"])
            if not 0 <= start < end <= DAY_MINUTES:
                raise ValueError(f"'{part}' does not end after it begins. Write hours over midnight as two parts.")
            first, last = DAYS.index(found["first"]), DAYS.index(found["last"] or found["first"])
            for offset in range((last - first) % 7 + 1):
                days[(first + offset) % 7].append((start, end))
        return OpeningHours(tuple(_merged(day) for day in days), _zone(time_zone), frozenset(holidays))

    @property
    def is_always(self) -> bool:
        return not self.holidays and all(day == ((0, DAY_MINUTES),) for day in self.minutes)

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return local.date() not in self.holidays and any(a <= minute < b for a, b in self.minutes[local.weekday()])

    def opens_at(self, at: datetime) -> datetime | None:
        """The next moment people are there, `at` itself when they are now; None when they never are."""
        if self.is_open(at):
            return at
        following = next((start for start, _ in self.spans(at) if start > at), None)
        return following.astimezone(at.tzinfo) if following else None

    def closes_at(self, at: datetime) -> datetime | None:
        """When the opening that lasts at `at`, or the next one, ends; None when it never does or never opens."""
        if self.is_always:
            return None
        ends = None
        for start, end in self.spans(at):
            if ends is not None and start > ends:
                break
            ends = end
        return ends.astimezone(at.tzinfo) if ends else None

    def between(self, start: datetime, end: datetime) -> int:
        """Seconds of opening from `start` to `end`; 0 when `end` is not later."""
        if end <= start:
            return 0
        if self.is_always:
            return int((end - start).total_seconds())
        open_for = timedelta()
        for opens, closes in self.spans(start, until=end):
            open_for += max(timedelta(), min(closes, end) - max(opens, start))
        return int(open_for.total_seconds())

    def after(self, start: datetime, seconds: float) -> datetime | None:
        """The first moment by which that many seconds of opening have passed since `start`; None when never."""
        left = timedelta(seconds=seconds)
        if left <= timedelta() or self.is_always:
            return start + max(left, timedelta())
        for opens, closes in self.spans(start):
            lasts = closes - max(opens, start)
            if lasts >= left:
                return (max(opens, start) + left).astimezone(start.tzinfo)
            left -= lasts
        return None

    def spans(self, since: datetime, until: datetime | None = None) -> Iterator[Span]:
        """The openings that end after `since`, in time order, as UTC; those of one day each."""
        if not any(self.minutes):
            return
        since, end = since.astimezone(UTC), until.astimezone(UTC) if until else None
        # A zone may be a day ahead of or behind UTC at any moment.
        first = since.date() - timedelta(days=1)
        length = (end.date() - first).days + 2 if end else LOOK_AHEAD_DAYS
        for number in range(length):
            day = first + timedelta(days=number)
            if day in self.holidays:
                continue
            for opens, closes in _of_day(self.minutes[day.weekday()], self.zone, day):
                if closes > since:
                    yield opens, closes


@lru_cache(maxsize=4096)
def _of_day(minutes: tuple[tuple[int, int], ...], zone: ZoneInfo, day: date) -> tuple[Span, ...]:
    """When the clock on the wall of `zone` shows these minutes of `day`, as UTC."""
    midnight = datetime.combine(day, time(), UTC)
    found = []
    for begins, ends, offset in _even_stretches(zone, day):
        for start, end in minutes:
            opens = max(begins, midnight + timedelta(minutes=start) - offset)
            closes = min(ends, midnight + timedelta(minutes=end) - offset)
            if opens < closes:
                found.append((opens, closes))
    return tuple(sorted(found))


@lru_cache(maxsize=4096)
def _even_stretches(zone: ZoneInfo, day: date) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """The time around `day`, cut where the zone's offset changes: (from, to, offset)."""
    begins = datetime.combine(day, time(), UTC) - timedelta(days=1)
    cuts = [begins]
    for hours in range(0, 72, 12):
        earlier, later = begins + timedelta(hours=hours), begins + timedelta(hours=hours + 12)
        if _offset(zone, earlier) != _offset(zone, later):
            cuts.append(_change(zone, earlier, later))
    edges = [*cuts, begins + timedelta(days=3)]
    return tuple((start, end, _offset(zone, start)) for start, end in pairwise(edges))


def _change(zone: ZoneInfo, earlier: datetime, later: datetime) -> datetime:
    """The second at which the offset changes between the two."""
    was, low, high = _offset(zone, earlier), 0, int((later - earlier).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, earlier + timedelta(seconds=middle)) == was else (low, middle)
    return earlier + timedelta(seconds=high)


def _offset(zone: ZoneInfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _merged(day: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(day):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"There is no time zone '{name[:60]}'. Write for example 'Europe/Berlin' or 'UTC'.") from None


def _minute(text: str) -> int:
    hours, minutes = (int(part) for part in text.split(":"))
    return hours * 60 + minutes if minutes < 60 else -1
