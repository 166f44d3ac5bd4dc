"""Chats as the customer sees them: messages with every version they had, deletions, typing, who blocked."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from tools.telegram_stub.refusals import bad_request, forbidden

Json = dict[str, Any]
TYPING_LASTS_S = 5.0


@dataclass
class Shown:
    """One message in a chat. `wire` is what the API shows of it now, `versions` what it showed before."""

    wire: Json
    is_from_bot: bool
    versions: list[Json] = field(default_factory=list)
    is_deleted: bool = False

    @property
    def id(self) -> int:
        return int(self.wire["message_id"])

    @property
    def words(self) -> str:
        return str(self.wire.get("text", self.wire.get("caption", "")))

    def become(self, wire: Json) -> None:
        self.versions.append(self.wire)
        self.wire = wire


@dataclass
class Chat:
    """One bot and one private chat or group."""

    wire: Json
    """The API's `Chat` object."""
    person: Json | None = None
    is_started: bool = False
    is_blocked: bool = False
    moved_to: int | None = None
    messages: list[Shown] = field(default_factory=list)
    typing: str | None = None
    typing_until: float = 0.0
    version: int = 0
    """Grows with every change, so that a page can wait for the next."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _last_id: int = 0

    @property
    def id(self) -> int:
        return int(self.wire["id"])

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def add(self, shown: Shown) -> Shown:
        self._last_id = max(self._last_id, shown.id)
        self.messages.append(shown)
        self.change()
        return shown

    def find(self, message_id: int, what: str = "message to edit") -> Shown:
        for shown in self.messages:
            if shown.id == message_id and not shown.is_deleted:
                return shown
        raise bad_request(f"{what} not found")

    def refuse_strangers(self) -> None:
        """A bot may answer, but not begin."""
        if self.is_blocked:
            raise forbidden("bot was blocked by the user")
        if not self.is_started:
            raise forbidden("bot can't initiate conversation with a user")

    def is_typing(self, now: float) -> bool:
        return self.typing is not None and now < self.typing_until

    def change(self) -> None:
        self.version += 1
        self.changed.set()
        self.changed = asyncio.Event()
