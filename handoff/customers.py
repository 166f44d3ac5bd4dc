"""Customers: which of them are one person, and the handles that person has.

A join without a conversation moves nothing: it says that two customers are one, and everything that asks for "the
customer's" cases or handles asks for those of all of them. So taking it back is forgetting one row.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, events
from handoff.db import announce
from handoff.models import Agent, Conversation, Customer, Identity, Join


@dataclass(frozen=True)
class Known:
    """Who a person is to the company, as far as anything confirmed it; `ids` are the customers who are this person."""

    ids: frozenset[str]
    name: str | None
    account_number: str | None


async def together(session: AsyncSession, customer_id: str) -> frozenset[str]:
    """The ids of all customers who are this one person, by joins that stand. One statement when there are none."""
    found, fresh = {customer_id}, {customer_id}
    while fresh:
        rows = await session.execute(
            select(Join.from_customer_id, Join.to_customer_id).where(
                Join.undone_at.is_(None), or_(Join.from_customer_id.in_(fresh), Join.to_customer_id.in_(fresh))
            )
        )
        fresh = {one for pair in rows for one in pair} - found
        found |= fresh
    return frozenset(found)


async def are_one(session: AsyncSession, first: str, second: str) -> bool:
    """Whether two customers are one person. No statement when they are the same."""
    return first == second or second in await together(session, first)


async def known(session: AsyncSession, customer_id: str) -> Known:
    """Name and account of a person: this customer's own, else what the others of them have."""
    ids = await together(session, customer_id)
    rows = list(await session.scalars(select(Customer).where(Customer.id.in_(ids)).order_by(Customer.id)))
    rows.sort(key=lambda one: one.id != customer_id)
    return Known(
        ids,
        next((one.name for one in rows if one.name), None),
        next((one.account_number for one in rows if one.account_number), None),
    )


async def handles(session: AsyncSession, customer_id: str) -> Sequence[Identity]:
    """Every handle of a person, oldest first."""
    ids = await together(session, customer_id)
    return list(await session.scalars(select(Identity).where(Identity.customer_id.in_(ids)).order_by(Identity.id)))


async def conversations_of(session: AsyncSession, customer_id: str) -> Sequence[str]:
    """Where a person talks or talked, newest first."""
    ids = await together(session, customer_id)
    query = select(Conversation.id).where(Conversation.customer_id.in_(ids)).order_by(Conversation.id.desc())
    return list(await session.scalars(query))


async def join(
    session: AsyncSession, identity: Identity, to_customer_id: str, method: str, agent: Agent | None = None
) -> Join | None:
    """Say that the customer of `identity` and another one are one person; None when that is known already.

    Conversations stay as they are; cases and handles of both are shown together until it is undone.
    """
    if to_customer_id in await together(session, identity.customer_id):
        return None
    made = Join(
        identity_id=identity.id,
        method=method,
        from_customer_id=identity.customer_id,
        to_customer_id=to_customer_id,
        agent_id=agent.id if agent else None,
        created_at=clock.now(),
    )
    session.add(made)
    await session.flush()
    await tell(session, made)
    return made


async def tell(session: AsyncSession, made: Join) -> None:
    """Pages that show either customer look again."""
    ids = (made.from_customer_id, made.to_customer_id)
    touched = await session.scalars(select(Conversation.id).where(Conversation.customer_id.in_(ids)))
    announce(session, *(events.PersonChanged(one, made.identity_id) for one in touched))


async def vouched(
    session: AsyncSession, customer_id: str, channel: str, external_id: str, method: str, *, by: Identity
) -> Identity:
    """A handle that was proven to be this person's, such as an e-mail address a code went to.

    When it is another customer's already the two are joined: one e-mail address is one person's.
    """
    query = select(Identity).where(Identity.channel == channel, Identity.external_id == external_id)
    handle = await session.scalar(query)
    if handle is None:
        handle = Identity(
            customer_id=customer_id, channel=channel, external_id=external_id[:200], created_at=clock.now()
        )
        session.add(handle)
    elif handle.customer_id != customer_id:
        await join(session, by, handle.customer_id, method)
    handle.verified_at, handle.method = clock.now(), method
    await session.flush()
    return handle
