"""Telegram for tests: the stub on a port of its own, and a customer in front of it.

`with Telegram() as telegram:` runs the stub beside the test, in a thread, so that a hub in another process can use it
as `TELLONCE_TELEGRAM_API_URL`. A `TelegramCustomer` does what a person does in the app and reads what the app shows.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn

from tests.support.waiting import PATIENCE_S, until
from tools.telegram_stub.app import create_app
from tools.telegram_stub.pacing import Limits
from tools.telegram_stub.world import World

Json = dict[str, Any]

# Made once: reading the certificates for every client takes longer than all it does.
TLS = ssl.create_default_context()

TOKEN = "110201543:AAStub-Token_of_the_first_bot-00001"
SECOND_TOKEN = "110201544:AAStub-Token_of_the_second_bot-0002"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63d86ec1040002c40110e53d41a5"
    "0000000049454e44ae426082"
)


class Telegram:
    """The running stub. `url` is the base the hub needs; `world` what the stub holds, to look at and not to change."""

    def __init__(self, tokens: Sequence[str] = (TOKEN,), port: int = 0, limits: Limits | None = None) -> None:
        self.tokens = tuple(tokens)
        self.world = World(list(tokens), limits)
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(create_app(self.world), log_level="critical", log_config=None)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)

    @property
    def settings(self) -> dict[str, str]:
        """What a hub needs to use this Telegram and not the real one."""
        return {
            "TELLONCE_TELEGRAM_TOKEN": ",".join(self.tokens),
            "TELLONCE_TELEGRAM_API_URL": self.url,
            "TELLONCE_TELEGRAM_LINK_URL": self.url,
            "TELLONCE_TELEGRAM_MODE": "polling",
        }

    def __enter__(self) -> Telegram:
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()

    async def customer(self, first_name: str = "Maya", token: str = TOKEN, **more: str) -> TelegramCustomer:
        """Somebody with an account who has not opened the chat with the bot yet; `token` names the bot."""
        person = await self._post("/client/people", {"first_name": first_name, **more})
        return TelegramCustomer(self, token.split(":")[0], person["id"])

    async def feed(self, updates: Sequence[Json], token: str = TOKEN) -> None:
        """Updates under their own numbers."""
        await self._post(f"/client/bots/{token.split(':')[0]}/updates", list(updates))

    async def hand_out(self, batches: Sequence[Sequence[Json]], token: str = TOKEN) -> None:
        """These batches exactly, one a call, whatever was confirmed."""
        await self._post(f"/client/bots/{token.split(':')[0]}/batches", [list(batch) for batch in batches])

    async def is_well(self) -> None:
        await self._post("/client/faults", [])

    async def has(self, mode: str, *methods: str, **more: Any) -> None:
        """One fault in place of those before; the modes are those of `tools.telegram_stub.faults`."""
        await self._post("/client/faults", [{"mode": mode, "methods": methods, **more}])

    async def makes(self, trouble: Json, token: str = TOKEN) -> None:
        """`rival_calls`, `wait`, `next_update`, `moved` or `forget_file`; see `client.trouble`."""
        await self._post(f"/client/bots/{token.split(':')[0]}/trouble", trouble)

    async def passes(self, seconds: float) -> None:
        """Telegram's clock jumps; the hub's does not."""
        await self._post("/client/clock", {"seconds": seconds})

    async def account(self, token: str = TOKEN) -> Json:
        return await self._get(f"/client/bots/{token.split(':')[0]}/account")

    async def calls(self, method: str, token: str = TOKEN) -> list[Json]:
        return [call for call in (await self.account(token))["calls"] if call["method"] == method]

    async def has_handed_out_everything(self, token: str = TOKEN) -> None:
        """Nothing waits for the bot any more, and what it was given it has confirmed."""

        async def look() -> bool:
            return (await self.account(token))["waiting"] == 0

        await until(look, "the bot to fetch and confirm every update")

    async def _post(self, path: str, body: Any, **parts: Any) -> Any:
        async with httpx.AsyncClient(base_url=self.url, timeout=60, trust_env=False, verify=TLS) as client:
            return _read(await client.post(path, **({"json": body} if body is not None else {}), **parts))

    async def _get(self, path: str) -> Any:
        async with httpx.AsyncClient(base_url=self.url, timeout=60, trust_env=False, verify=TLS) as client:
            return _read(await client.get(path))


class AppRefused(AssertionError):
    """The app or Telegram said no to what the customer did."""


@dataclass(frozen=True)
class Seen:
    """One message as the app shows it now."""

    id: int
    text: str
    by_bot: bool
    is_deleted: bool
    buttons: tuple[str, ...]
    links: tuple[str, ...]
    kind: str | None
    versions: tuple[str, ...]
    wire: Json

    @classmethod
    def of(cls, shown: Json) -> Seen:
        wire = shown["message"]
        keys = [key for row in wire.get("reply_markup", {}).get("inline_keyboard", []) for key in row]
        marked = [*wire.get("entities", ()), *wire.get("caption_entities", ())]
        links = [key["url"] for key in [*keys, *marked] if "url" in key]
        return cls(
            id=wire["message_id"],
            text=wire.get("text", wire.get("caption", "")),
            by_bot=shown["is_from_bot"],
            is_deleted=shown["is_deleted"],
            buttons=tuple(key["text"] for key in keys if "callback_data" in key),
            links=tuple(links),
            kind=shown["kind"],
            versions=tuple(shown["versions"]),
            wire=wire,
        )

    def __str__(self) -> str:
        marks = "".join(f" [{title}]" for title in self.buttons) + (f" ({self.kind})" if self.kind else "")
        return f"{self.id:4} {'bot' if self.by_bot else 'customer'}: {self.text}{marks}"


@dataclass
class TelegramCustomer:
    telegram: Telegram
    bot: str
    id: int
    said_at: int = 0
    """The id of the customer's own last message: `hears` looks after it."""
    look_up: Callable[[], Awaitable[str]] | None = None
    """How a journey finds the conversation behind this chat; the app knows nothing of it."""
    seen: list[Seen] = field(default_factory=list)
    """The chat when it was last looked at."""

    # What the customer does

    async def starts(self, token: str = "") -> bool:
        """Open a link to the bot; False where Telegram sends no `/start`, because the chat is there already."""
        began = await self._acts("start", token=token)
        if began:
            # The bot may have answered by now.
            self.said_at = [one.id for one in await self.sees() if not one.by_bot][-1]
        return bool(began)

    async def says(self, text: str, **parts: Any) -> int:
        return self._said(await self._acts("write", text=text, **parts))

    async def edits(self, message_id: int, text: str) -> None:
        await self._acts("edit", message_id=message_id, text=text)

    async def presses(self, title: str) -> str:
        """The newest button whose title contains these words; back with the id of the press."""
        shown = [one for one in reversed(await self.sees()) if not one.is_deleted]
        found = ((one.id, whole) for one in shown for whole in one.buttons if title.lower() in whole.lower())
        message_id, whole = next(found, (None, title))
        if message_id is None:
            raise AppRefused(f"There is no button {title!r}:\n{self.transcript}")
        self.said_at = max(self.said_at, shown[0].id)
        return str(await self._acts("press", message_id=message_id, title=whole))

    async def presses_again(self, shown: Seen, index: int = 0) -> str:
        """A button as it was when `shown` was looked at, though its keyboard may be gone by now."""
        keys = [key for row in shown.wire["reply_markup"]["inline_keyboard"] for key in row]
        return await self.presses_data(shown, keys[index]["callback_data"])

    async def presses_data(self, shown: Seen, data: str) -> str:
        """A button that was never offered like this, as from an app that remembers too much."""
        return str(await self._acts("press_data", message=shown.wire, data=data))

    async def sends(self, kind: str, content: bytes = PNG, caption: str = "", name: str = "", **more: Any) -> int:
        """A file of one of the kinds Telegram knows: photo, document, video, voice, …"""
        return (await self._uploads(kind, [(name or f"{kind}.bin", content)], caption, **more))[0]

    async def sends_album(self, count: int, caption: str = "", kind: str = "photo") -> list[int]:
        return await self._uploads(kind, [(f"{number}.png", PNG + b"%d" % number) for number in range(count)], caption)

    async def locates(self, latitude: float, longitude: float, **more: str) -> int:
        return self._said(await self._acts("locate", latitude=latitude, longitude=longitude, **more))

    async def shares_contact(self, phone: str, user_id: int | None = None, **more: str) -> int:
        return self._said(await self._acts("share_contact", phone=phone, user_id=user_id, **more))

    async def sends_raw(self, content: Json) -> int:
        """Any other content, as the API would show it: `{"dice": {"emoji": "🎲", "value": 4}}`."""
        return self._said(await self._acts("send_raw", content=content))

    async def blocks(self) -> None:
        await self._acts("block")

    async def unblocks(self) -> None:
        await self._acts("unblock")

    # What the customer sees

    async def sees(self) -> list[Seen]:
        """The whole chat, own messages and deleted ones too."""
        self.seen = [Seen.of(one) for one in (await self._chat())["messages"]]
        return self.seen

    async def conversation(self) -> str:
        assert self.look_up, "Nobody said how to find this customer's conversation."
        return await self.look_up()

    async def hears(self, words: str, patience_s: float = PATIENCE_S) -> Seen:
        """A message of the bot since the customer's last one, containing `words` (a regular expression, any case)."""
        wanted = re.compile(words, re.IGNORECASE | re.DOTALL)

        async def look() -> Seen | None:
            fresh = [one for one in await self.sees() if one.by_bot and one.id > self.said_at and not one.is_deleted]
            return next((one for one in fresh if wanted.search(one.text)), None)

        try:
            return await until(look, f"to hear {words!r}", patience_s)
        except AssertionError as error:
            raise AssertionError(f"{error} So far:\n{self.transcript}") from None

    async def sees_typing(self) -> str:
        async def look() -> str | None:
            return (await self._chat())["typing"]

        return await until(look, "the bot to be seen typing")

    async def reads_notice(self, query: str) -> str:
        """What was shown for a moment when a button was pressed; fails if the press is never answered."""

        async def look() -> Json | None:
            answers = (await self.telegram.account(f"{self.bot}:"))["answers"]
            return next((one for one in answers if one["callback_query_id"] == query), None)

        return str((await until(look, "the press of a button to be answered"))["text"])

    @property
    def transcript(self) -> str:
        return "\n".join(map(str, self.seen))

    async def _chat(self) -> Json:
        return await self.telegram._get(self._path)

    @property
    def _path(self) -> str:
        return f"/client/chats/{self.bot}/{self.id}"

    async def _acts(self, verb: str, **arguments: Any) -> Any:
        return (await self.telegram._post(f"{self._path}/act/{verb}", arguments))["result"]

    async def _uploads(self, kind: str, files: list[tuple[str, bytes]], caption: str, **more: Any) -> list[int]:
        form = {"kind": kind, "caption": caption, **more}
        parts = [("file", (name, content)) for name, content in files]
        shown = (await self.telegram._post(f"{self._path}/files", None, data=form, files=parts))["result"]
        return [self._said(one) for one in shown]

    def _said(self, wire: Json) -> int:
        self.said_at = max(self.said_at, int(wire["message_id"]))
        return int(wire["message_id"])


def _read(response: httpx.Response) -> Any:
    if response.is_error:
        raise AppRefused(response.json()["description"] if response.content else str(response.status_code))
    return response.json()
