"""Waiting for something to become true, with patience for slow machines: never a sleep, never a deadline to meet."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE_S = 60.0
POLL_S = 0.05

T = TypeVar("T")


async def until(
    look: Callable[[], Awaitable[T | None]], what: str, patience_s: float = PATIENCE_S, poll_s: float = POLL_S
) -> T:
    """The first truthy answer of `look`; fails with `what` was waited for."""
    give_up_at = time.monotonic() + patience_s
    while not (found := await look()):
        if time.monotonic() > give_up_at:
            raise AssertionError(f"Waited in vain for {what}.")
        await asyncio.sleep(poll_s)
    return found
