"""Telegram's documented limits on sending: one message a second in a chat (short bursts pass), about thirty a second
in all, twenty a minute in a group. Whoever goes on while told to wait is counted: that is what trials look at."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

from tools.telegram_stub.clock import Clock
from tools.telegram_stub.refusals import too_many


@dataclass
class Bucket:
    """`size` at once, then `per_second`."""

    size: float
    per_second: float
    level: float = field(init=False)
    filled_at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.size

    def take(self, now: float) -> float:
        """0 if there was one to take, else how many seconds until there is."""
        self.level = min(self.size, self.level + (now - self.filled_at) * self.per_second)
        self.filled_at = now
        if self.level >= 1:
            self.level -= 1
            return 0.0
        return (1 - self.level) / self.per_second


@dataclass
class Limits:
    chat_burst: float = 3.0
    chat_per_s: float = 1.0
    all_per_s: float = 30.0
    group_per_min: float = 20.0


class Pacing:
    def __init__(self, clock: Clock, limits: Limits | None = None) -> None:
        self.clock, self.limits = clock, limits or Limits()
        self.ignored_waits = 0
        """Calls to a chat that had been told to wait and whose wait was not over."""
        self._waits: dict[int, float] = {}
        self._told: set[int] = set()
        self._chats: dict[int, Bucket] = defaultdict(self._chat)
        self._groups: dict[int, Bucket] = defaultdict(self._group)
        self._all = Bucket(self.limits.all_per_s, self.limits.all_per_s)

    def order_wait(self, chat: int, seconds: float) -> None:
        """From now on this chat is told to wait, for reasons Telegram keeps to itself."""
        self._waits[chat] = self.clock.now() + seconds

    def count(self, chat: int) -> None:
        """One message to this chat; refused with 429 when it is one too many."""
        now = self.clock.now()
        if (until := self._waits.get(chat, 0.0)) > now:
            self.ignored_waits += chat in self._told
            self._told.add(chat)
            raise too_many(until - now)
        self._told.discard(chat)
        wait_s = self._all.take(now) or self._chats[chat].take(now)
        if not wait_s and chat < 0:
            wait_s = self._groups[chat].take(now)
        if wait_s:
            self.order_wait(chat, math.ceil(wait_s))
            self._told.add(chat)
            raise too_many(wait_s)

    def _chat(self) -> Bucket:
        return Bucket(self.limits.chat_burst, self.limits.chat_per_s)

    def _group(self) -> Bucket:
        return Bucket(self.limits.group_per_min, self.limits.group_per_min / 60)
