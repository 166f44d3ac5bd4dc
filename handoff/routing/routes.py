"""Routes: the rules that say which team a case goes to. The first that is on and fits decides."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.errors import BadInput, NotFound
from handoff.models import Priority, Route, new_id
from handoff.routing import skills, teams
from handoff.rules import conditions


async def all_of(session: AsyncSession, *, on_only: bool = False) -> Sequence[Route]:
    """In the order they are tried. One statement."""
    found = select(Route).order_by(Route.position, Route.id)
    return list(await session.scalars(found.where(Route.is_on.is_(True)) if on_only else found))


async def get(session: AsyncSession, route_id: str) -> Route:
    found = await session.get(Route, route_id)
    if found is None:
        raise NotFound("There is no such route. Reload the page to see those there are.")
    return found


async def put(
    session: AsyncSession,
    route_id: str | None,
    *,
    name: str,
    team: str,
    raw_conditions: Any,
    needs: Iterable[str] = (),
    priority: str | None = None,
    is_on: bool = True,
    idempotency_key: str | None = None,
) -> Route:
    """Write a new route (`route_id` None: tried last) or change one. `raw_conditions` as `conditions.check` takes.

    A repeated `idempotency_key` gives back the route that was made with it.
    """
    known_id = _id_of(idempotency_key) if idempotency_key and not route_id else None
    if known_id and (made := await session.get(Route, known_id)):
        return made
    route = await get(session, route_id) if route_id else await _last(session)
    route.id = known_id or route.id
    if not 0 < len(name.strip()) <= 100:
        raise BadInput("Give the route a name of at most 100 signs, such as 'Disputes of business customers'.")
    if priority and priority not in list(Priority):
        raise BadInput(f"There is no priority '{priority[:20]}'. Choose one of {', '.join(Priority)}.")
    checked = conditions.check(raw_conditions, await conditions.known(session))
    route.name, route.team_id = name.strip(), await teams.checked(session, team)
    await teams.write_down(session)
    route.conditions = [one.as_dict() for one in checked]
    route.skills = await skills.checked(session, needs)
    route.priority, route.is_on = priority or None, is_on
    session.add(route)
    await session.flush()
    return route


async def switch(session: AsyncSession, route_id: str, *, is_on: bool) -> Route:
    route = await get(session, route_id)
    route.is_on = is_on
    return route


async def move(session: AsyncSession, route_id: str, where: Literal["up", "down"]) -> Route:
    """Try it one place earlier or later; at the end of the list nothing changes."""
    await get(session, route_id)
    ordered = list(await all_of(session))
    at = next(place for place, one in enumerate(ordered) if one.id == route_id)
    to = min(max(at + (-1 if where == "up" else 1), 0), len(ordered) - 1)
    route = ordered.pop(at)
    ordered.insert(to, route)
    for place, one in enumerate(ordered):
        one.position = place
    return route


async def remove(session: AsyncSession, route_id: str) -> None:
    await session.delete(await get(session, route_id))


def _id_of(idempotency_key: str) -> str:
    """The same id for the same key; routes are too few to need a column for it."""
    return f"R{sha256(idempotency_key.encode()).hexdigest()[:25].upper()}"


async def _last(session: AsyncSession) -> Route:
    last: int | None = await session.scalar(select(func.max(Route.position)))
    return Route(id=new_id(), position=(last if last is not None else -1) + 1, created_at=clock.now())
