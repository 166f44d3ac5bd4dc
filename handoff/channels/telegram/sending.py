"""Words on their way to a Telegram chat: paced, in parts, each part told of as soon as it was sent."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, Message
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, RetryAfter, TelegramError

from handoff.channels.telegram.bots import NAME, TelegramBot, as_delivery_error, by_id
from handoff.channels.telegram.formatting import CAPTION_UNITS, TEXT_UNITS, as_html, as_plain, split, units
from handoff.channels.telegram.pacing import Pace
from handoff.errors import PermanentDeliveryError, TemporaryDeliveryError
from handoff.models import AttachmentKind
from handoff.ports import Outbound, OutboundFile, Sent, Words
from handoff.store import Store

MB = 1024 * 1024
LARGEST_DOWNLOAD = 20 * MB
LARGEST_PHOTO = 10 * MB
"""A larger picture, or one Telegram cannot scale, travels as a document, whole."""
ROOM_FOR_MARKUP = 200
"""Units kept free in the last part for a name and a link's title."""


@dataclass(frozen=True)
class Address:
    """Where an identity is: `<bot>:<chat>` or `<bot>:<chat>:<topic>`."""

    bot: TelegramBot
    chat_id: int
    topic_id: int | None

    @property
    def where(self) -> dict[str, Any]:
        return {"chat_id": self.chat_id, **({"message_thread_id": self.topic_id} if self.topic_id else {})}


@dataclass(frozen=True)
class Part:
    """One message as Telegram counts them: some text, or one file with or without a caption."""

    text: str = ""
    file: OutboundFile | None = None
    is_first: bool = False
    is_last: bool = False


