"""Escalation: a case goes to a team or a person with more authority, with the reason why. Nobody loses sight of it."""

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, events
from handoff.cases.actors import Actor
from handoff.cases.changes import must_be_live
from handoff.cases.log import by_key, record
from handoff.cases.looking import conversation_ids, hold
from handoff.cases.rights import must_work_on
from handoff.db import announce
from handoff.errors import BadInput, NotFound
from handoff.models import Agent, Case, CaseWatcher, Priority, Role
from handoff.routing import teams

RANKS = {Role.AGENT: 0, Role.SUPERVISOR: 1, Role.ADMIN: 1}
AT_LEAST = Priority.HIGH
"""An escalated case waits behind nothing ordinary."""


async def escalate(
    session: AsyncSession,
    ref: str,
    agent: Agent,
    reason: str,
    *,
    team: str | None = None,
    agent_id: str | None = None,
    idempotency_key: str | None = None,
) -> Case:
    """Pass a case on to a `team` other than its own, or to a person: a supervisor, an admin, or somebody of another
    team. With both, the person takes it for that team.

    Whoever had it and whoever escalates keep watching. `BadInput` when the one asked has no more authority.
    """
    if not reason.strip():
        raise BadInput("Say why it is escalated; whoever takes it reads this first.")
    case = await hold(session, ref)
    if idempotency_key and await by_key(session, case.id, idempotency_key, "escalated"):
        return case
    await must_work_on(agent, case)
    must_be_live(case)
    asked = await _asked(session, agent_id) if agent_id else None
    to_team = await _team_for(session, case, agent, team, asked)
    before = case.assignee_id
    case.team, case.assignee_id = to_team, asked.id if asked else None
    case.priority = case.priority if case.priority == Priority.URGENT else AT_LEAST
    for watcher in {agent.id, before} - {None, case.assignee_id}:
        await _keep_watching(session, case, str(watcher))
    told = {"reason": reason.strip()[:2000], "team": to_team, "agent_id": case.assignee_id, "priority": case.priority}
    named = {"to": asked.name if asked else None, "assignee_id": case.assignee_id}
    await record(session, case, "escalated", Actor.of(agent), told | named, idempotency_key)
    for conversation_id in list(await conversation_ids(session, case))[:1]:
        announce(session, events.CaseEscalated(conversation_id, case.ref, to_team, case.assignee_id, agent.name))
    return case


async def _asked(session: AsyncSession, agent_id: str) -> Agent:
    found = await session.get(Agent, agent_id)
    if found is None or not found.is_active:
        raise NotFound("There is no such agent at the desk. Choose somebody else.")
    return found


async def _team_for(session: AsyncSession, case: Case, agent: Agent, team: str | None, asked: Agent | None) -> str:
    """Where it goes; refuses to go to the same hands as before."""
    known = await teams.names(session)
    if team and team not in known:
        raise BadInput(f"There is no team '{team}'. Choose one of {', '.join(known)}.")
    if asked:
        if asked.id == agent.id:
            raise BadInput("That is you. Choose somebody with more authority, or another team.")
        outranks = RANKS[Role(asked.role)] > RANKS[Role(agent.role)]
        elsewhere = [one for one in asked.teams if one != case.team and one in known]
        if not outranks and not elsewhere:
            raise BadInput(f"{asked.name} has no more authority than you. Choose a supervisor, or another team.")
        return team or (case.team if outranks else elsewhere[0])
    if not team:
        raise BadInput("Say to whom it is escalated: a team or a person.")
    if team == case.team:
        raise BadInput(f"{case.ref} is with '{team}' already. Choose another team, or a supervisor by name.")
    return team


async def _keep_watching(session: AsyncSession, case: Case, agent_id: str) -> None:
    if not await session.get(CaseWatcher, (case.id, agent_id)):
        session.add(CaseWatcher(case_id=case.id, agent_id=agent_id, created_at=clock.now()))
        await session.flush()
