"""Agents: the people at the desk, how they sign in, whether they are here and how much they can take.

The desk and the API call this. A password is checked outside any transaction and off the event loop, because argon2
is slow on purpose. Whoever is deactivated is out at the next request: every sign of life reads the agent afresh.
"""

import asyncio
import hashlib
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.db import Database
from handoff.errors import BadInput, NotAllowed, NotFound, NotSignedIn, TooMany
from handoff.models import Agent, AgentSession, Presence, Role
from handoff.settings import settings

WRONG = "That e-mail and password do not belong together."
LONGEST_PASSWORD = 1024
"""Longer ones are refused before hashing, so that nobody can make the hub work for a megabyte."""
FAILURES_PER_AGENT = RateLimitItemPerMinute(5, 5)
FAILURES_PER_ADDRESS = RateLimitItemPerMinute(30, 5)
HIGHEST_CAPACITY = 20

_hasher = PasswordHash((Argon2Hasher(),))


@dataclass(frozen=True)
class SignedIn:
    """Who is asking. `agent` is detached: read it, never write it."""

    agent: Agent
    session_id: str
    csrf_token: str

    @property
    def is_supervisor(self) -> bool:
        return self.agent.role in (Role.SUPERVISOR, Role.ADMIN)


@dataclass(frozen=True)
class Pass:
    """A fresh sign-in. `secret` goes into the cookie and is stored nowhere else."""

    secret: str
    agent_id: str
    expires_at: datetime


class Throttle:
    """Counts failed sign-ins per agent and per address; only failures cost anything.

    Tries under way count until they are known to be none: a password is checked slowly, so many at once would else
    pass before the first has failed.
    """

    def __init__(self) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())
        self._under_way: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def one_try(self, email: str, address: str) -> Iterator[None]:
        """Around the check of one password; `TooMany` when there were enough."""
        tries = ((FAILURES_PER_AGENT, ("agent", email)), (FAILURES_PER_ADDRESS, ("address", address)))
        if not all(self._window.test(most, who[1], cost=self._under_way[who] + 1) for most, who in tries):
            raise TooMany("Too many failed sign-ins. Wait a few minutes, then try again.", retry_after_s=300)
        whose = Counter(who for _, who in tries)
        self._under_way += whose
        try:
            yield
        finally:
            self._under_way -= whose

    def failed(self, email: str, address: str) -> None:
        self._window.hit(FAILURES_PER_AGENT, email)
        self._window.hit(FAILURES_PER_ADDRESS, address)


async def hash_password(password: str) -> str:
    if not 8 <= len(password) <= LONGEST_PASSWORD:
        raise BadInput(f"A password has between 8 and {LONGEST_PASSWORD} characters.")
    return await asyncio.to_thread(_hasher.hash, password)


async def unknown_password() -> str:
    """The hash of a password that nobody knows, for whoever has yet to set theirs."""
    return await hash_password(secrets.token_urlsafe(32))


async def sign_in(
    database: Database, throttle: Throttle, email: str, password: str, *, address: str, hours: float
) -> Pass:
    """A new session for the agent, or `NotSignedIn` in the same words and after the same work, whatever was wrong."""
    email = email.strip().lower()
    with throttle.one_try(email, address):
        async with database.read() as session:
            agent = await session.scalar(select(Agent).where(Agent.email == email))
        known = agent if agent and agent.is_active else None
        if not await _fits(password, known.password_hash if known else _nobody_hash()) or known is None:
            throttle.failed(email, address)
            raise NotSignedIn(WRONG)
    agent_id = known.id
    return await database.write(lambda session: _open_session(session, agent_id, hours))


