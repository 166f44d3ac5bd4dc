"""A stack that journeys may break: kill, freeze, slow, lock its database, look into its files. `mend` undoes it all.

Everything is done from outside, with what any operator has (signals, the demo company's fault switch, SQLite), so no
product code knows that it is being tested.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any

import httpx

from handoff.demo import PASSWORD
from tests.support.customer import Customer
from tests.support.waiting import until
from tools.stack import Stack

STORY_ACCOUNT = "10042"


class Breakable(Stack):
    def mend(self) -> None:
        changed = [self._overrides.pop(name, None) for name in ("TELLONCE_OPENING_HOURS", "TELLONCE_TIME_ZONE")]
        if "hub" in self._running and any(changed):
            self.restart("hub")
        self.company_is("ok")
        for name in self.programs():
            if name not in self._running:
                self.restart(name)
        self._call_off_returns()
        self._clear_the_line()

    def _clear_the_line(self) -> None:
        """Who still waits from an earlier journey would be the first that the next agent sees."""
        with httpx.Client(base_url=f"{self.ports.urls['hub']}/api/v1", trust_env=False, timeout=30) as client:
            priya = {"email": "priya@fernway.example", "password": PASSWORD}
            signed = client.post("/sign-in", json=priya).raise_for_status().json()
            client.headers["Authorization"] = f"Bearer {signed['token']}"
            for one in client.get("/handovers").raise_for_status().json():
                conversation = f"/conversations/{one['conversation_id']}"
                client.post(f"{conversation}/accept").raise_for_status()
                client.post(f"{conversation}/resolve", json={"resolution": "The journey is over."}).raise_for_status()

    def _call_off_returns(self) -> None:
        """The company remembers: without this only the first story could send the cable box back."""
        with httpx.Client(base_url=self.ports.urls["company"], trust_env=False, timeout=30) as client:
            found = client.get("/returns", params={"account_number": STORY_ACCOUNT}).raise_for_status().json()
            for one in found["returns"]:
                if one["status"] == "created":
                    path = f"/returns/{one['return_number']}/cancel"
                    client.post(path, json={}, headers={"Idempotency-Key": f"mend-{path}"}).raise_for_status()

    def company_is(self, mode: str, delay_s: float = 2.0, system: str = "all") -> None:
        """`slow` stays under the 3 s that actions give the company; `down` answers 503."""
        url = f"{self.ports.urls['company']}/demo/faults"
        with httpx.Client(trust_env=False, timeout=30) as client:
            client.post(url, json={"system": system, "mode": mode, "delay_s": delay_s}).raise_for_status()

    async def dies(self, name: str) -> None:
        await asyncio.to_thread(self.kill, name)

    async def comes_back(self, name: str) -> None:
        await asyncio.to_thread(self.restart, name)

    async def opens(self, hours: str) -> None:
        """The same hub with other opening hours."""
        self._overrides["TELLONCE_OPENING_HOURS"] = hours
        await self.comes_back("hub")

    async def is_in(self, zone: str) -> None:
        """The same hub with its company in another time zone."""
        self._overrides["TELLONCE_TIME_ZONE"] = zone
        await self.comes_back("hub")

    @asynccontextmanager
    async def frozen(self, name: str) -> AsyncIterator[None]:
        """The process hangs: it holds its connections and answers nobody."""
        group = self.pid(name)
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(group, signal.SIGCONT)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else can commit to the hub's database."""
        with closing(self._connect()) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.execute("ROLLBACK")

    def rows(self, query: str, *values: Any, file: str = "tellonce.db") -> list[tuple[Any, ...]]:
        with closing(self._connect(file)) as database:
            return database.execute(query, values).fetchall()

    def change(self, query: str, *values: Any, file: str = "tellonce.db") -> int:
        """How many rows it changed."""
        with closing(self._connect(file)) as database:
            return database.execute(query, values).rowcount

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Several changes that the hub sees all at once."""
        with closing(self._connect()) as database:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")

    async def has_row(self, query: str, *values: Any, file: str = "tellonce.db") -> tuple[Any, ...]:
        """The first row, once there is one."""

        async def look() -> tuple[Any, ...] | None:
            return next(iter(self.rows(query, *values, file=file)), None)

        return await until(look, f"a row: {query}", poll_s=0.005)

    async def is_asking_the_assistant(self, customer: Customer) -> None:
        """The hub has claimed the customer's newest turn and waits for Rasa."""
        await self.has_row(
            "SELECT 1 FROM outbox WHERE conversation_id = ? AND job = 'ask_assistant' AND lease_until IS NOT NULL",
            await customer.conversation(),
        )

    def _connect(self, file: str = "tellonce.db") -> sqlite3.Connection:
        return sqlite3.connect(self.var / file, timeout=30, isolation_level=None)
