"""Persons: everything known about who is in a conversation, for the desk and the API; and where words to them go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import codes, conversations, customers, facts, floor, joins
from handoff.errors import BadInput
from handoff.models import Agent, Conversation, Fact, Identity, Join, Message
from handoff.ports import Author
from handoff.suggestions import Suggestion

NAMED = frozenset({"login", "email", "phone"})
"""Handles whose name says something to a person; a browser's is a random number."""


@dataclass(frozen=True)
class Handle:
    """`method` is what proved it: link, code, login or agent. `can_reply`: words may be sent there from here."""

    id: str
    channel: str
    name: str | None
    verified_at: datetime | None
    method: str | None
    unreachable_reason: str | None
    is_here: bool
    """It talks in this conversation."""
    is_reply: bool
    can_reply: bool


@dataclass(frozen=True)
class Joined:
    """`moved` when the handle went on in another conversation by it; otherwise the customers are shown together."""

    id: str
    channel: str
    method: str
    by: str | None
    moved: bool
    created_at: datetime


@dataclass(frozen=True)
class Address:
    """Where a code could be sent. `shown` is masked; `account_number` when it is that account's, by our systems."""

    via: str
    value: str
    shown: str
    account_number: str | None


@dataclass(frozen=True)
class Person:
    customer_id: str
    name: str | None
    account_number: str | None
    conversation_ids: tuple[str, ...]
    handles: tuple[Handle, ...]
    joins: tuple[Joined, ...]
    suggestions: tuple[Suggestion, ...]
    addresses: tuple[Address, ...]


async def look(session: AsyncSession, conversation_id: str) -> Person:
    """Who is in a conversation, on every channel, and who else they may be."""
    conversation = await conversations.get(session, conversation_id)
    known = await customers.known(session, conversation.customer_id)
    wrote = await _last_wrote(session, conversation)
    return Person(
        customer_id=conversation.customer_id,
        name=known.name,
        account_number=known.account_number,
        conversation_ids=tuple(await customers.conversations_of(session, conversation.customer_id)),
        handles=tuple(
            _handle(one, conversation, wrote) for one in await customers.handles(session, conversation.customer_id)
        ),
        joins=await _joins(session, conversation),
        suggestions=await joins.suggest(session, conversation),
        addresses=_addresses(await facts.current(session, conversation.id)),
    )


async def reply_to(session: AsyncSession, conversation_id: str, agent: Agent, identity_id: str) -> Conversation:
    """Send what is said from here on to another handle, until the customer writes again. For whoever has the floor."""
    conversation = await floor.hold(session, conversation_id)
    floor.must_hold(conversation, agent)
    identity = await session.get(Identity, identity_id)
    if identity is None or not _may_reply(identity, conversation, await _last_wrote(session, conversation)):
        raise BadInput("Words cannot be sent there. Choose a handle that is verified and can be reached.")
    conversations.answer_to(session, conversation, identity)
    return conversation


async def account_of(session: AsyncSession, conversation_id: str, via: str, address: str) -> str | None:
    """The account an address is on file for, as far as our systems told; None when it proves itself alone."""
    known = _addresses(await facts.current(session, conversation_id))
    wanted = address.strip().lower()
    return next((one.account_number for one in known if (one.via, one.value.lower()) == (via, wanted)), None)


def _handle(one: Identity, conversation: Conversation, wrote: str | None) -> Handle:
    return Handle(
        id=one.id,
        channel=one.channel,
        name=one.external_id if one.channel in NAMED else None,
        verified_at=one.verified_at,
        method=one.method,
        unreachable_reason=one.unreachable_reason,
        is_here=one.conversation_id == conversation.id,
        is_reply=one.id == conversation.identity_id,
        can_reply=_may_reply(one, conversation, wrote),
    )


def _may_reply(identity: Identity, conversation: Conversation, wrote: str | None) -> bool:
    is_theirs = identity.verified_at is not None or identity.id == wrote
    return identity.conversation_id == conversation.id and identity.unreachable_reason is None and is_theirs


async def _last_wrote(session: AsyncSession, conversation: Conversation) -> str | None:
    found: str | None = await session.scalar(
        select(Message.identity_id)
        .where(Message.conversation_id == conversation.id, Message.author == Author.CUSTOMER)
        .order_by(Message.seq.desc())
        .limit(1)
    )
    return found


async def _joins(session: AsyncSession, conversation: Conversation) -> tuple[Joined, ...]:
    made = await joins.of_person(session, conversation.customer_id)
    channels = await _by_id(session, Identity, Identity.channel, [one.identity_id for one in made])
    names = await _by_id(session, Agent, Agent.name, [one.agent_id for one in made if one.agent_id])
    return tuple(_joined(one, channels, names) for one in made)


def _joined(made: Join, channels: dict[str, str], names: dict[str, str]) -> Joined:
    by = names.get(made.agent_id) if made.agent_id else None
    moved = made.to_conversation_id is not None
    return Joined(made.id, channels[made.identity_id], made.method, by, moved, made.created_at)


async def _by_id(session: AsyncSession, kind: type, column: object, ids: Sequence[str]) -> dict[str, str]:
    if not ids:
        return {}
    rows = await session.execute(select(kind.id, column).where(kind.id.in_(ids)))  # type: ignore[attr-defined, call-overload]
    return {row[0]: row[1] for row in rows}


def _addresses(known: Sequence[Fact]) -> tuple[Address, ...]:
    account = next((one.value for one in known if one.name == "account_number" and _is_ours(one)), None)
    return tuple(
        Address(one.name, one.value, codes.masked(one.value), account if _is_ours(one) else None)
        for one in known
        if one.name in codes.VIA
    )


def _is_ours(fact: Fact) -> bool:
    return fact.is_validated and fact.set_by in ("action", "carried")
