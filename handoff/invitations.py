"""Invitations: the link with which somebody of the desk sets their own password, the first or a new one.

A supervisor hands it over (`staff`) and never learns the password. It is signed with the hub's secret and the password
it replaces, so it opens once; nothing of it is stored.
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, clock
from handoff.db import Database
from handoff.errors import Gone
from handoff.models import Agent
from handoff.settings import settings

LASTS = timedelta(days=3)
ENDED = "This link opens nothing any more. Ask whoever gave it to you for a new one."


@dataclass(frozen=True)
class Invitation:
    """Whoever has `link` can sign in as `agent`: it is shown once, to be handed over."""

    agent: Agent
    link: str
    ends_at: datetime


def invite(agent: Agent) -> Invitation:
    """A link that holds for three days, or until the password changes."""
    ends_at = (clock.now() + LASTS).replace(microsecond=0)
    token = jwt.encode({"alg": "HS256"}, {"exp": int(ends_at.timestamp())}, _key(agent))
    return Invitation(agent, f"{settings().public_url.rstrip('/')}/desk/welcome/{agent.id}/{token}", ends_at)


async def read(session: AsyncSession, agent_id: str, token: str) -> Agent:
    """Whose password the link sets. Raises `Gone` when it was used, is old, or never was one."""
    agent = await session.get(Agent, agent_id)
    if agent is None or not agent.is_active or not _holds(agent, token):
        raise Gone(ENDED)
    return agent


async def accept(database: Database, agent_id: str, token: str, password: str) -> Agent:
    """Set the password. Every browser has to sign in with it, and the link opens nothing from then on."""
    async with database.read() as session:
        await read(session, agent_id, token)
    hashed = await agents.hash_password(password)

    async def step(session: AsyncSession) -> Agent:
        agent = await read(session, agent_id, token)
        await agents.change_password(session, agent.id, hashed)
        return agent

    return await database.write(step)


def _holds(agent: Agent, token: str) -> bool:
    try:
        exp = jwt.decode(token, _key(agent), algorithms=["HS256"]).claims["exp"]
        return datetime.fromtimestamp(exp, UTC) > clock.now()
    except (JoseError, KeyError, TypeError, ValueError):
        return False


def _key(agent: Agent) -> OctKey:
    """Another one for every password, so that a link that was used fits nothing."""
    told = f"invitation\n{settings().secret_key}\n{agent.id}\n{agent.password_hash}"
    return OctKey.import_key(hashlib.sha256(told.encode()).hexdigest())
