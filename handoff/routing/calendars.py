"""Calendars: when the people of a team are there, with their time zone and holidays.

A team without a calendar has the opening hours of the settings. Supervisors write them; a calendar that teams or
running clocks go by is never removed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.errors import BadInput, Conflict, NotFound
from handoff.models import Calendar, Clock, Team
from handoff.opening_hours import OpeningHours as Hours
from handoff.rules import retargeting
from handoff.settings import settings

MOST_HOLIDAYS = 400
LONGEST_HOURS = 300


def of_settings() -> Hours:
    """The hours of everybody who has no calendar."""
    return Hours.parse(settings().opening_hours, settings().time_zone)


def hours_of(calendar: Calendar | None) -> Hours:
    if calendar is None:
        return of_settings()
    holidays = [date.fromisoformat(one["day"]) for one in calendar.holidays]
    return Hours.parse(calendar.hours, calendar.time_zone, holidays)


async def all_of(session: AsyncSession) -> Sequence[Calendar]:
    return list(await session.scalars(select(Calendar).order_by(Calendar.name)))


async def get(session: AsyncSession, calendar_id: str) -> Calendar:
    found = await session.get(Calendar, calendar_id)
    if found is None:
        raise NotFound("There is no such calendar. Reload the page to see those there are.")
    return found


async def put(
    session: AsyncSession,
    calendar_id: str | None,
    *,
    name: str,
    time_zone: str,
    hours: str,
    holidays: Iterable[Mapping[str, Any]] = (),
) -> Calendar:
    """Write a new calendar (`calendar_id` None) or change one. `holidays` are `{day: "2026-12-25", name}`."""
    calendar = await get(session, calendar_id) if calendar_id else Calendar(created_at=clock.now())
    before = hours_of(calendar) if calendar_id else None
    calendar.name = await _free_name(session, name, calendar_id)
    calendar.time_zone, calendar.hours = _checked(time_zone, hours)
    calendar.holidays = _holidays(holidays)
    session.add(calendar)
    await session.flush()
    if before:
        await retargeting.hours_changed(session, calendar.id, before)
    return calendar


async def remove(session: AsyncSession, calendar_id: str) -> None:
    """Refused while anything goes by it."""
    calendar = await get(session, calendar_id)
    teams = list(await session.scalars(select(Team.name).where(Team.calendar_id == calendar_id).order_by(Team.name)))
    if teams:
        raise Conflict(f"{', '.join(teams)} go by this calendar. Give them another one first.")
    if await session.scalar(select(func.count()).select_from(Clock).where(Clock.calendar_id == calendar_id)):
        raise Conflict("Clocks of cases were counted by this calendar, so it stays. Rename it if you like.")
    await session.delete(calendar)


def holidays_in(text: str) -> list[dict[str, str]]:
    """`2026-12-25 Christmas Day`, one a line, as a form sends them."""
    lines = [line.strip().split(None, 1) for line in text.splitlines() if line.strip()]
    return [{"day": one[0], "name": one[1] if len(one) > 1 else ""} for one in lines]


async def _free_name(session: AsyncSession, typed: str, own_id: str | None) -> str:
    name = typed.strip()
    if not 0 < len(name) <= 100:
        raise BadInput("Give the calendar a name of at most 100 signs, such as 'Office Chicago'.")
    taken = await session.scalar(select(Calendar.id).where(Calendar.name == name))
    if taken not in (None, own_id):
        raise BadInput(f"There is a calendar '{name}' already. Choose another name.")
    return name


def _checked(time_zone: str, hours: str) -> tuple[str, str]:
    if len(hours) > LONGEST_HOURS:
        raise BadInput(f"The hours have {len(hours)} signs; {LONGEST_HOURS} are the most. Join days as in 'mon-fri'.")
    try:
        parsed = Hours.parse(hours, time_zone)
    except ValueError as wrong:
        raise BadInput(str(wrong)) from wrong
    if not any(parsed.minutes):
        raise BadInput("With these hours nobody is ever there. Write for example 'mon-fri 08:00-20:00'.")
    return time_zone.strip(), ", ".join(part.strip() for part in hours.split(",") if part.strip())


def _holidays(given: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Each day once, in order of time."""
    found: dict[str, str] = {}
    for one in given:
        try:
            day = date.fromisoformat(str(one.get("day", ""))).isoformat()
        except ValueError:
            raise BadInput(f"'{str(one.get('day', ''))[:40]}' is not a day. Write it as 2026-12-25.") from None
        found[day] = str(one.get("name") or "").strip()[:100]
    if len(found) > MOST_HOLIDAYS:
        raise BadInput(f"{MOST_HOLIDAYS} holidays are the most. Take out those that are over.")
    return [{"day": day, "name": found[day]} for day in sorted(found)]
