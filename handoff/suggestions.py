"""Suggestions: customers who may be one person, because they told or have the same thing.

Never more than a suggestion: a number anybody can type proves nothing, so at least one side must have been confirmed,
and an agent decides.
"""

from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import customers, facts
from handoff.models import Conversation, Customer, Fact, Identity, Join
from handoff.ports import Floor

TELLING = ("account_number", "email", "phone")
CALLED = {"account_number": "account number", "email": "e-mail address", "phone": "phone number"}
SYSTEMS = "our systems"
MOST = 5


@dataclass(frozen=True)
class Suggestion:
    """`because` says in a sentence what they have in common; `conversation_id` is where they talk now, if they do."""

    customer_id: str
    name: str | None
    account_number: str | None
    because: str
    conversation_id: str | None = None
    channel: str | None = None


async def of(session: AsyncSession, conversation: Conversation) -> tuple[Suggestion, ...]:
    """The likeliest first: confirmed on both sides, then the newest."""
    told = [fact for fact in await facts.current(session, conversation.id) if fact.name in TELLING]
    mine = {(fact.name, fact.normalized): fact for fact in told}
    if not mine:
        return ()
    ours = await customers.together(session, conversation.customer_id)
    same = await _same(session, mine, ours)
    parted = await _parted(session, ours)
    found = [await _suggestion(session, who, mine, theirs, parted) for who, theirs in same.items()]
    return tuple(found[:MOST])


async def _same(
    session: AsyncSession, mine: dict[tuple[str, str], Fact], ours: frozenset[str]
) -> dict[str, dict[tuple[str, str], Fact | None]]:
    """By customer, what they share with us; None for what is on their page and in none of their conversations."""
    rows = await session.execute(
        select(Conversation.customer_id, Fact)
        .join(Conversation, Conversation.id == Fact.conversation_id)
        .where(tuple_(Fact.name, Fact.normalized).in_(list(mine)), Conversation.customer_id.not_in(ours))
        .order_by(Fact.is_validated.desc(), Fact.stated_at.desc())
        .limit(50)
    )
    found: dict[str, dict[tuple[str, str], Fact | None]] = {}
    for customer_id, fact in rows:
        if fact.is_validated or mine[fact.name, fact.normalized].is_validated:
            found.setdefault(customer_id, {}).setdefault((fact.name, fact.normalized), fact)
    numbers = {fact.value: key for key, fact in mine.items() if fact.name == "account_number"}
    known = select(Customer).where(Customer.account_number.in_(list(numbers)), Customer.id.not_in(ours)).limit(MOST)
    for one in await session.scalars(known):
        found.setdefault(one.id, {}).setdefault(numbers[str(one.account_number)], None)
    return dict(sorted(found.items(), key=lambda item: not _is_sure(mine, item[1])))


def _is_sure(mine: dict[tuple[str, str], Fact], theirs: dict[tuple[str, str], Fact | None]) -> bool:
    return any(mine[key].is_validated and (fact is None or fact.is_validated) for key, fact in theirs.items())


async def _suggestion(
    session: AsyncSession,
    customer_id: str,
    mine: dict[tuple[str, str], Fact],
    theirs: dict[tuple[str, str], Fact | None],
    parted: frozenset[str],
) -> Suggestion:
    customer = await session.get_one(Customer, customer_id)
    live = await _live(session, customer_id)
    sentences = [_because(mine[key], fact) for key, fact in theirs.items()]
    if customer_id in parted:
        sentences.append("They were joined before and parted again.")
    return Suggestion(
        customer_id,
        customer.name,
        customer.account_number,
        " ".join(sentences),
        live.id if live else None,
        live.channel if live else None,
    )


def _because(mine: Fact, theirs: Fact | None) -> str:
    """`Same account number 10042, confirmed by our systems in both.`"""
    both = f"Same {CALLED[mine.name]} {mine.value}"
    by_them = SYSTEMS if theirs is None else _confirmed_by(theirs)
    if mine.is_validated and (theirs is None or theirs.is_validated):
        by = _confirmed_by(mine)
        return f"{both}, confirmed by {by} in both." if by == by_them else f"{both}, confirmed by {by} and {by_them}."
    if mine.is_validated:
        return f"{both}, confirmed by {_confirmed_by(mine)} here and only told there."
    return f"{both}, confirmed by {by_them} there and only told here."


def _confirmed_by(fact: Fact) -> str:
    """A customer's words stay theirs when a system confirms them; only a phone may be the channel's own word."""
    if fact.set_by == "agent":
        return "an agent"
    return "the channel" if fact.set_by == "customer" and fact.name == "phone" else SYSTEMS


async def _live(session: AsyncSession, customer_id: str) -> Conversation | None:
    """Where they talk now, as long as it is not over."""
    found: Conversation | None = await session.scalar(
        select(Conversation)
        .join(Identity, Identity.conversation_id == Conversation.id)
        .where(Conversation.customer_id == customer_id, Conversation.floor != Floor.CLOSED)
        .order_by(Conversation.last_message_at.desc())
        .limit(1)
    )
    return found


async def _parted(session: AsyncSession, ours: frozenset[str]) -> frozenset[str]:
    """Whom we were joined with once."""
    rows = await session.execute(
        select(Join.from_customer_id, Join.to_customer_id).where(
            Join.undone_at.is_not(None), Join.from_customer_id.in_(ours) | Join.to_customer_id.in_(ours)
        )
    )
    return frozenset(one for pair in rows for one in pair) - ours
