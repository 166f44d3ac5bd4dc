"""One open page of a customer: reads frames, writes what happens in their conversation.

Everything shown comes from the ledger by cursor, so a page that was away, slow or reloaded misses nothing. The
conversation itself is made by the first words, not by looking.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from pydantic import ValidationError

from handoff import attachments, conversations, events, handbacks, handovers, ledger
from handoff.channels.web import frames, sessions
from handoff.db import Database
from handoff.errors import BadInput, TellonceError, TooMany
from handoff.live import FellBehind, Live
from handoff.models import Agent, Conversation
from handoff.ports import Attached, Audience, Client, Floor, Inbound, Wish
from handoff.settings import settings

SAYS_PER_MINUTE = RateLimitItemPerMinute(120)
QUEUE_REFRESH_S = 10.0
HELLO_WITHIN_S = 10.0
SEND_WITHIN_S = 20.0


class Doorbells:
    """Pages of a browser that has not said anything yet, waiting for its first words from another page."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def ring(self, identity: str) -> None:
        for bell in self._waiting.pop(identity, set()):
            bell.set()

    async def wait(self, identity: str) -> None:
        bell = asyncio.Event()
        self._waiting.setdefault(identity, set()).add(bell)
        try:
            await bell.wait()
        finally:
            self._waiting.get(identity, set()).discard(bell)
            if not self._waiting.get(identity, True):
                del self._waiting[identity]


@dataclass
class WebChat:
    """What all pages of one process share."""

    database: Database
    live: Live
    doorbells: Doorbells = field(default_factory=Doorbells)
    rate: FixedWindowRateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))
    pages: int = 0


