"""Waiting for the customer: their next word ends it, and long silence ends the case, told a day before.

After `TELLONCE_CLOSE_WAITING_AFTER_DAYS` (0: never) a case that waits for the customer is resolved by rule. An agent
who has the conversation decides themselves: while one does, nothing is said and nothing closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import outbox
from handoff.cases import ending, telling
from handoff.cases.actors import SYSTEM, Actor
from handoff.cases.log import record
from handoff.cases.looking import hold_conversations, hold_in_turn
from handoff.models import Case, CaseEvent, CaseStatus, OutboxItem
from handoff.ports import Author
from handoff.settings import settings

if TYPE_CHECKING:
    from handoff.casework import Happened

DAY_S = 86_400.0
JOB = "close_waiting"


async def follow(session: AsyncSession, happened: Happened) -> None:
    """Set the timer when a case begins to wait for its customer; open it when the customer has written."""
    case, event, message = happened.case, happened.event, happened.message
    if event and event.data.get("waiting_for") == "customer" and is_waiting(case):
        days = settings().close_waiting_after_days
        if days > 0:
            plan(session, case, event, "warn", max(0.0, days - 1) * DAY_S)
    elif message and message.author == Author.CUSTOMER and message.case_id == case.id and is_waiting(case):
        case.status, case.waiting_for = CaseStatus.OPEN, None
        data = {"status": case.status, "waiting_for": None, "message_id": message.id}
        await record(session, case, "status_changed", Actor("customer"), data)


def is_waiting(case: Case) -> bool:
    return case.status == CaseStatus.WAITING and case.waiting_for == "customer"


def plan(session: AsyncSession, case: Case, event: CaseEvent, step: str, after_s: float) -> None:
    """Look again later; `event` is the one by which it began to wait, so that a later wait counts from its own."""
    body = {"case_id": case.id, "since": event.id, "step": step}
    outbox.add_for(session, case.id, "timer", JOB, body, after_s)


async def close(session: AsyncSession, item: OutboxItem) -> None:
    """The timer: say that it will be closed tomorrow, and a day later close it."""
    await hold_conversations(session, [item.subject_id])
    case = (await hold_in_turn(session, [item.subject_id])).get(item.subject_id)
    event = await session.get(CaseEvent, item.body["since"])
    if case is None or event is None or not is_waiting(case) or await _waits_anew(session, case, event):
        return
    if item.body["step"] == "warn":
        told = await telling.tell_where_it_was_talked_about(session, case, telling.closed_tomorrow(case))
        plan(session, case, event, "close" if told else "warn", DAY_S)
        return
    days = settings().close_waiting_after_days
    because = f"Closed because we did not hear from you for {days:g} days."
    await ending.resolve(session, case.ref, SYSTEM, because, told=telling.closed(case, days))


async def _waits_anew(session: AsyncSession, case: Case, event: CaseEvent) -> bool:
    later = select(CaseEvent.id).where(CaseEvent.case_id == case.id, CaseEvent.seq > event.seq)
    return await session.scalar(later.where(CaseEvent.kind == "status_changed").limit(1)) is not None
