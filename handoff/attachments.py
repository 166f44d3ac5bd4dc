"""Attachments: files that come with words or go out with them. Rows here, bytes in the store.

A channel's files are first `awaited` and fetched after the words are safe; a page's files are uploaded first and named
by the words they go with. Who may see one is decided by the edge that serves it; every address holds a random secret.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, contents, events, masking, outbox
from handoff.db import announce
from handoff.errors import BadInput, NotFound, TooLarge
from handoff.models import Attachment, AttachmentKind, AttachmentState, Conversation, Message
from handoff.ports import Attached, Audience
from handoff.settings import settings

MB = 1024 * 1024
UNSENT = 20
"""Uploads a conversation may have that no words were sent with yet."""

OF_MESSAGES = (
    select(Attachment)
    .where(Attachment.message_id.in_(bindparam("message_ids", expanding=True)))
    .order_by(Attachment.message_id, Attachment.position, Attachment.id)
)


@dataclass(frozen=True)
class Upload:
    """A file that is wholly here and was found to be acceptable."""

    name: str
    content: bytes
    kind: AttachmentKind
    media_type: str
    sha256: str


def check(name: str, content: bytes) -> Upload:
    """Read what a file is. Refuses one that is empty, too large (`TooLarge`) or a program, in a sentence."""
    if not content:
        raise BadInput("The file is empty. Choose it again.")
    check_size(len(content))
    found = contents.read(content[: contents.HEAD_BYTES])
    digest = hashlib.sha256(content).hexdigest()
    return Upload(_named(name), content, found.kind, found.media_type, digest)


def check_size(size_bytes: int) -> None:
    """`TooLarge` for more than one file may have."""
    if size_bytes > (limit := settings().attachment_max_mb * MB):
        raise TooLarge(f"The file has more than {limit // MB} MB, which is the most. Send a smaller one.")


def _named(name: str) -> str:
    """Harmless, and without a card number: names are stored and shown like words."""
    return contents.safe_name(masking.without_sure_cards(name))


def new_key(conversation_id: str) -> str:
    """Where the store keeps a file: all of a conversation's in one folder, so that erasing one finds them."""
    return f"{conversation_id}/{secrets.token_hex(16)}"


async def room_for(session: AsyncSession, conversation: Conversation, size_bytes: int) -> None:
    """Refuse what a conversation has no room for any more: too many bytes in all, or too many uploads nobody sent."""
    if await _quota(session, conversation.id, size_bytes) >= UNSENT:
        raise BadInput(f"{UNSENT} files are waiting to be sent already. Send or remove some first.")


async def _quota(session: AsyncSession, conversation_id: str, size_bytes: int) -> int:
    """How many of a conversation's files were not sent yet; `TooLarge` when there is no room for so many bytes more."""
    used, unsent = (
        await session.execute(
            select(
                func.coalesce(func.sum(Attachment.size_bytes), 0),
                func.count().filter(Attachment.message_id.is_(None)),
            ).where(Attachment.conversation_id == conversation_id, Attachment.state == AttachmentState.STORED)
        )
    ).one()
    if used + size_bytes > settings().attachments_per_conversation_mb * MB:
        raise TooLarge("This conversation has taken as many files as it can. Tell us in words, or start a new chat.")
    return int(unsent)


async def keep(session: AsyncSession, conversation: Conversation, upload: Upload, store_key: str) -> Attachment:
    """The row of an uploaded file whose bytes are in the store under `store_key`; no words go with it yet."""
    await room_for(session, conversation, len(upload.content))
    attachment = Attachment(
        secret=secrets.token_urlsafe(32),
        conversation_id=conversation.id,
        name=upload.name,
        kind=upload.kind,
        media_type=upload.media_type,
        size_bytes=len(upload.content),
        sha256=upload.sha256,
        state=AttachmentState.STORED,
        store_key=store_key,
        created_at=clock.now(),
    )
    session.add(attachment)
    await session.flush()
    return attachment


async def attach(session: AsyncSession, message: Message, attached: Sequence[Attached]) -> None:
    """Hang files on a message just stored: uploads move to it, a channel's own are fetched after the commit."""
    if len(attached) > (most := settings().attachments_per_message):
        raise BadInput(f"That is {len(attached)} files; {most} is the most for one message. Send the rest after it.")
    for position, one in enumerate(attached):
        if one.attachment_id:
            await _move_upload(session, message, one.attachment_id, position)
        else:
            await _await(session, message, one, position)


async def _move_upload(session: AsyncSession, message: Message, attachment_id: str, position: int) -> None:
    moved = await session.execute(
        update(Attachment)
        .where(Attachment.id == attachment_id, Attachment.conversation_id == message.conversation_id)
        .where(Attachment.message_id.is_(None))
        .values(message_id=message.id, position=position)
        .returning(Attachment.id)
    )
    if moved.scalar() is None:
        raise BadInput("One of the files is no longer there. Add it again.")


