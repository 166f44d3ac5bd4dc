"""How far webhooks are from their schedule, whatever the other end does, and whether others wait for one that hangs.

The clock is moved by hand over five days; requests are real and go to a real server on loopback. Prints one JSON line.
"""

import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, casework, clock, conversations, floor, outbox
from handoff.channels.hooks import HttpHooks
from handoff.db import Database
from handoff.models import Agent, Base, OutboxItem, Role
from handoff.outbox import Runner
from handoff.partners import endpoints
from handoff.partners.deliveries import WAITS_S
from handoff.partners.endpoints import Wanted
from handoff.partners.postings import Poster
from handoff.ports import Inbound
from tests.support.listener import Listener, listening
from tests.support.waiting import until

FAULTS = ("500", "redirect", "garbage", "cut", "hang")
EVENTS = 50


class Hub:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = datetime(2026, 11, 23, 12, tzinfo=UTC)
        self.boss = Agent(email="priya@example.com", name="Priya", role=Role.SUPERVISOR, created_at=self.now)
        self.boss.password_hash = "-"  # noqa: S105, nobody signs in

    async def opens_case(self) -> str:
        async def step(session: AsyncSession) -> str:
            receipt = await conversations.receive(session, Inbound("web", "maya", "ref-1", "hello"))
            conversation = await floor.hold(session, receipt.conversation_id)
            case = await cases.open_case(session, conversation, title="Box", topic="return", actor=cases.SYSTEM)
            return case.ref

        return await self.database.write(step)

    async def listens(self, url: str, *events: str) -> None:
        await self.database.write(lambda session: endpoints.add(session, self.boss, Wanted(url[-20:], url, events)))

    async def five_days(self, poster: Poster) -> None:
        until = self.now + timedelta(days=5)
        while True:
            await self._do_what_is_due(poster)
            async with self.database.read() as session:
                due = select(OutboxItem.due_at).where(OutboxItem.job == "webhook_due")
                following = await session.scalar(due.order_by(OutboxItem.due_at).limit(1))
            if following is None or following > until:
                return
            self.now = max(self.now, following)

    async def _do_what_is_due(self, poster: Poster) -> None:
        while True:
            items = await self.database.write(lambda session: outbox.claim(session, 100))
            items += await self.database.write(lambda session: outbox.claim(session, 100, lane="webhook"))
            known = [item for item in items if item.job in casework.STEPS or item.job == "deliver_webhook"]
            if not known:
                return
            for item in known:
                if item.job == "deliver_webhook":
                    await poster.deliver(item)
                else:
                    await self.database.write(lambda session, item=item: casework.STEPS[item.job](session, item))
                await self.database.write(lambda session, item=item: _gone(session, item.id))


async def _gone(session: AsyncSession, item_id: str) -> None:
    await session.delete(await session.get_one(OutboxItem, item_id))


@asynccontextmanager
async def a_hub() -> AsyncIterator[Hub]:
    with tempfile.TemporaryDirectory() as folder:
        async with Database(f"sqlite+aiosqlite:///{Path(folder)}/bench.db") as database:
            async with database.engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
            hub = Hub(database)
            await database.write(lambda session: _add(session, hub.boss))
            yield hub


async def _add(session: AsyncSession, agent: Agent) -> None:
    session.add(agent)


async def schedule(fault: str) -> dict[str, Any]:
    """Attempts and the largest deviation from the schedule, in percent of the wait."""
    async with a_hub() as hub, listening() as listener:
        clock.use(lambda: hub.now)
        await hub.listens(listener.url(fault), "opened")
        await hub.opens_case()
        await hub.five_days(Poster(hub.database, HttpHooks(allows_private=True, timeout_s=1.5)))
        clock.use(None)
        at = [one.at for one in listener.at(fault)]
    waits = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(at)]
    off = [abs(waited / meant - 1) * 100 for waited, meant in zip(waits, WAITS_S, strict=False)]
    return {"attempts": len(at), "of": len(WAITS_S) + 1, "largest_deviation_percent": round(max(off, default=0.0), 2)}


async def others(sick: str | None) -> float:
    """Seconds until `EVENTS` events reached an address that answers, beside one that does not."""
    async with a_hub() as hub, listening() as listener:
        await hub.listens(listener.url("ok"), "noted")
        if sick:
            await hub.listens(listener.url(sick), "noted")
        ref = await hub.opens_case()
        poster = Poster(hub.database, HttpHooks(allows_private=True, timeout_s=15))
        jobs = {"deliver_webhook": poster.deliver, "ask_assistant": _nothing}
        async with Runner(hub.database, jobs, casework.when_given_up, steps=casework.STEPS) as runner:
            hub.database.wake = runner.wake
            began = time.perf_counter()
            for number in range(EVENTS):
                await _note(hub, ref, number)
            await until(lambda: _has_heard(listener), "every message for the address that answers", poll_s=0.005)
            took_s = time.perf_counter() - began
            for task in [task for task in asyncio.all_tasks() if task.get_name() == "outbox-deliver_webhook"]:
                task.cancel()
    return took_s


async def _nothing(item: OutboxItem) -> None:
    """Nobody answers the customer here."""


async def _note(hub: Hub, ref: str, number: int) -> None:
    await hub.database.write(lambda session: cases.add_note(session, ref, cases.SYSTEM, f"Note {number}"))


async def _has_heard(listener: Listener) -> bool:
    return len(listener.at("ok")) >= EVENTS


async def main() -> None:
    figures = {fault: await schedule(fault) for fault in FAULTS}
    alone_s, beside_s = await others(None), await others("hang")
    print(
        json.dumps(
            {
                "bench": "webhooks",
                "schedule": figures,
                "others": {
                    "events": EVENTS,
                    "alone_s": round(alone_s, 2),
                    "beside_one_that_hangs_s": round(beside_s, 2),
                    "ratio": round(beside_s / alone_s, 2),
                },
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
