"""Telegram's updates become messages, edits and presses (the `Reader` of `handoff/updates.py`).

Nothing here talks to Telegram inside the transaction; what must be answered there, such as a pressed button, is done
after the commit and may be lost in a crash without harm: its message is safe.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from telegram.error import TelegramError

from handoff import attachments, conversations, edits, events, ledger
from handoff.channels.telegram import commands, reading
from handoff.channels.telegram.bots import NAME, TelegramBot, by_id
from handoff.channels.telegram.reading import Reading
from handoff.db import announce
from handoff.ledger import Speaker
from handoff.models import ChannelUpdate, Identity, Message
from handoff.ports import Author, Client, Floor, Inbound
from handoff.updates import Applied

log = structlog.get_logger(__name__)

TOO_LATE = "That button is from earlier. Write what you need instead."
WITH_A_PERSON = "A person has this now. Write to them here."
GONE = ("kicked", "left")


@dataclass
class TelegramUpdates:
    """What the updates of all our bots mean."""

    bots: Sequence[TelegramBot]
    name: str = NAME
    gather_s: float = 1.2

    def album(self, update: ChannelUpdate) -> str | None:
        return reading.read(update.body).album

    async def apply(self, session: AsyncSession, updates: Sequence[ChannelUpdate]) -> Applied:
        read = [reading.read(update.body) for update in updates]
        first, bot = read[0], by_id(self.bots, updates[0].account)
        if first.chat_id is None:
            return Applied(note=first.shown, afterwards=self._answer(bot, first, TOO_LATE))
        inbound = replace(_inbound(bot, first), attachments=tuple(file for one in read for file in one.files))
        if first.membership is not None:
            return await _membership(session, inbound, first)
        if first.is_edit:
            return await _edit(session, inbound, first, updates[0].id)
        if first.callback_id:
            return await self._press(session, bot, inbound, first)
        if first.album and (begun := await _begun_album(session, updates[0], first.album)):
            return await _add_to_album(session, begun, inbound)
        if first.is_service:
            return await _note(session, inbound, first.shown or first.kind)
        if answered := await commands.obey(session, inbound, first):
            return answered
        return await _receive(session, replace(inbound, text=_words(read)))

    async def give_up(self, session: AsyncSession, updates: Sequence[ChannelUpdate]) -> Applied:
        first, bot = reading.read(updates[0].body), by_id(self.bots, updates[0].account)
        said = first.words or first.shown or first.kind
        if first.chat_id is None:
            return Applied(note="could not be taken in")
        return await _note(session, _inbound(bot, first), f"This came and could not be taken in: {said}")

    async def _press(self, session: AsyncSession, bot: TelegramBot, inbound: Inbound, read: Reading) -> Applied:
        refused = await _stale(session, inbound, read.pressed)
        if refused:
            return Applied(note=refused, afterwards=self._answer(bot, read, refused))
        receipt = await conversations.receive(session, replace(inbound, pressed=read.pressed))
        return Applied(receipt.message_id, afterwards=self._answer(bot, read, None))

    def _answer(self, bot: TelegramBot, read: Reading, notice: str | None) -> Callable[[], Awaitable[None]] | None:
        """Stop the spinner on the button, always, and take away a keyboard that has done its work."""
        callback_id = read.callback_id
        if callback_id is None:
            return None

        async def answer() -> None:
            await _attempt(bot, "answer_press", bot.bot.answer_callback_query(callback_id, notice))
            if read.chat_id is not None and read.ref is not None:
                gone = bot.bot.edit_message_reply_markup(read.chat_id, read.ref, reply_markup=None)
                await _attempt(bot, "remove_keyboard", gone)

        return answer


async def _attempt(bot: TelegramBot, what: str, call: Awaitable[object]) -> None:
    """Best effort: a press can be too old to be answered, and its keyboard must go all the same."""
    try:
        await call
    except TelegramError as error:
        log.info("telegram_not_done", bot=bot.name, what=what, error=type(error).__name__)


def _inbound(bot: TelegramBot, read: Reading) -> Inbound:
    thread = f"{bot.id}:{read.thread}"
    ref = f"{thread}:{read.callback_id}" if read.callback_id else f"{thread}:{read.ref}"
    return Inbound(
        NAME,
        thread,
        ref[-100:],
        known=read.known,
        name=read.name,
        client=Client(user_agent=f"Telegram {bot.name}", locale=read.locale),
    )


def _words(read: Sequence[Reading]) -> str:
    """An album's captions together; what has neither words nor files is said in words of our own."""
    said = "\n".join(one.words for one in read if one.words)
    if said or any(one.files for one in read):
        return said
    return read[0].shown or read[0].kind


