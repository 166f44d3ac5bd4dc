"""The outbox: at least once, one at a time in each lane, in order, through errors and dead processes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, outbox
from handoff.db import Database
from handoff.errors import TemporaryDeliveryError
from handoff.models import OutboxItem
from handoff.outbox import ATTEMPTS, LEASE_S, Runner
from tests.hub.conftest import Desk

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass
class Hand:
    """A clock that moves only by hand."""

    now: datetime = NOON

    def on(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def hand() -> Iterator[Hand]:
    held = Hand()
    clock.use(lambda: held.now)
    yield held
    clock.use(None)


@dataclass
class Work:
    """A job that keeps what it did and can be made to wait or to fail."""

    done: list[str] = field(default_factory=list)
    running: dict[str, int] = field(default_factory=dict)
    most: int = 0
    fails: Callable[[OutboxItem], Exception | None] = lambda item: None
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.hold.set()

    async def __call__(self, item: OutboxItem) -> None:
        key = f"{item.subject_id}/{item.lane}"
        self.running[key] = self.running.get(key, 0) + 1
        self.most = max(self.most, self.running[key])
        self.began.set()
        try:
            await self.hold.wait()
            await asyncio.sleep(0)
            if error := self.fails(item):
                raise error
            self.done.append(item.body["name"])
        finally:
            self.running[key] -= 1


@dataclass
class Buried:
    items: list[str] = field(default_factory=list)

    async def __call__(self, session: AsyncSession, item: OutboxItem) -> None:
        self.items.append(item.body["name"])


@asynccontextmanager
async def running(database: Database, work: Work, buried: Buried | None = None) -> AsyncIterator[Runner]:
    async with Runner(database, {"work": work}, buried or Buried()) as runner:
        database.wake = runner.wake
        yield runner


async def add(database: Database, conversation_id: str, *names: str, lane: str = "turn", after_s: float = 0) -> None:
    async def step(session: AsyncSession) -> None:
        for name in names:
            await outbox.add(session, conversation_id, lane, "work", {"name": name}, after_s)

    await database.write(step)


async def items(database: Database) -> list[OutboxItem]:
    async with database.read() as session:
        return list(await session.scalars(select(OutboxItem).where(OutboxItem.job == "work").order_by(OutboxItem.id)))


async def until(true: Callable[[], Awaitable[bool]] | Callable[[], bool], runner: Runner | None = None) -> None:
    """Waits for what must happen; the test's own timeout is the limit."""
    while True:
        found = true()
        if found is True or (not isinstance(found, bool) and await found):
            return
        if runner:
            runner.wake()
        await asyncio.sleep(0.005)


@pytest.fixture
async def here(desk: Desk) -> str:
    """A conversation that asks nothing of the outbox itself."""
    receipt = await desk.customer_says("hello")
    await desk.run_outbox()
    return receipt.conversation_id


async def claimed(database: Database) -> list[str]:
    found = await database.write(lambda session: outbox.claim(session, 100))
    return [item.body["name"] for item in found]


async def test_a_lane_is_done_in_order_and_one_at_a_time(desk: Desk, here: str) -> None:
    names = [str(number) for number in range(12)]
    work = Work()
    async with running(desk.database, work) as runner:
        for name in names:
            await add(desk.database, here, name)
        await until(lambda: len(work.done) == len(names), runner)
    assert work.done == names
    assert work.most == 1
    assert await items(desk.database) == []


async def test_lanes_do_not_wait_for_each_other(desk: Desk, here: str) -> None:
    await add(desk.database, here, "slow turn", "next turn")
    await add(desk.database, here, "words", lane="deliver")
    assert sorted(await claimed(desk.database)) == ["slow turn", "words"]
    assert await claimed(desk.database) == []


async def test_a_failing_item_holds_up_its_own_lane_only(desk: Desk, hand: Hand, here: str) -> None:
    other = (await desk.customer_says("hello", who="noor")).conversation_id
    await desk.run_outbox()
    work = Work(fails=lambda item: RuntimeError("no") if item.body["name"] == "bad" else None)
    await add(desk.database, here, "bad", "after bad")
    await add(desk.database, other, "good")
    async with running(desk.database, work) as runner:
        await until(lambda: work.done == ["good"], runner)

        async def is_postponed() -> bool:
            bad = (await items(desk.database))[0]
            return bad.attempts == 1 and bad.lease_until is None

        await until(is_postponed, runner)
    assert [item.body["name"] for item in await items(desk.database)] == ["bad", "after bad"]


async def test_waits_between_tries_grow_and_an_error_may_name_its_own(desk: Desk, hand: Hand, here: str) -> None:
    work = Work(fails=lambda item: RuntimeError("no") if item.attempts < 4 else TemporaryDeliveryError("later", 35.0))
    await add(desk.database, here, "bad")
    waits = []
    async with running(desk.database, work) as runner:
        for attempt in range(1, 5):
            await until(lambda attempt=attempt: _tried(desk.database, attempt), runner)
            wait = (await items(desk.database))[0].due_at - hand.now
            waits.append(wait.total_seconds())
            hand.on(wait.total_seconds())
    assert 0.8 <= waits[0] <= 1.2
    assert waits[0] < waits[1] < waits[2]
    assert waits[3] == 35.0


async def _tried(database: Database, times: int) -> bool:
    left = await items(database)
    return left[0].attempts == times and left[0].lease_until is None


