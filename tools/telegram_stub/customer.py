"""What a person does in a chat with a bot, and the updates Telegram makes of it."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from tools.telegram_stub import media
from tools.telegram_stub.chats import Chat, Shown
from tools.telegram_stub.files import File
from tools.telegram_stub.refusals import Refused
from tools.telegram_stub.world import Bot, Press, World

Json = dict[str, Any]


class Customer:
    """One person in one chat. Everything they send arrives at the bot as an update, if the bot wants its kind."""

    def __init__(self, world: World, bot: Bot, person: Json) -> None:
        self.world, self.bot, self.person = world, bot, person
        self.chat: Chat = world.private_chat(bot, person)

    def start(self, token: str = "") -> bool:
        """Open a link to the bot. Telegram sends `/start TOKEN` only from a chat that is new or was blocked."""
        if self.chat.is_started and not self.chat.is_blocked:
            return False
        if self.chat.is_blocked:
            self.unblock()
        self.write(f"/start {token}".strip())
        return True

    def write(self, text: str, reply_to: int | None = None) -> Shown:
        length = len(text.split(maxsplit=1)[0]) if text.startswith("/") else 0
        command = {"entities": [{"type": "bot_command", "offset": 0, "length": length}]} if length else {}
        return self._send({"text": text, **command}, reply_to)

    def send_file(self, kind: str, file: File, caption: str = "", reply_to: int | None = None) -> Shown:
        return self._send({**media.shown(kind, file, self.world.files), **_captioned(caption)}, reply_to)

    def send_album(self, kind: str, files: list[File], caption: str = "") -> list[Shown]:
        """One message and one update a file; the first carries the words, as Telegram's own apps do it."""
        album = {"media_group_id": str(uuid.uuid4().int)[:17]}
        shown = []
        for place, file in enumerate(files):
            words = _captioned("" if place else caption)
            shown.append(self._send({**media.shown(kind, file, self.world.files), **album, **words}))
        return shown

    def send_location(self, latitude: float, longitude: float, title: str = "", address: str = "") -> Shown:
        place = {"location": {"latitude": latitude, "longitude": longitude}}
        venue = {"venue": {**place, "title": title, "address": address}} if title or address else {}
        return self._send({**place, **venue})

    def share_contact(self, phone: str, first_name: str = "", user_id: int | None = None) -> Shown:
        """The own card when `user_id` is the sender's own id; a card from the address book names another or none."""
        card = {"phone_number": phone, "first_name": first_name or self.person["first_name"]}
        return self._send({"contact": {**card, **({"user_id": user_id} if user_id else {})}})

    def send_raw(self, content: Json) -> Shown:
        """Any other content, such as a poll or a dice, as the API would show it."""
        return self._send(content)

    def edit(self, message_id: int, text: str) -> Shown:
        shown = self.chat.find(message_id)
        if shown.is_from_bot:
            raise Refused(400, "A customer edits their own messages only.")
        field = "text" if "text" in shown.wire else "caption"
        shown.become({**shown.wire, field: text, "edit_date": int(self.world.clock.now())})
        self.chat.change()
        self.bot.queue.put("edited_message", shown.wire)
        return shown

    def press(self, message_id: int, title: str) -> str:
        """A button of an inline keyboard, by its words; back with the id by which the bot must answer."""
        shown = self.chat.find(message_id, "message with this button")
        rows = shown.wire.get("reply_markup", {}).get("inline_keyboard", [])
        button = next((one for row in rows for one in row if one["text"] == title), None)
        if button is None or "callback_data" not in button:
            raise Refused(404, f"There is no button {title!r} to press under message {message_id}.")
        return self.press_data(shown.wire, button["callback_data"])

    def press_data(self, message: Json, data: str) -> str:
        """As from a keyboard that is gone by now, on a screen that was slow to notice."""
        query = str(secrets.randbits(60))
        self.bot.presses[query] = Press(self.world.clock.now(), self.chat.id, message["message_id"], data)
        self.chat.change()
        instance = {"chat_instance": str(self.chat.id), "data": data}
        self.bot.queue.put("callback_query", {"id": query, "from": self.person, "message": message, **instance})
        return query

    def delete(self, message_id: int) -> None:
        """Bots are not told."""
        self.chat.find(message_id, "message to delete").is_deleted = True
        self.chat.change()

    def block(self) -> None:
        self._become_member("member", "kicked")
        self.chat.is_blocked = True

    def unblock(self) -> None:
        self.chat.is_blocked = False
        self._become_member("kicked", "member")

    def _send(self, content: Json, reply_to: int | None = None) -> Shown:
        self.chat.is_started = True
        answered = {"reply_to_message": self.chat.find(reply_to).wire} if reply_to else {}
        shown = self.world.show(self.chat, {"from": self.person, **answered, **content}, is_from_bot=False)
        self.bot.queue.put("message", shown.wire)
        return shown

    def _become_member(self, before: str, after: str) -> None:
        bot = {key: self.bot.me[key] for key in ("id", "is_bot", "first_name", "username")}
        told: Json = {"chat": self.chat.wire, "from": self.person, "date": int(self.world.clock.now())}
        for name, status in (("old_chat_member", before), ("new_chat_member", after)):
            told[name] = {"user": bot, "status": status, **({"until_date": 0} if status == "kicked" else {})}
        self.chat.change()
        self.bot.queue.put("my_chat_member", told)


def _captioned(caption: str) -> Json:
    return {"caption": caption} if caption else {}


def feed(bot: Bot, update: Json) -> None:
    """An update from elsewhere under its own number. Its chats and files become known, so that they can be answered."""
    learn(bot, update)
    bot.queue.put_numbered(update)


def learn(bot: Bot, update: Json) -> None:
    content = next((value for key, value in update.items() if key != "update_id"), None)
    content = content if isinstance(content, dict) else {}
    wire = content.get("chat") or content.get("message", {}).get("chat")
    if wire and wire["id"] not in bot.chats:
        bot.chats[wire["id"]] = Chat(wire, content.get("from"), is_started=True)
