"""What a clock does at its moments: warn, breach, end. One timer in the outbox for each clock that runs.

A timer says only "look now": what was counted decides. So a timer that comes late, twice, or after the hours of the
team were changed does no harm, and a reply that came in time counts as met however late we hear of it.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, events, outbox
from handoff.db import announce
from handoff.models import Case, CaseWatcher, Clock, OutboxItem
from handoff.routing import teams
from handoff.rules import counting
from handoff.rules.counting import Hours, is_over, whole

JOB = "clock_due"
WARNING, BREACHED = "clock_warning", "clock_breached"


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
    await due_together(session, [item])


async def due_together(session: AsyncSession, items: Sequence[OutboxItem]) -> None:
    """The timers of many clocks rang. Some statements for all of them."""
    both = select(Case, Clock).join(Clock, Clock.case_id == Case.id).where(Clock.id.in_([i.subject_id for i in items]))
    found = (await session.execute(both.order_by(Case.id, Clock.id).with_for_update())).all()
    running = [(case, row) for case, row in found if not is_over(row) and row.running_since is not None]
    hours = {key: await teams.hours_of_calendar(session, key) for key in {row.calendar_id for _, row in running}}
    told = []
    for case, row in running:
        row.due_at = counting.moment_of(row, hours[row.calendar_id], row.target_s)
        if kind := _look(row, hours[row.calendar_id], clock.now()):
            told.append((case, row, kind))
        wind_on(session, row, hours[row.calendar_id])
    await _tell(session, told)


def _look(row: Clock, hours: Hours, at: datetime) -> str | None:
    """Which moment has come: the kind of the event that says so."""
    seconds = counting.counted(row, hours, at)
    if seconds >= row.target_s:
        return _breach(row, hours, at)
    if row.warn_s and row.warned_at is None and seconds >= row.target_s - row.warn_s:
        row.warned_at = whole(at)
        return WARNING
    return None


def _breach(row: Clock, hours: Hours, at: datetime) -> str | None:
    if row.breached_at is not None:
        return None
    row.breached_at = counting.moment_of(row, hours, row.target_s) or whole(at)
    return BREACHED


async def _tell(session: AsyncSession, told: Sequence[tuple[Case, Clock, str]]) -> None:
    """Write it on the cases, and tell whoever has or watches them, else their teams."""
    if not told:
        return
    await cases.record_all(session, [(case, kind, _data(row)) for case, row, kind in told], cases.SYSTEM)
    query = select(CaseWatcher).where(CaseWatcher.case_id.in_([case.id for case, _, _ in told]))
    concerned: dict[str, set[str]] = defaultdict(set)
    for watcher in await session.scalars(query):
        concerned[watcher.case_id].add(watcher.agent_id)
    for case, row, kind in told:
        whose = tuple(sorted(concerned[case.id] | ({case.assignee_id} if case.assignee_id else set())))
        # Of no conversation: customers' pages must not hear of it.
        announce(session, events.ClockRang("", case.ref, case.team, whose, row.kind, kind == BREACHED))


def _data(row: Clock) -> dict[str, Any]:
    due_at = row.due_at or row.breached_at
    return {"clock": row.kind, "target_s": row.target_s, "due_at": due_at.isoformat() if due_at else None}


async def end(session: AsyncSession, case: Case, row: Clock, at: datetime) -> None:
    """What was waited for came at `at`. Too late is a breach even when its timer has not rung yet."""
    hours = await teams.hours_of_calendar(session, row.calendar_id)
    if counting.is_late(row, hours, at) and (kind := _breach(row, hours, at)):
        await _tell(session, [(case, row, kind)])
    counting.stand(row, hours, at)
    row.met_at = whole(at)
    await wind(session, row, hours)


async def cancel(session: AsyncSession, row: Clock, at: datetime) -> None:
    """It no longer matters: counted up to here, and neither met nor breached."""
    hours = await teams.hours_of_calendar(session, row.calendar_id)
    counting.stand(row, hours, at)
    row.cancelled_at = whole(at)
    await wind(session, row, hours)
