"""The desk's one socket: what happened goes out, "I am looking" and "I am typing" come in.

An event says only *what* changed; the page fetches the piece it shows. The agent counts as online while a socket of
theirs lives. Every few seconds the session is read afresh, so a deactivated agent loses the socket, not only pages.
"""

import asyncio
from collections import Counter
from typing import Any, Literal

import structlog
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.websockets import WebSocket, WebSocketDisconnect

from handoff import agents, conversations, events, ledger, offers
from handoff.desk.visit import Visit, is_same_origin, reader
from handoff.errors import NotSignedIn, TellonceError
from handoff.live import FellBehind, Subscription, until_one_ends

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/desk")
LOOK_AGAIN_S = 4.0
SEEN_EVERY = 5
"""Rounds between two signs of life in the database."""
GRACE_S = 5.0
"""A reload is not a departure."""
SIGN_IN_AGAIN, NOT_OURS = 4401, 4403


class Frame(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: Literal["viewing", "left", "typing", "seen", "ping"]
    conversation_id: str = Field(default="", max_length=26)
    seq: int = 0


@router.websocket("/live")
async def live(socket: WebSocket) -> None:
    hub = socket.app.state.hub
    if not is_same_origin(socket, hub.settings.public_url):
        await socket.close(NOT_OURS)
        return
    try:
        visit = await reader(socket)
    except NotSignedIn:
        await socket.accept()
        await socket.close(SIGN_IN_AGAIN)
        return
    # Listening begins before the page hears that it may: it reads then what came since it was drawn, and misses none.
    async with visit.hub.live.subscribe() as subscription:
        await socket.accept()
        await _stay(socket, visit, subscription)


async def _stay(socket: WebSocket, visit: Visit, subscription: Subscription) -> None:
    """Run the three sides of the socket until the first of them ends."""
    agent_id, here = visit.agent.id, _present(socket)
    here[agent_id] += 1
    seat = _Seat(socket, visit)
    try:
        await visit.write(lambda session: agents.arrived(session, agent_id))
        await visit.write(lambda session: offers.make_waiting(session, visit.agent))
        await until_one_ends(seat.tell(subscription), seat.listen(), seat.look_again())
    finally:
        seat.leave()
        here[agent_id] -= 1
        _say_goodbye_later(socket, visit)


def _present(socket: WebSocket) -> Counter[str]:
    """How many desk sockets each agent has in this process."""
    state = socket.app.state
    if not hasattr(state, "desk_sockets"):
        state.desk_sockets, state.desk_goodbyes = Counter(), set()
    found: Counter[str] = state.desk_sockets
    return found


def _say_goodbye_later(socket: WebSocket, visit: Visit) -> None:
    task = asyncio.create_task(_say_goodbye(_present(socket), visit))
    goodbyes: set[asyncio.Task[None]] = socket.app.state.desk_goodbyes
    goodbyes.add(task)
    task.add_done_callback(goodbyes.discard)


async def _say_goodbye(here: Counter[str], visit: Visit) -> None:
    await asyncio.sleep(GRACE_S)
    if here[visit.agent.id] <= 0:
        await visit.write(lambda session: agents.left(session, visit.agent.id))


class _Seat:
    """One agent at one open page."""

    def __init__(self, socket: WebSocket, visit: Visit) -> None:
        self.socket, self.visit = socket, visit
        self.viewing: str | None = None

    async def tell(self, subscription: Subscription) -> None:
        """Pass on everything but our own looking and typing; a page that fell behind is told to read afresh."""
        mine = self.visit.agent.id
        while True:
            try:
                event = await subscription.next()
            except FellBehind:
                await self.socket.send_json({"type": "FellBehind"})
                return
            if isinstance(event, (events.Viewing, events.Typing)) and event.agent_id == mine:
                continue
            await self.socket.send_json(events.as_dict(event))

    async def listen(self) -> None:
        while True:
            try:
                text = await self.socket.receive_text()
            except (WebSocketDisconnect, RuntimeError, KeyError):
                return
            try:
                await self._hear(Frame.model_validate_json(text))
            except (ValidationError, TellonceError):
                await self.socket.send_json({"type": "error", "code": "bad_frame", "message": "Not understood."})

    async def _hear(self, frame: Frame) -> None:
        agent = self.visit.agent
        match frame.type:
            case "viewing":
                self._look_at(frame.conversation_id)
            case "left":
                self.leave()
            case "typing" if frame.conversation_id == self.viewing:
                self._publish(events.Typing(frame.conversation_id, "agent", agent.name, agent.id))
            case "seen":
                await self.visit.write(lambda session: _seen(session, self.visit, frame))
            case "ping":
                await self.socket.send_json({"type": "pong"})
            case _:
                pass

    def _look_at(self, conversation_id: str) -> None:
        if self.viewing != conversation_id:
            self.leave()
        self.viewing = conversation_id
        self._publish(events.Viewing(conversation_id, self.visit.agent.id, self.visit.agent.name, True))

    def leave(self) -> None:
        if self.viewing:
            self._publish(events.Viewing(self.viewing, self.visit.agent.id, self.visit.agent.name, False))
        self.viewing = None

    def _publish(self, event: events.Event) -> None:
        self.visit.hub.live.publish([event])

    async def look_again(self) -> None:
        """Still signed in? Also the sign of life that offers are made by."""
        rounds = 0
        while True:
            await asyncio.sleep(LOOK_AGAIN_S)
            rounds += 1
            try:
                await reader(self.socket)
            except NotSignedIn:
                await self.socket.close(SIGN_IN_AGAIN)
                return
            if rounds % SEEN_EVERY == 0:
                await self.visit.write(lambda session: agents.seen(session, self.visit.agent.id))


async def _seen(session: AsyncSession, visit: Visit, frame: Frame) -> Any:
    """Read by whoever has it; a supervisor looking over the shoulder reads nothing away."""
    conversation = await conversations.get(session, frame.conversation_id)
    if conversation.agent_id == visit.agent.id:
        await ledger.mark_seen(session, conversation.id, "desk", frame.seq)