class Page:
    """One socket. `serve` returns when it closes."""

    def __init__(self, chat: WebChat, socket: WebSocket) -> None:
        self.chat = chat
        self.socket = socket
        self.session = sessions.new(settings().secret_key)
        self.client = Client()
        self.conversation_id: str | None = None
        self.cursor = 0
        self._sending = asyncio.Lock()

    async def serve(self) -> None:
        await self.socket.accept()
        self.chat.pages += 1
        following: asyncio.Task[None] | None = None
        try:
            await self._greet()
            following = asyncio.create_task(self._follow(), name="web-page")
            while True:
                await self._take(await self._read())
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            pass
        except TellonceError as refusal:
            with suppress(Exception):
                await self._send(frames.error(refusal.as_dict()))
                await self.socket.close(code=4403)
        finally:
            self.chat.pages -= 1
            if following:
                following.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await following

    async def _greet(self) -> None:
        """The first frame says who they are and what they have seen."""
        async with asyncio.timeout(HELLO_WITHIN_S):
            hello = _parse(await self._read())
        if not isinstance(hello, frames.Hello):
            raise BadInput("Say hello first.")
        if hello.session:
            self.session = sessions.read(hello.session, settings().secret_key)
        self.client = Client(
            hello.page_url, self.socket.headers.get("user-agent", "")[:400], hello.timezone, hello.locale
        )
        async with self.chat.database.read() as session:
            found = await conversations.of_identity(session, "web", self.session.identity)
            conversation = found if hello.session else None
            holder = await session.get(Agent, conversation.agent_id) if conversation and conversation.agent_id else None
            waiting = await handovers.answer_for(session, conversation.id) if conversation else None
        if conversation:
            self.conversation_id = conversation.id
            self.cursor = hello.after if hello.after <= conversation.last_seq else 0
        await self._send(frames.welcome(self.session.token, conversation, holder.name if holder else None, waiting))

    async def _read(self) -> str:
        """The next frame. Binary ones are read as text: what is no JSON is refused in words."""
        frame = await self.socket.receive()
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(frame["code"], frame.get("reason"))
        return frame.get("text") or (frame.get("bytes") or b"").decode(errors="replace")

    async def _take(self, text: str) -> None:
        """One frame from the customer. What is wrong with it is said; the page stays open."""
        client_ref: str | None = None
        try:
            frame = _parse(text)
            client_ref = getattr(frame, "client_ref", None)
            await self._act(frame)
        except TellonceError as refusal:
            await self._send(frames.error(refusal.as_dict(), client_ref))

    async def _act(self, frame: frames.Frame) -> None:
        match frame:
            case frames.Say(client_ref=ref, text=text, attachments=uploaded):
                files = tuple(Attached(one) for one in uploaded)
                await self._receive(
                    Inbound("web", self.session.identity, ref, text, attachments=files, client=self.client)
                )
            case frames.Press(client_ref=ref, message_id=message_id, index=index):
                pressed = (message_id, index)
                await self._receive(Inbound("web", self.session.identity, ref, pressed=pressed, client=self.client))
            case frames.Human(client_ref=ref):
                await self._receive(Inbound("web", self.session.identity, ref, wish=Wish.PERSON, client=self.client))
            case frames.Withdraw() if self.conversation_id:
                conversation_id = self.conversation_id
                await self.chat.database.write(lambda session: handbacks.withdraw(session, conversation_id))
            case frames.SeenByCustomer(seq=seq) if self.conversation_id:
                conversation_id = self.conversation_id
                await self.chat.database.write(
                    lambda session: ledger.mark_seen(session, conversation_id, "customer", seq)
                )
            case frames.TypingNow() if self.conversation_id:
                self.chat.live.publish([events.Typing(self.conversation_id, "customer", None)])
            case frames.Renew() if self.conversation_id:
                await self._show_again(self.conversation_id)
            case frames.Ping():
                await self._send({"type": "pong"})
            case frames.Hello():
                raise BadInput("You have said hello already.")

    async def _receive(self, inbound: Inbound) -> None:
        if not self.chat.rate.hit(SAYS_PER_MINUTE, self.session.identity):
            raise TooMany("That is more than we can read. Wait a moment and send it again.", retry_after_s=10)
        receipt = await self.chat.database.write(lambda session: conversations.receive(session, inbound))
        await self._send(
            {
                "type": "ack",
                "client_ref": inbound.client_ref,
                "message_id": receipt.message_id,
                "seq": receipt.seq,
                "created_at": receipt.created_at,
            }
        )
        if self.conversation_id is None:
            self.conversation_id = receipt.conversation_id
            self.chat.doorbells.ring(self.session.identity)

    async def _follow(self) -> None:
        """Write what happens until the page closes."""
        if self.conversation_id is None:
            await self.chat.doorbells.wait(self.session.identity)
            await self._find_conversation()
        try:
            while True:
                with suppress(FellBehind):
                    await self._follow_conversation(str(self.conversation_id))
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            with suppress(Exception):
                await self.socket.close(code=1011)

    async def _find_conversation(self) -> None:
        async with self.chat.database.read() as session:
            found = await conversations.of_identity(session, "web", self.session.identity)
        self.conversation_id = found.id if found else self.conversation_id

    async def _follow_conversation(self, conversation_id: str) -> None:
        async with self.chat.live.subscribe(conversation_id) as subscription:
            if self.cursor:
                await self._show_again(conversation_id)
            await self._catch_up(conversation_id)
            is_waiting = await self._tell_queue(conversation_id)
            while True:
                try:
                    # Not `wait_for`: before Python 3.12 it may swallow the cancellation that ends this page.
                    async with asyncio.timeout(QUEUE_REFRESH_S if is_waiting else None):
                        event = await subscription.next()
                except TimeoutError:
                    is_waiting = await self._tell_queue(conversation_id)
                    continue
                await self._tell(conversation_id, event)
                if isinstance(event, events.FloorChanged | events.QueueChanged):
                    is_waiting = await self._tell_queue(conversation_id)

    async def _tell(self, conversation_id: str, event: events.Event) -> None:
        match event:
            case events.MessageStored(audience=Audience.EVERYONE, seq=seq) if seq > self.cursor:
                await self._catch_up(conversation_id)
            case events.MessageChanged(audience=Audience.EVERYONE, message_id=message_id):
                await self._show_again(conversation_id, message_id)
            case events.AttachmentChanged(message_id=str(message_id)):
                await self._show_again(conversation_id, message_id)
            case events.FloorChanged(floor=floor, agent_name=name):
                await self._send({"type": "floor", "floor": floor, "who": frames.who(floor, name)})
            case events.Typing(who=kind, name=name, is_slow=is_slow) if kind != "customer":
                await self._send({"type": "typing", "who": {"kind": kind, "name": name}, "slow": is_slow})
            case events.Seen(by="desk", seq=seq):
                await self._send({"type": "seen", "seq": seq})

    async def _catch_up(self, conversation_id: str) -> None:
        """Everything after the cursor, in order."""
        async with self.chat.database.read() as session:
            rows = await ledger.messages(session, conversation_id, self.cursor, audience=Audience.EVERYONE)
            files = await attachments.of_messages(session, [row.id for row in rows])
        for row in rows:
            await self._send(frames.message(row, files.get(row.id, ())))
            self.cursor = row.seq

    async def _show_again(self, conversation_id: str, message_id: str | None = None) -> None:
        """What the page has already and what may look different now: that message, or all that can change."""
        async with self.chat.database.read() as session:
            rows = await ledger.changeable(session, conversation_id, self.cursor, message_id)
            files = await attachments.of_messages(session, [row.id for row in rows])
        for row in rows:
            await self._send(frames.message(row, files.get(row.id, ())))

    async def _tell_queue(self, conversation_id: str) -> bool:
        async with self.chat.database.read() as session:
            conversation: Conversation = await conversations.get(session, conversation_id)
            if conversation.floor != Floor.QUEUE:
                return False
            answer = await handovers.answer_for(session, conversation_id)
        place = frames.queue(answer)
        if place:
            await self._send({"type": "queue", **place})
        return True

    async def _send(self, frame: dict[str, Any]) -> None:
        """A reader that takes nothing for 20 s is dropped; it comes back with its cursor."""
        async with self._sending:
            async with asyncio.timeout(SEND_WITHIN_S):
                await self.socket.send_json(frame)


def _parse(text: str) -> frames.Frame:
    try:
        return frames.FRAME.validate_json(text)
    except ValidationError:
        raise BadInput("That is not a message this chat understands. Reload the page and try again.") from None
