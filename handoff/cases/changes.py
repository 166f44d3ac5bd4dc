"""What people and rules change about a case that is not over: notes, assignee, priority, team, who is waited for."""

from typing import Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.cases.actors import Actor
from handoff.cases.log import record
from handoff.cases.looking import hold, leads_to
from handoff.errors import BadInput, IllegalMove
from handoff.models import LIVE, Agent, Case, CaseEvent, CaseStatus, Priority
from handoff.routing import teams

WaitedFor = Literal["customer", "partner"]


async def add_note(
    session: AsyncSession, ref: str, actor: Actor, text: str, idempotency_key: str | None = None
) -> CaseEvent:
    """Words for whoever works on the case, or on the one it became part of."""
    if not text.strip():
        raise BadInput("The note is empty. Write something first.")
    case = await leads_to(session, await hold(session, ref))
    return await record(session, case, "noted", actor, {"text": text[:4000]}, idempotency_key)


async def assign(session: AsyncSession, ref: str, actor: Actor, agent: Agent | None) -> Case:
    """Make an agent responsible, or nobody."""
    case = await hold(session, ref)
    must_not_be_joined(case)
    case.assignee_id = agent.id if agent else None
    await record(session, case, "assigned", actor, {"to": agent.name if agent else None, "agent_id": case.assignee_id})
    return case


async def set_priority(session: AsyncSession, ref: str, actor: Actor, priority: Priority) -> Case:
    case = await hold(session, ref)
    must_not_be_joined(case)
    case.priority = priority
    await record(session, case, "priority_changed", actor, {"priority": priority})
    return case


async def set_team(session: AsyncSession, ref: str, actor: Actor, team: str, reason: str = "") -> Case:
    """Move a case to another team; whoever had it no longer has."""
    await teams.checked(session, team)
    case = await hold(session, ref)
    must_not_be_joined(case)
    case.team, case.assignee_id = team, None
    await record(session, case, "team_changed", actor, {"team": team, "reason": reason})
    return case


async def set_status(session: AsyncSession, ref: str, actor: Actor, status: CaseStatus) -> Case:
    """Open or waiting (for the customer); `resolve`, `reopen` and `join` are verbs of their own."""
    if status not in LIVE:
        raise BadInput("Resolve the case and say what was done.")
    case = await hold(session, ref)
    return await _set(session, case, actor, status, "customer" if status == CaseStatus.WAITING else None)


async def wait_for(session: AsyncSession, ref: str, actor: Actor, whom: WaitedFor) -> Case:
    """Nothing can be done until the customer or a partner has done something. Saying it twice changes nothing."""
    if whom not in ("customer", "partner"):
        raise BadInput("Say who is waited for: the customer or a partner.")
    case = await hold(session, ref)
    if (case.status, case.waiting_for) == (CaseStatus.WAITING, whom):
        return case
    return await _set(session, case, actor, CaseStatus.WAITING, whom)


async def _set(
    session: AsyncSession, case: Case, actor: Actor, status: CaseStatus, waiting_for: WaitedFor | None
) -> Case:
    must_be_live(case)
    case.status, case.waiting_for = status, waiting_for
    await record(session, case, "status_changed", actor, {"status": status, "waiting_for": waiting_for})
    return case


def must_be_live(case: Case) -> None:
    """Refuse (`IllegalMove`) a case that is resolved or became part of another."""
    if case.status == CaseStatus.RESOLVED:
        raise IllegalMove(f"{case.ref} is resolved. Reopen it first.")
    must_not_be_joined(case)


async def must_not_be_erased(session: AsyncSession, *cases: Case) -> None:
    """Refuse (`IllegalMove`) to begin anything again with a customer who was erased: nobody is there any more."""
    erased = select(CaseEvent.case_id).where(CaseEvent.case_id.in_([case.id for case in cases]))
    found = set(await session.scalars(erased.where(CaseEvent.kind == "erased")))
    if over := next((case for case in cases if case.id in found), None):
        raise IllegalMove(f"The customer of {over.ref} was erased, so it is over for good. Leave it as it is.")


def must_not_be_joined(case: Case) -> None:
    """Refuse (`IllegalMove`) a case that became part of another: nobody works on it, and undoing finds it as it was."""
    if case.status == CaseStatus.JOINED:
        raise IllegalMove(f"{case.ref} became part of another case. Work on that one, or undo the join first.")
