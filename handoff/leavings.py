"""Leavings: what was kept for a while so that people can look at it, and is nobody's work any more.

Settled webhook deliveries, the ids of webhooks that partners sent, codes and unused links, and work that was given up.
Once an hour what is
older than `TELLONCE_KEEP_SETTLED_DAYS` is deleted, a few rows at a time, so that nobody waits for it.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from handoff import clock, outbox
from handoff.models import Code, ContinueLink, OutboxItem, WebhookDelivery, WebhookSeen, WebhookState
from handoff.settings import settings

CLEAR = "clear_leavings"
EVERY_S = 3600
AT_ONCE = 200
"""Rows of each kind in one transaction; when there were as many, the next follows within a second."""

SETTLED: tuple[tuple[InstrumentedAttribute[str], ColumnElement[bool], InstrumentedAttribute[object]], ...] = (
    (WebhookDelivery.id, WebhookDelivery.state != WebhookState.WAITING, WebhookDelivery.created_at),
    (OutboxItem.id, OutboxItem.is_dead.is_(True), OutboxItem.due_at),
    (WebhookSeen.webhook_id, WebhookSeen.webhook_id.is_not(None), WebhookSeen.received_at),
    (Code.id, Code.id.is_not(None), Code.expires_at),
    # One that was used says who came in through whom, which taking a join back has to know.
    (ContinueLink.id, ContinueLink.used_at.is_(None), ContinueLink.expires_at),
)
"""For each kind its key, when it is settled, and what its age is counted from."""


async def begin(session: AsyncSession) -> None:
    """See to it that the clearing goes on, whoever stopped it. Called when a hub starts."""
    waiting = select(OutboxItem.id).where(OutboxItem.job == CLEAR, OutboxItem.is_dead.is_(False)).limit(1)
    if await session.scalar(waiting) is None:
        await _again(session, 0)


async def clear(session: AsyncSession, item: OutboxItem) -> None:
    """Delete what is old enough, and come back: soon when there was too much for once."""
    gone = await _delete_old(session) if settings().keep_settled_days else 0
    await _again(session, 1 if gone >= AT_ONCE else EVERY_S, item.id)


async def _delete_old(session: AsyncSession) -> int:
    """How many rows went, of the kind that had most."""
    before = clock.now() - timedelta(days=settings().keep_settled_days)
    most = 0
    for key, is_settled, at in SETTLED:
        old = list(await session.scalars(select(key).where(is_settled, at < before).limit(AT_ONCE)))
        if old:
            await session.execute(delete(key.class_).where(key.in_(old), is_settled, at < before))
        most = max(most, len(old))
    return most


async def _again(session: AsyncSession, after_s: float, after: str = "") -> None:
    """One item, however many hubs add it: its id is the second it is for, or the next when that is `after`'s."""
    second = int((clock.now() + timedelta(seconds=after_s)).timestamp())
    name = next(one for one in (f"{CLEAR}{second:012d}", f"{CLEAR}{second + 1:012d}") if one != after)
    if await session.get(OutboxItem, name) is None:
        outbox.add_for(session, CLEAR, "timer", CLEAR, after_s=after_s).id = name
