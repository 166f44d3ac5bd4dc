"""Who works at the desk and what may be sent to them: role, teams, skills, languages and how much at once.

Supervisors call this from the settings. Nobody changes their own role or switches themselves off, and only an admin
decides who is one, so that a desk never loses the last person who could put it right.
"""

import re
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, invitations
from handoff.agents import HIGHEST_CAPACITY
from handoff.errors import BadInput, Conflict, NotAllowed, NotFound
from handoff.invitations import Invitation
from handoff.models import Agent, AgentSession, Presence, Role
from handoff.routing import skills as known_skills
from handoff.routing import teams as known_teams

EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
ONLY_ADMINS = "Only an admin decides who is one. Ask an admin."
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")


async def all_of(session: AsyncSession) -> Sequence[Agent]:
    """Those who work here first, by name."""
    return list(await session.scalars(select(Agent).order_by(Agent.is_active.desc(), Agent.name, Agent.id)))


async def get(session: AsyncSession, agent_id: str) -> Agent:
    found = await session.get(Agent, agent_id)
    if found is None:
        raise NotFound("There is no such agent. Reload the page to see who works here.")
    return found


async def add(
    session: AsyncSession, by: Agent, *, email: str, name: str, role: Role, teams: Iterable[str], password_hash: str
) -> Invitation:
    """Somebody new at the desk, who sets their password with the link. `password_hash` is of one that nobody knows
    (`agents.unknown_password`), made beforehand because it is slow."""
    email, name = email.strip().lower(), " ".join(name.split())
    if not EMAIL.fullmatch(email) or len(email) > 200:
        raise BadInput("Write the e-mail they sign in with, such as kim@example.com.")
    if not 0 < len(name) <= 100:
        raise BadInput("Write the name that customers and colleagues read, of at most 100 characters.")
    if role == Role.ADMIN and by.role != Role.ADMIN:
        raise NotAllowed(ONLY_ADMINS)
    wanted = await _teams(session, name, teams)
    try:
        async with session.begin_nested():
            agent = await agents.add(
                session, email=email, name=name, password_hash=password_hash, role=role, teams=wanted
            )
    except IntegrityError:
        raise Conflict(f"{email} is at the desk already. Look for it in the list.") from None
    return invitations.invite(agent)


async def invite(session: AsyncSession, by: Agent, agent_id: str) -> Invitation:
    """A link for somebody who lost theirs or forgot their password. What they have holds until it is used."""
    agent = await get(session, agent_id)
    _may_decide_about(by, agent, agent.role)
    if not agent.is_active:
        raise Conflict(f"{agent.name} cannot sign in. Activate them first.")
    return invitations.invite(agent)


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
    wanted = await _teams(session, agent.name, teams, agent.teams)
    if not 0 <= capacity <= HIGHEST_CAPACITY:
        raise BadInput(f"Capacity is between 0 and {HIGHEST_CAPACITY} conversations.")
    agent.skills = await known_skills.checked(session, skills)
    agent.languages = _languages(languages)
    agent.role, agent.teams, agent.capacity = role, list(wanted), capacity
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


async def _teams(session: AsyncSession, name: str, given: Iterable[str], had: Sequence[str] = ()) -> tuple[str, ...]:
    """Each once; a team that takes nothing new may only be kept."""
    wanted = tuple(dict.fromkeys(given))
    for team in wanted:
        if team not in had:
            await known_teams.checked(session, team)
    if not wanted:
        raise BadInput(f"{name} needs a team, else nothing ever comes to them. Tick at least one.")
    return wanted


def _may_decide_about(by: Agent, agent: Agent, role: str) -> None:
    if by.id == agent.id:
        raise NotAllowed("Nobody decides this about themselves. Ask another supervisor.")
    if Role.ADMIN in (agent.role, role) and by.role != Role.ADMIN:
        raise NotAllowed(ONLY_ADMINS)


def _languages(given: Iterable[str]) -> list[str]:
    """`["en", "de-AT"]`; nobody speaks none."""
    found = list(dict.fromkeys(one.strip() for one in given if one.strip()))
    for one in found:
        if not LANGUAGE.fullmatch(one):
            raise BadInput(f"'{one[:20]}' is no language code. Write for example 'en, de'.")
    if not found:
        raise BadInput("Write at least one language, such as 'en'.")
    return found