@dataclass
class Telegram:
    """The channel. One per process, for all bots."""

    bots: Sequence[TelegramBot]
    store: Store
    name: str = NAME
    paces: dict[str, Pace] = field(default_factory=dict)

    async def deliver(self, outbound: Outbound, sent: Sent) -> None:
        """Send every part that was not sent yet; `sent(part, id)` is awaited after each.

        Raises `TemporaryDeliveryError` (try the rest later) or `PermanentDeliveryError` (nobody will read it).
        """
        address = self.address(outbound.identity)
        for number, part in enumerate(parts_of(outbound)):
            if number in outbound.parts_sent:
                continue
            message = await self._paced(address, partial(self._send, address, outbound, part))
            await sent(number, str(message.message_id))

    def address(self, identity: str) -> Address:
        bot_id, _, rest = identity.partition(":")
        chat, _, topic = rest.partition(":")
        return Address(by_id(self.bots, bot_id), int(chat), int(topic) if topic else None)

    async def show_typing(self, identity: str) -> None:
        """Lasts five seconds there. Best effort: nobody misses dots that did not come."""
        address = self.address(identity)
        try:
            await address.bot.bot.send_chat_action(action=ChatAction.TYPING, **address.where)
        except TelegramError:
            return

    async def fetch(self, identity: str, source: str) -> bytes:
        """The bytes of a file a customer sent, by its `file_id`. At most 20 MB, which is all a bot may fetch."""
        address = self.address(identity)
        try:
            found = await address.bot.bot.get_file(source)
            if (found.file_size or 0) > LARGEST_DOWNLOAD:
                raise PermanentDeliveryError("It is larger than the 20 MB Telegram lets a bot fetch.")
            return bytes(await found.download_as_bytearray())
        except TelegramError as error:
            raise as_delivery_error(error) from None

    async def edit(
        self, identity: str, external_ref: str, words: Words, speaker: str | None, *, has_file: bool
    ) -> None:
        """Change the words of a message of ours, or the caption of its file. Telegram allows it for 48 hours."""
        address = self.address(identity)
        bot, html = address.bot.bot, as_html(words.text, speaker=speaker, link=words.link)
        which: dict[str, Any] = {"chat_id": address.chat_id, "message_id": int(external_ref)}
        if has_file:
            change = partial(bot.edit_message_caption, caption=html, parse_mode=ParseMode.HTML, **which)
        else:
            change = partial(bot.edit_message_text, html, parse_mode=ParseMode.HTML, **which)
        await self._unless(address, change, "not modified")

    async def withdraw(self, identity: str, external_ref: str) -> None:
        """Delete a message of ours. Telegram allows it for 48 hours."""
        address = self.address(identity)
        delete = partial(address.bot.bot.delete_message, address.chat_id, int(external_ref))
        await self._unless(address, delete, "to delete not found")

    async def _unless(self, address: Address, change: Callable[[], Awaitable[Any]], done_already: str) -> None:
        """A change made twice is refused there; to us it is done."""
        try:
            await self._paced(address, change)
        except PermanentDeliveryError as refused:
            if done_already not in refused.reason:
                raise

    async def _paced(self, address: Address, send: Callable[[], Awaitable[Any]]) -> Any:
        pace = self.paces.setdefault(address.bot.id, Pace())
        await pace.wait(address.chat_id)
        try:
            return await send()
        except RetryAfter as error:
            asked = as_delivery_error(error)
            if isinstance(asked, TemporaryDeliveryError):
                pace.hold(address.chat_id, asked.retry_after_s)
            raise asked from None
        except TelegramError as error:
            raise as_delivery_error(error) from None
        finally:
            pace.arrived(address.chat_id)

    async def _send(self, address: Address, outbound: Outbound, part: Part) -> Message:
        told = {"reply_markup": keyboard_of(outbound) if part.is_last else None, **address.where}
        speaker = outbound.speaker if part.is_first else None
        link = outbound.words.link if part.is_last else None
        html = as_html(part.text, speaker=speaker, link=link)
        if part.file:
            return await self._send_file(address.bot.bot, part.file, html, told)
        try:
            return await address.bot.bot.send_message(text=html, parse_mode=ParseMode.HTML, **told)
        except BadRequest as error:
            if "parse entities" not in error.message:
                raise
            return await address.bot.bot.send_message(text=as_plain(part.text, speaker=speaker, link=link), **told)

    async def _send_file(self, bot: Bot, file: OutboundFile, html: str, told: dict[str, Any]) -> Message:
        whole = await _whole(self.store, file.store_key)
        content = InputFile(whole, filename=file.name)
        if html:
            told = {**told, "caption": html, "parse_mode": ParseMode.HTML}
        match file.kind:
            case AttachmentKind.IMAGE if file.media_type != "image/gif" and len(whole) <= LARGEST_PHOTO:
                try:
                    return await bot.send_photo(photo=content, **told)
                except BadRequest as error:
                    if "photo" not in error.message.lower():
                        raise
            case AttachmentKind.VIDEO:
                return await bot.send_video(video=content, **told)
            case AttachmentKind.AUDIO:
                return await bot.send_audio(audio=content, **told)
        return await bot.send_document(document=content, **told)


def parts_of(outbound: Outbound) -> list[Part]:
    """The messages it takes, always the same for the same words: short words ride on the first file as its caption."""
    text = outbound.words.text.strip()
    if outbound.words.image and not text:
        text = outbound.words.image
    files = list(outbound.files)
    is_caption = bool(files) and units(text) <= CAPTION_UNITS - ROOM_FOR_MARKUP
    parts = [] if is_caption else [Part(one) for one in split(text, TEXT_UNITS - ROOM_FOR_MARKUP)]
    parts += [Part(text if is_caption and not number else "", file) for number, file in enumerate(files)]
    last = len(parts) - 1
    return [Part(one.text, one.file, number == 0, number == last) for number, one in enumerate(parts)]


def keyboard_of(outbound: Outbound) -> InlineKeyboardMarkup | None:
    """Buttons one below the other; the payload stays with us, the wire carries the message and a place."""
    rows = [
        [InlineKeyboardButton(button.title[:64], callback_data=f"{outbound.message_id}.{index}")]
        for index, button in enumerate(outbound.words.buttons)
    ]
    return InlineKeyboardMarkup(rows) if rows else None


async def _whole(store: Store, key: str) -> bytes:
    piece = await store.get(key)
    chunks: AsyncIterator[bytes] = piece.chunks
    return b"".join([chunk async for chunk in chunks])
