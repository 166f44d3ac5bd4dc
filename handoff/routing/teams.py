"""Teams: where cases go. Until a supervisor writes down others, the five that come with the product.

Exactly one team is the default, where a case goes when nothing else is said. A team that is not active takes nothing
new; what it had was given to another when it was switched off.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.models import Calendar, Team
from handoff.opening_hours import OpeningHours as Hours
from handoff.routing import calendars

BUILT_IN = {
    "care": "Customer care",
    "returns": "Returns",
    "network": "Network",
    "billing": "Billing",
    "retention": "Retention",
}
DEFAULT = "care"


async def all_of(session: AsyncSession, *, active_only: bool = True) -> Sequence[Team]:
    """In the order supervisors gave them. One statement."""
    found = list(await session.scalars(select(Team).order_by(Team.position, Team.id)))
    if not found:
        return [
            Team(id=key, name=name, is_default=key == DEFAULT, is_active=True, position=place)
            for place, (key, name) in enumerate(BUILT_IN.items())
        ]
    return [one for one in found if one.is_active or not active_only]


async def names(session: AsyncSession, *, active_only: bool = True) -> dict[str, str]:
    """What people call each team, by its id."""
    return {one.id: one.name for one in await all_of(session, active_only=active_only)}


async def default(session: AsyncSession) -> str:
    """Where a case goes when nothing else is said."""
    found = await all_of(session)
    return next((one.id for one in found if one.is_default), found[0].id if found else DEFAULT)


async def calendar_of(session: AsyncSession, team: str) -> Hours:
    """When the team is there: its calendar, else the hours of the settings. One statement."""
    return calendars.hours_of(await _calendar(session, team))


async def calendar_id_of(session: AsyncSession, team: str) -> str | None:
    """None while the team goes by the hours of the settings."""
    found: str | None = await session.scalar(select(Team.calendar_id).where(Team.id == team))
    return found


async def hours_of_calendar(session: AsyncSession, calendar_id: str | None) -> Hours:
    """Of one calendar by its id; None means the hours of the settings."""
    return calendars.hours_of(await session.get(Calendar, calendar_id) if calendar_id else None)


async def _calendar(session: AsyncSession, team: str) -> Calendar | None:
    found: Calendar | None = await session.scalar(
        select(Calendar).join(Team, Team.calendar_id == Calendar.id).where(Team.id == team)
    )
    return found
