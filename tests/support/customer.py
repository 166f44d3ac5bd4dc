"""A customer in front of the chat: speaks the widget's protocol over a real socket, as stubbornly as the widget does.

What was not acknowledged is sent again under the same `client_ref`; what was missed is fetched by cursor. Everything
that arrived stays in `arrived`, in the order of arrival, so that a journey can account for it.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from tests.support.waiting import PATIENCE_S

Frame = dict[str, Any]

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 2.0


@dataclass(frozen=True)
class Heard:
    """One message as the customer sees it."""

    id: str
    seq: int
    author: str
    name: str | None
    text: str
    buttons: tuple[str, ...] = ()
    link: dict[str, str] | None = None
    client_ref: str | None = None

    @classmethod
    def of(cls, shown: Frame) -> Heard:
        kept = {name: shown.get(name) for name in ("id", "seq", "author", "name", "text", "link", "client_ref")}
        return cls(**kept, buttons=tuple(button["title"] for button in shown["buttons"]))

    def __str__(self) -> str:
        buttons = "".join(f" [{title}]" for title in self.buttons)
        return f"{self.seq:3} {self.author}: {self.text}{buttons}{f' <{self.link}>' if self.link else ''}"


class Refused(AssertionError):
    """The hub said no to something the customer did; `code` says why."""

    def __init__(self, frame: Frame) -> None:
        super().__init__(f"{frame['code']}: {frame['message']}")
        self.code = frame["code"]


@dataclass
class Customer:
    """`async with Customer(hub_url) as maya:` is one browser window. `session` makes it another tab of the same one."""

    hub: str
    session: str | None = None
    go_on: str | None = None
    """The token of a link by which this window was opened, to go on with what was begun elsewhere."""
    timezone: str = "UTC"
    arrived: list[Heard] = field(default_factory=list)
    repeated: int = 0
    sent: list[str] = field(default_factory=list)
    """The `client_ref` of everything said and pressed, in order."""
    acknowledged: dict[str, Frame] = field(default_factory=dict)
    floor: str = "bot"
    talking_to: str | None = None
    place_in_line: int | None = None
    floors: list[str] = field(default_factory=list)
    is_deaf: bool = False
    """What reaches this window is thrown away unread, as when the line breaks just before an answer."""

    def __post_init__(self) -> None:
        self._socket: ClientConnection | None = None
        self._sending = asyncio.Lock()
        self._news = asyncio.Condition()
        self._unacknowledged: dict[str, Frame] = {}
        self._refused: dict[str, Frame] = {}
        self._ways: dict[str, Frame] = {}
        self._living: asyncio.Task[None] | None = None
        self._said_at = 0
        self._goes_deaf_at: str | None = None
        self._conversation: str | None = None

    async def __aenter__(self) -> Customer:
        self._living = asyncio.create_task(self._live())
        await self._until(lambda: self._socket is not None, "the chat to open")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._living:
            self._living.cancel()
            with suppress(asyncio.CancelledError):
                await self._living

    # What the customer does

    async def says(self, text: str, and_hears_no_more: bool = False) -> Frame:
        """Type something and send it; back with the acknowledgement, or with nothing to be heard after it."""
        return await self._acts({"type": "say", "text": text}, and_hears_no_more)

    async def presses(self, title: str) -> Frame:
        """Press the newest button whose title contains these words."""
        message, index = await self._button(title)
        return await self._acts({"type": "press", "message_id": message.id, "index": index})

    async def asks_for_a_person(self) -> Frame:
        """The button that is always there."""
        return await self._acts({"type": "human"})

    async def asks_for_a_way_to(self, channel: str) -> Frame:
        """The link and the code by which the conversation goes on elsewhere."""
        self._ways.pop(channel, None)
        await self._send({"type": "continue", "channel": channel})
        await self._until(lambda: channel in self._ways, f"a way to {channel}")
        return self._ways[channel]

    async def loses_the_line(self) -> None:
        """The connection drops; the window comes back by itself."""
        if self._socket:
            self._socket.transport.abort()
        await self._until(lambda: self._socket is None, "the line to break")

    # What the customer sees

    async def hears(self, words: str, by: str | None = None, patience_s: float = PATIENCE_S) -> Heard:
        """A message since the customer's own last one that contains `words` (a regular expression, any case)."""
        await self._until(lambda: bool(self._matching(words, by)), f"to hear {words!r} by {by or 'anyone'}", patience_s)
        return self._matching(words, by)[0]

    async def is_answered(self) -> list[Heard]:
        """Any answer at all; all there is since the last words."""
        await self._until(lambda: bool(self.replies), "any answer")
        return self.replies

    async def has_the_floor_with(self, floor: str) -> None:
        await self._until(lambda: self.floor == floor, f"the floor to be with {floor}, not {self.floor}")

    async def has_read_up_to(self, seq: int) -> None:
        await self._until(lambda: any(one.seq >= seq for one in self.arrived), f"message {seq}")

    async def last_sent(self) -> str:
        """The `client_ref` of what is on its way."""
        await self._until(lambda: bool(self._unacknowledged), "something to be on its way")
        return next(reversed(self._unacknowledged))

    async def waits_in_line(self) -> int:
        await self._until(lambda: self.place_in_line is not None, "a place in line")
        assert self.place_in_line is not None
        return self.place_in_line

    @property
    def replies(self) -> list[Heard]:
        """What others said since the customer's own last words."""
        return [one for one in self.arrived if one.seq > self._said_at and one.author != "customer"]

    @property
    def transcript(self) -> str:
        return "\n".join(map(str, sorted(self.arrived, key=lambda one: one.seq)))

    def heard_from(self, author: str) -> list[Heard]:
        return [one for one in self.arrived if one.author == author]

    async def conversation(self) -> str:
        """The id of the conversation, asked through a second door, since a page learns it only when it opens."""
        if self._conversation is None:
            async with connect(self._address, proxy=None) as door:
                await door.send(json.dumps({"type": "hello", "session": self.session, "after": 0}))
                self._conversation = json.loads(await door.recv())["conversation_id"]
        assert self._conversation, "Nothing was said yet."
        return self._conversation

    def _matching(self, words: str, by: str | None) -> list[Heard]:
        wanted = re.compile(words, re.IGNORECASE)
        return [one for one in self.replies if wanted.search(one.text) and by in (None, one.author)]

    async def _button(self, title: str) -> tuple[Heard, int]:
        def offered() -> tuple[Heard, int] | None:
            for message in reversed(self.arrived):
                for index, one in enumerate(message.buttons):
                    if title.lower() in one.lower():
                        return message, index
            return None

        await self._until(lambda: offered() is not None, f"a button {title!r}")
        found = offered()
        assert found
        return found

    # The line

    @property
    def _address(self) -> str:
        return self.hub.replace("http", "ws", 1) + "/channels/web/socket"

    async def _acts(self, frame: Frame, and_hears_no_more: bool = False) -> Frame:
        ref = str(uuid.uuid4())
        self._unacknowledged[ref] = {**frame, "client_ref": ref}
        self.sent.append(ref)
        self._goes_deaf_at = ref if and_hears_no_more else None
        await self._tell()
        async with self._sending:
            await self._send(self._unacknowledged[ref])
        await self._until(lambda: ref in self.acknowledged or ref in self._refused, f"{frame} to be acknowledged")
        if ref in self._refused:
            raise Refused(self._refused[ref])
        answer = self.acknowledged[ref]
        self._said_at = answer["seq"] or self._said_at
        return answer

    async def _live(self) -> None:
        """Come back after every break, a little later each time until something was acknowledged."""
        pause_s = FIRST_PAUSE_S
        while True:
            acknowledged = len(self.acknowledged)
            with suppress(OSError, WebSocketException):
                async with connect(self._address, proxy=None, open_timeout=PATIENCE_S) as socket:
                    await self._talk(socket)
            self._socket = None
            await self._tell()
            await asyncio.sleep(random.uniform(0.3, 1.0) * pause_s)
            pause_s = FIRST_PAUSE_S if len(self.acknowledged) > acknowledged else min(2 * pause_s, LONGEST_PAUSE_S)

    async def _talk(self, socket: ClientConnection) -> None:
        """Greet with the cursor, send what is unacknowledged in its order, then listen."""
        cursor = max((one.seq for one in self.arrived), default=0)
        hello = {"type": "hello", "session": self.session, "after": cursor, "timezone": self.timezone}
        await socket.send(json.dumps({**hello, **({"continue": self.go_on} if self.go_on else {})}))
        await self._take(json.loads(await socket.recv()))
        self.go_on = None
        async with self._sending:
            self._socket = socket
            for frame in list(self._unacknowledged.values()):
                await self._send(frame)
        await self._tell()
        async for text in socket:
            await self._take(json.loads(text))

    async def _send(self, frame: Frame) -> None:
        with suppress(OSError, WebSocketException):
            if self._socket:
                await self._socket.send(json.dumps(frame))

    async def _take(self, frame: Frame) -> None:
        if self.is_deaf:
            return
        match frame["type"]:
            case "welcome":
                self.session, self._conversation = frame["session"], frame["conversation_id"]
                self._floor_is(frame["floor"], frame["who"])
            case "ack":
                self._unacknowledged.pop(frame["client_ref"], None)
                self.acknowledged[frame["client_ref"]] = frame
                self.is_deaf = frame["client_ref"] == self._goes_deaf_at
            case "error" if frame.get("client_ref"):
                self._unacknowledged.pop(frame["client_ref"], None)
                self._refused[frame["client_ref"]] = frame
            case "message":
                self._arrives(Heard.of(frame["message"]))
            case "floor":
                self._floor_is(frame["floor"], frame["who"])
            case "queue":
                self.place_in_line = frame["position"]
            case "way":
                self._ways[frame["channel"]] = frame
        await self._tell()

    def _arrives(self, message: Heard) -> None:
        if any(one.id == message.id for one in self.arrived):
            self.repeated += 1
        else:
            self.arrived.append(message)

    def _floor_is(self, floor: str, who: Frame) -> None:
        self.floor, self.talking_to = floor, who["name"]
        if self.floors[-1:] != [floor]:
            self.floors.append(floor)
        if floor != "queue":
            self.place_in_line = None

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _until(self, is_so: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
        try:
            async with self._news, asyncio.timeout(patience_s):
                await self._news.wait_for(is_so)
        except TimeoutError:
            raise AssertionError(f"Waited in vain for {what}. So far:\n{self.transcript}") from None
