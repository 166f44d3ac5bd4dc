"""Who works at the desk and what may be sent to them: role, teams, skills, languages and how much at once.

Supervisors call this from the settings. Nobody changes their own role or switches themselves off, and only an admin
decides who is one, so that a desk never loses the last person who could put it right.
"""

import re
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.agents import HIGHEST_CAPACITY
from handoff.errors import BadInput, NotAllowed, NotFound
from handoff.models import Agent, AgentSession, Presence, Role
from handoff.routing import skills as known_skills
from handoff.routing import teams as known_teams

LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


async def all_of(session: AsyncSession) -> Sequence[Agent]:
    """Those who work here first, by name."""
    return list(await session.scalars(select(Agent).order_by(Agent.is_active.desc(), Agent.name, Agent.id)))


async def get(session: AsyncSession, agent_id: str) -> Agent:
    found = await session.get(Agent, agent_id)
    if found is None:
        raise NotFound("There is no such agent. Reload the page to see who works here.")
    return found


async def change(
    session: AsyncSession,
    by: Agent,
    agent_id: str,
    *,
    role: Role,
    teams: Iterable[str],
    skills: Iterable[str],
    languages: Iterable[str],
    capacity: int,
) -> Agent:
    """What may be sent to an agent from now on; what they hold they keep."""
    agent = await get(session, agent_id)
    if role != agent.role:
        _may_decide_about(by, agent, role)
    wanted = list(dict.fromkeys(teams))
    for team in wanted:
        if team not in agent.teams:
            await known_teams.checked(session, team)
    if not wanted:
        raise BadInput(f"{agent.name} needs a team, else nothing ever comes to them. Tick at least one.")
    if not 0 <= capacity <= HIGHEST_CAPACITY:
        raise BadInput(f"Capacity is between 0 and {HIGHEST_CAPACITY} conversations.")
    agent.skills = await known_skills.checked(session, skills)
    agent.languages = _languages(languages)
    agent.role, agent.teams, agent.capacity = role, wanted, capacity
    return agent


async def deactivate(session: AsyncSession, by: Agent, agent_id: str) -> Agent:
    """Out of every browser at once. What they held stays theirs until somebody takes it over."""
    agent = await get(session, agent_id)
    _may_decide_about(by, agent, agent.role)
    agent.is_active, agent.presence = False, Presence.OFFLINE
    await session.execute(delete(AgentSession).where(AgentSession.agent_id == agent_id))
    return agent


async def activate(session: AsyncSession, by: Agent, agent_id: str) -> Agent:
    agent = await get(session, agent_id)
    _may_decide_about(by, agent, agent.role)
    agent.is_active = True
    return agent


def _may_decide_about(by: Agent, agent: Agent, role: str) -> None:
    if by.id == agent.id:
        raise NotAllowed("Nobody decides this about themselves. Ask another supervisor.")
    if Role.ADMIN in (agent.role, role) and by.role != Role.ADMIN:
        raise NotAllowed("Only an admin decides who is one. Ask an admin.")


def _languages(given: Iterable[str]) -> list[str]:
    """`["en", "de-AT"]`; nobody speaks none."""
    found = list(dict.fromkeys(one.strip() for one in given if one.strip()))
    for one in found:
        if not LANGUAGE.fullmatch(one):
            raise BadInput(f"'{one[:20]}' is no language code. Write for example 'en, de'.")
    if not found:
        raise BadInput("Write at least one language, such as 'en'.")
    return found
