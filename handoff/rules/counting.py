"""The arithmetic of a clock: what was counted, when it will be too late. Pure; in whole seconds of opening hours.

Moments are cut to whole seconds before anything is counted with them, so that what is counted in pieces, over pauses
and changes of team, adds up to what would have been counted at once.
"""

from datetime import datetime
from typing import Protocol

from handoff.models import Clock


class Hours(Protocol):
    """When a team works; see `routing/calendars.py`."""

    def between(self, start: datetime, end: datetime) -> int:
        """Seconds of opening from `start` to `end`; none when `end` is not later."""

    def after(self, start: datetime, seconds: int) -> datetime | None:
        """The moment when this many seconds of opening have passed; None when they never will."""


def whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def counted(row: Clock, hours: Hours, at: datetime) -> int:
    """Seconds counted up to `at`, standing still or running."""
    if row.running_since is None:
        return row.elapsed_s
    return row.elapsed_s + max(0, hours.between(row.running_since, whole(at)))


def run(row: Clock, hours: Hours, at: datetime) -> None:
    """Go on counting from `at`; a clock that runs stays as it is."""
    if row.running_since is None:
        row.running_since = whole(at)
        row.due_at = moment_of(row, hours, row.target_s)


def stand(row: Clock, hours: Hours, at: datetime) -> None:
    """Count what was running up to `at`, and stand still."""
    row.elapsed_s = counted(row, hours, at)
    row.running_since = row.due_at = None


def moment_of(row: Clock, hours: Hours, seconds: int) -> datetime | None:
    """When a running clock has counted this many seconds; None while it stands still or when that never comes."""
    if row.running_since is None:
        return None
    return hours.after(row.running_since, max(0, seconds - row.elapsed_s))


def is_over(row: Clock) -> bool:
    return row.met_at is not None or row.cancelled_at is not None


def is_late(row: Clock, hours: Hours, at: datetime) -> bool:
    """The second in which the target is reached is the first that is too late."""
    return counted(row, hours, at) >= row.target_s
