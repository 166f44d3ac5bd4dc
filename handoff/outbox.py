"""Work that must happen after a commit, at least once.

A noun adds an item in its own transaction; the runner claims the oldest due item of each lane (a lane is one subject,
such as a conversation or a case, and one kind of work), so that within it nothing overtakes. A claim is a lease,
renewed while its process works on the item: when the process dies the item is claimed again after `LEASE_S`. An item
that raises is tried again later, with back-off, and after `ATTEMPTS`, or `DELIVER_WITHIN` when only a channel is away,
it is kept as dead and looked after by `when_dead`.

Work that is nothing but database work, such as a clock that rings, is a step instead of a job: it runs in the very
transaction that takes its item away, many to a transaction, and so happens exactly once.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

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
STEPS_AT_MOST, STEPS_WITHIN_S = 200, 0.05
"""How many steps share a transaction, and for how long: on SQLite nobody else writes meanwhile."""
TIMERS_AT_LEAST = 20
"""On a busy machine a transaction for each timer would be most of its price."""
GIVE_WAY_S = 1.0
OWN_ROOM: Mapping[str, int] = {"webhook": 32}
"""Lanes that wait for machines of others, and how many of their items may be in flight: they take no room from the
rest, so that however many addresses hang, customers' turns do not."""

Job = Callable[[OutboxItem], Awaitable[None]]
Step = Callable[[AsyncSession, OutboxItem], Awaitable[None]]
Together = Callable[[AsyncSession, Sequence[OutboxItem]], Awaitable[None]]
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


async def claim(
    session: AsyncSession, limit: int, steps: Collection[str] = (), lane: str | None = None
) -> list[OutboxItem]:
    """Lease the first item of every lane that has one due, but for `steps`. Timers do not wait for each other.

    Only items of the kind `lane`, or all but those of kinds with room of their own."""
    now = clock.now()
    due = _due(limit).where(_of(lane))
    items = list(await session.scalars(due.where(OutboxItem.job.not_in(steps)) if steps else due))
    for item in items:
        item.lease_until = now + timedelta(seconds=LEASE_S)
        item.attempts += 1
    return items


def _look(*wanted: ColumnElement[bool]) -> Select[str]:
    """Anything that is due. Asked at every turn, so it is put together once."""
    due = select(OutboxItem.id).where(OutboxItem.is_dead.is_(False), OutboxItem.due_at <= bindparam("now"), *wanted)
    return due.limit(1)


def _of(lane: str | None) -> ColumnElement[bool]:
    return OutboxItem.lane == lane if lane else OutboxItem.lane.not_in(OWN_ROOM)


def _is_timer(yes: bool) -> ColumnElement[bool]:
    return OutboxItem.lane == "timer" if yes else OutboxItem.lane != "timer"


