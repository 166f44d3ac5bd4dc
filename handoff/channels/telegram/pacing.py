"""How fast we may send: one message a second to a chat, thirty a second in all, twenty a minute to a group.

Figures of the Bot API's documentation. A chat that must wait delays nobody else.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

CHAT_S = 1.0
GROUP_S = 3.0
OVERALL_S = 1 / 30
REMEMBERED = 10_000


class Pace:
    """One per bot. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next_overall = 0.0
        self._next: OrderedDict[int, float] = OrderedDict()

    def reserve(self, chat_id: int) -> float:
        """Take the next free moment for this chat and say in how many seconds it is."""
        now = self._clock()
        at = max(now, self._next_overall, self._next.pop(chat_id, 0.0))
        self._next_overall = max(now, self._next_overall) + OVERALL_S
        self._next[chat_id] = at + _apart(chat_id)
        if len(self._next) > REMEMBERED:
            self._next.popitem(last=False)
        return at - now

    def arrived(self, chat_id: int) -> None:
        """Telegram has answered. It counts from when the message came, which on a slow line or a busy machine is well
        after it was meant to leave."""
        self._next[chat_id] = max(self._next.get(chat_id, 0.0), self._clock() + _apart(chat_id))

    def hold(self, chat_id: int, seconds: float) -> None:
        """Telegram asked to leave this chat alone for a while."""
        self._next[chat_id] = max(self._next.get(chat_id, 0.0), self._clock() + seconds)

    async def wait(self, chat_id: int) -> None:
        await asyncio.sleep(self.reserve(chat_id))


def _apart(chat_id: int) -> float:
    """Groups have negative numbers."""
    return GROUP_S if chat_id < 0 else CHAT_S
