"""The database: readers, and one way to write.

`write(step)` runs one step in one transaction and returns after it is on disk; the events the step noted with
`announce` are published then, never before. On SQLite all steps go through one writer that commits whatever has
gathered meanwhile together (each step behind its own savepoint), so that one fsync pays for many messages. On
PostgreSQL each step is a transaction of its own and rows are locked by the nouns.
"""

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite
import structlog
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from handoff.errors import TemporaryDeliveryError
from handoff.events import Event

log = structlog.get_logger(__name__)

T = TypeVar("T")
Publish = Callable[[list[Event]], None]
GATHER_AT_MOST = 64
SERIALIZATION_FAILURES = {"40001", "40P01"}
UNIQUE_VIOLATION = "23505"
"""Two made the same row at once: run again, the step finds the other's row. Once, for it may be refused on purpose."""
WITH_WORDS = ("messages", "message_edits", "facts", "turns", "handovers", "case_events", "case_texts", "attachments")
"""The tables of PostgreSQL that are vacuumed after something was removed for good."""
ATTEMPTS = 5
LOCK_WAIT_S = 15.0
MAPPED_BYTES = 256 * 2**20
LOG_AT_MOST_BYTES = 32 * 2**20
FOLD_WITHIN_S, FOLD_AGAIN_AFTER_S = 1.0, 10.0


def announce(session: AsyncSession, *happened: Event) -> None:
    """Note what to tell open pages once this step is committed."""
    session.info.setdefault("announced", []).extend(happened)


def wake_outbox(session: AsyncSession) -> None:
    """Ask for the outbox to be looked at right after the commit instead of at its next round."""
    session.info["wake_outbox"] = True


@dataclass
class _Step:
    run: Callable[[AsyncSession], Awaitable[Any]]
    done: "asyncio.Future[Any]"


