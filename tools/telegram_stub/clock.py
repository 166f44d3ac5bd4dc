"""The stub's time: the machine's, moved forward by whoever wants to see a week pass."""

from __future__ import annotations

import time


class Clock:
    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        self._ahead_s += seconds
