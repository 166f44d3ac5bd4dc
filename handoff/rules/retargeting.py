"""Clocks held against something else: another team or priority, other hours, other targets. What was counted stays."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.models import LIVE, Case, Clock, ClockTarget
from handoff.routing import teams
from handoff.rules import counting, ringing, targets
from handoff.rules.counting import Hours


async def move(session: AsyncSession, case: Case, row: Clock, at: datetime) -> None:
    """Hold one clock against the target and the hours its case has now."""
    is_running = row.running_since is not None
    counting.stand(row, await teams.hours_of_calendar(session, row.calendar_id), at)
    target = await targets.target_for(session, row.kind, case.team, case.priority)
    row.calendar_id, hours = await teams.calendar_id_of(session, case.team), await teams.calendar_of(session, case.team)
    row.target_s, row.warn_s = target.target_s, target.warn_s
    if is_running:
        counting.run(row, hours, at)
    await ringing.wind(session, row, hours)


async def hours_changed(session: AsyncSession, calendar_id: str, before: Hours) -> None:
    """Somebody wrote other hours into a calendar: what was counted by those `before` stays, the rest is new."""
    now = clock.now()
    running = select(Clock).where(Clock.calendar_id == calendar_id, Clock.running_since.is_not(None))
    rows = list(await session.scalars(running.with_for_update()))
    hours = await teams.hours_of_calendar(session, calendar_id)
    for row in rows:
        counting.stand(row, before, now)
        counting.run(row, hours, now)
        await ringing.wind(session, row, hours)


async def team_changed(session: AsyncSession, team: str | None) -> None:
    """A team (None: every team) goes by another calendar, or its targets are others, from now on."""
    query = (
        select(Clock, Case)
        .join(Case, Case.id == Clock.case_id)
        .where(Case.status.in_(LIVE), Clock.met_at.is_(None), Clock.cancelled_at.is_(None))
    )
    for row, case in (await session.execute(query.where(Case.team == team) if team else query)).all():
        await move(session, case, row, clock.now())


async def put_target(
    session: AsyncSession, kind: str, team_id: str | None, priority: str | None, target_s: int, warn_s: int
) -> ClockTarget:
    """Write down a target or change it; clocks that run are held against it at once."""
    row = await targets.put(session, kind, team_id, priority, target_s, warn_s)
    await team_changed(session, team_id)
    return row


async def remove_target(session: AsyncSession, target_id: str) -> None:
    """Back to what holds without it."""
    team_id = await targets.remove(session, target_id)
    await team_changed(session, team_id)
