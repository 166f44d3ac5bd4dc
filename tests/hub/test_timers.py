"""Trial R16 without its stopwatch: every timer rings once, through a jump of the clock, a death and two schedulers.

How late they ring is measured by `make bench-timers`.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, outbox
from handoff.db import Database
from handoff.models import OutboxItem
from handoff.outbox import ATTEMPTS, STEPS_AT_MOST, Runner

NOON = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
RANG = "rang"


@dataclass
class Hand:
    now: datetime = NOON


@pytest.fixture
def hand() -> Iterator[Hand]:
    held = Hand()
    clock.use(lambda: held.now)
    yield held
    clock.use(None)


@dataclass
class Bell:
    """A step that leaves a row behind in its own transaction: what is counted is what was committed."""

    fails: set[str] = field(default_factory=set)
    tries: Counter[str] = field(default_factory=Counter)
    buried: list[str] = field(default_factory=list)

    async def ring(self, session: AsyncSession, item: OutboxItem) -> None:
        self.tries[item.subject_id] += 1
        outbox.add_for(session, item.subject_id, "company", RANG, after_s=3_000_000)
        await session.flush()
        if item.subject_id in self.fails:
            raise RuntimeError("no")

    async def bury(self, session: AsyncSession, item: OutboxItem) -> None:
        self.buried.append(item.subject_id)

    @asynccontextmanager
    async def running(self, database: Database) -> AsyncIterator[Runner]:
        async with Runner(database, {}, self.bury, steps={"ring": self.ring}) as runner:
            database.wake = runner.wake
            yield runner


async def wind(database: Database, number: int, within_s: float, lane: str = "timer") -> set[str]:
    names = {f"{place:026d}" for place in range(number)}

    async def step(session: AsyncSession) -> None:
        for place, name in enumerate(sorted(names)):
            outbox.add_for(session, name, lane, "ring", after_s=1 + within_s * place / number)

    await database.write(step)
    return names


async def rung(database: Database) -> Counter[str]:
    async with database.read() as session:
        return Counter(await session.scalars(select(OutboxItem.subject_id).where(OutboxItem.job == RANG)))


async def left(database: Database) -> int:
    async with database.read() as session:
        return len(list(await session.scalars(select(OutboxItem.id).where(OutboxItem.job == "ring"))))


async def until_none_is_due(database: Database, *runners: Runner) -> None:
    while True:
        async with database.read() as session:
            due = select(OutboxItem.id).where(OutboxItem.job == "ring", OutboxItem.due_at <= clock.now())
            if await session.scalar(due.where(OutboxItem.is_dead.is_(False)).limit(1)) is None:
                return
        for runner in runners:
            runner.wake()
        await asyncio.sleep(0.01)


async def test_more_timers_than_one_transaction_takes_ring_once_each(database: Database, hand: Hand) -> None:
    names = await wind(database, STEPS_AT_MOST * 3 + 7, within_s=60)
    async with Bell().running(database) as runner:
        hand.now = NOON + timedelta(seconds=30)
        await until_none_is_due(database, runner)
        half = await rung(database)
        assert 0 < len(half) < len(names)
        assert max(half.values()) == 1
        hand.now = NOON + timedelta(seconds=62)
        await until_none_is_due(database, runner)
    assert await rung(database) == Counter(names)
    assert await left(database) == 0


async def test_a_clock_that_jumps_an_hour_forward_and_back_rings_each_once(database: Database, hand: Hand) -> None:
    names = await wind(database, 200, within_s=60)
    async with Bell().running(database) as runner:
        hand.now = NOON + timedelta(seconds=20)
        await until_none_is_due(database, runner)
        before = len(await rung(database))
        hand.now = NOON - timedelta(minutes=59)
        await until_none_is_due(database, runner)
        assert len(await rung(database)) == before
        hand.now = NOON + timedelta(hours=1)
        await until_none_is_due(database, runner)
        hand.now = NOON + timedelta(seconds=30)
        await until_none_is_due(database, runner)
    assert await rung(database) == Counter(names)


async def test_what_was_due_while_no_process_lived_rings_once_in_the_next(database: Database, hand: Hand) -> None:
    names = await wind(database, 300, within_s=60)
    bell = Bell()
    dying = Runner(database, {}, bell.bury, steps={"ring": bell.ring})
    await dying.__aenter__()
    hand.now = NOON + timedelta(seconds=20)
    await until_none_is_due(database, dying)
    for loop in dying._loops:
        loop.cancel()
    hand.now = NOON + timedelta(hours=2)
    async with Bell().running(database) as runner:
        await until_none_is_due(database, runner)
    assert await rung(database) == Counter(names)


async def test_a_process_that_dies_in_the_middle_of_a_transaction_rings_nothing(database: Database, hand: Hand) -> None:
    """Its work and the item that asked for it come and go together."""
    names = await wind(database, 5, within_s=1)
    hand.now = NOON + timedelta(seconds=5)
    bell = Bell()
    runner = Runner(database, {}, bell.bury, steps={"ring": bell.ring})

    async def die(session: AsyncSession) -> None:
        assert await runner.take_steps(session) > 0
        raise RuntimeError("killed before the commit")

    with pytest.raises(RuntimeError):
        await database.write(die)
    assert (await rung(database), await left(database)) == (Counter(), len(names))
    async with bell.running(database) as second:
        await until_none_is_due(database, second)
    assert await rung(database) == Counter(names)
    assert max(bell.tries.values()) == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_schedulers_ring_each_timer_once(database: Database, hand: Hand) -> None:
    names = await wind(database, 600, within_s=60)
    one, two = Bell(), Bell()
    async with (
        Database(database.url) as second,
        one.running(database) as first_runner,
        two.running(second) as second_runner,
    ):
        for seconds in range(0, 70, 7):
            hand.now = NOON + timedelta(seconds=seconds)
            await until_none_is_due(database, first_runner, second_runner)
    assert await rung(database) == Counter(names)


async def test_a_step_that_fails_takes_back_its_own_work_and_no_other(database: Database, hand: Hand) -> None:
    names = await wind(database, 20, within_s=1)
    bad = sorted(names)[3]
    bell = Bell(fails={bad})
    async with bell.running(database) as runner:
        hand.now = NOON + timedelta(seconds=5)
        await until_none_is_due(database, runner)
        assert await rung(database) == Counter(names - {bad})
        for _ in range(ATTEMPTS):
            hand.now += timedelta(seconds=60)
            await until_none_is_due(database, runner)
    assert bell.buried == [bad]
    async with database.read() as session:
        kept = (await session.scalars(select(OutboxItem).where(OutboxItem.is_dead.is_(True)))).one()
    assert (kept.subject_id, kept.attempts) == (bad, ATTEMPTS)
    assert await rung(database) == Counter(names - {bad})


async def test_steps_of_one_lane_are_taken_in_order(database: Database, hand: Hand) -> None:
    seen: list[int] = []

    async def note(session: AsyncSession, item: OutboxItem) -> None:
        seen.append(item.body["place"])

    async def step(session: AsyncSession) -> None:
        for place in range(10):
            outbox.add_for(session, "one", "case", "note", {"place": place})

    await database.write(step)
    runner = Runner(database, {}, Bell().bury, steps={"note": note})
    while await database.write(runner.take_steps):
        pass
    assert seen == list(range(10))


async def test_a_timer_taken_away_in_time_never_rings(database: Database, hand: Hand) -> None:
    names = await wind(database, 10, within_s=1)
    gone = min(names)
    await database.write(lambda session: session.execute(delete(OutboxItem).where(OutboxItem.subject_id == gone)))
    async with Bell().running(database) as runner:
        hand.now = NOON + timedelta(seconds=5)
        await until_none_is_due(database, runner)
    assert await rung(database) == Counter(names - {gone})
