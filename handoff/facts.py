"""What we were told, each with the message it came from, so that nobody asks twice.

Facts come from the words themselves (whoever has the floor), from the assistant's slots, from company systems through
actions, and from agents. The newest fact of a name is the current one. Facts belong to the conversation.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, ScalarSelect, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, events, floor
from handoff.db import announce
from handoff.finding import texts
from handoff.models import Agent, Conversation, Customer, Fact, Message, Turn
from handoff.ports import HELPERS, Audience, Author, FoundFact
from words import identifiers

LONGEST_NAME, LONGEST_VALUE = 60, 500

REFERENCE = "reference"
"""The name of an identifier nobody asked for and nothing names."""

SEVERAL = identifiers.NUMBERED | {REFERENCE, "email", "phone", "address", "date", "amount"}
"""What a customer may have more than one of, each of them worth keeping in sight."""

ASKED_WITH = and_(Turn.message_id == Message.in_reply_to, Message.author == Author.ASSISTANT)
"""Joins to an assistant's answer the turn that knows what it asked for."""

HISTORY = select(Fact).where(Fact.conversation_id == bindparam("conversation_id")).order_by(Fact.id)

TELLING = 5
"""From this length on, a value inside another one is no accident."""

LABELS = {
    "account_number": "Account number",
    "order_number": "Order number",
    "email": "E-mail",
    "phone": "Phone",
    "postcode": "Postcode",
    "amount": "Amount",
    "date": "Date",
    "item": "Item",
    "address": "Address",
    "reference": "Reference",
    "customer_name": "Name",
}

ASKED_ABOUT = {
    "account_number": r"account\s*(number|id|no)|customer\s*(number|id)|which account",
    "order_number": r"order\s*(number|id|no)|which order",
    "email": r"e-?mail",
    "phone": r"phone number|mobile|which phone|your phone\b|number .*(call|reach) you",
    "postcode": r"post\s?code|zip",
    "address": r"(?<!mail )address|where (do you|should|can) .*(live|pick|collect|send)",
    "item": r"(which|what) (item|device|box|product|equipment)",
    "amount": r"how much|what amount|which amount",
    "date": r"(what|which) (date|day)|when (did|was)",
    "claim_number": r"claim\s*(number|id|no)",
    "policy_number": r"policy\s*(number|id|no)",
    "serial_number": r"serial",
    "return_number": r"return number",
    "case_ref": r"case (number|reference)",
    "ssn": r"\bssn\b|social security",
    "return_reason": r"(reason|why).*(return|send)",
    "customer_name": r"your (full )?name",
}

SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
REQUEST = re.compile(
    r"^\W*(what|which|where|when|how much|can i|could you|can you|may i|(please )?(give|send|tell)( me| us)?)\b"
    r"|\b(please (give|send|tell)|i('ll| will)? (also )?need your|let me have)\b",
    re.I,
)


async def current(session: AsyncSession, conversation_id: str) -> list[Fact]:
    """The facts that hold, newest first: every identifier, for there may be two orders or two addresses in one story,
    and the newest of whatever else was told."""
    rows = await session.scalars(
        select(Fact).where(Fact.conversation_id == conversation_id).order_by(Fact.stated_at.desc(), Fact.id.desc())
    )
    named: dict[str, Fact] = {}
    for fact in rows:
        named.setdefault(key(fact), fact)
    return list(named.values())


def key(fact: Fact) -> str:
    """Facts of one key replace each other."""
    return f"{fact.name} {fact.normalized}" if fact.name in SEVERAL else fact.name


async def history(session: AsyncSession, conversation_id: str) -> Sequence[Fact]:
    """Every fact ever stated here, oldest first."""
    return list(await session.scalars(HISTORY, {"conversation_id": conversation_id}))


