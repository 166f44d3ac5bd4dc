"""One open page of a customer: reads frames, writes what happens in their conversation.

Everything shown comes from the ledger by cursor, so a page that was away, slow or reloaded misses nothing. The
conversation itself is made by the first words, not by looking.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, clock, continuing, conversations, events, handbacks, handovers, ledger, logins
from handoff.channels.web import frames, sessions
from handoff.channels.web.doors import admit
from handoff.db import Database
from handoff.errors import BadInput, NotFound, TellonceError, TooMany
from handoff.live import FellBehind, Live
from handoff.logins import Login, LoginExpired
from handoff.models import Agent, Conversation
from handoff.ports import Attached, Audience, Client, Floor, Inbound, Wish
from handoff.settings import settings

SAYS_PER_MINUTE = RateLimitItemPerMinute(120)
QUEUE_REFRESH_S = 10.0
HELLO_WITHIN_S = 10.0
SEND_WITHIN_S = 20.0
Way = Callable[[str], str | None]
"""The address that carries a token to another channel; None while that channel cannot be reached."""


class ReadAfresh(Exception):
    """What this page follows is another conversation now, or the same with other words in it."""


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
    ways: Mapping[str, Way] = field(default_factory=dict)
    doorbells: Doorbells = field(default_factory=Doorbells)
    rate: FixedWindowRateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))
    pages: int = 0

    @property
    def open_ways(self) -> list[str]:
        return [name for name, way in self.ways.items() if way("")]


class Page:
    """One socket. `serve` returns when it closes."""

    def __init__(self, chat: WebChat, socket: WebSocket) -> None:
        self.chat = chat
        self.socket = socket
        self.session = sessions.new(settings().secret_key)
        self.client = Client()
        self.conversation_id: str | None = None
        self.cursor = 0
        self.login: Login | None = None
        self.is_known = True
        """Whether the hub was told what the site vouches for; new words carry it until then."""
        self._told_floor: tuple[str, str | None] = (Floor.BOT, None)
        """What this page last heard of the floor: who has it, and the agent's name."""
        self._sending = asyncio.Lock()

    async def serve(self) -> None:
        await self.socket.accept()
        self.chat.pages += 1
        following: list[asyncio.Task[None]] = []
        try:
            await self._greet()
            following = [asyncio.create_task(self._follow(), name="web-page")]
            if self.login:
                following.append(asyncio.create_task(self._end_at(self.login.expires_at), name="web-login"))
            while True:
                await self._take(await self._read())
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            pass
        except TellonceError as refusal:
            await self._turn_away(refusal)
        finally:
            self.chat.pages -= 1
            for task in following:
                task.cancel()
                with suppress(asyncio.CancelledError, Exception):
                    await task

    async def _greet(self) -> None:
        """The first frame says who they are and what they have seen."""
        async with asyncio.timeout(HELLO_WITHIN_S):
            hello = _parse(await self._read())
        if not isinstance(hello, frames.Hello):
            raise BadInput("Say hello first.")
        self.client = Client(
            hello.page_url, self.socket.headers.get("user-agent", "")[:400], hello.timezone, hello.locale
        )
        self.login = logins.read(hello.login) if hello.login else None
        self.session, is_signed_in = await admit(self.chat.database, hello.session, self.login)
        refusal = await self._come_in(hello, is_signed_in)
        is_theirs = hello.session == self.session.token
        await self._welcome(after=hello.after if is_theirs else 0, looks=is_theirs or bool(self.login or hello.go_on))
        if refusal:
            await self._send(frames.error(refusal.as_dict()))

    async def _come_in(self, hello: frames.Hello, is_signed_in: bool) -> BadInput | None:
        """Sign in, and go on with what was begun elsewhere, before anything is shown. A token that leads nowhere is
        said and no more: the page stays open."""
        inbound = Inbound("web", self.session.identity, "hello", client=self.client, name=None)
        login, token = self.login, hello.go_on
        if login and not is_signed_in:
            found = await self.chat.database.write(lambda session: logins.sign_in(session, inbound, login))
            self.is_known = found is not None
            self.chat.doorbells.ring(self.session.identity)
        if token:
            try:
                await self.chat.database.write(lambda session: continuing.use(session, inbound, token))
            except BadInput as refused:
                return refused
            self.chat.doorbells.ring(self.session.identity)
        return None

    async def _welcome(self, *, after: int = 0, looks: bool = True, afresh: bool = False) -> None:
        """Say who they are and where they are; words follow from the cursor on."""
        async with self.chat.database.read() as session:
            conversation = await conversations.of_identity(session, "web", self.session.identity) if looks else None
            holder = await session.get(Agent, conversation.agent_id) if conversation and conversation.agent_id else None
            waiting = await handovers.answer_for(session, conversation.id) if conversation else None
        self.conversation_id = conversation.id if conversation else None
        self.cursor = after if conversation and after <= conversation.last_seq else 0
        token, name = self.session.token, holder.name if holder else None
        self._told_floor = (conversation.floor if conversation else Floor.BOT, name)
        await self._send(frames.welcome(token, conversation, name, waiting, ways=self.chat.open_ways, afresh=afresh))

    async def _end_at(self, moment: datetime) -> None:
        """What the site vouched for holds no longer: nothing more is shown until it does again."""
        await asyncio.sleep(max(0.0, (moment - clock.now()).total_seconds()))
        await self._turn_away(LoginExpired("You have been signed out. Sign in again to go on."))

    async def _turn_away(self, refusal: TellonceError) -> None:
        with suppress(Exception):
            await self._send(frames.error(refusal.as_dict()))
            await self.socket.close(code=4403)

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
            case frames.GoElsewhere(channel=channel):
                await self._show_way(channel)
            case frames.Logout():
                identity = self.session.identity
                await self.chat.database.write(lambda session: logins.sign_out(session, identity))
                raise WebSocketDisconnect(1000)
            case frames.Ping():
                await self._send({"type": "pong"})
            case frames.Hello():
                raise BadInput("You have said hello already.")

    async def _receive(self, inbound: Inbound) -> None:
        if not self.chat.rate.hit(SAYS_PER_MINUTE, self.session.identity):
            raise TooMany("That is more than we can read. Wait a moment and send it again.", retry_after_s=10)
        if self.login and not self.is_known:
            inbound, self.is_known = replace(inbound, known=self.login.known), True
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

    async def _show_way(self, channel: str) -> None:
        """A link that works once. Only a conversation that has begun can go on."""
        way = self.chat.ways.get(channel)
        if way is None or not way(""):
            raise NotFound("That is not set up here. Go on in this chat.")
        if self.conversation_id is None:
            raise BadInput("Write a message first; then it can go on elsewhere.")
        identity, conversation_id = self.session.identity, self.conversation_id

        async def step(session: AsyncSession) -> continuing.Offer:
            return await continuing.offer_from(session, "web", identity, conversation_id, channel)

        offer = await self.chat.database.write(step)
        expires_at = offer.expires_at.isoformat()
        shown = {"url": way(offer.token), "code": offer.token, "expires_at": expires_at}
        await self._send({"type": "way", "channel": channel, **shown})

    async def _follow(self) -> None:
        """Write what happens until the page closes."""
        try:
            while True:
                if self.conversation_id is None:
                    await self.chat.doorbells.wait(self.session.identity)
                    await self._find_conversation()
                    continue
                try:
                    await self._follow_conversation(self.conversation_id)
                except FellBehind:
                    continue
                except ReadAfresh:
                    await self._welcome(afresh=True)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            with suppress(Exception):
                await self.socket.close(code=1011)
        except TellonceError as refusal:
            await self._turn_away(refusal)

    async def _find_conversation(self) -> None:
        async with self.chat.database.read() as session:
            found = await conversations.of_identity(session, "web", self.session.identity)
        if found and found.id != self.conversation_id:
            await self._welcome()

    async def _look_again(self, event: events.Event) -> None:
        """Somebody was joined to this conversation, signed out or taken away from it: perhaps this very page."""
        async with self.chat.database.read() as session:
            identity = await conversations.handle(session, "web", self.session.identity)
            if refusal := await logins.refusal(session, identity, self.login):
                raise refusal
            found = await conversations.of_identity(session, "web", self.session.identity)
        if isinstance(event, events.WordsMoved) or (found.id if found else None) != self.conversation_id:
            raise ReadAfresh

    async def _follow_conversation(self, conversation_id: str) -> None:
        async with self.chat.live.subscribe(conversation_id) as subscription:
            if self.cursor:
                await self._show_again(conversation_id)
            await self._catch_up(conversation_id)
            await self._catch_up_with_floor(conversation_id)
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
                await self._tell_floor(floor, name)
            case events.Typing(who=kind, name=name, is_slow=is_slow) if kind != "customer":
                await self._send({"type": "typing", "who": {"kind": kind, "name": name}, "slow": is_slow})
            case events.PersonChanged() | events.WordsMoved():
                await self._look_again(event)
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

    async def _catch_up_with_floor(self, conversation_id: str) -> None:
        """The floor may have moved between what the page was told and the moment it began to listen."""
        async with self.chat.database.read() as session:
            conversation = await conversations.get(session, conversation_id)
            holder = await session.get(Agent, conversation.agent_id) if conversation.agent_id else None
        now = (conversation.floor, holder.name if holder else None)
        if now != self._told_floor:
            await self._tell_floor(*now)

    async def _tell_floor(self, floor: str, name: str | None) -> None:
        self._told_floor = (floor, name)
        await self._send({"type": "floor", "floor": floor, "who": frames.who(floor, name)})

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
