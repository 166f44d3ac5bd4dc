"""A server of somebody else's that is told of events: it takes them, or fails in every way servers fail."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from handoff import clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ANSWERS = {
    "ok": "200 OK",
    "no-content": "204 No Content",
    "500": "500 Internal Server Error",
    "410": "410 Gone",
    "400": "400 Bad Request",
}


@dataclass(frozen=True)
class Heard:
    path: str
    headers: dict[str, str]
    body: str
    at: datetime

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Listener:
    """`/ok`, `/500`, `/410`, `/hang`, `/slow`, `/huge`, `/redirect`, `/garbage`, `/cut` and `/429?<Retry-After>`.

    A path set in `instead` is answered as another until it is taken out.
    """

    port: int = 0
    heard: list[Heard] = field(default_factory=list)
    instead: dict[str, str] = field(default_factory=dict)
    hanging: int = 0
    most_hanging: int = 0
    sent_bytes: int = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def at(self, path: str) -> list[Heard]:
        return [one for one in self.heard if one.path == f"/{path}"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            path = head.split(" ")[1]
            lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
            headers = {name.lower(): value for name, _, value in lines}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.heard.append(Heard(path, headers, body.decode(), clock.now()))
            await self._answer(self.instead.get(path, path).lstrip("/"), writer, reader)
        with suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    async def _answer(self, how: str, writer: asyncio.StreamWriter, reader: asyncio.StreamReader) -> None:
        kind, _, detail = how.partition("?")
        match kind:
            case "hang":
                self.hanging += 1
                self.most_hanging = max(self.most_hanging, self.hanging)
                with suppress(ConnectionError):
                    await reader.read()
                self.hanging -= 1
            case "slow" | "huge":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
                piece = b"x" if kind == "slow" else b"x" * 65536
                while True:
                    writer.write(piece)
                    await writer.drain()
                    self.sent_bytes += len(piece)
                    await asyncio.sleep(0.05 if kind == "slow" else 0)
            case "slow-head":
                for letter in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 10_000:
                    writer.write(bytes([letter]))
                    await writer.drain()
                    await asyncio.sleep(0.05)
            case "redirect":
                self._say(writer, "302 Found", f"Location: {self.url('ok')}\r\n")
            case "429" | "503":
                self._say(writer, f"{kind} Wait", f"Retry-After: {detail.replace('+', ' ')}\r\n" if detail else "")
            case "garbage":
                writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
            case "cut":
                writer.write(b"HTTP/1.1 2")
            case _:
                self._say(writer, ANSWERS.get(kind, "404 Not Found"))

    def _say(self, writer: asyncio.StreamWriter, status: str, headers: str = "") -> None:
        writer.write(f"HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            tasks.add(task)
        try:
            await listener.serve(reader, writer)
        except asyncio.CancelledError:
            writer.close()
        finally:
            if task:
                tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    try:
        yield listener
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
