"""A clock moved by hand, and everything the outbox would have done by then, each thing at its own moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import func, select

from handoff import casework, clock
from handoff.models import OutboxItem
from tests.hub.conftest import Desk


@dataclass
class Hand:
    now: datetime


@pytest.fixture
def hand() -> Iterator[Hand]:
    held = Hand(datetime(2026, 11, 16, 8, 0, tzinfo=UTC))
    clock.use(lambda: held.now)
    yield held
    clock.use(None)


@dataclass
class Time:
    """Lets time pass for a hub without a running outbox: only steps, in the order they become due."""

    desk: Desk
    hand: Hand

    async def until(self, moment: datetime) -> None:
        """Nothing waits after this: timers due on the way rang at their own moments."""
        while (due_at := await self._next_due()) is not None and due_at <= moment:
            self.hand.now = max(self.hand.now, due_at)
            assert await self.desk.write(partial(self.desk.runner().take_steps, apart=False)) > 0
        self.hand.now = moment

    async def settle(self) -> None:
        await self.until(self.hand.now)

    async def _next_due(self) -> datetime | None:
        async with self.desk.database.read() as session:
            soonest = select(func.min(OutboxItem.due_at)).where(OutboxItem.job.in_(casework.STEPS))
            found: datetime | None = await session.scalar(soonest.where(OutboxItem.is_dead.is_(False)))
            return found
