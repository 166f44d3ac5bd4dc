"""A customer's page for tests of files: the chat socket and what the page may do over HTTP beside it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import websockets

from tests.api.conftest import Served


class Chat:
    """`async with a_page(served) as maya`."""

    def __init__(self, served: Served, socket: Any, welcome: dict[str, Any]) -> None:
        self.served, self.socket, self.welcome = served, socket, welcome

    async def uploads(self, content: bytes, name: str = "box.png", **headers: str) -> httpx.Response:
        return await self.asks("POST", "attachments", content=content, params={"name": name}, headers=headers)

    async def asks(self, method: str, path: str, headers: dict[str, str] | None = None, **parts: Any) -> httpx.Response:
        told = {"Authorization": f"Bearer {self.welcome['session']}", **(headers or {})}
        async with self.served.client() as client:
            return await client.request(method, f"/channels/web/{path}", headers=told, **parts)

    async def opens(self, url: str, **headers: str) -> httpx.Response:
        async with self.served.client() as client:
            return await client.get(f"/{url}", headers=headers)

    async def says(self, ref: str, text: str = "", *files: str) -> dict[str, Any]:
        """The acknowledgement or the refusal."""
        await self.sends(type="say", client_ref=ref, text=text, attachments=list(files))
        return await self.hears("ack", "error")

    async def sends(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def hears(self, *kinds: str) -> dict[str, Any]:
        while True:
            frame: dict[str, Any] = json.loads(await self.socket.recv())
            if frame["type"] in kinds:
                return frame

    async def reads(self, message_id: str | None = None) -> dict[str, Any]:
        """The next message, or the next time that one is shown."""
        while True:
            shown: dict[str, Any] = (await self.hears("message"))["message"]
            if message_id in (None, shown["id"]):
                return shown


@asynccontextmanager
async def a_page(served: Served) -> AsyncIterator[Chat]:
    async with websockets.connect(served.socket_url, proxy=None, ping_interval=None) as socket:
        await socket.send(json.dumps({"type": "hello"}))
        yield Chat(served, socket, json.loads(await socket.recv()))
