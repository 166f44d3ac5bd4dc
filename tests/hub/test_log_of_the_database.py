"""SQLite's log begins again while people go on reading."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from handoff import db
from handoff.db import Database

ROW = "x" * 50_000


async def _read_by_turns(database: Database, stop: asyncio.Event) -> None:
    """The next begins before the last has ended: there is no moment without a reader."""
    last = AsyncExitStack()
    while not stop.is_set():
        following = AsyncExitStack()
        session = await following.enter_async_context(database.read())
        await session.execute(text("SELECT count(*) FROM said"))
        await last.aclose()
        last = following
        await asyncio.sleep(0.02)
    await last.aclose()


async def test_the_log_stays_short_though_somebody_reads_at_every_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "LOG_AT_MOST_BYTES", 2**20)
    monkeypatch.setattr(db, "FOLD_WITHIN_S", 15.0)
    monkeypatch.setattr(db, "FOLD_AGAIN_AFTER_S", 0.0)
    stop = asyncio.Event()
    async with Database(f"sqlite+aiosqlite:///{tmp_path}/busy.db") as database:
        await database.write(lambda session: session.execute(text("CREATE TABLE said (words TEXT)")))
        reading = asyncio.create_task(_read_by_turns(database, stop))
        for _ in range(300):
            await database.write(lambda session: session.execute(text("INSERT INTO said VALUES (:w)"), {"w": ROW}))
        size = (tmp_path / "busy.db-wal").stat().st_size
        stop.set()
        await reading
        async with database.read() as session:
            assert await session.scalar(text("SELECT count(*) FROM said")) == 300
    assert size < 8 * 2**20