async def _note(session: AsyncSession, inbound: Inbound, said: str) -> Applied:
    """For the desk: nobody said it, or nobody could read it."""
    conversation = await conversations.open_for(session, inbound)
    message = await ledger.note(
        session, conversation.id, Speaker(Author.SYSTEM), f"{inbound.name or 'Telegram'}: {said}"
    )
    return Applied(message.id, "noted for the desk")


async def _receive(session: AsyncSession, inbound: Inbound) -> Applied:
    """Words longer than the ledger takes arrive in parts rather than not at all."""
    parts = [inbound.text[at : at + ledger.TEXT_LIMIT] for at in range(0, len(inbound.text), ledger.TEXT_LIMIT)] or [""]
    receipt = await conversations.receive(session, replace(inbound, text=parts[0]))
    for number, part in enumerate(parts[1:], start=2):
        more = replace(inbound, text=part, attachments=(), known=(), client_ref=f"{inbound.client_ref[-90:]}/{number}")
        await conversations.receive(session, more)
    return Applied(receipt.message_id)


async def _edit(session: AsyncSession, inbound: Inbound, read: Reading, update_id: str) -> Applied:
    """New words for a message we have; a moving live location edits itself. One we never saw is taken as new."""
    message = await _message_of(session, inbound)
    if message is None:
        return await _receive(session, replace(inbound, text=_words([read])))
    changed = await edits.edit(session, message, _words([read]), client_ref=update_id)
    return Applied(message.id, "edited" if changed else "edited without a change of words")


async def _message_of(session: AsyncSession, inbound: Inbound) -> Message | None:
    """The customer's message behind Telegram's number of it, wherever it stands by now."""
    found: Message | None = await session.scalar(
        select(Message)
        .join(Identity, Identity.id == Message.identity_id)
        .where(Identity.channel == NAME, Identity.external_id == inbound.identity)
        .where(Message.client_ref == inbound.client_ref)
    )
    return found


async def _stale(session: AsyncSession, inbound: Inbound, pressed: tuple[str, int] | None) -> str | None:
    """Why a button cannot be pressed any more, in words for the customer."""
    message = await session.get(Message, pressed[0]) if pressed else None
    conversation = await conversations.of_identity(session, NAME, inbound.identity)
    if pressed is None or message is None or conversation is None or message.conversation_id != conversation.id:
        return TOO_LATE
    if conversation.floor in (Floor.AGENT, Floor.QUEUE):
        return WITH_A_PERSON
    used = select(Message.id).where(Message.conversation_id == conversation.id, Message.in_reply_to == message.id)
    is_used = await session.scalar(used.where(Message.author == Author.CUSTOMER).limit(1))
    return TOO_LATE if is_used or pressed[1] >= len(message.buttons) else None


async def _membership(session: AsyncSession, inbound: Inbound, read: Reading) -> Applied:
    """Blocked or let in again: nothing can be delivered meanwhile, and the agent knows why."""
    identity = await conversations.identity_for(session, inbound)
    conversation = await conversations.of_identity(session, NAME, inbound.identity)
    was, identity.unreachable_reason = identity.unreachable_reason, None
    if read.membership in GONE:
        identity.unreachable_reason = "The customer blocked the bot; nothing reaches them on Telegram."
    if conversation and was != identity.unreachable_reason:
        said = identity.unreachable_reason or "The customer unblocked the bot; words reach them again."
        await ledger.note(session, conversation.id, Speaker(Author.SYSTEM), said)
        announce(session, events.PersonChanged(conversation.id, identity.id))
    return Applied(note=read.shown)


async def _begun_album(session: AsyncSession, update: ChannelUpdate, album: str) -> Message | None:
    """The message an album became already, for a part that came after its time."""
    before = await session.scalars(
        select(ChannelUpdate)
        .where(ChannelUpdate.channel == NAME, ChannelUpdate.thread == update.thread)
        .where(ChannelUpdate.message_id.is_not(None), ChannelUpdate.number < update.number)
        .order_by(ChannelUpdate.number.desc())
        .limit(10)
    )
    found = next((row.message_id for row in before if reading.read(row.body).album == album), None)
    return await session.get(Message, found) if found else None


async def _add_to_album(session: AsyncSession, message: Message, inbound: Inbound) -> Applied:
    await attachments.attach(session, message, inbound.attachments)
    conversation = await conversations.get(session, message.conversation_id)
    edits.tell(session, conversation, message)
    return Applied(message.id, "a late part of an album")
