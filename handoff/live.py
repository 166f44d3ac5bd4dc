"""Telling open pages what happened, within this process.

The database calls `publish` after each commit; sockets read `subscribe()`. A page that reads too slowly is told to
start afresh instead of holding everybody's memory: everything it missed is in the ledger.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from handoff.events import Event

QUEUE_LIMIT = 1000


class FellBehind(Exception):
    """This subscriber missed events and must read the state again."""


class Subscription:
    """The events of one conversation, or of all when `conversation_id` is None."""

    def __init__(self, conversation_id: str | None) -> None:
        self.conversation_id = conversation_id
        self._events: asyncio.Queue[Event] = asyncio.Queue(QUEUE_LIMIT)
        self._fell_behind = False

    def put(self, event: Event) -> None:
        if self._fell_behind:
            return
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            self._fell_behind = True

    async def next(self) -> Event:
        """The next event; raises `FellBehind` once the queue overflowed and what was kept has been read."""
        if self._fell_behind and self._events.empty():
            raise FellBehind
        return await self._events.get()


class Live:
    """One per process."""

    def __init__(self) -> None:
        self._by_conversation: dict[str, set[Subscription]] = {}
        self._everything: set[Subscription] = set()

    def publish(self, events: list[Event]) -> None:
        """Hand the events to everyone listening. Never blocks, never raises."""
        for event in events:
            for subscription in self._by_conversation.get(event.conversation_id, set()) | self._everything:
                subscription.put(event)

    @asynccontextmanager
    async def subscribe(self, conversation_id: str | None = None) -> AsyncIterator[Subscription]:
        """Listen to one conversation, or to all of them."""
        subscription = Subscription(conversation_id)
        listeners = self._listeners(conversation_id)
        listeners.add(subscription)
        try:
            yield subscription
        finally:
            listeners.discard(subscription)
            if conversation_id is not None and not listeners:
                self._by_conversation.pop(conversation_id, None)

    def _listeners(self, conversation_id: str | None) -> set[Subscription]:
        if conversation_id is None:
            return self._everything
        return self._by_conversation.setdefault(conversation_id, set())

    @property
    def listeners(self) -> int:
        return len(self._everything) + sum(len(group) for group in self._by_conversation.values())


async def until_one_ends(*sides: Coroutine[Any, Any, None]) -> None:
    """Run the sides of a socket together until the first of them ends; the others end with it."""
    running = [asyncio.create_task(side) for side in sides]
    try:
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for side in running:
            side.cancel()
        await asyncio.gather(*running, return_exceptions=True)
