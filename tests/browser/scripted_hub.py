"""A hub on a string: the other end of the widget's socket (contract 4), told by a test what to say and when to fail.

The real hub cannot be asked to lose an acknowledgement or to repeat itself; this one can. It keeps a ledger as the
contract demands, so that a lost or doubled message shows.
"""

import asyncio
import json
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

WEB = Path(__file__).parents[2] / "handoff" / "channels" / "web"
FERN = {"kind": "assistant", "name": "Fern"}
DANA = {"kind": "agent", "name": "Dana"}
Frame = dict[str, Any]

SHOP_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class ForAnyPage(StaticFiles):
    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response


@dataclass
class Talk:
    """One conversation: its ledger, its floor and the sockets that watch it."""

    token: str
    ledger: list[Frame] = field(default_factory=list)
    floor: str = "bot"
    who: Frame | None = field(default_factory=lambda: dict(FERN))
    queue: Frame | None = None
    sockets: list[WebSocket] = field(default_factory=list)


class ScriptedHub:
    """Run it with `start`; everything below `# What a test may do` can be called from the test's thread."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self.talks: dict[str, Talk] = {}
        self.heard: list[Frame] = []
        self.policy = SHOP_POLICY
        self.is_deaf = False
        self.lose_acks = 0
        self.refuse: Frame | None = None

    # Running

    def start(self) -> "ScriptedHub":
        """On a free port; after a `stop`, on the same one."""
        app = Starlette(
            routes=[
                Route("/", self._page),
                Route("/elsewhere", self._elsewhere),
                Route("/channels/web/transcript", self._transcript),
                WebSocketRoute("/channels/web/socket", self._socket),
                Mount("/", ForAnyPage(directory=WEB / "static")),
            ]
        )
        config = uvicorn.Config(
            app, "127.0.0.1", self.port, log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.02)
        self._loop = self._server.servers[0].get_loop()
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # What a test may do

    @property
    def talk(self) -> Talk:
        """The only conversation."""
        (talk,) = self.talks.values()
        return talk

    def words(self, author: str = "customer") -> list[str]:
        return [message["text"] for message in self.talk.ledger if message["author"] == author]

    def say(self, text: str, *, author: str = "assistant", name: str | None = "Fern", **more: Any) -> Frame:
        """Store words and send them to every open page."""
        message = self.store(text, author=author, name=name, **more)
        self.send({"type": "message", "message": message})
        return message

    def store(self, text: str, *, author: str = "assistant", name: str | None = "Fern", **more: Any) -> Frame:
        """Store words and tell nobody."""
        return self._store(self.talk, author=author, name=name, text=text, **more)

    def forget(self) -> None:
        """As if the signing key had changed."""
        self.talks.clear()

    def floor(self, floor: str, who: Frame | None, queue: Frame | None = None) -> None:
        self.talk.floor, self.talk.who, self.talk.queue = floor, who, queue
        self.send({"type": "floor", "floor": floor, "who": who})
        if queue:
            self.send({"type": "queue", **queue})

    def send(self, frame: Frame) -> None:
        self.run(self._broadcast(self.talk, frame))

    def cut(self) -> None:
        """Drop every socket without a word, as a killed process would."""
        self.run(self._cut())

    def run(self, step: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(step, self._loop).result(5)

    # The contract

    async def _socket(self, socket: WebSocket) -> None:
        await socket.accept()
        try:
            hello = await self._receive(socket)
            talk = await self._welcome(socket, hello)
            if talk is None:
                return
            while True:
                await self._act(socket, talk, await self._receive(socket))
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            for talk in self.talks.values():
                if socket in talk.sockets:
                    talk.sockets.remove(socket)

    async def _receive(self, socket: WebSocket) -> Frame:
        frame: Frame = json.loads(await socket.receive_text())
        self.heard.append(frame)
        return frame

    async def _welcome(self, socket: WebSocket, hello: Frame) -> Talk | None:
        token = hello["session"] or f"token-{len(self.heard)}"
        if hello["session"] and token not in self.talks:
            await socket.send_json(
                {"type": "error", "code": "session_invalid", "message": "This chat is not known here."}
            )
            return None
        talk = self.talks.setdefault(token, Talk(token))
        talk.sockets.append(socket)
        last = talk.ledger[-1]["seq"] if talk.ledger else 0
        await socket.send_json(
            {
                "type": "welcome",
                "session": token,
                "conversation_id": f"conversation of {token}",
                "floor": talk.floor,
                "who": talk.who,
                "last_seq": last,
                "queue": talk.queue,
            }
        )
        for message in talk.ledger:
            if message["seq"] > hello["after"]:
                await socket.send_json({"type": "message", "message": message})
        return talk

    async def _act(self, socket: WebSocket, talk: Talk, frame: Frame) -> None:
        if self.is_deaf:
            return
        if frame["type"] == "ping":
            await socket.send_json({"type": "pong"})
        elif frame["type"] in ("say", "press", "human"):
            await self._take(socket, talk, frame)

    async def _take(self, socket: WebSocket, talk: Talk, frame: Frame) -> None:
        ref = frame["client_ref"]
        if self.refuse:
            await socket.send_json({"type": "error", "client_ref": ref, **self.refuse})
            return
        text = self._text(talk, frame)
        known = next((message for message in talk.ledger if message.get("client_ref") == ref), None)
        message = known or (
            self._store(talk, author="customer", name=None, text=text, client_ref=ref) if text else None
        )
        if self.lose_acks:
            self.lose_acks -= 1
            await self._cut()
            return
        await self._ack(socket, ref, message)
        if known or message is None:
            return
        await self._broadcast(talk, {"type": "message", "message": message}, but=socket)

    def _text(self, talk: Talk, frame: Frame) -> str | None:
        if frame["type"] != "press":
            return frame.get("text")
        pressed = next(message for message in talk.ledger if message["id"] == frame["message_id"])
        return str(pressed["buttons"][frame["index"]]["title"])

    async def _ack(self, socket: WebSocket, ref: str, message: Frame | None) -> None:
        seen = message or {"id": None, "seq": None, "created_at": None}
        await socket.send_json(
            {
                "type": "ack",
                "client_ref": ref,
                "message_id": seen["id"],
                "seq": seen["seq"],
                "created_at": seen["created_at"],
            }
        )

    def _store(self, talk: Talk, **message: Any) -> Frame:
        seq = (talk.ledger[-1]["seq"] if talk.ledger else 0) + 1
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        stored = {"id": f"m{seq}", "seq": seq, "buttons": [], "link": None, "created_at": now, **message}
        talk.ledger.append(stored)
        return stored

    async def _broadcast(self, talk: Talk, frame: Frame, but: WebSocket | None = None) -> None:
        for socket in list(talk.sockets):
            if socket is not but:
                await socket.send_json(frame)

    async def _cut(self) -> None:
        for talk in self.talks.values():
            for socket in list(talk.sockets):
                await socket.close(1012)

    async def _page(self, request: Request) -> Response:
        return HTMLResponse(
            (WEB / "templates" / "shop.html").read_text(), headers={"Content-Security-Policy": self.policy}
        )

    async def _elsewhere(self, request: Request) -> Response:
        """A page of another site: it has nothing of the hub but the script tag."""
        html = (
            f'<!doctype html><html lang="en"><title>Elsewhere</title><script src="{self.url}/widget.js" defer></script>'
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": self.policy})

    async def _transcript(self, request: Request) -> Response:
        talk = self.talks[request.query_params["session"]]
        lines = [f"{message['name'] or 'You'}: {message['text']}" for message in talk.ledger]
        return PlainTextResponse("\n".join(lines), headers={"Access-Control-Allow-Origin": "*"})
