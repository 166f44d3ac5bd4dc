"""Everything there is on the stub's Telegram: bots, people, their chats, files, and an account of every call."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from tools.telegram_stub.chats import Chat, Shown
from tools.telegram_stub.clock import Clock
from tools.telegram_stub.faults import Faults
from tools.telegram_stub.files import Files
from tools.telegram_stub.pacing import Limits, Pacing
from tools.telegram_stub.queues import Queue
from tools.telegram_stub.refusals import Refused, bad_request

Json = dict[str, Any]
TOKEN = re.compile(r"(\d{3,}):[A-Za-z0-9_-]{20,}")
FIRST_UPDATE = 100_001
FIRST_PERSON = 7_000_001


@dataclass
class Webhook:
    url: str = ""
    secret: str | None = None
    last_error_at: int | None = None
    last_error: str | None = None
    attempts: int = 0


@dataclass(frozen=True)
class Press:
    """A button somebody pressed, while its spinner turns."""

    at: float
    chat: int
    message: int
    data: str


@dataclass
class Bot:
    token: str
    me: Json
    queue: Queue
    pacing: Pacing
    webhook: Webhook = field(default_factory=Webhook)
    chats: dict[int, Chat] = field(default_factory=dict)
    commands: list[Json] = field(default_factory=list)
    presses: dict[str, Press] = field(default_factory=dict)
    """By the id the bot must answer; gone once it has."""
    answers: list[Json] = field(default_factory=list)

    @property
    def id(self) -> int:
        return int(self.me["id"])

    def chat(self, chat_id: int) -> Chat:
        if not (chat := self.chats.get(chat_id)):
            raise bad_request("chat not found")
        return chat


@dataclass(frozen=True)
class Call:
    """One call of the Bot API and what came of it; `words` is a digest, by which two equal messages can be told."""

    at: float
    bot: int
    method: str
    chat: int | None
    status: int
    messages: tuple[int, ...] = ()
    words: str = ""


class World:
    def __init__(self, tokens: list[str], limits: Limits | None = None) -> None:
        self.clock = Clock()
        self.files = Files(self.clock)
        self.faults = Faults()
        self.people: dict[int, Json] = {}
        self.calls: list[Call] = []
        self.bots = {token: self._bot(token, limits) for token in tokens}

    def bot_of(self, token: str) -> Bot:
        """401 for a token nobody has, 404 for what is no token at all."""
        if bot := self.bots.get(token):
            return bot
        raise Refused(401, "Unauthorized") if TOKEN.fullmatch(token) else Refused(404, "Not Found")

    def bot_named(self, name: str) -> Bot:
        """By user name or by id."""
        for bot in self.bots.values():
            if name.lower() in (str(bot.id), bot.me["username"].lower()):
                return bot
        raise Refused(404, f"There is no bot {name}.")

    def person(self, person_id: int) -> Json:
        if not (person := self.people.get(person_id)):
            raise Refused(404, f"There is nobody with the id {person_id}.")
        return person

    def join(self, first_name: str, **more: str) -> Json:
        """A new person with an account."""
        number = FIRST_PERSON + len(self.people)
        person: Json = {"id": number, "is_bot": False, "first_name": first_name, "language_code": "en", **more}
        self.people[number] = person
        return person

    def private_chat(self, bot: Bot, person: Json) -> Chat:
        """Theirs with this bot; it is there before a word was said."""
        wire = {"id": person["id"], "type": "private"}
        wire |= {key: person[key] for key in ("first_name", "last_name", "username") if key in person}
        return bot.chats.setdefault(person["id"], Chat(wire, person))

    def show(self, chat: Chat, wire: Json, *, is_from_bot: bool) -> Shown:
        """Put a message into a chat, with its number and the time."""
        numbered = {"message_id": chat.next_id(), "date": int(self.clock.now()), "chat": chat.wire, **wire}
        return chat.add(Shown(numbered, is_from_bot))

    def note(self, bot: Bot, method: str, chat: int | None, status: int, sent: Any = None) -> None:
        shown = [one for one in (sent if isinstance(sent, list) else [sent]) if isinstance(one, dict)]
        ids = tuple(int(one["message_id"]) for one in shown if "message_id" in one)
        said = "\n".join(str(one.get("text", one.get("caption", ""))) for one in shown)
        words = hashlib.sha256(said.encode()).hexdigest()[:16] if said else ""
        self.calls.append(Call(self.clock.now(), bot.id, method, chat, status, ids, words))

    def _bot(self, token: str, limits: Limits | None) -> Bot:
        number = int(token.split(":")[0])
        name = f"stub_{number}_bot"
        abilities = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        me = {"id": number, "is_bot": True, "first_name": "Fernway Broadband", "username": name, **abilities}
        return Bot(token, me, Queue(self.clock, FIRST_UPDATE), Pacing(self.clock, limits))