async def _fits(password: str, hashed: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    return await asyncio.to_thread(_hasher.verify, password, hashed)


@lru_cache
def _nobody_hash() -> str:
    """Checked when the e-mail is unknown, so that the answer takes as long as for a known one."""
    return _hasher.hash(secrets.token_urlsafe(16))


async def _open_session(session: AsyncSession, agent_id: str, hours: float) -> Pass:
    secret = secrets.token_urlsafe(32)
    now = clock.now()
    row = AgentSession(
        agent_id=agent_id,
        secret_hash=_digest(secret),
        csrf_token=secrets.token_urlsafe(32),
        expires_at=now + timedelta(hours=hours),
        created_at=now,
    )
    session.add(row)
    await session.execute(delete(AgentSession).where(AgentSession.expires_at < now))
    return Pass(secret, agent_id, row.expires_at)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


async def who(session: AsyncSession, secret: str | None) -> SignedIn:
    """The agent behind a cookie. One statement; raises `NotSignedIn` for anything that no longer holds."""
    found = None
    if secret:
        found = (
            await session.execute(
                select(Agent, AgentSession)
                .join(AgentSession, AgentSession.agent_id == Agent.id)
                .where(
                    AgentSession.secret_hash == _digest(secret),
                    AgentSession.expires_at > clock.now(),
                    Agent.is_active.is_(True),
                )
            )
        ).first()
    if found is None:
        raise NotSignedIn("Sign in to use the desk.")
    agent, row = found
    return SignedIn(agent, row.id, row.csrf_token)


async def sign_out(session: AsyncSession, session_id: str) -> None:
    await session.execute(delete(AgentSession).where(AgentSession.id == session_id))


async def add(
    session: AsyncSession,
    *,
    email: str,
    name: str,
    password_hash: str,
    role: Role = Role.AGENT,
    teams: tuple[str, ...] = ("care",),
    capacity: int = 4,
) -> Agent:
    agent = Agent(
        email=email.strip().lower(),
        name=name,
        password_hash=password_hash,
        role=role,
        teams=list(teams),
        capacity=capacity,
        created_at=clock.now(),
    )
    session.add(agent)
    await session.flush()
    return agent


async def deactivate(session: AsyncSession, by: SignedIn, agent_id: str) -> None:
    """Out of every browser at once. What they held stays theirs until somebody takes it over."""
    if not by.is_supervisor:
        raise NotAllowed("Only a supervisor may deactivate an agent.")
    agent = await _get(session, agent_id)
    agent.is_active = False
    agent.presence = Presence.OFFLINE
    await session.execute(delete(AgentSession).where(AgentSession.agent_id == agent_id))


async def change_password(session: AsyncSession, agent_id: str, password_hash: str) -> None:
    """Every browser has to sign in again with the new one."""
    agent = await _get(session, agent_id)
    agent.password_hash = password_hash
    await session.execute(delete(AgentSession).where(AgentSession.agent_id == agent_id))


async def replace_password(
    database: Database, throttle: Throttle, agent: Agent, present: str, new: str, *, address: str
) -> None:
    """By whoever knows the present one; guesses are counted like those of a sign-in. Refuses with `NotAllowed`."""
    with throttle.one_try(agent.email, address):
        if not await _fits(present, agent.password_hash):
            throttle.failed(agent.email, address)
            raise NotAllowed("That is not your present password. Type it again, or ask a supervisor for a new link.")
    hashed = await hash_password(new)
    await database.write(lambda session: change_password(session, agent.id, hashed))


async def arrived(session: AsyncSession, agent_id: str) -> None:
    """A desk page opened: online, unless the agent chose to be away."""
    await session.execute(
        update(Agent).where(Agent.id == agent_id, Agent.presence == Presence.OFFLINE).values(presence=Presence.ONLINE)
    )
    await seen(session, agent_id)


async def seen(session: AsyncSession, agent_id: str) -> None:
    await session.execute(update(Agent).where(Agent.id == agent_id).values(seen_at=clock.now()))


async def left(session: AsyncSession, agent_id: str) -> None:
    """The last desk page closed."""
    await session.execute(
        update(Agent).where(Agent.id == agent_id, Agent.is_active.is_(True)).values(presence=Presence.OFFLINE)
    )


async def set_presence(session: AsyncSession, agent_id: str, presence: str) -> None:
    if presence not in (Presence.ONLINE, Presence.AWAY):
        raise BadInput("Presence is online or away.")
    agent = await _get(session, agent_id)
    agent.presence = presence
    agent.seen_at = clock.now()


async def set_capacity(session: AsyncSession, agent_id: str, capacity: int) -> None:
    if not 0 <= capacity <= HIGHEST_CAPACITY:
        raise BadInput(f"Capacity is between 0 and {HIGHEST_CAPACITY} conversations.")
    (await _get(session, agent_id)).capacity = capacity


async def at_desk(session: AsyncSession) -> Sequence[Agent]:
    """Everybody who is at the desk now."""
    return list(await session.scalars(select(Agent).where(*is_here()).order_by(Agent.id)))


def is_here() -> tuple[ColumnElement[bool], ...]:
    """At the desk: says so, is still employed, and gave a sign of life lately."""
    lately = clock.now() - timedelta(seconds=settings().agent_away_after_s)
    return (Agent.is_active.is_(True), Agent.presence == Presence.ONLINE, Agent.seen_at >= lately)


async def _get(session: AsyncSession, agent_id: str) -> Agent:
    agent = await session.get(Agent, agent_id)
    if agent is None:
        raise NotFound("There is no such agent.")
    return agent
