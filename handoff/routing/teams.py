"""Teams: where cases go. Until a supervisor writes down others, the five that come with the product.

Exactly one team is the default, where a case goes when nothing else is said. A team that is not active takes nothing
new; what it had was given to another when it was switched off.
"""

import re
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.errors import BadInput, NotFound
from handoff.models import Calendar, Team
from handoff.opening_hours import OpeningHours as Hours
from handoff.routing import calendars
from handoff.rules import retargeting

BUILT_IN = {
    "care": "Customer care",
    "returns": "Returns",
    "network": "Network",
    "billing": "Billing",
    "retention": "Retention",
}
DEFAULT = "care"


def key_of(name: str) -> str:
    """`Billing disputes` -> `billing_disputes`: the word a team or a skill goes by everywhere."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40]


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


async def checked(session: AsyncSession, team: str) -> str:
    """A team a case can be given to, or `BadInput` with those there are."""
    known = await names(session)
    if team not in known:
        raise BadInput(f"There is no team '{team[:40]}'. Choose one of {', '.join(known)}.")
    return team


async def write_down(session: AsyncSession) -> None:
    """Put the built-in teams into the table when it is empty, before anything refers to one of them."""
    if await session.scalar(select(func.count()).select_from(Team)) == 0:
        session.add_all(await all_of(session))
        await session.flush()


async def get(session: AsyncSession, team_id: str) -> Team:
    found = next((one for one in await all_of(session, active_only=False) if one.id == team_id), None)
    if found is None:
        raise NotFound("There is no such team. Reload the page to see those there are.")
    return found


async def put(
    session: AsyncSession, team_id: str | None, *, name: str, calendar_id: str | None = None, is_default: bool = False
) -> Team:
    """Write a new team (`team_id` None) or change one. A new default takes the place of the old one."""
    await write_down(session)
    team = await get(session, team_id) if team_id else await _new(session, name)
    if team.is_default and not is_default:
        raise BadInput(f"{team.name} is the default team. Make another team the default instead.")
    if is_default and not team.is_active:
        raise BadInput(f"{team.name} is not active. Activate it before it becomes the default.")
    team.name = await _free_name(session, name, team.id)
    before, team.calendar_id = team.calendar_id, (await calendars.get(session, calendar_id)).id if calendar_id else None
    if is_default:
        for other in await all_of(session, active_only=False):
            other.is_default = False
        team.is_default = True
    session.add(team)
    await session.flush()
    if before != team.calendar_id:
        await retargeting.team_changed(session, team.id)
    return team


async def _new(session: AsyncSession, name: str) -> Team:
    key = key_of(name)
    if not key:
        raise BadInput("Give the team a name with letters, such as 'Business customers'.")
    known = await all_of(session, active_only=False)
    if any(one.id == key for one in known):
        raise BadInput(f"There is a team '{key}' already. Choose another name.")
    return Team(id=key, name=name, is_default=False, is_active=True, position=len(known))


async def _free_name(session: AsyncSession, typed: str, own_id: str) -> str:
    name = typed.strip()
    if not 0 < len(name) <= 100:
        raise BadInput("Give the team a name of at most 100 signs, such as 'Business customers'.")
    if any(
        one.name.casefold() == name.casefold() and one.id != own_id for one in await all_of(session, active_only=False)
    ):
        raise BadInput(f"There is a team '{name}' already. Choose another name.")
    return name