def _due(limit: int) -> Select[OutboxItem]:
    """What may be done now, what is due longest first, locked: timers, and of every lane the first item."""
    now, earlier = clock.now(), aliased(OutboxItem)
    behind = (
        select(earlier.id)
        .where(earlier.subject_id == OutboxItem.subject_id, earlier.lane == OutboxItem.lane)
        .where(earlier.id < OutboxItem.id, earlier.is_dead.is_(False))
        .exists()
    )
    return (
        select(OutboxItem)
        .where(OutboxItem.is_dead.is_(False), OutboxItem.due_at <= now)
        .where(or_(OutboxItem.lease_until.is_(None), OutboxItem.lease_until < now))
        .where(or_(OutboxItem.lane == "timer", ~behind))
        .order_by(OutboxItem.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


@dataclass
class Runner:
    """Runs the jobs and the steps of one process. `concurrency` bounds the jobs in flight.

    `when_dead` runs in the transaction that gives an item up: nothing is ever given up without being looked after.
    """

    database: Database
    jobs: Mapping[str, Job]
    when_dead: WhenDead
    concurrency: int = 32
    steps: Mapping[str, Step] = field(default_factory=dict)
    together: Mapping[str, Together] = field(default_factory=dict)
    """Steps that can be done for many items at once."""

    def __post_init__(self) -> None:
        others = OutboxItem.job.not_in(self.steps)
        self._looks = {lane: _look(others, _of(lane)) for lane in (None, *OWN_ROOM)}
        self._looks_for_steps = {
            timers: _look(OutboxItem.job.in_(self.steps), _is_timer(timers)) for timers in (True, False)
        }
        self._awake = asyncio.Event()
        self._steps_awake = {True: asyncio.Event(), False: asyncio.Event()}
        self._lanes_awake = {lane: asyncio.Event() for lane in OWN_ROOM}
        self._flying: dict[str, asyncio.Task[None]] = {}
        self._in_own_room: dict[str, set[str]] = {lane: set() for lane in OWN_ROOM}
        self._renewed_at = clock.now()
        self._loops: list[asyncio.Task[None]] = []

    def wake(self) -> None:
        self._awake.set()
        for awake in (*self._steps_awake.values(), *self._lanes_awake.values()):
            awake.set()

    async def __aenter__(self) -> "Runner":
        await self.database.write(_release_leases_of_a_dead_process) if self.database.is_sqlite else None
        self._loops = [asyncio.create_task(_go_round(self._round, self._awake), name="outbox")]
        for lane, awake in self._lanes_awake.items():
            around = _go_round(partial(self._round_of, lane), awake)
            self._loops.append(asyncio.create_task(around, name=f"outbox-{lane}"))
        for timers in (True, False) if self.steps else ():
            stepping = _go_round(partial(self._step_on, timers), self._steps_awake[timers])
            self._loops.append(asyncio.create_task(stepping, name=f"outbox-{'timers' if timers else 'steps'}"))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop claiming; let what is in flight finish for up to ten seconds."""
        for loop in self._loops:
            loop.cancel()
            with suppress(asyncio.CancelledError):
                await loop
        if self._flying:
            await asyncio.wait(self._flying.values(), timeout=STOP_WITHIN_S)
            for task in self._flying.values():
                task.cancel()

    async def _round(self) -> None:
        await self._renew_leases()
        room = self.concurrency - len(self._flying) + sum(len(ids) for ids in self._in_own_room.values())
        if room <= 0 or not await self._has_work(self._looks[None]):
            return
        for item in await self.database.write(lambda session: claim(session, room, self.steps)):
            self._take_off(item)

    async def _round_of(self, lane: str) -> None:
        """The same for a kind of lane with room of its own."""
        room = OWN_ROOM[lane] - len(self._in_own_room[lane])
        if room <= 0 or not await self._has_work(self._looks[lane]):
            return
        for item in await self.database.write(lambda session: claim(session, room, self.steps, lane)):
            self._in_own_room[lane].add(item.id)
            self._take_off(item)

    def _take_off(self, item: OutboxItem) -> None:
        task = asyncio.create_task(self._do(item), name=f"outbox-{item.job}")
        self._flying[item.id] = task
        task.add_done_callback(partial(self._landed, item.id))

    def _landed(self, item_id: str, task: "asyncio.Task[None]") -> None:
        """Even when its failure could not be written down, the item's lease runs out and it is tried again."""
        self._flying.pop(item_id, None)
        for ids in self._in_own_room.values():
            ids.discard(item_id)
        if not task.cancelled() and (error := task.exception()):
            log.error("outbox_item_dropped", item=item_id, error=repr(error))

    async def _step_on(self, timers: bool) -> None:
        """Do what is due and is nothing but database work, transaction by transaction, until nothing is left.

        Timers come first: what ten thousand of them set off delays none of them, and gets its turn now and then."""
        while await self._has_work(self._looks_for_steps[timers]):
            if not timers and await self._has_work(self._looks_for_steps[True]):
                await asyncio.sleep(GIVE_WAY_S)
            if await self._take_some(timers) == 0:
                return

    async def _take_some(self, timers: bool) -> int:
        """Together, which is cheap; when one of them fails, the same again with each behind a savepoint of its own."""
        try:
            return await self.database.write(partial(self.take_steps, timers=timers, apart=False))
        except Exception:  # noqa: BLE001, whatever went wrong, it is found and dealt with alone
            return await self.database.write(partial(self.take_steps, timers=timers))

    async def take_steps(self, session: AsyncSession, timers: bool | None = None, apart: bool = True) -> int:
        """Do due steps and take their items away with them; how many. What raises takes only itself back (`apart`).

        Only timers, or all but timers, or everything."""
        done, until = list[str](), time.monotonic() + STEPS_WITHIN_S
        tried, due = 0, _due(STEPS_AT_MOST).where(OutboxItem.job.in_(self.steps))
        items = list(await session.scalars(due if timers is None else due.where(_is_timer(timers))))
        alone = items
        for job, do in self.together.items() if not apart else ():
            many = [item for item in items if item.job == job]
            session.expunge_all()
            await do(session, many) if many else None
            await session.flush()
            done += [item.id for item in many]
            tried, alone = tried + len(many), [item for item in alone if item.job != job]
        for item in alone:
            session.expunge_all()
            item.attempts += 1
            tried += 1
            try:
                async with session.begin_nested() if apart else nullcontext():
                    await self.steps[item.job](session, item)
                    await session.flush()
                done.append(item.id)
            except Exception as error:
                if not apart:
                    raise
                log.warning("outbox_step_failed", job=item.job, attempts=item.attempts, error=repr(error))
                await self._postpone(session, item, error)
            if time.monotonic() > until and tried >= (TIMERS_AT_LEAST if timers else 1):
                break
        await session.execute(delete(OutboxItem).where(OutboxItem.id.in_(done)))
        return tried

    async def _renew_leases(self) -> None:
        """What waits its turn behind a slow assistant is still ours: nobody may begin it a second time."""
        now = clock.now()
        if not self._flying or abs(now - self._renewed_at) < timedelta(seconds=LEASE_S / 3):
            return
        self._renewed_at, ids = now, list(self._flying)
        later = update(OutboxItem).where(OutboxItem.id.in_(ids)).values(lease_until=now + timedelta(seconds=LEASE_S))
        await self.database.write(lambda session: session.execute(later))

    async def _has_work(self, look: Select[str]) -> bool:
        """A look without a write, so that an idle hub leaves the disk alone."""
        async with self.database.read() as session:
            return await session.scalar(look, {"now": clock.now()}) is not None

    async def _do(self, item: OutboxItem) -> None:
        try:
            await self.jobs[item.job](item)
            await self.database.write(lambda session: _done(session, item.id))
        except Exception as error:  # noqa: BLE001, whatever went wrong, the item is tried again
            log.warning("outbox_job_failed", job=item.job, attempts=item.attempts, error=repr(error))
            await self._again_or_never(item, error)
        self._awake.set()
        if item.lane in self._lanes_awake:
            self._lanes_awake[item.lane].set()

    async def _again_or_never(self, item: OutboxItem, error: Exception) -> None:
        await self.database.write(lambda session: self._postpone(session, item, error))

    async def _postpone(self, session: AsyncSession, item: OutboxItem, error: Exception) -> None:
        spread = random.uniform(0.8, 1.2)  # noqa: S311, it only spreads retries
        wait_s = max(getattr(error, "retry_after_s", 0.0), min(30.0, 0.5 * 2 ** min(item.attempts, 10)) * spread)
        is_dead = item.attempts >= ATTEMPTS and not _may_come_back(item, error)
        item.last_error = repr(error)[:500]
        values: dict[str, Any] = {"lease_until": None, "last_error": item.last_error, "is_dead": is_dead}
        values |= {"due_at": clock.now() + timedelta(seconds=wait_s), "attempts": item.attempts}
        await session.execute(update(OutboxItem).where(OutboxItem.id == item.id).values(**values))
        if is_dead:
            await self.when_dead(session, item)


async def _go_round(work: Callable[[], Awaitable[None]], awake: asyncio.Event) -> None:
    """Work whenever woken, and every half second anyway."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001, the loop must outlive a database that is away
            log.error("outbox_round_failed", error=str(error))
            await asyncio.sleep(1)
        # Not `wait_for`: before Python 3.12 it may swallow the cancellation that ends this loop.
        with suppress(TimeoutError):
            async with asyncio.timeout(ROUND_S):
                await awake.wait()
        awake.clear()


def _may_come_back(item: OutboxItem, error: Exception) -> bool:
    """A channel that is away for hours is no reason to give words up."""
    return isinstance(error, TemporaryDeliveryError) and clock.now() - item.created_at < DELIVER_WITHIN


async def _done(session: AsyncSession, item_id: str) -> None:
    await session.execute(delete(OutboxItem).where(OutboxItem.id == item_id))


async def _release_leases_of_a_dead_process(session: AsyncSession) -> None:
    """On SQLite there is one hub process: whatever is leased when it starts was left by one that died."""
    await session.execute(update(OutboxItem).values(lease_until=None))
