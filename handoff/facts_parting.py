"""Which facts go along when words leave a conversation (`partings`).

A fact belongs to the side whose words told it; when both told it each side has it. What an action found out belongs to
the side whose turn it was. What an agent wrote down stays.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import events, facts, ledger
from handoff.db import announce
from handoff.models import Conversation, Customer, Fact, Join, Message, Turn
from handoff.ports import Audience, Author, FoundFact
from words import identifiers

Key = tuple[str, str]


async def move(
    session: AsyncSession, made: Join, words: Sequence[Message], left: Conversation, own: Conversation
) -> None:
    """Part the facts of `left`; `words` stand in `own` already."""
    moved = {message.id for message in words}
    stay = await _told_by_those_who_stay(session, left)
    gone = []
    for fact in await facts.history(session, left.id):
        if fact.source_message_id in moved or await _was_their_turn(session, made, fact, own):
            gone.append((FoundFact(fact.name, fact.value, fact.is_validated, fact.is_sensitive), fact.set_by))
            await _keep_or_drop(session, fact, stay)
        elif fact.stated_at >= made.created_at > fact.created_at and (fact.name, fact.normalized) in stay:
            fact.stated_at = max(fact.created_at, stay[fact.name, fact.normalized].created_at)
    await session.flush()
    for message in words:
        if message.author == Author.CUSTOMER:
            await facts.read_from_message(session, own, message)
    for one, set_by in gone:
        await facts.put(session, own, [one], set_by=set_by)
    found = [one for one, _ in gone]
    await _restore_customer(session, left.customer_id, found)
    announce(session, events.FactsChanged(left.id, tuple(one.name for one in found)))


async def known_slots(session: AsyncSession, conversation: Conversation) -> dict[str, Any]:
    """What the assistant's next session starts with: facts alone, since its slots were filled by both sides."""
    told = facts.for_assistant(await facts.current(session, conversation.id))
    return {name: fact["value"] for name, fact in told.items()}


async def _told_by_those_who_stay(session: AsyncSession, left: Conversation) -> dict[Key, Message]:
    """Every fact in the customer's words that remain, with the last message that tells it."""
    told: dict[Key, Message] = {}
    for message in await ledger.messages(session, left.id, audience=Audience.EVERYONE):
        if message.author == Author.CUSTOMER:
            for one in await facts.told_in(session, left, message):
                told[one.name, identifiers.normalize(one.name, one.value)] = message
    return told


async def _keep_or_drop(session: AsyncSession, fact: Fact, stay: dict[Key, Message]) -> None:
    teller = stay.get((fact.name, fact.normalized))
    if teller is None:
        await session.delete(fact)
        return
    fact.source_message_id, fact.stated_at = teller.id, teller.created_at


async def _was_their_turn(session: AsyncSession, made: Join, fact: Fact, own: Conversation) -> bool:
    """Whether an action found it out in a turn that moved: the last one answered before it was written down."""
    if fact.set_by != "action" or fact.created_at < made.created_at:
        return False
    last = await session.scalar(
        select(Turn)
        .where(Turn.conversation_id.in_((fact.conversation_id, own.id)), Turn.answered_at <= fact.created_at)
        .order_by(Turn.answered_at.desc())
        .limit(1)
    )
    return last is not None and last.conversation_id == own.id


async def _restore_customer(session: AsyncSession, customer_id: str, gone: Sequence[FoundFact]) -> None:
    """A name or account that only the other side told is not this customer's."""
    customer = await session.get_one(Customer, customer_id)
    for name, column in (("account_number", "account_number"), ("customer_name", "name")):
        theirs = {one.value for one in gone if one.name == name and one.validated}
        if getattr(customer, column) in theirs:
            setattr(customer, column, await _last_confirmed(session, customer_id, name))


async def _last_confirmed(session: AsyncSession, customer_id: str, name: str) -> str | None:
    found: str | None = await session.scalar(
        select(Fact.value)
        .join(Conversation, Conversation.id == Fact.conversation_id)
        .where(Conversation.customer_id == customer_id, Fact.name == name, Fact.is_validated.is_(True))
        .order_by(Fact.stated_at.desc())
        .limit(1)
    )
    return found
