"""Triggers that wait for time: "waiting for two days", "opened an hour ago", "resolved yesterday".

Once a minute the events are read that happened just as long ago as a trigger waits, by their index on time: what a
look costs depends on what happened in one minute, not on how many cases there are. Each gives its case an item in
its lane, where it is looked at again (is it still so?) and fires, once for each moment it was counted from.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, outbox
from handoff.models import Case, CaseEvent, CaseStatus, OutboxItem, Trigger
from handoff.rules import built_in, conditions, firing, triggers
from handoff.rules.happenings import OWN, TIME, Since

SCAN, FIRE = "scan_triggers", "fire_trigger"
EVERY_S = 60
FURTHEST_BACK = timedelta(days=1)
"""After a longer time without a hub, what became due before is let go: nobody wants a hundred late messages."""


async def begin(session: AsyncSession) -> None:
    """See to it that the looking goes on, whoever stopped it. Called when a hub starts."""
    waiting = select(OutboxItem.id).where(OutboxItem.job == SCAN, OutboxItem.is_dead.is_(False)).limit(1)
    if await session.scalar(waiting) is None:
        await _look_again(session, clock.now())


async def _look_again(session: AsyncSession, since: datetime, after: str = "") -> None:
    """One item, however many hubs add it: its id is the minute it is for, or a later one when that is `after`'s."""
    minute = int((clock.now() + timedelta(seconds=EVERY_S)).timestamp() // EVERY_S)
    name = next(one for one in (f"{SCAN}{minute:013d}", f"{SCAN}{minute + 1:013d}") if one != after)
    if await session.get(OutboxItem, name) is None:
        item = outbox.add_for(session, SCAN, "timer", SCAN, {"since": since.isoformat()}, after_s=EVERY_S)
        item.id = name


async def scan(session: AsyncSession, item: OutboxItem) -> None:
    """Give every case whose moment came since the last look an item of its own."""
    now, since = clock.now(), datetime.fromisoformat(item.body["since"])
    for row in await triggers.waiting_for(session, TIME):
        since_on = max(since, row.updated_at, now - FURTHEST_BACK)
        for case_id, event_id in await session.execute(_reached(row, since_on, now)):
            body = {"trigger_id": row.id, "event_id": event_id}
            outbox.add_for(session, case_id, "case", FIRE, body)
    await _look_again(session, max(now, since), item.id)


def _reached(row: Trigger, since: datetime, until: datetime) -> Select[str, str]:
    """(case, event) of what happened exactly so long before some moment between `since` and `until`."""
    wait = timedelta(minutes=int(row.after["minutes"]))
    return (
        select(CaseEvent.case_id, CaseEvent.id)
        .join(Case, Case.id == CaseEvent.case_id)
        .where(CaseEvent.created_at > since - wait, CaseEvent.created_at <= until - wait)
        .where(*_begins(row.after["since"]))
        .order_by(CaseEvent.created_at)
    )


def _begins(since: str) -> tuple[ColumnElement[bool], ...]:
    if since == Since.UPDATED:
        return (Case.last_event_seq == CaseEvent.seq, CaseEvent.kind.not_in(OWN))
    kinds = {Since.CREATED: "opened", Since.WAITING: "status_changed", Since.RESOLVED: "resolved"}
    return (CaseEvent.kind == kinds[Since(since)],)


async def fire(session: AsyncSession, item: OutboxItem) -> None:
    """The moment of one case and one trigger: fires if it is still on and still so."""
    row = await session.get(Trigger, item.body["trigger_id"]) or built_in.by_id(item.body["trigger_id"])
    case, event = await session.get(Case, item.subject_id), await session.get(CaseEvent, item.body["event_id"])
    if row is None or not row.is_on or row.event != TIME or case is None or event is None:
        return
    later = select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.seq > event.seq)
    if case.status == CaseStatus.JOINED or not is_still_so(row.after["since"], event, await session.scalars(later)):
        return
    if conditions.holds(triggers.draft_of(row).conditions, await conditions.view_of(session, case)):
        await firing.fire(session, row, case, event.id, await firing.chain_of(session, case.id, event.id))


def is_still_so(since: str, event: CaseEvent, later: Iterable[CaseEvent]) -> bool:
    """Whether what began with `event` lasts, by what happened after it."""
    if since == Since.CREATED:
        return True
    if since == Since.WAITING and event.data.get("status") != CaseStatus.WAITING:
        return False
    if since == Since.UPDATED:
        return not any(one.kind not in OWN for one in later)
    return not any("status" in one.data for one in later)
