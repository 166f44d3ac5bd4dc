"""A trigger that fires: its actions are done, once for each cause, and written down on the case.

What an action changes is an event of its own and may be what another trigger waits for. The chain of triggers that
led to an event is known from their firings; one of them never fires again for its own consequences, and no chain is
longer than `DEEPEST`. Where that cuts something, the case says so.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock
from handoff.cases import Actor
from handoff.errors import TellonceError
from handoff.models import Case, CaseEvent, Trigger, TriggerFiring, new_id
from handoff.rules import actions
from handoff.rules.actions import Setting
from handoff.rules.happenings import CUT, FIRED

DEEPEST = 5


async def chain_of(session: AsyncSession, case_id: str, cause: str) -> Sequence[str]:
    """The ids of the triggers that led to this event, the nearest first; none when a person or time did it."""
    rows = list(await session.scalars(select(TriggerFiring).where(TriggerFiring.case_id == case_id)))
    by_event = {event_id: row for row in rows for event_id in _events_of(row)}
    chain: list[str] = []
    while (row := by_event.get(cause)) and len(chain) <= len(rows):
        chain.append(row.trigger_id)
        cause = row.cause
    return chain


def _events_of(row: TriggerFiring) -> Sequence[str]:
    return next((one["events"] for one in row.outcome if "events" in one), ())


async def fire(session: AsyncSession, trigger: Trigger, case: Case, cause: str, chain: Sequence[str] = ()) -> bool:
    """Do what the trigger says for a case. False when it did so for this cause before, or the chain is cut."""
    known = select(TriggerFiring.id).where(TriggerFiring.trigger_id == trigger.id, TriggerFiring.case_id == case.id)
    if await session.scalar(known.where(TriggerFiring.cause == cause)):
        return False
    if trigger.id in chain or len(chain) >= DEEPEST:
        await _cut(session, trigger, case, cause, is_loop=trigger.id in chain)
        return False
    await cases.hold_conversations(session, [case.id])
    held = await cases.hold(session, case.ref)
    before = held.last_event_seq
    done = await _do_all(session, trigger, held, cause)
    data = {"trigger_id": trigger.id, "trigger": trigger.name, "done": [one["result"] for one in done]}
    await cases.record(session, held, FIRED, cases.SYSTEM, data)
    later = select(CaseEvent.id).where(CaseEvent.case_id == held.id, CaseEvent.seq > before)
    events = list(await session.scalars(later.order_by(CaseEvent.seq)))
    await _must_have_a_row(session, trigger)
    outcome = [*done, {"events": events}]
    session.add(
        TriggerFiring(
            id=new_id(), trigger_id=trigger.id, case_id=held.id, cause=cause, outcome=outcome, created_at=clock.now()
        )
    )
    await session.flush()
    return True


async def _do_all(session: AsyncSession, trigger: Trigger, case: Case, cause: str) -> list[dict[str, str]]:
    on = Setting(session, case, Actor("system", None, f"Trigger “{trigger.name}”"[:200]), f"{trigger.id[-20:]}:{cause}")
    done = []
    for action in actions.stored(trigger.actions):
        try:
            if not actions.may(action, case):
                result = f"{action.do}: not done, the case is over"
            else:
                async with session.begin_nested():
                    result = await actions.do(on, action)
        except TellonceError as refusal:
            result = f"{action.do}: refused. {refusal.message}"
        done.append({**action.as_dict(), "result": result})
    return done


async def _cut(session: AsyncSession, trigger: Trigger, case: Case, cause: str, *, is_loop: bool) -> None:
    held = await cases.hold(session, case.ref)
    why = "it would have fired for what it did itself" if is_loop else f"{DEEPEST} triggers had set off each other"
    data = {"trigger_id": trigger.id, "trigger": trigger.name, "reason": why}
    await cases.record(session, held, CUT, cases.SYSTEM, data, f"cut-{trigger.id}-{cause}")


async def _must_have_a_row(session: AsyncSession, trigger: Trigger) -> None:
    if await session.get(Trigger, trigger.id) is None:
        session.add(trigger)
        await session.flush()
