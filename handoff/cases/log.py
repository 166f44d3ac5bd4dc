"""What happened to a case: events, appended once and never changed. Replaying them gives what is stored."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, events, outbox
from handoff.cases.actors import Actor
from handoff.cases.looking import conversation_ids
from handoff.db import announce
from handoff.errors import Conflict
from handoff.models import Case, CaseConversation, CaseEvent, CaseStatus, new_id


async def record(
    session: AsyncSession,
    case: Case,
    kind: str,
    actor: Actor,
    data: dict[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> CaseEvent:
    """Append one event. A repeated `idempotency_key` on the same case gives back the first; see `by_key`."""
    if idempotency_key and (known := await by_key(session, case.id, idempotency_key, kind)):
        return known
    case.last_event_seq += 1
    case.updated_at = clock.now()
    event = CaseEvent(
        case_id=case.id,
        seq=case.last_event_seq,
        kind=kind,
        actor=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        data=data or {},
        idempotency_key=idempotency_key,
        created_at=clock.now(),
    )
    session.add(event)
    await session.flush()
    outbox.add_for(session, case.id, "case", "follow_case", {"event_id": event.id})
    for conversation_id in await conversation_ids(session, case):
        announce(session, events.CaseChanged(conversation_id, case.id, case.ref))
    return event


async def record_all(session: AsyncSession, told: Sequence[tuple[Case, str, dict[str, Any]]], actor: Actor) -> None:
    """Append one event to each of these held cases, (case, kind, data), in as many statements as for one."""
    now = clock.now()
    for case, kind, data in told:
        case.last_event_seq, case.updated_at = case.last_event_seq + 1, now
        event = CaseEvent(id=new_id(), case_id=case.id, seq=case.last_event_seq, kind=kind, data=data, created_at=now)
        event.actor, event.actor_id, event.actor_name = actor.kind, actor.id, actor.name
        session.add(event)
        outbox.add_for(session, case.id, "case", "follow_case", {"event_id": event.id})
    await session.flush()
    refs = {case.id: case.ref for case, _, _ in told}
    for row in await session.scalars(select(CaseConversation).where(CaseConversation.case_id.in_(refs))):
        announce(session, events.CaseChanged(row.conversation_id, row.case_id, refs[row.case_id]))


async def by_key(session: AsyncSession, case_id: str, idempotency_key: str, kind: str) -> CaseEvent | None:
    """The event of this kind that was made with a key; `Conflict` when the key stands for another kind."""
    query = select(CaseEvent).where(CaseEvent.case_id == case_id, CaseEvent.idempotency_key == idempotency_key)
    found: CaseEvent | None = await session.scalar(query)
    if found and found.kind != kind:
        raise Conflict("This idempotency key was used for something else about this case. Take a new one.")
    return found


async def history(session: AsyncSession, case_id: str) -> Sequence[CaseEvent]:
    """The events of a case, oldest first."""
    return list(await session.scalars(select(CaseEvent).where(CaseEvent.case_id == case_id).order_by(CaseEvent.seq)))


def replay(history: Sequence[CaseEvent]) -> dict[str, Any]:
    """Status, priority, team and assignee as the events tell them; equal to what is stored."""
    state: dict[str, Any] = {"status": CaseStatus.OPEN, "priority": None, "team": None, "assignee_id": None}
    for event in history:
        for key in ("status", "priority", "team"):
            if key in event.data:
                state[key] = event.data[key]
        if event.kind in ("team_changed", "transferred"):
            state["assignee_id"] = None
        if event.kind in ("assigned", "accepted"):
            state["assignee_id"] = event.data.get("agent_id")
        elif "assignee_id" in event.data:
            state["assignee_id"] = event.data["assignee_id"]
    return state