async def _await(session: AsyncSession, message: Message, one: Attached, position: int) -> None:
    attachment = Attachment(
        secret=secrets.token_urlsafe(32),
        conversation_id=message.conversation_id,
        message_id=message.id,
        position=position,
        name=_named(one.name),
        kind=_claimed_kind(one.media_type),
        media_type=one.media_type[:100],
        size_bytes=one.size_bytes,
        state=AttachmentState.AWAITED,
        source=one.source,
        created_at=clock.now(),
    )
    if one.size_bytes > settings().attachment_max_mb * MB:
        attachment.state = AttachmentState.REFUSED
        attachment.reason = f"It has {one.size_bytes / MB:.0f} MB; {settings().attachment_max_mb} MB is the most."
    session.add(attachment)
    await session.flush()
    if attachment.state == AttachmentState.AWAITED:
        await outbox.add(
            session, message.conversation_id, "fetch", "fetch_attachment", {"attachment_id": attachment.id}
        )


def _claimed_kind(media_type: str) -> AttachmentKind:
    """Until it is fetched, what its channel says it is."""
    part = media_type.split("/")[0]
    return AttachmentKind(part) if part in ("image", "video", "audio") else AttachmentKind.DOCUMENT


async def arrived(session: AsyncSession, attachment_id: str, upload: Upload, store_key: str) -> None:
    """A channel's file is in the store. `TooLarge` when its conversation has no room left."""
    attachment = await session.get_one(Attachment, attachment_id)
    if attachment.state != AttachmentState.AWAITED:
        return
    await _quota(session, attachment.conversation_id, len(upload.content))
    attachment.kind, attachment.media_type, attachment.sha256 = upload.kind, upload.media_type, upload.sha256
    attachment.size_bytes, attachment.store_key = len(upload.content), store_key
    attachment.state = AttachmentState.STORED
    announce(session, events.AttachmentChanged(attachment.conversation_id, attachment.message_id, attachment.id))


async def refuse(session: AsyncSession, attachment_id: str, reason: str, *, lost: bool = False) -> None:
    """A channel's file cannot be had: `reason` is shown in its place. The words it came with are safe."""
    attachment = await session.get_one(Attachment, attachment_id)
    if attachment.state != AttachmentState.AWAITED:
        return
    attachment.state = AttachmentState.LOST if lost else AttachmentState.REFUSED
    attachment.reason = reason[:300]
    announce(session, events.AttachmentChanged(attachment.conversation_id, attachment.message_id, attachment.id))


async def of_messages(session: AsyncSession, message_ids: Sequence[str]) -> dict[str, list[Attachment]]:
    """The files of several messages at once, each message's in their order. One statement."""
    rows = await session.scalars(OF_MESSAGES, {"message_ids": message_ids}) if message_ids else ()
    found: dict[str, list[Attachment]] = {}
    for row in rows:
        found.setdefault(str(row.message_id), []).append(row)
    return found


async def of_conversations(session: AsyncSession, conversation_ids: Sequence[str]) -> list[Attachment]:
    """Everything that was sent in them, in whatever state, the newest first. One statement."""
    query = select(Attachment).where(
        Attachment.conversation_id.in_(conversation_ids), Attachment.message_id.is_not(None)
    )
    return list(await session.scalars(query.order_by(Attachment.created_at.desc(), Attachment.id.desc())))


async def get(session: AsyncSession, attachment_id: str) -> Attachment:
    """The file, in whatever state, or `NotFound`."""
    found = await session.get(Attachment, attachment_id)
    if found is None:
        raise NotFound("There is no such file.")
    return found


def stored(attachment: Attachment) -> Attachment:
    """The file itself if its bytes are here; otherwise `NotFound` with the reason."""
    if attachment.state == AttachmentState.AWAITED:
        raise NotFound("The file is still being fetched. Look again in a moment.")
    if attachment.state != AttachmentState.STORED:
        raise NotFound(f"The file is not here. {attachment.reason or ''}".strip())
    return attachment


async def is_for_customer(session: AsyncSession, attachment: Attachment) -> bool:
    """Whether its customer may see it: not what went with a note or was taken back."""
    message = await session.get(Message, attachment.message_id) if attachment.message_id else None
    return message is None or (message.audience == Audience.EVERYONE and message.withdrawn_at is None)


async def by_secret(session: AsyncSession, secret: str) -> Attachment:
    """The stored file an address stands for, or `NotFound`."""
    found: Attachment | None = await session.scalar(select(Attachment).where(Attachment.secret == secret))
    if found is None or found.state != AttachmentState.STORED:
        raise NotFound("There is no such file.")
    return found
