"""What the settings show of teams, calendars and routes, as frozen values, and the trial of the routes on one case."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.cases import log, looking
from handoff.models import LIVE, Agent, Calendar, Case, Route, Skill
from handoff.routing import calendars, choosing, deciding, routes, skills, teams
from handoff.rules import conditions
from handoff.rules.conditions import Condition, Field

MOMENTS = 3


@dataclass(frozen=True)
class TeamView:
    id: str
    name: str
    calendar_id: str | None
    calendar: str | None
    is_default: bool
    is_active: bool
    open_cases: int
    agents: int
    is_open: bool


@dataclass(frozen=True)
class CalendarView:
    """`moments` are the next times it opens and closes: (opens, closes) in its own zone."""

    id: str
    name: str
    time_zone: str
    hours: str
    holidays: tuple[Mapping[str, str], ...]
    is_open: bool
    moments: tuple[tuple[datetime, datetime | None], ...]


@dataclass(frozen=True)
class RouteView:
    id: str
    name: str
    conditions: tuple[Condition, ...]
    said: tuple[str, ...]
    team_id: str
    team: str
    skills: tuple[str, ...]
    priority: str | None
    is_on: bool


@dataclass(frozen=True)
class Trial:
    """What the routes would do with a case now. `team` is where it is at present."""

    ref: str
    title: str
    team: str
    would_go_to: str
    because: tuple[str, ...]


async def team_views(session: AsyncSession) -> list[TeamView]:
    """Five statements, however many cases there are; open cases are counted in an index."""
    found = await teams.all_of(session, active_only=False)
    by_id = {one.id: one for one in await calendars.all_of(session)}
    count = select(Case.team, func.count()).where(Case.status.in_(LIVE)).group_by(Case.team)
    cases = {row[0]: row[1] for row in await session.execute(count)}
    members = list(await session.scalars(select(Agent.teams).where(Agent.is_active.is_(True))))
    return [
        TeamView(
            id=one.id,
            name=one.name,
            calendar_id=one.calendar_id,
            calendar=by_id[one.calendar_id].name if one.calendar_id else None,
            is_default=one.is_default,
            is_active=one.is_active,
            open_cases=cases.get(one.id, 0),
            agents=sum(one.id in its for its in members),
            is_open=calendars.hours_of(by_id.get(one.calendar_id or "")).is_open(clock.now()),
        )
        for one in found
    ]


async def calendar_views(session: AsyncSession) -> list[CalendarView]:
    return [calendar_view(one) for one in await calendars.all_of(session)]


def calendar_view(calendar: Calendar) -> CalendarView:
    hours = calendars.hours_of(calendar)
    at = clock.now()
    moments: list[tuple[datetime, datetime | None]] = []
    while len(moments) < MOMENTS and (opens := hours.opens_at(at)):
        closes = hours.closes_at(opens)
        moments.append((opens.astimezone(hours.zone), closes.astimezone(hours.zone) if closes else None))
        if closes is None:
            break
        at = closes + timedelta(seconds=1)
    return CalendarView(
        id=calendar.id,
        name=calendar.name,
        time_zone=calendar.time_zone,
        hours=calendar.hours,
        holidays=tuple(calendar.holidays),
        is_open=hours.is_open(clock.now()),
        moments=tuple(moments),
    )


@dataclass(frozen=True)
class Choices:
    """What a route can be made of."""

    teams: Mapping[str, str]
    skills: Sequence[Skill]
    fields: Mapping[str, Field]


async def choices(session: AsyncSession) -> Choices:
    return Choices(await teams.names(session), await skills.all_of(session), await conditions.known(session))


async def route_views(session: AsyncSession) -> list[RouteView]:
    """In the order they are tried."""
    names = await teams.names(session, active_only=False)
    fields = await conditions.known(session)
    return [route_view(one, names, fields) for one in await routes.all_of(session)]


def route_view(route: Route, names: Mapping[str, str], fields: Mapping[str, Field]) -> RouteView:
    found = conditions.stored(route.conditions)
    return RouteView(
        id=route.id,
        name=route.name,
        conditions=tuple(found),
        said=tuple(conditions.spoken(one, fields) for one in found),
        team_id=route.team_id,
        team=names.get(route.team_id, route.team_id),
        skills=tuple(route.skills),
        priority=route.priority,
        is_on=route.is_on,
    )


async def trial(session: AsyncSession, ref: str) -> Trial:
    """Which team a case would get if it were opened now, whom it would be offered to, and why. Changes nothing."""
    case = await looking.get(session, ref)
    opened = next((one for one in await log.history(session, case.id) if one.kind == "opened"), None)
    asked = opened.data.get("team") if opened else None
    decided = await deciding.decide(session, case, asked or case.team)
    choice = await choosing.pick(session, decided.team, case, needs=decided.skills)
    names = await teams.names(session, active_only=False)
    because = (*decided.because, *choice.because)
    return Trial(case.ref, case.title, names.get(case.team, case.team), names[decided.team], because)
