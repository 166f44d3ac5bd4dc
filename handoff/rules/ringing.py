"""What a clock does at its moments: warn, breach, end. One timer in the outbox for each clock that runs.

A timer says only "look now": what was counted decides. So a timer that comes late, twice, or after the hours of the
team were changed does no harm, and a reply that came in time counts as met however late we hear of it.
"""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, events, outbox
from handoff.db import announce
from handoff.models import Case, CaseWatcher, Clock, OutboxItem
from handoff.routing import teams
from handoff.rules import counting
from handoff.rules.counting import Hours, is_over, whole

JOB = "clock_due"


async def wind(session: AsyncSession, row: Clock, hours: Hours) -> None:
    """Set the one timer of a clock to its next moment, or none while nothing is to come."""
    await outbox.drop(session, row.id, "timer", JOB)
    wind_on(session, row, hours)


def wind_on(session: AsyncSession, row: Clock, hours: Hours) -> None:
    """The same for a clock that has no timer, or whose timer is just ringing and goes with this transaction."""
    if is_over(row) or row.breached_at is not None:
        return
    at = row.due_at
    if row.warned_at is None and row.warn_s:
        at = counting.moment_of(row, hours, row.target_s - row.warn_s)
    if at is not None:
        wait_s = (at - clock.now()).total_seconds()
        outbox.add_for(session, row.id, "timer", JOB, {"case_id": row.case_id}, after_s=max(0.0, wait_s))


async def due(session: AsyncSession, item: OutboxItem) -> None:
    """The timer of a clock rang."""
    both = select(Case, Clock).join(Clock, Clock.case_id == Case.id).where(Clock.id == item.subject_id)
    found = (await session.execute(both.with_for_update())).first()
    if found is None or is_over(found[1]) or found[1].running_since is None:
        return
    case, row = found
    hours = await teams.hours_of_calendar(session, row.calendar_id)
    row.due_at = counting.moment_of(row, hours, row.target_s)
    await _look(session, case, row, hours, clock.now())
    wind_on(session, row, hours)


async def _look(session: AsyncSession, case: Case, row: Clock, hours: Hours, at: datetime) -> None:
    seconds = counting.counted(row, hours, at)
    if seconds >= row.target_s:
        await _breach(session, case, row, hours, at)
    elif row.warn_s and row.warned_at is None and seconds >= row.target_s - row.warn_s:
        row.warned_at = whole(at)
        await _tell(session, case, row, "clock_warning")


async def _breach(session: AsyncSession, case: Case, row: Clock, hours: Hours, at: datetime) -> None:
    if row.breached_at is None:
        row.breached_at = counting.moment_of(row, hours, row.target_s) or whole(at)
        await _tell(session, case, row, "clock_breached")


async def _tell(session: AsyncSession, case: Case, row: Clock, kind: str) -> None:
    due_at = row.due_at or row.breached_at
    data = {"clock": row.kind, "target_s": row.target_s, "due_at": due_at.isoformat() if due_at else None}
    await cases.record(session, case, kind, cases.SYSTEM, data)
    watching = await session.scalars(select(CaseWatcher.agent_id).where(CaseWatcher.case_id == case.id))
    concerned = {*watching, *([case.assignee_id] if case.assignee_id else [])}
    # Of no conversation: customers' pages must not hear of it.
    rang = events.ClockRang("", case.ref, case.team, tuple(sorted(concerned)), row.kind, kind == "clock_breached")
    announce(session, rang)


async def end(session: AsyncSession, case: Case, row: Clock, at: datetime) -> None:
    """What was waited for came at `at`. Too late is a breach even when its timer has not rung yet."""
    hours = await teams.hours_of_calendar(session, row.calendar_id)
    if counting.is_late(row, hours, at):
        await _breach(session, case, row, hours, at)
    counting.stand(row, hours, at)
    row.met_at = whole(at)
    await wind(session, row, hours)


async def cancel(session: AsyncSession, row: Clock, at: datetime) -> None:
    """It no longer matters: counted up to here, and neither met nor breached."""
    hours = await teams.hours_of_calendar(session, row.calendar_id)
    counting.stand(row, hours, at)
    row.cancelled_at = whole(at)
    await wind(session, row, hours)
