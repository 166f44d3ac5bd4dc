"""Fetching: files that a channel holds for us are brought into the store, after the words they came with are safe."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from handoff import attachments
from handoff.db import Database
from handoff.errors import BadInput, PermanentDeliveryError, TooLarge
from handoff.models import Attachment, AttachmentState, Identity, Message, OutboxItem
from handoff.store import Store


@dataclass
class Fetcher:
    """The outbox's side: fetches the files a channel holds for us, after the words they came with are safe."""

    database: Database
    channels: Mapping[str, Any]
    store: Store

    async def fetch(self, item: OutboxItem) -> None:
        """Bring one file into the store. One that cannot be had or may not be kept says so in its place."""
        attachment_id = item.body["attachment_id"]
        async with self.database.read() as session:
            attachment = await session.get_one(Attachment, attachment_id)
            message = await session.get_one(Message, attachment.message_id)
            identity = await session.get_one(Identity, message.identity_id)
        if attachment.state != AttachmentState.AWAITED:
            return
        try:
            content = await self.channels[identity.channel].fetch(identity.external_id, attachment.source)
            await self._keep(attachment, attachments.check(attachment.name, content))
        except PermanentDeliveryError as gone:
            reason, is_lost = gone.reason, True
        except (BadInput, TooLarge) as refused:
            reason, is_lost = refused.message, False
        else:
            return
        await self.database.write(lambda session: attachments.refuse(session, attachment_id, reason, lost=is_lost))

    async def _keep(self, attachment: Attachment, upload: attachments.Upload) -> None:
        key = attachments.new_key(attachment.conversation_id)
        await self.store.put(key, upload.content)
        try:
            await self.database.write(lambda session: attachments.arrived(session, attachment.id, upload, key))
        except TooLarge:
            await self.store.forget(key)
            raise
