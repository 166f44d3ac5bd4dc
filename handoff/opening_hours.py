"""When people answer: `mon-fri 08:00-20:00, sat 09:00-17:00`, in one time zone. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PART = re.compile(r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))?\s+(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)", re.I)


@dataclass(frozen=True)
class OpeningHours:
    """Minutes of opening by weekday (0 is Monday), each `(start, end)` within the day."""

    minutes: dict[int, list[tuple[int, int]]]
    zone: ZoneInfo

    @staticmethod
    def parse(text: str, time_zone: str) -> "OpeningHours":
        """Refuses, with the part it could not read, anything that is not `day[-day] hh:mm-hh:mm`."""
        minutes: dict[int, list[tuple[int, int]]] = {day: [] for day in range(7)}
        for part in filter(None, (piece.strip().lower() for piece in text.split(","))):
            found = PART.fullmatch(part)
            if not found or found["first"] not in DAYS or (found["last"] or found["first"]) not in DAYS:
                raise ValueError(f"Cannot read opening hours '{part}'. Write for example 'mon-fri 08:00-20:00'.")
            first, last = DAYS.index(found["first"]), DAYS.index(found["last"] or found["first"])
            for offset in range((last - first) % 7 + 1):
                minutes[(first + offset) % 7].append((_minute(found["start"]), _minute(found["end"])))
        return OpeningHours(minutes, ZoneInfo(time_zone))

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.minutes[local.weekday()])

    def opens_at(self, at: datetime) -> datetime | None:
        """The next moment people are there, `at` itself when they are now; None when they never are."""
        if self.is_open(at):
            return at
        local = at.astimezone(self.zone)
        for days in range(8):
            day = (local + timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
            for start, _ in sorted(self.minutes[day.weekday()]):
                opening = day + timedelta(minutes=start)
                if opening > local:
                    return opening.astimezone(at.tzinfo)
        return None


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
