"""Reading messages as the pages of the desk show them: who said it, with which files, and what continues what."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, edits
from handoff.desk.pages import FileView, MessageView, Version
from handoff.desk.wording import file_address
from handoff.errors import NotFound
from handoff.models import Attachment, AttachmentState, Case, Conversation, Customer, Message
from handoff.ports import Audience, Author

MESSAGES = 150
"""So many of the newest are drawn at once."""
CONTINUED_WITHIN = timedelta(minutes=4)


async def messages(
    session: AsyncSession,
    conversation_id: str,
    *,
    assistant: str,
    after: int = 0,
    before: int | None = None,
    seen_seq: int = 0,
) -> tuple[MessageView, ...]:
    """The newest messages between two cursors, oldest first."""
    found = (
        select(Message, Customer.name, Case.ref)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .outerjoin(Case, Case.id == Message.case_id)
        .where(Message.conversation_id == conversation_id, Message.seq > after)
    )
    if before is not None:
        found = found.where(Message.seq < before)
    rows = (await session.execute(found.order_by(Message.seq.desc()).limit(MESSAGES))).all()
    files = await attachments.of_messages(session, [row.id for row, *_ in rows])
    return grouped(
        message_view(row, assistant, seen_seq, name, files.get(row.id, ()), ref) for row, name, ref in reversed(rows)
    )


async def message(
    session: AsyncSession, conversation_id: str, message_id: str, *, assistant: str
) -> tuple[MessageView, ...]:
    """One message as it is now, or `NotFound`."""
    row = await session.get(Message, message_id)
    if row is None or row.conversation_id != conversation_id:
        raise NotFound("There is no such message.")
    before = await messages(session, conversation_id, assistant=assistant, after=row.seq - 2, before=row.seq + 1)
    return before[-1:]


async def versions(session: AsyncSession, conversation_id: str, message_id: str) -> tuple[Version, ...]:
    """Everything a message said before what it says now, the first words first."""
    row = await session.get(Message, message_id)
    if row is None or row.conversation_id != conversation_id:
        raise NotFound("There is no such message.")
    later = [Version(one.text, one.created_at) for one in await edits.versions(session, message_id)]
    return (Version(row.text, row.created_at), *later)[:-1]


def message_view(
    message: Message,
    assistant: str,
    seen_seq: int = 0,
    customer: str | None = None,
    files: Sequence[Attachment] = (),
    case_ref: str | None = None,
) -> MessageView:
    is_note = message.audience == Audience.DESK
    link = message.link or {}
    return MessageView(
        id=message.id,
        conversation_id=message.conversation_id,
        seq=message.seq,
        author=message.author,
        name=_name(message, assistant, customer),
        is_note=is_note,
        is_stale=is_note and message.author in (Author.ASSISTANT, Author.SYSTEM) and message.in_reply_to is not None,
        is_masked=message.is_masked,
        text=message.words,
        buttons=tuple(str(button.get("title", "")) for button in message.buttons),
        link_title=link.get("title"),
        link_url=link.get("url"),
        channel=message.channel,
        created_at=message.created_at,
        client_ref=message.client_ref,
        is_seen=message.seq <= seen_seq,
        files=tuple(file_view(one) for one in files),
        is_edited=message.edited_at is not None,
        is_withdrawn=message.withdrawn_at is not None,
        is_redacted=message.redacted_at is not None,
        agent_id=message.agent_id,
        case_ref=case_ref,
    )


def file_view(file: Attachment) -> FileView:
    is_here = file.state == AttachmentState.STORED
    return FileView(
        id=file.id,
        name=file.name,
        kind=file.kind,
        size_bytes=file.size_bytes,
        state=file.state,
        reason=file.reason,
        url=file_address(file.secret, file.name) if is_here else None,
    )


def _name(message: Message, assistant: str, customer: str | None) -> str:
    by_author = {Author.CUSTOMER: customer or "Customer", Author.ASSISTANT: assistant, Author.SYSTEM: "Tellonce"}
    return message.name or by_author.get(Author(message.author), "Agent")


def grouped(views: Iterable[MessageView]) -> tuple[MessageView, ...]:
    """Mark what continues the message above it."""
    out: list[MessageView] = []
    for view in views:
        above = out[-1] if out else None
        out.append(replace(view, is_continued=above is not None and _continues(above, view)))
    return tuple(out)


def _continues(above: MessageView, view: MessageView) -> bool:
    same = (above.author, above.name, above.is_note, above.channel) == (
        view.author,
        view.name,
        view.is_note,
        view.channel,
    )
    return same and view.created_at - above.created_at < CONTINUED_WITHIN
