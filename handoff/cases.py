"""Cases: what has to be solved, apart from the conversations it is talked about in.

Every change is an appended event and, in the same transaction, the stored status; `replay` of the events gives the
same status. The desk, the API and the handovers call the verbs below.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from stdnum import luhn

from handoff import clock, customers, events, outbox
from handoff.db import announce
from handoff.errors import BadInput, IllegalMove, NotFound
from handoff.models import (
    LIVE,
    Agent,
    Case,
    CaseConversation,
    CaseEvent,
    CaseStatus,
    Conversation,
    Fact,
    Message,
    Priority,
)

TEAMS = {
    "care": "Customer care",
    "returns": "Returns",
    "network": "Network",
    "billing": "Billing",
    "retention": "Retention",
}
DEFAULT_TEAM = "care"


@dataclass(frozen=True)
class Actor:
    """Who did it: kind is agent, assistant, customer or system."""

    kind: str
    id: str | None = None
    name: str | None = None

    @staticmethod
    def of(agent: Agent) -> "Actor":
        return Actor("agent", agent.id, agent.name)


SYSTEM = Actor("system")
ASSISTANT = Actor("assistant")


async def open_case(
    session: AsyncSession,
    conversation: Conversation,
    *,
    title: str,
    topic: str,
    team: str = DEFAULT_TEAM,
    priority: str = Priority.NORMAL,
    actor: Actor,
    first_seq: int | None = None,
    idempotency_key: str | None = None,
) -> Case:
    """A new case about a held conversation, from `first_seq` on. A repeated `idempotency_key` gives back the first.

    An unknown team becomes the default team: a case is never nowhere.
    """
    if idempotency_key and (known := await _by_key(session, idempotency_key)):
        return known
    now = clock.now()
    case = Case(
        ref=await _free_ref(session),
        customer_id=conversation.customer_id,
        title=(title.strip() or "Conversation")[:200],
        topic=topic[:60],
        team=team if team in TEAMS else DEFAULT_TEAM,
        status=CaseStatus.OPEN,
        priority=Priority(priority),
        idempotency_key=idempotency_key,
        last_event_seq=0,
        created_at=now,
        updated_at=now,
    )
    session.add(case)
    await session.flush()
    await join_conversation(session, case, conversation, first_seq)
    await record(session, case, "opened", actor, {"title": case.title, "team": case.team, "priority": case.priority})
    return case


async def join_conversation(
    session: AsyncSession, case: Case, conversation: Conversation, first_seq: int | None = None
) -> None:
    """Say that the case is talked about in this conversation from now on; saying it twice changes nothing.

    What was said and told since `first_seq`, and belongs to no case yet, is this one's.
    """
    conversation.case_id = case.id
    if await session.get(CaseConversation, (case.id, conversation.id)):
        return
    first_seq = first_seq if first_seq is not None else conversation.handled_seq + 1
    session.add(
        CaseConversation(case_id=case.id, conversation_id=conversation.id, first_seq=first_seq, created_at=clock.now())
    )
    await session.flush()
    for kind, since in ((Message, Message.seq >= first_seq), (Fact, true())):
        unclaimed = update(kind).where(kind.conversation_id == conversation.id, kind.case_id.is_(None), since)
        await session.execute(unclaimed.values(case_id=case.id))


async def stop_talking_of(session: AsyncSession, case: Case) -> None:
    """The case is over: words that come now belong to another open case of their conversation, or to none."""
    talking = select(Conversation).where(Conversation.case_id == case.id).with_for_update()
    for conversation in await session.scalars(talking):
        conversation.case_id = None
        left = await open_one_of(session, conversation)
        conversation.case_id = left.id if left else None


async def talk_of_again(session: AsyncSession, case: Case) -> None:
    """A reopened case takes what is said from now on, where nothing else is talked about."""
    quiet = select(Conversation).where(Conversation.id.in_(await conversation_ids(session, case)))
    for conversation in await session.scalars(quiet.where(Conversation.case_id.is_(None)).with_for_update()):
        conversation.case_id = case.id


async def record(
    session: AsyncSession,
    case: Case,
    kind: str,
    actor: Actor,
    data: dict[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> CaseEvent:
    """Append one event. A repeated `idempotency_key` on the same case gives back the first."""
    if idempotency_key:
        known = await session.scalar(
            select(CaseEvent).where(CaseEvent.case_id == case.id, CaseEvent.idempotency_key == idempotency_key)
        )
        if known:
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


async def add_note(
    session: AsyncSession, ref: str, actor: Actor, text: str, idempotency_key: str | None = None
) -> CaseEvent:
    """Words for whoever works on the case."""
    if not text.strip():
        raise BadInput("The note is empty. Write something first.")
    return await record(session, await hold(session, ref), "noted", actor, {"text": text[:4000]}, idempotency_key)


async def assign(session: AsyncSession, ref: str, actor: Actor, agent: Agent | None) -> Case:
    """Make an agent responsible, or nobody."""
    case = await hold(session, ref)
    case.assignee_id = agent.id if agent else None
    await record(session, case, "assigned", actor, {"to": agent.name if agent else None, "agent_id": case.assignee_id})
    return case


async def set_priority(session: AsyncSession, ref: str, actor: Actor, priority: Priority) -> Case:
    case = await hold(session, ref)
    case.priority = priority
    await record(session, case, "priority_changed", actor, {"priority": priority})
    return case


async def set_team(session: AsyncSession, ref: str, actor: Actor, team: str, reason: str = "") -> Case:
    """Move a case to another team; whoever had it no longer has."""
    if team not in TEAMS:
        raise BadInput(f"There is no team '{team}'. Choose one of {', '.join(TEAMS)}.")
    case = await hold(session, ref)
    case.team, case.assignee_id = team, None
    await record(session, case, "team_changed", actor, {"team": team, "reason": reason})
    return case


async def set_status(session: AsyncSession, ref: str, actor: Actor, status: CaseStatus) -> Case:
    """Open or waiting; `resolve` and `reopen` are verbs of their own."""
    if status is CaseStatus.RESOLVED:
        raise BadInput("Resolve the case and say what was done.")
    case = await hold(session, ref)
    if case.status == CaseStatus.RESOLVED:
        raise IllegalMove(f"{case.ref} is resolved. Reopen it first.")
    case.status = status
    await record(session, case, "status_changed", actor, {"status": status})
    return case


async def resolve(session: AsyncSession, ref: str, actor: Actor, resolution: str) -> Case:
    """Done: `resolution` says what was done, in words for the customer. Resolving twice is refused."""
    case = await hold(session, ref)
    if case.status == CaseStatus.RESOLVED:
        raise IllegalMove(f"{case.ref} is resolved already.")
    if not resolution.strip():
        raise BadInput("Say in a sentence what was done; the customer will read it.")
    case.status, case.resolution, case.resolved_at = CaseStatus.RESOLVED, resolution.strip(), clock.now()
    await session.flush()
    await stop_talking_of(session, case)
    await record(session, case, "resolved", actor, {"resolution": case.resolution, "status": case.status})
    return case


async def reopen(
    session: AsyncSession, ref: str, actor: Actor, reason: str, idempotency_key: str | None = None
) -> Case:
    """It is not solved after all. A case that is open stays as it is."""
    case = await hold(session, ref)
    if case.status != CaseStatus.RESOLVED:
        return case
    case.status, case.resolved_at = CaseStatus.OPEN, None
    await talk_of_again(session, case)
    await record(session, case, "reopened", actor, {"reason": reason[:2000], "status": case.status}, idempotency_key)
    return case


async def hold(session: AsyncSession, ref: str) -> Case:
    """The case, locked until the end of this transaction."""
    found = await session.scalar(select(Case).where(Case.ref == normal_ref(ref)).with_for_update())
    if found is None:
        raise NotFound(f"There is no case {ref[:40]}.")
    return found


async def get(session: AsyncSession, ref: str) -> Case:
    """The case with this reference, however it was typed, or `NotFound`."""
    found = await session.scalar(select(Case).where(Case.ref == normal_ref(ref)))
    if found is None:
        raise NotFound(f"There is no case {ref[:40]}.")
    return found


async def of_customer(session: AsyncSession, customer_id: str) -> Sequence[Case]:
    """Of all customers who are this one person, newest first."""
    ids = await customers.together(session, customer_id)
    query = select(Case).where(Case.customer_id.in_(ids)).order_by(Case.created_at.desc(), Case.id.desc())
    return list(await session.scalars(query))


async def of_conversation(session: AsyncSession, conversation_id: str) -> Sequence[Case]:
    """Newest first."""
    query = (
        select(Case)
        .join(CaseConversation, CaseConversation.case_id == Case.id)
        .where(CaseConversation.conversation_id == conversation_id)
        .order_by(Case.created_at.desc(), Case.id.desc())
    )
    return list(await session.scalars(query))


async def open_one_of(session: AsyncSession, conversation: Conversation) -> Case | None:
    """The newest unresolved case of a conversation: where the next handover belongs."""
    for case in await of_conversation(session, conversation.id):
        if case.status in LIVE:
            return case
    return None


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
        if event.kind in ("assigned", "accepted"):
            state["assignee_id"] = event.data.get("agent_id")
        elif event.kind in ("team_changed", "transferred"):
            state["assignee_id"] = None
    return state


def normal_ref(typed: str) -> str:
    """`c482917x` and `C 482 917 x` name the same case as `C-482-917`."""
    digits = "".join(letter for letter in typed if letter.isdigit())
    return f"C-{digits[:3]}-{digits[3:6]}-{digits[6:]}" if len(digits) == 7 else typed.strip().upper()[:16]


async def _free_ref(session: AsyncSession) -> str:
    """Six random digits and a check digit, so that a misheard one is noticed: `C-482-917-4`."""
    while True:
        digits = f"{secrets.randbelow(1_000_000):06d}"
        ref = normal_ref(digits + luhn.calc_check_digit(digits))
        if not await session.scalar(select(func.count()).select_from(Case).where(Case.ref == ref)):
            return ref


async def _by_key(session: AsyncSession, idempotency_key: str) -> Case | None:
    found: Case | None = await session.scalar(select(Case).where(Case.idempotency_key == idempotency_key))
    return found


async def conversation_ids(session: AsyncSession, case: Case) -> Sequence[str]:
    """Where the case is talked about."""
    query = select(CaseConversation.conversation_id).where(CaseConversation.case_id == case.id)
    return list(await session.scalars(query))
