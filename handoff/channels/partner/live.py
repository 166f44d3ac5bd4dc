"""The page's socket: says that something changed, or that the link has ended, and closes then.

It listens to what happens in this process and looks at the link every moment besides, so that a right that was taken
away by another process, or ran out, is gone within a second too.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.websockets import WebSocket, WebSocketDisconnect

from handoff import events
from handoff.channels.partner import doors
from handoff.db import Database
from handoff.errors import NotFound, TellonceError
from handoff.live import FellBehind, Subscription, until_one_ends
from handoff.partners import shares

router = APIRouter()
Step = Callable[[AsyncSession], Awaitable[Any]]
LOOK_AGAIN_S = 0.7
WHOLE_EVERY = 5
"""Looks at the link between two looks at all it shows, while nothing is heard of it."""
ENDED, NOT_OURS = 4410, 4403
OF_INTEREST = (events.ShareChanged, events.CaseChanged, events.MessageChanged, events.AttachmentChanged)


@router.websocket("/{token}/live")
async def live(socket: WebSocket, token: str) -> None:
    if not doors.is_ours(socket):
        await socket.close(NOT_OURS)
        return
    await socket.accept()
    watch = Watch(socket, token)
    await until_one_ends(watch.tell(), watch.listen())


class Watch:
    """One open page."""

    def __init__(self, socket: WebSocket, token: str) -> None:
        self.socket, self.token = socket, token
        self.database: Database = socket.app.state.hub.database
        self.stamp: str | None = None

    async def listen(self) -> None:
        """The page says nothing; its leaving is noticed here."""
        with suppress(WebSocketDisconnect, RuntimeError, KeyError):
            while True:
                await self.socket.receive_text()

    async def tell(self) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            try:
                doors.rates_of(self.socket).look(self.token, doors.address_of(self.socket))
                while True:
                    with suppress(FellBehind):
                        await self._follow()
            except TellonceError as ended:
                if isinstance(ended, NotFound):
                    doors.known(self.socket, ended)
                await self.socket.send_json({"type": "ended", "message": ended.message})
                await self.socket.close(ENDED)

    async def _follow(self) -> None:
        async with self.socket.app.state.hub.live.subscribe() as subscription:
            await self._look()
            for quiet_rounds in _forever():
                if await _heard(subscription) or quiet_rounds % WHOLE_EVERY == 0:
                    await self._look()
                else:
                    async with self.database.read() as session:
                        await shares.enter(session, self.token)

    async def _look(self) -> None:
        """Everything the link shows. The page is told when it is not what it was, and at first, for it was drawn before
        anybody listened."""
        async with self.database.read() as session:
            stamp = (await shares.read(session, self.token)).stamp
        if stamp != self.stamp:
            await self.socket.send_json({"type": "changed"})
        self.stamp = stamp


def _forever() -> Iterator[int]:
    number = 0
    while True:
        number += 1
        yield number


async def _heard(subscription: Subscription) -> bool:
    """Whether something happened that may concern a share, within a moment."""
    # Not `wait_for`: before Python 3.12 it may swallow the cancellation that ends this page.
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_AGAIN_S):
            while not isinstance(await subscription.next(), OF_INTEREST):
                pass
            return True
    return False
