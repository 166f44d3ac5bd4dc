"""Addresses that are told of case events: who they are, what they want to hear, whether they are on."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.errors import BadInput, NotFound
from handoff.models import Agent, Endpoint, WebhookDelivery, WebhookState
from handoff.partners import directory

MOST_EVENTS = 60
MESSAGE = "message"
"""The one kind that is no case event: words. Told only to addresses that name it."""
KIND = re.compile(r"[a-z][a-z_]{0,39}")


@dataclass(frozen=True)
class Wanted:
    """What a settings form or a program asks for."""

    name: str
    url: str
    events: tuple[str, ...] = ()
    partner_id: str | None = None


async def add(session: AsyncSession, agent: Agent, wanted: Wanted) -> tuple[Endpoint, str]:
    """A new address, switched on; gives the secret its messages are signed with, which is shown this once."""
    directory.must_supervise(agent)
    if wanted.partner_id:
        await directory.get(session, wanted.partner_id)
    endpoint = Endpoint(
        name=_named(wanted.name),
        url=check_url(wanted.url),
        secret=directory.made_up_secret(),
        events=_kinds(wanted.events),
        partner_id=wanted.partner_id,
        is_on=True,
        created_at=clock.now(),
    )
    session.add(endpoint)
    await session.flush()
    return endpoint, endpoint.secret


async def change(
    session: AsyncSession,
    endpoint_id: str,
    agent: Agent,
    *,
    name: str | None = None,
    url: str | None = None,
    events: Sequence[str] | None = None,
) -> Endpoint:
    """What is None stays. What waits goes to the new address."""
    directory.must_supervise(agent)
    endpoint = await get(session, endpoint_id)
    endpoint.name = endpoint.name if name is None else _named(name)
    endpoint.url = endpoint.url if url is None else check_url(url)
    endpoint.events = endpoint.events if events is None else _kinds(events)
    return endpoint


async def switch(session: AsyncSession, endpoint_id: str, agent: Agent, *, is_on: bool) -> Endpoint:
    """Off: nothing is sent and what waits is given up (it can be replayed). On: from now on."""
    directory.must_supervise(agent)
    endpoint = await get(session, endpoint_id)
    if is_on:
        endpoint.is_on, endpoint.off_because = True, None
    else:
        await switch_off(session, endpoint, f"Switched off by {agent.name}")
    return endpoint


async def switch_off(session: AsyncSession, endpoint: Endpoint, why: str) -> None:
    endpoint.is_on, endpoint.off_because = False, why[:200]
    waiting = update(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id)
    waiting = waiting.where(WebhookDelivery.state == WebhookState.WAITING)
    given_up = {"state": WebhookState.FAILED, "next_at": None, "last_error": f"Not sent: {why}"[:300]}
    await session.execute(waiting.values(**given_up).execution_options(synchronize_session="fetch"))


async def new_secret(session: AsyncSession, endpoint_id: str, agent: Agent) -> str:
    """Everything sent from now on is signed with it, also what waits. Given back this once."""
    directory.must_supervise(agent)
    endpoint = await get(session, endpoint_id)
    endpoint.secret = directory.made_up_secret()
    return endpoint.secret


async def get(session: AsyncSession, endpoint_id: str) -> Endpoint:
    found = await session.get(Endpoint, endpoint_id)
    if found is None:
        raise NotFound("There is no such webhook.")
    return found


async def all_of(session: AsyncSession) -> Sequence[Endpoint]:
    """By name."""
    return list(await session.scalars(select(Endpoint).order_by(Endpoint.name, Endpoint.id)))


def _named(name: str) -> str:
    if not name.strip():
        raise BadInput("Give the webhook a name, such as who listens there.")
    return name.strip()[:100]


def check_url(url: str) -> str:
    """An address over http or https without a password in it. Where it leads is looked at when something is sent."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise BadInput("That is no web address. Write it as https://example.com/hooks.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > 500 or re.search(r"[\s\x00]", url):
        raise BadInput("That is no web address. Write it as https://example.com/hooks.")
    if parts.username or parts.password:
        raise BadInput("Leave name and password out of the address; messages are signed instead.")
    return url


def _kinds(events: Sequence[str]) -> list[str]:
    kinds = list(dict.fromkeys(kind.strip() for kind in events if kind.strip()))
    if len(kinds) > MOST_EVENTS or not all(KIND.fullmatch(kind) for kind in kinds):
        raise BadInput("Name kinds of events as docs/cases.md does, such as `opened` or `resolved`; none means all.")
    return kinds
