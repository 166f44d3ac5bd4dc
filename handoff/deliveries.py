"""Deliveries: what became of words at a channel that cannot replay.

Long words and files travel in parts. Each part is written down right after it was sent, so that a process that dies
repeats at most the one it was about, and what failed for good is marked where the agent sees it.
"""

from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, clock, edits, floor, ledger, outbox
from handoff.db import Database
from handoff.errors import BadInput, Conflict, PermanentDeliveryError
from handoff.ledger import Speaker
from handoff.models import Agent, AttachmentState, Conversation, Delivery, DeliveryState, Identity, Message, OutboxItem
from handoff.ports import Author, Button, Channel, Editing, Link, Outbound, OutboundFile, Words

CHANGEABLE_FOR = timedelta(hours=48)
"""Telegram's own limit for edits and deletions by a bot; the web keeps to it too, so that one rule holds."""


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

    async def edit(self, item: OutboxItem) -> None:
        """Bring an agent's new words to where the old ones arrived."""
        message, identity, arrived = await self._arrived(item.body["message_id"])
        channel = self.channels.get(message.channel)
        if not arrived or message.withdrawn_at or message.redacted_at or not hasattr(channel, "edit"):
            return
        speaker = message.name if message.author == Author.AGENT else None
        editing = cast("Editing", channel)
        await self._or_note(
            message,
            editing.edit(
                identity, str(arrived[0].external_ref), _words(message), speaker, has_file=item.body["has_file"]
            ),
        )

    async def withdraw(self, item: OutboxItem) -> None:
        """Take an agent's words away from where they arrived."""
        message, identity, arrived = await self._arrived(item.body["message_id"])
        channel = self.channels.get(message.channel)
        if hasattr(channel, "withdraw"):
            editing = cast("Editing", channel)
            for part in arrived:
                await self._or_note(message, editing.withdraw(identity, str(part.external_ref)))

    async def _arrived(self, message_id: str) -> tuple[Message, str, list[Delivery]]:
        async with self.database.read() as session:
            message = await session.get_one(Message, message_id)
            identity = await session.get_one(Identity, message.identity_id)
            parts = (await of_messages(session, [message_id])).get(message_id, [])
        return message, identity.external_id, [part for part in parts if part.state == DeliveryState.SENT]

    async def _or_note(self, message: Message, doing: Coroutine[Any, Any, None]) -> None:
        try:
            await doing
        except PermanentDeliveryError as refused:
            said = f"Could not be changed at {message.channel}: {refused.reason}"
            speaker = Speaker(Author.SYSTEM)
            await self.database.write(lambda session: ledger.note(session, message.conversation_id, speaker, said))


async def change(session: AsyncSession, agent: Agent, message_id: str, text: str) -> Message:
    """An agent gives own words a new wording, here and where they arrived. Refuses what is too old or in parts."""
    message = await _own(session, agent, message_id)
    parts = (await of_messages(session, [message_id])).get(message_id, [])
    files = (await attachments.of_messages(session, [message_id])).get(message_id, [])
    if len(parts) > 1:
        raise BadInput("These words went out in several parts and cannot be edited. Take them back and write again.")
    if not text.strip() and not files:
        raise BadInput("There is nothing left to say. Take the message back instead.")
    if await edits.edit(session, message, text) and message.channel not in ledger.REPLAYABLE:
        body = {"message_id": message.id, "has_file": bool(files)}
        await outbox.add(session, message.conversation_id, "deliver", "edit_delivered", body)
    return message


async def take_back(session: AsyncSession, agent: Agent, message_id: str) -> Message:
    """An agent takes own words back, here and where they arrived."""
    message = await _own(session, agent, message_id)
    await edits.withdraw(session, message)
    if message.channel not in ledger.REPLAYABLE:
        body = {"message_id": message.id}
        await outbox.add(session, message.conversation_id, "deliver", "withdraw_delivered", body)
    return message


async def _own(session: AsyncSession, agent: Agent, message_id: str) -> Message:
    message = await edits.mine(session, message_id, agent.id)
    if message.redacted_at is not None:
        raise Conflict("This message was removed for good. Write a new one instead.")
    if message.withdrawn_at is not None:
        raise Conflict("This message was taken back already.")
    if clock.now() - message.created_at > CHANGEABLE_FOR:
        raise Conflict("This message is older than 48 hours and stays as it is. Write a new one instead.")
    return message


def _of(channels: Mapping[str, Channel], name: str) -> Channel:
    if name not in channels:
        raise PermanentDeliveryError(f"The channel '{name}' is not set up here any more.")
    return channels[name]


async def prepare(session: AsyncSession, message_id: str) -> Outbound | None:
    """A message on its way out with what was sent of it already; None when it was taken back meanwhile."""
    message = await session.get_one(Message, message_id)
    if message.withdrawn_at is not None or message.redacted_at is not None:
        return None
    identity = await session.get_one(Identity, message.identity_id)
    files = (await attachments.of_messages(session, [message.id])).get(message.id, [])
    sent = await session.scalars(select(Delivery.part).where(Delivery.message_id == message.id))
    return Outbound(
        conversation_id=message.conversation_id,
        message_id=message.id,
        seq=message.seq,
        identity=identity.external_id,
        words=_words(message),
        speaker=message.name if message.author == Author.AGENT else None,
        files=tuple(
            OutboundFile(one.name, one.kind, one.media_type, str(one.store_key))
            for one in files
            if one.state == AttachmentState.STORED
        ),
        parts_sent=frozenset(sent),
    )


def _words(message: Message) -> Words:
    buttons = tuple(Button(one["title"], one["payload"]) for one in message.buttons)
    return Words(message.words, buttons, Link(**message.link) if message.link else None, message.image)


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
