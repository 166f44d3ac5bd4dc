"""The ledger: every word of a conversation, in order, once. The record of who said what to whom.

Everything that stores words comes through here, with the conversation held; who may speak was decided before.
Words are masked on the way in and never changed afterwards.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Select, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, clock, events, floor, masking, outbox
from handoff.db import announce
from handoff.errors import BadInput
from handoff.models import Agent, Attachment, Conversation, Message, new_id
from handoff.ports import Attached, Audience, Author, Words

TEXT_LIMIT = 4000
CHANGEABLE = 100
AFTER = (
    select(Message)
    .where(Message.conversation_id == bindparam("conversation_id"), Message.seq > bindparam("after"))
    .order_by(Message.seq)
    .limit(bindparam("limit"))
)
AFTER_FOR: dict[Audience | None, Select[Message]] = {
    audience: AFTER.where(Message.audience == audience) for audience in Audience
} | {None: AFTER}
REPLAYABLE = frozenset({"web"})
"""Channels whose readers fetch what they missed from the ledger; the others are delivered to through the outbox."""


@dataclass(frozen=True)
class Speaker:
    """Who says it. `agent_id` only for agents."""

    author: Author
    name: str | None = None
    agent_id: str | None = None

    @staticmethod
    def of(agent: Agent) -> "Speaker":
        return Speaker(Author.AGENT, agent.name, agent.id)


async def utter(
    session: AsyncSession,
    conversation: Conversation,
    speaker: Speaker,
    words: Words,
    *,
    client_ref: str | None = None,
    in_reply_to: str | None = None,
    files: Sequence[Attached] = (),
    case_id: str | None = None,
) -> Message:
    """Append words for everyone to a held conversation whose floor was already checked by the caller.

    They belong to the case that is talked about now, or to `case_id` when they are about another one."""
    if not words.text.strip() and not words.image and not files:
        raise BadInput("There is nothing to send yet. Write something first.")
    masked = masking.mask(words.text[: TEXT_LIMIT * 2])
    message = append(session, conversation, speaker, words, case_id=case_id)
    message.text, message.is_masked = masked.text, masked.is_masked
    message.client_ref, message.in_reply_to = client_ref, in_reply_to
    if speaker.author is not Author.SYSTEM:
        conversation.waiting_since = None
    await session.flush()
    await attachments.attach(session, message, files)
    if conversation.channel not in REPLAYABLE:
        await outbox.add(session, conversation.id, "deliver", "deliver_message", {"message_id": message.id})
    return message


async def note(
    session: AsyncSession,
    conversation_id: str,
    speaker: Speaker,
    text: str,
    *,
    client_ref: str | None = None,
    in_reply_to: str | None = None,
) -> Message:
    """Store words that only the desk ever sees. Anybody at the desk may, whoever holds the floor."""
    conversation = await floor.hold(session, conversation_id)
    if client_ref and (known := await by_client_ref(session, conversation, client_ref)):
        return known
    if not text.strip():
        raise BadInput("The note is empty. Write something first.")
    masked = masking.mask(text)
    message = append(session, conversation, speaker, Words(masked.text), Audience.DESK)
    message.client_ref, message.in_reply_to, message.is_masked = client_ref, in_reply_to, masked.is_masked
    await session.flush()
    return message


def append(
    session: AsyncSession,
    conversation: Conversation,
    speaker: Speaker,
    words: Words,
    audience: Audience = Audience.EVERYONE,
    *,
    case_id: str | None = None,
) -> Message:
    """The next message of a held conversation. The only place where `seq` grows."""
    now = clock.now()
    conversation.last_seq += 1
    conversation.last_message_at = now
    message = Message(
        id=new_id(),
        conversation_id=conversation.id,
        seq=conversation.last_seq,
        author=speaker.author,
        name=speaker.name,
        agent_id=speaker.agent_id,
        audience=audience,
        text=words.text,
        buttons=[asdict(button) for button in words.buttons],
        link=asdict(words.link) if words.link else None,
        image=words.image,
        channel=conversation.channel,
        identity_id=conversation.identity_id if audience is Audience.EVERYONE else None,
        case_id=case_id or conversation.case_id,
        epoch=conversation.epoch,
        is_masked=False,
        created_at=now,
    )
    session.add(message)
    if message.case_id:
        outbox.add_for(session, message.case_id, "case", "follow_case", {"message_id": message.id})
    announce(session, events.MessageStored(conversation.id, message.id, message.seq, message.audience, message.author))
    return message


async def messages(
    session: AsyncSession,
    conversation_id: str,
    after: int = 0,
    limit: int = 10_000,
    audience: Audience | None = None,
) -> Sequence[Message]:
    """Messages with `seq > after`, oldest first; only those for `audience` when it is given."""
    asked = {"conversation_id": conversation_id, "after": after, "limit": limit}
    return list(await session.scalars(AFTER_FOR[audience], asked))


async def changeable(
    session: AsyncSession, conversation_id: str, up_to: int, message_id: str | None = None
) -> Sequence[Message]:
    """Words for everyone up to `up_to` that do not stay as first shown: edited, withdrawn, redacted, or with files.
    The newest `CHANGEABLE` of them, oldest first; only the one with `message_id` when it is given."""
    query = select(Message).where(
        Message.conversation_id == conversation_id, Message.seq <= up_to, Message.audience == Audience.EVERYONE
    )
    if message_id:
        query = query.where(Message.id == message_id)
    else:
        with_files = select(Attachment.id).where(Attachment.message_id == Message.id).exists()
        later = (Message.edited_at, Message.withdrawn_at, Message.redacted_at)
        query = query.where(or_(*(column.is_not(None) for column in later), with_files))
    return list(await session.scalars(query.order_by(Message.seq.desc()).limit(CHANGEABLE)))[::-1]


async def mark_seen(session: AsyncSession, conversation_id: str, by: str, seq: int) -> None:
    """Remember how far the customer (`by="customer"`) or the desk has read."""
    conversation = await floor.hold(session, conversation_id)
    column = "customer_seen_seq" if by == "customer" else "desk_seen_seq"
    seq = min(seq, conversation.last_seq)
    if seq > getattr(conversation, column):
        setattr(conversation, column, seq)
        announce(session, events.Seen(conversation_id, by, seq))


async def by_client_ref(session: AsyncSession, conversation: Conversation, client_ref: str) -> Message | None:
    found: Message | None = await session.scalar(
        select(Message).where(Message.conversation_id == conversation.id, Message.client_ref == client_ref)
    )
    return found


def digest(messages: Sequence[Message]) -> str:
    """SHA-256 over one line a message: seq, author and text, so that both sides can check nothing is missing."""
    lines = "".join(f"{message.seq}\t{message.author}\t{message.text}\n" for message in messages)
    return hashlib.sha256(lines.encode()).hexdigest()
