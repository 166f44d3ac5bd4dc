"""A customer's page: the chat widget's socket (contract 4 in docs/architecture.md), without a browser."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

WELCOMED_WITHIN_S = 10.0
ANSWERING = ("assistant", "agent", "system")


class Refused(Exception):
    """The hub took a word of ours for an error."""


class Chat:
    """One open page. `messages` is what it was shown, by id; `floor` who may speak to it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._changed = asyncio.Condition()
        self._acks: dict[str, dict[str, Any]] = {}
        self._reader = asyncio.create_task(self._read())
        self.messages: dict[str, dict[str, Any]] = {}
        self.floor = "bot"
        self.session: str | None = None
        self.conversation_id: str | None = None

    @classmethod
    async def open(cls, hub: str, session: str | None = None) -> "Chat":
        """A page that has been welcomed. With the session of another page it shows the same conversation."""
        url = hub.replace("http", "ws", 1) + "/channels/web/socket"
        chat = cls(await connect(url, origin=hub, compression=None, proxy=None))  # type: ignore[arg-type]
        await chat._send({"type": "hello", "session": session, "after": 0, "page_url": hub, "locale": "en"})
        if await chat._until(lambda: chat.session is not None, WELCOMED_WITHIN_S) is None:
            raise Refused("The chat did not welcome us.")
        return chat

    async def close(self) -> None:
        await self._socket.close()
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader

    async def say(self, text: str, within_s: float) -> dict[str, Any]:
        """The hub's acknowledgement: message id and seq."""
        return await self._acknowledged({"type": "say", "text": text}, within_s)

    async def ask_for_person(self, within_s: float) -> dict[str, Any]:
        return await self._acknowledged({"type": "human"}, within_s)

    async def answered_after(self, seq: int, within_s: float) -> float | None:
        """When (`time.monotonic`) somebody answered or people got the floor; None if nobody did in time."""

        def is_answered() -> bool:
            shown = self.messages.values()
            return self.floor != "bot" or any(one["seq"] > seq and one["author"] in ANSWERING for one in shown)

        return await self._until(is_answered, within_s)

    async def shown_up_to(self, seq: int, within_s: float) -> bool:
        return await self._until(lambda: any(one["seq"] >= seq for one in self.messages.values()), within_s) is not None

    async def _acknowledged(self, frame: dict[str, Any], within_s: float) -> dict[str, Any]:
        ref = str(uuid.uuid4())
        await self._send({**frame, "client_ref": ref})
        if await self._until(lambda: ref in self._acks, within_s) is None:
            raise Refused("The hub did not acknowledge a message in time.")
        ack = self._acks[ref]
        if ack["type"] == "error":
            raise Refused(ack["message"])
        return ack

    async def _until(self, holds: Callable[[], bool], within_s: float) -> float | None:
        try:
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(holds)
        except TimeoutError:
            return None
        return time.monotonic()

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._socket.send(json.dumps(frame))

    async def _read(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self._socket:
                frame = json.loads(text)
                async with self._changed:
                    self._take(frame)
                    self._changed.notify_all()

    def _take(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "welcome":
                self.session, self.conversation_id = frame["session"], frame["conversation_id"]
                self.floor = frame["floor"]
            case "floor":
                self.floor = frame["floor"]
            case "message":
                self.messages[frame["message"]["id"]] = frame["message"]
            case "ack" | "error" if frame.get("client_ref"):
                self._acks[frame["client_ref"]] = frame
