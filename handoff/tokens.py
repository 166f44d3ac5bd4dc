"""Bearer tokens: what lets programs in, and as whom.

Three kinds reach the API: the action server's token from the settings, tokens made by `tellonce token`, and the session
of a signed-in agent. Only hashes are stored.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, clock
from handoff.errors import BadInput, NotAllowed, NotFound, NotSignedIn
from handoff.models import Agent, ApiToken
from handoff.settings import settings


class Scope(StrEnum):
    ASSISTANT = "assistant"
    """Hand over, open and note cases: what the bot's actions need."""
    AGENT = "agent"
    """Everything an agent may do at the desk; the token belongs to one agent."""
    READ = "read"
    """Look at conversations, cases and queues."""


@dataclass(frozen=True)
class Caller:
    """Who is calling; `agent` when the token acts for one."""

    name: str
    scopes: frozenset[str]
    agent: Agent | None = None

    def must_have(self, *scopes: Scope) -> None:
        if not self.scopes.intersection(scopes):
            raise NotAllowed(f"This token lacks the scope {' or '.join(scopes)}.")

    @property
    def as_agent(self) -> Agent:
        if self.agent is None:
            raise NotAllowed("This needs an agent's token.")
        return self.agent


async def create(session: AsyncSession, name: str, scopes: list[str], agent_email: str | None = None) -> str:
    """A new token; the secret is given back once and cannot be shown again."""
    unknown = [scope for scope in scopes if scope not in set(Scope)]
    if unknown or not scopes:
        raise BadInput(f"Choose scopes from {', '.join(Scope)}.")
    agent = await session.scalar(select(Agent).where(Agent.email == agent_email)) if agent_email else None
    if (agent_email or Scope.AGENT in scopes) and agent is None:
        raise NotFound("A token with scope agent needs the e-mail of an existing agent.")
    secret = f"tlo_{secrets.token_urlsafe(32)}"
    session.add(
        ApiToken(
            name=name[:100],
            secret_hash=_hash(secret),
            scopes=list(scopes),
            agent_id=agent.id if agent else None,
            created_at=clock.now(),
        )
    )
    return secret


async def read(session: AsyncSession, secret: str) -> Caller:
    """The caller behind a bearer token, or `NotSignedIn` when it is unknown, revoked or its agent has left."""
    expected = settings().actions_token
    if expected and hmac.compare_digest(secret.encode(), expected.encode()):
        return Caller("actions", frozenset({Scope.ASSISTANT}))
    row = await session.scalar(select(ApiToken).where(ApiToken.secret_hash == _hash(secret)))
    if row and row.revoked_at is None:
        agent = await session.get(Agent, row.agent_id) if row.agent_id else None
        if row.agent_id is None or (agent and agent.is_active):
            return Caller(row.name, frozenset(row.scopes), agent)
    if row is None:
        signed_in = await agents.who(session, secret)
        return Caller(signed_in.agent.email, frozenset({Scope.AGENT, Scope.READ}), signed_in.agent)
    raise NotSignedIn("This token no longer holds. Make a new one with `tellonce token`.")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
