"""Work that must happen after a commit, at least once.

A noun adds an item in its own transaction; the runner claims the oldest due item of each lane (a lane is one subject,
such as a conversation or a case, and one kind of work), so that within it nothing overtakes. A claim is a lease,
renewed while its process works on the item: when the process dies the item is claimed again after `LEASE_S`. An item
that raises is tried again later, with back-off, and after `ATTEMPTS`, or `DELIVER_WITHIN` when only a channel is away,
it is kept as dead and looked after by `when_dead`.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.db import Database, wake_outbox
from handoff.errors import TemporaryDeliveryError
from handoff.models import OutboxItem

log = structlog.get_logger(__name__)

LEASE_S = 30.0
ATTEMPTS = 6
DELIVER_WITHIN = timedelta(hours=24)
ROUND_S = 0.5
STOP_WITHIN_S = 10.0

Job = Callable[[OutboxItem], Awaitable[None]]
WhenDead = Callable[[AsyncSession, OutboxItem], Awaitable[None]]


async def add(
    session: AsyncSession,
    conversation_id: str,
    lane: str,
    job: str,
    body: dict[str, Any] | None = None,
    after_s: float = 0,
) -> OutboxItem:
    """Have `job` done for this conversation once this transaction is committed and `after_s` seconds have passed."""
    item = add_for(session, conversation_id, lane, job, body, after_s)
    item.conversation_id = conversation_id
    return item


def add_for(
    session: AsyncSession, subject_id: str, lane: str, job: str, body: dict[str, Any] | None = None, after_s: float = 0
) -> OutboxItem:
    """The same for what is no conversation, such as a case or an address that is told of events."""
    now = clock.now()
    item = OutboxItem(
        subject_id=subject_id,
        lane=lane,
        job=job,
        body=body or {},
        due_at=now + timedelta(seconds=after_s),
        created_at=now,
    )
    session.add(item)
    if not after_s:
        wake_outbox(session)
    return item


async def drop(session: AsyncSession, subject_id: str, lane: str, job: str) -> None:
    """Forget what is no longer wanted, such as the timers of an offer that was accepted."""
    await session.execute(
        delete(OutboxItem).where(
            OutboxItem.subject_id == subject_id,
            OutboxItem.lane == lane,
            OutboxItem.job == job,
            OutboxItem.lease_until.is_(None),
        )
    )


async def claim(session: AsyncSession, limit: int) -> list[OutboxItem]:
    """Lease the first item of every lane that has one due. Timers do not wait for each other."""
    now = clock.now()
    free = or_(OutboxItem.lease_until.is_(None), OutboxItem.lease_until < now)
    first = (
        select(func.min(OutboxItem.id))
        .where(OutboxItem.is_dead.is_(False), OutboxItem.lane != "timer")
        .group_by(OutboxItem.subject_id, OutboxItem.lane)
    )
    due = (
        select(OutboxItem)
        .where(OutboxItem.is_dead.is_(False), OutboxItem.due_at <= now, free)
        .where(or_(OutboxItem.lane == "timer", OutboxItem.id.in_(first)))
        .order_by(OutboxItem.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    items = list(await session.scalars(due))
    for item in items:
        item.lease_until = now + timedelta(seconds=LEASE_S)
        item.attempts += 1
    return items


@dataclass
class Runner:
    """Runs the jobs of one process. `concurrency` bounds the items in flight.

    `when_dead` runs in the transaction that gives an item up: nothing is ever given up without being looked after.
    """

    database: Database
    jobs: Mapping[str, Job]
    when_dead: WhenDead
    concurrency: int = 32

    def __post_init__(self) -> None:
        self._awake = asyncio.Event()
        self._flying: dict[str, asyncio.Task[None]] = {}
        self._renewed_at = clock.now()
        self._loop: asyncio.Task[None] | None = None

    def wake(self) -> None:
        self._awake.set()

    async def __aenter__(self) -> "Runner":
        await self.database.write(_release_leases_of_a_dead_process) if self.database.is_sqlite else None
        self._loop = asyncio.create_task(self._run(), name="outbox")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop claiming; let what is in flight finish for up to ten seconds."""
        if self._loop:
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop
        if self._flying:
            await asyncio.wait(self._flying.values(), timeout=STOP_WITHIN_S)
            for task in self._flying.values():
                task.cancel()

    async def _run(self) -> None:
        while True:
            try:
                await self._round()
            except Exception as error:  # noqa: BLE001, the loop must outlive a database that is away
                log.error("outbox_round_failed", error=str(error))
                await asyncio.sleep(1)
            # Not `wait_for`: before Python 3.12 it may swallow the cancellation that ends this loop.
            with suppress(TimeoutError):
                async with asyncio.timeout(ROUND_S):
                    await self._awake.wait()
            self._awake.clear()

    async def _round(self) -> None:
        await self._renew_leases()
        room = self.concurrency - len(self._flying)
        if room <= 0 or not await self._has_work():
            return
        for item in await self.database.write(lambda session: claim(session, room)):
            task = asyncio.create_task(self._do(item), name=f"outbox-{item.job}")
            self._flying[item.id] = task
            task.add_done_callback(partial(self._landed, item.id))

    def _landed(self, item_id: str, task: "asyncio.Task[None]") -> None:
        """Even when its failure could not be written down, the item's lease runs out and it is tried again."""
        self._flying.pop(item_id, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("outbox_item_dropped", item=item_id, error=repr(error))

    async def _renew_leases(self) -> None:
        """What waits its turn behind a slow assistant is still ours: nobody may begin it a second time."""
        now = clock.now()
        if not self._flying or now - self._renewed_at < timedelta(seconds=LEASE_S / 3):
            return
        self._renewed_at, ids = now, list(self._flying)
        later = update(OutboxItem).where(OutboxItem.id.in_(ids)).values(lease_until=now + timedelta(seconds=LEASE_S))
        await self.database.write(lambda session: session.execute(later))

    async def _has_work(self) -> bool:
        """A look without a write, so that an idle hub leaves the disk alone."""
        async with self.database.read() as session:
            due = select(OutboxItem.id).where(OutboxItem.is_dead.is_(False), OutboxItem.due_at <= clock.now()).limit(1)
            return await session.scalar(due) is not None

    async def _do(self, item: OutboxItem) -> None:
        try:
            await self.jobs[item.job](item)
            await self.database.write(lambda session: _done(session, item.id))
        except Exception as error:  # noqa: BLE001, whatever went wrong, the item is tried again
            log.warning("outbox_job_failed", job=item.job, attempts=item.attempts, error=repr(error))
            await self._again_or_never(item, error)
        self._awake.set()

    async def _again_or_never(self, item: OutboxItem, error: Exception) -> None:
        spread = random.uniform(0.8, 1.2)  # noqa: S311, it only spreads retries
        wait_s = max(getattr(error, "retry_after_s", 0.0), min(30.0, 0.5 * 2 ** min(item.attempts, 10)) * spread)
        is_dead = item.attempts >= ATTEMPTS and not _may_come_back(item, error)
        values: dict[str, Any] = {"lease_until": None, "last_error": repr(error)[:500], "is_dead": is_dead}
        values["due_at"] = clock.now() + timedelta(seconds=wait_s)

        item.last_error = values["last_error"]

        async def postpone(session: AsyncSession) -> None:
            await session.execute(update(OutboxItem).where(OutboxItem.id == item.id).values(**values))
            if is_dead:
                await self.when_dead(session, item)

        await self.database.write(postpone)


def _may_come_back(item: OutboxItem, error: Exception) -> bool:
    """A channel that is away for hours is no reason to give words up."""
    return isinstance(error, TemporaryDeliveryError) and clock.now() - item.created_at < DELIVER_WITHIN


async def _done(session: AsyncSession, item_id: str) -> None:
    await session.execute(delete(OutboxItem).where(OutboxItem.id == item_id))


async def _release_leases_of_a_dead_process(session: AsyncSession) -> None:
    """On SQLite there is one hub process: whatever is leased when it starts was left by one that died."""
    await session.execute(update(OutboxItem).values(lease_until=None))