async def test_what_never_works_is_kept_as_dead_and_somebody_is_told_once(desk: Desk, hand: Hand, here: str) -> None:
    work, buried = Work(fails=lambda item: RuntimeError("never") if item.body["name"] == "bad" else None), Buried()
    await add(desk.database, here, "bad", "good")
    async with running(desk.database, work, buried) as runner:

        def pushed() -> bool:
            hand.on(5)
            return work.done == ["good"]

        await until(pushed, runner)
    assert buried.items == ["bad"]
    left = await items(desk.database)
    assert [(item.body["name"], item.is_dead, item.attempts) for item in left] == [("bad", True, ATTEMPTS)]
    assert "never" in str(left[0].last_error)


async def test_a_turn_given_up_on_is_noted_and_goes_to_a_person(desk: Desk, hand: Hand) -> None:
    def broken(request: object) -> None:
        raise RuntimeError("a defect")

    desk.assistant.script = broken  # type: ignore[assignment]
    receipt = await desk.customer_says("hello")
    async with desk.runner() as runner:

        async def is_with_people() -> bool:
            hand.on(5)
            return (await desk.conversation(receipt.conversation_id)).floor == "queue"

        await until(is_with_people, runner)
    said = await desk.words(receipt.conversation_id)
    assert any(audience == "desk" and text.startswith("Giving up") for _, audience, text in said)
    assert any(author == "assistant" and audience == "everyone" for author, audience, _ in said)


async def test_a_lease_that_ran_out_is_taken_again(desk: Desk, hand: Hand, here: str) -> None:
    await add(desk.database, here, "one", "two")
    assert await claimed(desk.database) == ["one"]
    hand.on(LEASE_S - 1)
    assert await claimed(desk.database) == []
    hand.on(2)
    assert await claimed(desk.database) == ["one"]


async def test_the_lease_of_slow_work_is_renewed_so_that_nobody_begins_it_twice(
    desk: Desk, hand: Hand, here: str
) -> None:
    work = Work()
    work.hold.clear()
    await add(desk.database, here, "slow")
    async with running(desk.database, work) as runner:
        await work.began.wait()
        for _ in range(5):
            hand.on(LEASE_S / 2)

            async def is_renewed() -> bool:
                lease = (await items(desk.database))[0].lease_until
                return lease is not None and lease >= hand.now + timedelta(seconds=LEASE_S * 0.6)

            await until(is_renewed, runner)
        assert await claimed(desk.database) == []
        work.hold.set()
        await until(lambda: work.done == ["slow"], runner)
    assert work.most == 1


async def test_a_second_life_does_what_the_first_had_begun(desk: Desk, hand: Hand, here: str) -> None:
    stuck = Work()
    stuck.hold.clear()
    await add(desk.database, here, "one", "two")
    dying = Runner(desk.database, {"work": stuck}, Buried())
    await dying.__aenter__()
    await stuck.began.wait()
    for task in (*dying._loops, *dying._flying.values()):
        task.cancel()
    hand.on(LEASE_S + 1)
    work = Work()
    async with running(desk.database, work) as runner:
        await until(lambda: work.done == ["one", "two"], runner)
    assert stuck.done == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_on_sqlite_a_new_life_need_not_wait_for_the_leases_of_the_old(desk: Desk, hand: Hand, here: str) -> None:
    await add(desk.database, here, "one")
    assert await claimed(desk.database) == ["one"]
    work = Work()
    async with running(desk.database, work) as runner:
        await until(lambda: work.done == ["one"], runner)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_two_runners_never_do_one_item_twice_or_two_of_a_lane_at_once(desk: Desk) -> None:
    places = [(await desk.customer_says("hello", who=f"c-{number}")).conversation_id for number in range(6)]
    await desk.run_outbox()
    work, names = Work(), []
    async with (
        Database(desk.database.url) as second,
        running(desk.database, work) as one,
        Runner(second, {"work": work}, Buried()) as two,
    ):
        for number in range(10):
            for place in places:
                names.append(f"{place}-{number:02}")
                await add(desk.database, place, names[-1])
            two.wake()

        def all_done() -> bool:
            two.wake()
            return len(work.done) >= len(names)

        await until(all_done, one)
    assert sorted(work.done) == sorted(names)
    assert work.most == 1
    for place in places:
        assert [name for name in work.done if name.startswith(place)] == sorted(n for n in names if n.startswith(place))


async def test_a_timer_waits_for_its_time_and_for_no_other_timer(desk: Desk, hand: Hand, here: str) -> None:
    await add(desk.database, here, "later", lane="timer", after_s=60)
    await add(desk.database, here, "sooner", lane="timer", after_s=30)
    assert await claimed(desk.database) == []
    hand.on(31)
    assert await claimed(desk.database) == ["sooner"]
    hand.on(3600)
    assert sorted(await claimed(desk.database)) == ["later", "sooner"]


async def test_a_timer_that_is_no_longer_wanted_never_rings(desk: Desk, hand: Hand, here: str) -> None:
    await add(desk.database, here, "offer", lane="timer", after_s=60)
    await desk.write(lambda session: outbox.drop(session, here, "timer", "work"))
    hand.on(61)
    assert await claimed(desk.database) == []


async def test_what_was_rolled_back_is_never_done(desk: Desk, here: str) -> None:
    async def step(session: AsyncSession) -> None:
        await outbox.add(session, here, "turn", "work", {"name": "ghost"})
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await desk.write(step)
    assert await claimed(desk.database) == []


async def test_stopping_lets_what_is_in_flight_finish(desk: Desk, here: str) -> None:
    work = Work()
    work.hold.clear()
    await add(desk.database, here, "one", "two")
    async with running(desk.database, work):
        await work.began.wait()
        asyncio.get_running_loop().call_later(0.05, work.hold.set)
    assert work.done == ["one"]
    assert [item.body["name"] for item in await items(desk.database)] == ["two"]