class Database:
    """Open with `async with Database(url, publish)`; `publish` gets the events of each committed step."""

    def __init__(self, url: str, publish: Publish = lambda _: None, wake: Callable[[], None] = lambda: None) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.publish = publish
        self.wake = wake
        self.engine = _engine(url)
        self.writing = _writing_engine(self.engine, url) if self.is_sqlite else self.engine
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._steps: asyncio.Queue[_Step] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None
        self._fold_after = 0.0

    async def __aenter__(self) -> "Database":
        if self.is_sqlite:
            self._writer = asyncio.create_task(self._write_in_groups(), name="database-writer")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._writer:
            self._writer.cancel()
            with suppress(asyncio.CancelledError):
                await self._writer
        await self.writing.dispose()
        await self.engine.dispose()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A session for looking. Nothing done in it is ever committed."""
        async with self._sessions() as session:
            yield session

    async def write(self, step: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Run `step(session)` in one transaction; return its value once committed, or raise what it raised.

        A step may be run a second time (PostgreSQL refuses some interleavings), so it touches only its session.
        """
        if not self.is_sqlite:
            return await self._write_alone(step)
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._steps.put_nowait(_Step(step, done))
        return await done

    async def compact(self) -> None:
        """Leave no copy of what was overwritten where it can be read without this program.

        SQLite: its log is folded into the file and cut to nothing; a reader in the way makes it come again later.
        PostgreSQL: rows that nobody can see any more are vacuumed.
        """
        async with self.engine.connect() as connection:
            if not self.is_sqlite:
                vacuuming = await connection.execution_options(isolation_level="AUTOCOMMIT")
                await vacuuming.exec_driver_sql(f"VACUUM {', '.join(WITH_WORDS)}")
                return
            # Past SQLAlchemy, which would begin a transaction, and a log is not emptied inside one.
            driver = (await connection.get_raw_connection()).driver_connection
            cursor = await cast("aiosqlite.Connection", driver).execute("PRAGMA wal_checkpoint(TRUNCATE)")
            is_busy = next(iter(await cursor.fetchone() or (0,)))
            await cursor.close()
        if is_busy:
            raise TemporaryDeliveryError("Somebody is reading the database. Its log is emptied in a moment.")

    async def _write_alone(self, step: Callable[[AsyncSession], Awaitable[T]]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                async with self._sessions() as session, session.begin():
                    value = await step(session)
                self._tell(session)
                return value
            except DBAPIError as error:
                if not _may_go_well_again(error, attempt):
                    raise
                await asyncio.sleep(random.uniform(0.005, 0.05) * 2**attempt)  # noqa: S311, it only spreads retries
        raise AssertionError("unreachable")

    async def _write_in_groups(self) -> None:
        while True:
            group = [await self._steps.get()]
            while len(group) < GATHER_AT_MOST and not self._steps.empty():
                group.append(self._steps.get_nowait())
            await self._commit_together(group)
            if time.monotonic() >= self._fold_after and self._log_bytes() > LOG_AT_MOST_BYTES:
                await self._fold_log()

    def _log_bytes(self) -> int:
        with suppress(OSError):
            return Path(f"{self.engine.url.database}-wal").stat().st_size
        return 0

    async def _fold_log(self) -> None:
        """SQLite begins its log again only at a moment when nobody reads it, and on a busy day there is none: the log
        grows without end. So now and then we wait a moment for those who read it, while whoever comes anew reads the
        file. On a connection of its own: the writer's would hold up the event loop, and with it the readers."""
        self._fold_after = time.monotonic() + FOLD_AGAIN_AFTER_S
        with suppress(sqlite3.OperationalError):
            async with aiosqlite.connect(str(self.engine.url.database), timeout=FOLD_WITHIN_S) as connection:
                await connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    async def _commit_together(self, group: list[_Step]) -> None:
        """One transaction, one savepoint a step: a failing step takes only its own changes with it."""
        outcomes: list[tuple[_Step, Any, AsyncSession | None]] = []
        try:
            async with self.writing.connect() as connection, connection.begin():
                for step in group:
                    value, session = await self._run_one(connection, step)
                    outcomes.append((step, value, session))
        except asyncio.CancelledError:
            for step in group:
                step.done.cancel()
            raise
        except Exception as error:  # noqa: BLE001, each waiting step gets it
            log.error("commit_failed", steps=len(group), error=str(error))
            for step in group:
                if not step.done.done():
                    step.done.set_exception(error)
            return
        for step, value, session in outcomes:
            if session is not None:
                self._tell(session)
            if not step.done.done():
                if isinstance(value, _Failed):
                    step.done.set_exception(value.error)
                else:
                    step.done.set_result(value)

    async def _run_one(self, connection: Any, step: _Step) -> tuple[Any, AsyncSession | None]:
        session = AsyncSession(bind=connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        try:
            value = await step.run(session)
            await session.commit()
            return value, session
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001, whoever asked for the step gets it
            await session.rollback()
            return _Failed(error), None
        finally:
            await session.close()

    def _tell(self, session: AsyncSession) -> None:
        announced = session.info.pop("announced", [])
        if announced:
            self.publish(announced)
        if session.info.pop("wake_outbox", False):
            self.wake()


@dataclass(frozen=True)
class _Failed:
    error: BaseException


def _may_go_well_again(error: DBAPIError, attempt: int) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return attempt < ATTEMPTS - 1 and (state in SERIALIZATION_FAILURES or (state == UNIQUE_VIOLATION and attempt == 0))


def _engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=True)
    engine = create_async_engine(url, pool_size=6, max_overflow=20, connect_args={"timeout": LOCK_WAIT_S})
    event.listen(engine.sync_engine, "connect", _tune_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_reading)
    return engine


class _AtOnce(aiosqlite.Connection):
    """Runs the writer's small statements where they are asked for: two dozen trips to a thread and back are most of the
    price of a message. Whatever may wait, for a lock or for the disk, still goes to the thread.
    """

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._connection is None or self._may_wait(fn, *args):
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)

    def _may_wait(self, fn: Callable[..., Any], *args: Any) -> bool:
        if args and str(args[0]).startswith("BEGIN"):
            return True
        return getattr(fn, "__self__", None) is self._connection and fn.__name__ in ("commit", "close")


def _writing_engine(engine: AsyncEngine, url: str) -> AsyncEngine:
    """One connection, for the one writer."""

    async def connect() -> aiosqlite.Connection:
        path = str(engine.url.database)
        opening = _AtOnce(lambda: sqlite3.connect(path, timeout=LOCK_WAIT_S, check_same_thread=False), 64)
        opening._thread.daemon = True  # noqa: SLF001, as the dialect does: a process must not wait for it
        return await opening

    writing = create_async_engine(url, pool_size=1, max_overflow=0, async_creator=connect)
    event.listen(writing.sync_engine, "connect", _tune_sqlite)
    event.listen(writing.sync_engine, "begin", _begin_writing)
    return writing


def _tune_sqlite(connection: Any, _: object) -> None:
    """WAL so that readers never wait, FULL so that an acknowledged message survives a power cut; what is deleted is
    overwritten, so that a redaction leaves nothing in the file. Mapped, pages are not copied: a search among a million
    cases takes half the time."""
    connection.isolation_level = None
    cursor = connection.cursor()
    journal = ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=1000")
    for pragma in (*journal, "foreign_keys=ON", "secure_delete=ON", f"mmap_size={MAPPED_BYTES}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_reading(connection: Any) -> None:
    """Python's driver begins transactions too late for savepoints; begin them ourselves."""
    connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Any) -> None:
    """With the lock in hand: after reading first it is refused, without waiting, if a command line wrote meanwhile."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


__all__ = ["Database", "OperationalError", "announce", "wake_outbox"]
