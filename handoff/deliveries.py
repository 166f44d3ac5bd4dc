"""Deliveries: what became of words at a channel that cannot replay.

Long words and files travel in parts. Each part is written down right after it was sent, so that a process that dies
repeats at most the one it was about, and what failed for good is marked where the agent sees it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, clock, edits, floor, ledger
from handoff.db import Database
from handoff.errors import PermanentDeliveryError
from handoff.ledger import Speaker
from handoff.models import AttachmentState, Conversation, Delivery, DeliveryState, Identity, Message, OutboxItem
from handoff.ports import Author, Button, Channel, Link, Outbound, OutboundFile, Words


@dataclass
class Deliverer:
    """The outbox's side: takes stored words to their channel, part by part."""

    database: Database
    channels: Mapping[str, Channel]

    async def deliver(self, item: OutboxItem) -> None:
        """Send what is left of one message. What can never arrive is written down; what may is tried again."""
        message_id = item.body["message_id"]
        async with self.database.read() as session:
            outbound = await prepare(session, message_id)
            message = await session.get_one(Message, message_id)
        if outbound is None:
            return

        async def keep(part: int, external_ref: str) -> None:
            await self.database.write(lambda session: sent(session, message_id, part, external_ref))

        try:
            await _of(self.channels, message.channel).deliver(outbound, keep)
        except PermanentDeliveryError as refused:
            reason = refused.reason
            await self.database.write(lambda session: failed(session, message_id, reason))


def _of(channels: Mapping[str, Channel], name: str) -> Channel:
    if name not in channels:
        raise PermanentDeliveryError(f"The channel '{name}' is not set up here any more.")
    return channels[name]


async def prepare(session: AsyncSession, message_id: str) -> Outbound | None:
    """A message on its way out with what was sent of it already; None when it was taken back meanwhile."""
    message = await session.get_one(Message, message_id)
    if message.withdrawn_at is not None:
        return None
    identity = await session.get_one(Identity, message.identity_id)
    files = (await attachments.of_messages(session, [message.id])).get(message.id, [])
    sent = await session.scalars(select(Delivery.part).where(Delivery.message_id == message.id))
    return Outbound(
        conversation_id=message.conversation_id,
        message_id=message.id,
        seq=message.seq,
        identity=identity.external_id,
        words=Words(
            message.words,
            tuple(Button(one["title"], one["payload"]) for one in message.buttons),
            Link(**message.link) if message.link else None,
            message.image,
        ),
        speaker=message.name if message.author == Author.AGENT else None,
        files=tuple(
            OutboundFile(one.name, one.kind, one.media_type, str(one.store_key))
            for one in files
            if one.state == AttachmentState.STORED
        ),
        parts_sent=frozenset(sent),
    )


async def sent(session: AsyncSession, message_id: str, part: int, external_ref: str) -> None:
    """One part is with the customer; `external_ref` is the channel's own id of it. Safe to repeat."""
    await _write(session, message_id, part, DeliveryState.SENT, external_ref=external_ref)


async def failed(session: AsyncSession, message_id: str, reason: str) -> None:
    """What is left will never arrive: the message is marked, the desk reads why, and the rest is not tried."""
    parts = (await of_messages(session, [message_id])).get(message_id, [])
    if not await _write(session, message_id, len(parts), DeliveryState.FAILED, reason=reason[:300]):
        return
    message = await session.get_one(Message, message_id)
    conversation = await floor.hold(session, message.conversation_id)
    await ledger.note(session, conversation.id, Speaker(Author.SYSTEM), f"Not delivered to {message.channel}: {reason}")


async def _write(
    session: AsyncSession,
    message_id: str,
    part: int,
    state: DeliveryState,
    *,
    external_ref: str | None = None,
    reason: str | None = None,
) -> bool:
    known = select(Delivery.id).where(Delivery.message_id == message_id, Delivery.part == part)
    if await session.scalar(known):
        return False
    message = await session.get_one(Message, message_id)
    session.add(
        Delivery(
            message_id=message_id,
            identity_id=str(message.identity_id),
            part=part,
            state=state,
            external_ref=external_ref,
            reason=reason,
            created_at=clock.now(),
        )
    )
    await session.flush()
    edits.tell(session, await session.get_one(Conversation, message.conversation_id), message)
    return True


async def of_messages(session: AsyncSession, message_ids: Sequence[str]) -> dict[str, list[Delivery]]:
    """The parts of several messages at once, in order. One statement."""
    rows = await session.scalars(
        select(Delivery).where(Delivery.message_id.in_(message_ids)).order_by(Delivery.message_id, Delivery.part)
    )
    found: dict[str, list[Delivery]] = {}
    for row in rows:
        found.setdefault(row.message_id, []).append(row)
    return found
