"""Uploads: files a page sends ahead of the words they go with.

Read with an early stop, looked at, put into the store, written down; they wait for their words for a day. The store and
the database cannot commit together: bytes go in before their row and out after it, so that a row never lacks its bytes.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, outbox
from handoff.db import Database
from handoff.errors import BadInput, NotFound, TellonceError
from handoff.models import Attachment, Conversation, OutboxItem
from handoff.store import Store

KEPT_UNSENT_S = 24 * 3600.0
UPLOAD_WITHIN_S = 600.0

Finding = Callable[[AsyncSession], Awaitable[Conversation]]


@dataclass(frozen=True)
class Arriving:
    """A file on the line: what it is called, how long it says it is (0 when it does not), and its bytes."""

    name: str
    announced_bytes: int
    chunks: AsyncIterator[bytes]


async def take(database: Database, store: Store, find: Finding, arriving: Arriving) -> Attachment:
    """Take a file in for the conversation that `find` gives, held. Its row belongs to no message yet.

    Refuses, before reading more than needed, what is empty, too large (`TooLarge`), a program or too many.
    """

    async def prepare(session: AsyncSession) -> str:
        conversation = await find(session)
        await attachments.room_for(session, conversation, arriving.announced_bytes)
        return conversation.id

    attachments.check_size(arriving.announced_bytes)
    conversation_id = await database.write(prepare)
    content = await _read(arriving.chunks)
    upload = await asyncio.to_thread(attachments.check, arriving.name, content)
    key = attachments.new_key(conversation_id)
    await store.put(key, content)
    try:
        return await database.write(lambda session: _keep(session, conversation_id, upload, key))
    except TellonceError:
        await store.forget(key)
        raise


async def _read(chunks: AsyncIterator[bytes]) -> bytes:
    """All of it, unless it grows too large on the way."""
    content = bytearray()
    try:
        async with asyncio.timeout(UPLOAD_WITHIN_S):
            async for chunk in chunks:
                content += chunk
                attachments.check_size(len(content))
    except TimeoutError:
        raise BadInput("The file took too long to arrive. Try again on a better line.") from None
    return bytes(content)


async def _keep(session: AsyncSession, conversation_id: str, upload: attachments.Upload, key: str) -> Attachment:
    conversation = await session.get_one(Conversation, conversation_id, with_for_update=True)
    kept = await attachments.keep(session, conversation, upload, key)
    body = {"attachment_id": kept.id}
    await outbox.add(session, conversation_id, "timer", "drop_upload", body, after_s=KEPT_UNSENT_S)
    return kept


async def remove(session: AsyncSession, conversation_id: str, attachment_id: str) -> None:
    """Take back a file that was not sent yet; its bytes are removed after the commit."""
    if not await _drop(session, conversation_id, attachment_id):
        raise NotFound("That file was sent or removed already.")


async def _drop(session: AsyncSession, conversation_id: str, attachment_id: str) -> bool:
    key = await session.scalar(
        delete(Attachment)
        .where(Attachment.id == attachment_id, Attachment.conversation_id == conversation_id)
        .where(Attachment.message_id.is_(None))
        .returning(Attachment.store_key)
    )
    if key is None:
        return False
    await outbox.add(session, conversation_id, "timer", "forget_file", {"store_key": key})
    return True


@dataclass
class Sweeper:
    """The outbox's side: what nobody sent goes after a day, and the bytes of what is gone go too."""

    database: Database
    store: Store

    async def drop_upload(self, item: OutboxItem) -> None:
        await self.database.write(lambda session: _drop(session, item.subject_id, item.body["attachment_id"]))

    async def forget_file(self, item: OutboxItem) -> None:
        await self.store.forget(item.body["store_key"])
