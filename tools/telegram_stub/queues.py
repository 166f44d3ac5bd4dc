"""Updates on their way to one bot, in the order they happened, until the bot says by `offset` that it has them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from tools.telegram_stub.clock import Clock
from tools.telegram_stub.refusals import conflict

Json = dict[str, Any]
KEPT_S = 24 * 3600
FUTURE = 10
"""An offset further ahead than this cannot be ours, as after numbering began anew: the answer starts at the oldest."""
UNASKED = ("chat_member", "message_reaction", "message_reaction_count")
WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
OTHER_POLLER = "terminated by other getUpdates request; make sure that only one bot instance is running"


@dataclass
class Queue:
    clock: Clock
    next_id: int
    waiting: list[tuple[float, Json]] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    is_pushing: bool = False
    handed_out: int = 0
    scripted: list[list[Json]] = field(default_factory=list)
    """Batches to be handed out as they are, one a call, whatever the offset: Telegram on a bad day."""
    rival_calls: int = 0
    """How many calls a second poller of the same bot will still end with 409."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    polls: int = 0
    """Calls so far; only the newest one is answered with updates."""

    def wants(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed else kind not in UNASKED

    def put(self, kind: str, body: Json) -> Json | None:
        """Number a new update and queue it; None if the bot does not want this kind."""
        if not self.wants(kind):
            return None
        update = {"update_id": self.next_id, kind: body}
        self.put_numbered(update)
        return update

    def put_numbered(self, update: Json) -> None:
        self.next_id = int(update["update_id"]) + 1
        self.waiting.append((self.clock.now(), update))
        self.wake()

    def put_batches(self, batches: list[list[Json]]) -> None:
        self.scripted += [list(batch) for batch in batches if batch]
        self.wake()

    def confirm(self, offset: int) -> None:
        """Forget what lies before `offset`; a negative one keeps only so many from the end."""
        fresh = [(at, one) for at, one in self.waiting if self.clock.now() - at < KEPT_S]
        if offset < 0:
            fresh = fresh[offset:]
        elif fresh and offset <= fresh[-1][1]["update_id"] + FUTURE:
            fresh = [(at, one) for at, one in fresh if one["update_id"] >= offset]
        self.waiting = fresh

    async def take(self, offset: int, limit: int, timeout_s: float) -> list[Json]:
        """Long polling: at once if there is something, else after `timeout_s` at the latest. A newer call ends it."""
        self._refuse_company()
        self.polls += 1
        mine, until = self.polls, asyncio.get_running_loop().time() + timeout_s
        self.wake()
        while True:
            if mine != self.polls:
                raise conflict(OTHER_POLLER)
            self._refuse_company(counting=False)
            if self.scripted:
                return self._hand_out(self.scripted.pop(0))
            self.confirm(offset)
            left = until - asyncio.get_running_loop().time()
            if self.waiting or left <= 0:
                return self._hand_out([one for _, one in self.waiting][: max(1, min(limit, 100))])
            await self._wait(left)

    def wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def news(self) -> None:
        await self._news.wait()

    def _refuse_company(self, counting: bool = True) -> None:
        if self.is_pushing:
            raise conflict(WEBHOOK_ACTIVE)
        if self.rival_calls:
            self.rival_calls -= counting
            raise conflict(OTHER_POLLER)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass

    def _hand_out(self, updates: list[Json]) -> list[Json]:
        self.handed_out += len(updates)
        return updates