async def read_from_message(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """Take the identifiers out of a customer's words, in the light of what the assistant or agent just asked."""
    found = await told_in(session, conversation, message)
    await put(session, conversation, found, set_by="customer", source=message)


async def told_in(session: AsyncSession, conversation: Conversation, message: Message) -> list[FoundFact]:
    """The identifiers in a customer's words that were stored some time ago."""
    last = (
        await session.execute(
            select(Message.text, Turn.question)
            .outerjoin(Turn, ASKED_WITH)
            .where(Message.seq == last_said_by_helper(conversation.id, message.seq))
            .where(Message.conversation_id == conversation.id)
        )
    ).first()
    return found_in(message, asked_for(*last) if last else None)


def last_said_by_helper(conversation_id: str | BindParameter[str], before: int | None = None) -> ScalarSelect[int]:
    """The place of the last words of a helper that the customer may have read, of those before `before`."""
    said = select(Message.seq).where(Message.conversation_id == conversation_id, Message.audience == Audience.EVERYONE)
    if before is not None:
        said = said.where(Message.seq < before)
    said = said.where(Message.author.in_(HELPERS)).order_by(Message.seq.desc()).limit(1)
    return said.correlate(None).scalar_subquery()


def asked_for(text: str, question: str | None) -> str | None:
    """What words asked for: the assistant's own name for its question, else the one thing they speak of."""
    if question:
        return question
    names = names_asked(text)
    return names[0] if len(names) == 1 else None


def found_in(message: Message, asked: str | None) -> list[FoundFact]:
    """The identifiers in a customer's words, in the light of what was just asked for."""
    found = identifiers.find(message.words, asked_for=asked)
    return [FoundFact(one.name, one.value, one.is_validated, one.is_sensitive) for one in found]


async def put(
    session: AsyncSession,
    conversation: Conversation,
    found: Iterable[FoundFact],
    *,
    set_by: str,
    source: Message | None = None,
) -> None:
    """Add facts or, when already known by that name and value, make them current again and more certain."""
    found = list(found)
    if not found:
        return
    known = {(fact.name, fact.normalized): fact for fact in await history(session, conversation.id)}
    names = []
    for one in found:
        normalized = identifiers.normalize(one.name, one.value)
        if not normalized or len(one.value) > LONGEST_VALUE or len(one.name) > LONGEST_NAME:
            continue
        fact = known.get((one.name, normalized)) or _named_later(known, one, normalized)
        if fact is None:
            fact = Fact(
                conversation_id=conversation.id,
                case_id=conversation.case_id,
                name=one.name,
                value=one.value,
                normalized=normalized,
                source_message_id=source.id if source else None,
                set_by=set_by,
                is_validated=False,
                is_sensitive=one.sensitive,
                created_at=clock.now(),
            )
            session.add(fact)
            known[one.name, normalized] = fact
        fact.stated_at = clock.now()
        fact.is_validated = fact.is_validated or one.validated
        names.append(one.name)
        await _tell_customer_row(session, conversation, one)
    if names:
        await session.flush()
        announce(session, events.FactsChanged(conversation.id, tuple(names)))


def _named_later(known: dict[tuple[str, str], Fact], one: FoundFact, normalized: str) -> Fact | None:
    """A bare reference that turns out to have a name keeps its source and gets the name."""
    reference = known.get((REFERENCE, identifiers.normalize(REFERENCE, one.value)))
    if reference is None or one.name == REFERENCE:
        return None
    del known[REFERENCE, reference.normalized]
    reference.name, reference.value, reference.normalized = one.name, one.value, normalized
    known[one.name, normalized] = reference
    return reference


async def _tell_customer_row(session: AsyncSession, conversation: Conversation, one: FoundFact) -> None:
    """The customer's page shows a name and an account only once a company system has confirmed them."""
    if one.validated and one.name in ("account_number", "customer_name"):
        customer = await session.get(Customer, conversation.customer_id)
        if customer:
            setattr(customer, "name" if one.name == "customer_name" else "account_number", one.value)


async def put_slots(
    session: AsyncSession,
    conversation: Conversation,
    slots: Mapping[str, Any],
    source: Message | None,
    answered: Collection[str] = (),
) -> None:
    """The assistant's working copy, as facts told by the customer: identifiers, and what a form was answered.

    A value that is known already, under whatever name, is not told again: `return_address` says no more than `address`.
    """
    told = [
        FoundFact(name, str(value))
        for name, value in slots.items()
        if (name in LABELS or name in answered) and isinstance(value, str | int | float)
    ]
    await put_new(session, conversation, told, set_by="customer", source=source)


async def put_new(
    session: AsyncSession,
    conversation: Conversation,
    told: Iterable[FoundFact],
    *,
    set_by: str,
    source: Message | None = None,
) -> None:
    """Add only what says something new, whatever it is called."""
    known = [fact.normalized for fact in await history(session, conversation.id)]
    fresh = [one for one in told if not _is_said(identifiers.normalize(one.name, one.value), known)]
    if fresh:
        await put(session, conversation, fresh, set_by=set_by, source=source)


def _is_said(normalized: str, known: Sequence[str]) -> bool:
    """Whether a value is there already, as it is or, when it is long enough to mean something, as part of another.

    Not the other way round: an address with its town and postcode says more than the street it was made from.
    """
    return any(normalized == one or (len(normalized) >= TELLING and normalized in one) for one in known)


async def set_by_agent(session: AsyncSession, conversation_id: str, agent: Agent, name: str, value: str) -> None:
    """An agent writes down what they learned; it counts as validated because a person vouches for it."""
    conversation = await floor.hold(session, conversation_id)
    await put(session, conversation, [FoundFact(name, value, validated=True)], set_by="agent")
    if conversation.case_id:
        # Nothing is said with it that would have the case written anew.
        texts.stale(session, conversation.case_id)


async def carry_over(session: AsyncSession, before: Conversation, after: Conversation) -> None:
    """Offer what was validated in the customer's last conversation to the next one; sensitive facts stay behind."""
    for fact in reversed(await current(session, before.id)):
        if fact.is_validated and not fact.is_sensitive:
            await put(session, after, [FoundFact(fact.name, fact.value, True)], set_by="carried")


def names_asked(text: str) -> list[str]:
    """The facts a text asks for, by the words of its questions. Statements ask for nothing."""
    questions = [one.lower() for one in SENTENCE.findall(text) if one.endswith("?") or REQUEST.search(one)]
    return [name for name, words in ASKED_ABOUT.items() if any(re.search(words, one) for one in questions)]


def already_answered(draft: str, facts: Sequence[Fact]) -> list[Fact]:
    """The facts that answer what an agent is about to ask."""
    asked = names_asked(draft)
    return [fact for fact in facts if fact.name in asked]


def for_assistant(facts: Sequence[Fact]) -> dict[str, dict[str, Any]]:
    """As contract 1 wants them: the newest of each name, without bare references."""
    return {
        fact.name: {
            "value": fact.value,
            "validated": fact.is_validated,
            "source_message_id": fact.source_message_id,
        }
        for fact in reversed(facts)
        if fact.name != REFERENCE
    }
