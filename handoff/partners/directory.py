"""The partners we work with: their names, what they may say of the work, and the secret their systems sign with."""

import base64
import re
import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.errors import BadInput, Conflict, NotAllowed, NotFound
from handoff.models import Agent, Partner, Role
from handoff.partners.kinds import KINDS, State

MOST_STATES = 12
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


def must_supervise(agent: Agent) -> None:
    """Partners and webhooks are settings: refuse (`NotAllowed`) everyone but supervisors and admins."""
    if agent.role not in (Role.SUPERVISOR, Role.ADMIN):
        raise NotAllowed("Only a supervisor may change partners and webhooks. Ask one of yours.")


async def add(session: AsyncSession, name: str, kind: str) -> Partner:
    """A partner with the states and facts of its kind. Names are unique (`Conflict`)."""
    name = " ".join(name.split())[:100]
    if not name:
        raise BadInput("Give the partner a name.")
    if kind not in KINDS:
        raise BadInput(f"There is no kind of partner '{kind[:40]}'. Choose one of {', '.join(KINDS)}.")
    if await session.scalar(select(Partner.id).where(Partner.name == name)):
        raise Conflict(f"There is a partner called {name} already. Change that one, or choose another name.")
    chosen = KINDS[kind]
    partner = Partner(
        name=name,
        kind=kind,
        states=[state.as_dict() for state in chosen.states],
        facts=list(chosen.facts),
        is_active=True,
        created_at=clock.now(),
    )
    session.add(partner)
    await session.flush()
    return partner


async def change(
    session: AsyncSession,
    partner_id: str,
    *,
    states: Sequence[State] | None = None,
    facts: Sequence[str] | None = None,
    is_active: bool | None = None,
) -> Partner:
    """What is None stays. Links that are out keep working until they are revoked or end."""
    partner = await get(session, partner_id)
    if states is not None:
        partner.states = [state.as_dict() for state in _checked(states)]
    if facts is not None:
        partner.facts = [_fact_name(name) for name in facts if name.strip()]
    if is_active is not None:
        partner.is_active = is_active
    return partner


def _checked(states: Sequence[State]) -> Sequence[State]:
    names = [state.name for state in states]
    if not 1 <= len(states) <= MOST_STATES or len(set(names)) != len(names):
        raise BadInput(f"A partner has between 1 and {MOST_STATES} states, each with a name of its own.")
    for state in states:
        if not NAME.fullmatch(state.name) or not state.label.strip():
            raise BadInput("A state needs a label, and a name of small letters, digits and underscores.")
    return states


def _fact_name(typed: str) -> str:
    return "_".join(typed.strip().lower().replace("-", " ").split())[:60]


async def new_secret(session: AsyncSession, partner_id: str) -> str:
    """A secret their system signs with from now on (the one before holds no longer). Given back this once."""
    partner = await get(session, partner_id)
    partner.webhook_secret = made_up_secret()
    return partner.webhook_secret


def made_up_secret() -> str:
    """As Standard Webhooks write it: `whsec_` and 32 random bytes in base64."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


async def get(session: AsyncSession, partner_id: str) -> Partner:
    found = await session.get(Partner, partner_id)
    if found is None:
        raise NotFound("There is no such partner.")
    return found


async def all_of(session: AsyncSession) -> Sequence[Partner]:
    """By name."""
    return list(await session.scalars(select(Partner).order_by(Partner.name)))
