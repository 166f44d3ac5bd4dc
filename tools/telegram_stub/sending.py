"""Bot API methods that put something into a chat or change what is there."""

from __future__ import annotations

import uuid
from typing import Any

from tools.telegram_stub import media
from tools.telegram_stub.chats import TYPING_LASTS_S, Chat, Shown
from tools.telegram_stub.markup import length, parse
from tools.telegram_stub.parameters import Parameters
from tools.telegram_stub.refusals import bad_request, migrated
from tools.telegram_stub.world import Bot, World

Json = dict[str, Any]
LONGEST_TEXT, LONGEST_CAPTION, LONGEST_CALLBACK_DATA = 4096, 1024, 64
DELETABLE_S = 48 * 3600
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content "
    "and reply markup of the message"
)
UPLOADS = ("photo", "video", "voice", "document", "video_note")
RECORDINGS = ("video", "voice", "video_note")
ACTIONS = {"typing", "choose_sticker", "find_location", *(f"upload_{one}" for one in UPLOADS)} | {
    f"record_{one}" for one in RECORDINGS
}


def open_chat(bot: Bot, asked: Parameters) -> Chat:
    chat = bot.chat(asked.integer("chat_id"))
    if chat.moved_to is not None:
        raise migrated(chat.moved_to)
    chat.refuse_strangers()
    return chat


def send_message(world: World, bot: Bot, asked: Parameters) -> Json:
    chat = open_chat(bot, asked)
    return _put(world, bot, chat, {**_text(asked), **_around(chat, asked)})


def send_media(kind: str, world: World, bot: Bot, asked: Parameters) -> Json:
    chat = open_chat(bot, asked)
    file = media.given(asked, kind, kind, world.files)
    return _put(world, bot, chat, {**media.shown(kind, file, world.files), **_caption(asked), **_around(chat, asked)})


def send_media_group(world: World, bot: Bot, asked: Parameters) -> list[Json]:
    chat = open_chat(bot, asked)
    items = asked.parsed("media") or []
    if not 2 <= len(items) <= 10:
        raise bad_request("there must be from 2 to 10 media in an album")
    album = {"media_group_id": str(uuid.uuid4().int)[:17], **_around(chat, asked)}
    wires = [_album_item(world, Parameters(item, asked.uploads)) for item in items]
    bot.pacing.count(chat.id)
    return [_shown(world, bot, chat, {**wire, **album}).wire for wire in wires]


def send_location(world: World, bot: Bot, asked: Parameters) -> Json:
    chat = open_chat(bot, asked)
    place = {name: float(asked.text(name, "0")) for name in ("latitude", "longitude")}
    return _put(world, bot, chat, {"location": place, **_around(chat, asked)})


def send_chat_action(world: World, bot: Bot, asked: Parameters) -> bool:
    chat = open_chat(bot, asked)
    if asked.text("action") not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat.typing, chat.typing_until = asked.text("action"), world.clock.now() + TYPING_LASTS_S
    chat.change()
    return True


def edit_message_text(world: World, bot: Bot, asked: Parameters) -> Json:
    return _edit(world, bot, asked, {"text", "entities"}, _text(asked), "text")


def edit_message_caption(world: World, bot: Bot, asked: Parameters) -> Json:
    return _edit(world, bot, asked, {"caption", "caption_entities"}, _caption(asked), None)


def edit_message_reply_markup(world: World, bot: Bot, asked: Parameters) -> Json:
    return _edit(world, bot, asked, set(), {}, None)


def delete_message(world: World, bot: Bot, asked: Parameters) -> bool:
    chat = open_chat(bot, asked)
    shown = chat.find(asked.integer("message_id"), "message to delete")
    if world.clock.now() - shown.wire["date"] > DELETABLE_S:
        raise bad_request("message can't be deleted for everyone")
    shown.is_deleted = True
    chat.change()
    return True


def _edit(world: World, bot: Bot, asked: Parameters, dropped: set[str], new: Json, needs: str | None) -> Json:
    """An edit replaces the words, and the keyboard with the one given or with none."""
    chat = open_chat(bot, asked)
    shown = chat.find(asked.integer("message_id"))
    if not shown.is_from_bot:
        raise bad_request("message can't be edited")
    if needs and needs not in shown.wire:
        raise bad_request(f"there is no {needs} in the message to edit")
    kept = {key: value for key, value in shown.wire.items() if key not in dropped | {"reply_markup", "edit_date"}}
    wire = {**kept, **new, **_keyboard(asked)}
    if wire == {key: value for key, value in shown.wire.items() if key != "edit_date"}:
        raise bad_request(NOT_MODIFIED)
    bot.pacing.count(chat.id)
    shown.become({**wire, "edit_date": int(world.clock.now())})
    chat.change()
    return shown.wire


def _put(world: World, bot: Bot, chat: Chat, wire: Json) -> Json:
    bot.pacing.count(chat.id)
    return _shown(world, bot, chat, wire).wire


def _shown(world: World, bot: Bot, chat: Chat, wire: Json) -> Shown:
    chat.typing = None
    sender = {key: bot.me[key] for key in ("id", "is_bot", "first_name", "username")}
    return world.show(chat, {"from": sender, **wire}, is_from_bot=True)


def _text(asked: Parameters) -> Json:
    parsed = parse(asked.text("text"), asked.text("parse_mode"))
    if not parsed.text:
        raise bad_request("message text is empty")
    if length(parsed.text) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return {"text": parsed.text, **({"entities": parsed.entities} if parsed.entities else {})}


def _caption(asked: Parameters) -> Json:
    parsed = parse(asked.text("caption"), asked.text("parse_mode"))
    if length(parsed.text) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    words = {"caption": parsed.text} if parsed.text else {}
    return {**words, **({"caption_entities": parsed.entities} if parsed.entities else {})}


def _album_item(world: World, item: Parameters) -> Json:
    kind = item.text("type")
    if kind not in media.IN_ALBUMS:
        raise bad_request(f"can't send {kind or 'media'} in an album")
    return {**media.shown(kind, media.given(item, "media", kind, world.files), world.files), **_caption(item)}


def _around(chat: Chat, asked: Parameters) -> Json:
    """What any message may carry: the topic it belongs to, what it answers, its keyboard."""
    wire = _keyboard(asked)
    if asked.given("message_thread_id"):
        wire |= {"message_thread_id": asked.integer("message_thread_id"), "is_topic_message": True}
    answered = (asked.parsed("reply_parameters") or {}).get("message_id") or asked.parsed("reply_to_message_id")
    if answered is None:
        return wire
    try:
        return {**wire, "reply_to_message": chat.find(int(answered), "message to be replied").wire}
    except Exception:
        if (asked.parsed("reply_parameters") or {}).get("allow_sending_without_reply"):
            return wire
        raise


def _keyboard(asked: Parameters) -> Json:
    """Only inline keyboards are part of a message."""
    markup = asked.parsed("reply_markup")
    if not markup:
        return {}
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        return {}
    for button in (button for row in rows for button in row):
        _check_button(button)
    return {"reply_markup": {"inline_keyboard": rows}} if any(rows) else {}


def _check_button(button: Json) -> None:
    if not str(button.get("text", "")).strip():
        raise bad_request('can\'t parse inline keyboard button: Field "text" must be of type String')
    data = button.get("callback_data")
    if data is None and not button.get("url"):
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if data is not None and not 1 <= len(str(data).encode()) <= LONGEST_CALLBACK_DATA:
        raise bad_request("BUTTON_DATA_INVALID")
