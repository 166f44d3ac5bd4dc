"""Edits: words that were changed or taken back after they were said.

The first words stay in the ledger; every later version is kept, and what holds now is `Message.words`. A customer's
edit is never a new turn: a turn that was not asked yet asks with the new words, an agent sees the change.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, events, facts, floor, ledger, masking
from handoff.db import announce
from handoff.errors import BadInput, NotFound
from handoff.finding import texts
from handoff.models import Conversation, Message, MessageEdit
from handoff.ports import Author


async def edit(session: AsyncSession, message: Message, text: str, *, client_ref: str | None = None) -> bool:
    """Give a message new words; says whether anything changed. A repeated `client_ref` changes nothing.

    Raises `BadInput` for words that are empty (of a message without files) or too long.
    """
    conversation = await floor.hold(session, message.conversation_id)
    if message.redacted_at is not None:
        return False
    text = text.replace("\x00", "").strip()
    if len(text) > ledger.TEXT_LIMIT:
        raise BadInput(f"The message has {len(text)} characters; {ledger.TEXT_LIMIT} is the most.")
    if text == message.words or (client_ref and await _is_known(session, message, client_ref)):
        return False
    masked = masking.mask(text)
    now = clock.now()
    session.add(
        MessageEdit(
            message_id=message.id, text=masked.text, is_masked=masked.is_masked, client_ref=client_ref, created_at=now
        )
    )
    message.edited_text, message.edited_at = masked.text, now
    message.is_masked = message.is_masked or masked.is_masked
    await session.flush()
    if message.author == Author.CUSTOMER:
        await facts.read_from_message(session, conversation, message)
    tell(session, conversation, message)
    _find_by_new_words(session, message)
    return True


async def withdraw(session: AsyncSession, message: Message) -> None:
    """Take words back: the customer no longer sees them, the desk sees that they were said."""
    conversation = await floor.hold(session, message.conversation_id)
    if message.withdrawn_at is None:
        message.withdrawn_at = clock.now()
        tell(session, conversation, message)
        _find_by_new_words(session, message)


async def versions(session: AsyncSession, message_id: str) -> list[MessageEdit]:
    """Every later version, oldest first."""
    query = select(MessageEdit).where(MessageEdit.message_id == message_id).order_by(MessageEdit.id)
    return list(await session.scalars(query))


async def mine(session: AsyncSession, message_id: str, agent_id: str) -> Message:
    """An agent's own words, or `NotFound`: nobody changes what somebody else said."""
    message = await session.get(Message, message_id)
    if message is None or message.agent_id != agent_id or message.author != Author.AGENT:
        raise NotFound("There is no such message of yours.")
    return message


def tell(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """Open pages draw the message again."""
    announce(session, events.MessageChanged(conversation.id, message.id, message.seq, message.audience))


def _find_by_new_words(session: AsyncSession, message: Message) -> None:
    if message.case_id:
        texts.stale(session, message.case_id)


async def _is_known(session: AsyncSession, message: Message, client_ref: str) -> bool:
    query = select(MessageEdit.id).where(MessageEdit.message_id == message.id, MessageEdit.client_ref == client_ref)
    return await session.scalar(query) is not None
