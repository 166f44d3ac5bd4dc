"""Our side: the hub as it runs, with so many cases in its database, asked over HTTP without a network between."""

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from alembic import command
from fastapi import FastAPI
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bench.cases.data import FIRST, LAST, STREETS, THINGS, fill, reference
from handoff import agents, clock, floor, handovers, routing, tokens
from handoff.app import Hub, create_app
from handoff.assistants.scripted import Scripted
from handoff.cli import alembic_config
from handoff.db import Database
from handoff.models import Case, OutboxItem, Route, Team
from handoff.ports import Floor
from handoff.routing import teams
from handoff.settings import settings
from handoff.tokens import Scope

PASSWORD = "bench-cases-only"  # noqa: S105, of a database that is thrown away
OPERATIONS = ("create", "list", "open", "reply", "search", "route")
QUESTIONS = (
    lambda chance: f"{chance.choice(THINGS)} {chance.choice(STREETS).split()[0]}",
    lambda chance: chance.choice(THINGS),
    lambda chance: f"{chance.choice(FIRST)} {chance.choice(LAST)}",
    lambda chance: f'"{chance.choice(STREETS)}" refund',
    lambda chance: f"{chance.randrange(1, 900)} {chance.choice(STREETS)}",
    lambda chance: reference(chance.randrange(1_000)),
)
"""What people look for: two words, one that is everywhere, a name, words as they stand, an address, a reference."""


@dataclass
class Filled:
    """A hub with cases. `ms` is what each operation took, in the order it was done."""

    name: str
    cases: int
    app: FastAPI
    client: httpx.AsyncClient
    cookies: dict[str, str]
    csrf: str
    agent_id: str
    refs: Sequence[str]
    conversation_ids: Sequence[str]
    ms: dict[str, list[float]] = field(default_factory=dict)
    count: int = 0

    @property
    def hub(self) -> Hub:
        found: Hub = self.app.state.hub
        return found


async def build(url: str, cases: int) -> None:
    """Tables by the migrations, cases by the generator; kept, so that a second run measures at once."""
    await asyncio.to_thread(command.upgrade, alembic_config(url), "head")
    async with Database(url) as database:
        async with database.read() as session:
            held = len(list(await session.scalars(select(Case.id).limit(1))))
        if not held:
            await fill(database, cases)
        if not database.is_sqlite:
            async with database.engine.connect() as connection:
                await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))


@asynccontextmanager
async def opened(name: str, url: str, cases: int, folder: str) -> AsyncIterator[Filled]:
    """The hub over this database, with an agent signed in and some routing rules to read."""
    os.environ.update(
        TELLONCE_DATABASE_URL=url,
        TELLONCE_ATTACHMENTS_URL=f"{folder}/attachments",
        TELLONCE_SECRET_KEY="b" * 40,
        TELLONCE_PUBLIC_URL="http://bench.invalid",
    )
    settings.cache_clear()
    app = create_app(Scripted())
    async with app.router.lifespan_context(app):
        database: Database = app.state.hub.database
        email = f"bench-{time.time_ns()}@example.com"
        hashed = await agents.hash_password(PASSWORD)

        async def people(session: AsyncSession) -> tuple[str, str]:
            sits_in = tuple(teams.BUILT_IN)
            agent = await agents.add(
                session, email=email, name="Bench", password_hash=hashed, teams=sits_in, capacity=50
            )
            token = await tokens.create(session, email, [Scope.AGENT], email)
            if not await session.scalar(select(Route.id).limit(1)):
                await _write_rules(session)
            return agent.id, token

        agent_id, token = await database.write(people)
        async with database.read() as session:
            newest = (await session.scalars(select(Case.ref).order_by(Case.id.desc()).limit(500))).all()
            oldest = (await session.scalars(select(Case.ref).order_by(Case.id).limit(500))).all()
            talks = (await session.scalars(text("SELECT id FROM conversations ORDER BY id LIMIT 500"))).all()
        headers = {"Authorization": f"Bearer {token}"}
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bench.invalid", headers=headers) as client:
            signed = await client.post(
                "/desk/sign-in", data={"email": email, "password": PASSWORD}, headers={"origin": "http://bench.invalid"}
            )
            if signed.status_code != 303:
                raise RuntimeError(f"The desk did not let the benchmark in: {signed.status_code} {signed.text[:200]}")
            yield Filled(name, cases, app, client, {}, "", agent_id, [*newest, *oldest], talks)


async def _write_rules(session: AsyncSession) -> None:
    """Twenty rules, of which none or the last fits: the dearest way through."""
    named = [{"id": key, "name": name, "position": place} for place, (key, name) in enumerate(teams.BUILT_IN.items())]
    await session.execute(insert(Team), [{**one, "is_default": one["id"] == teams.DEFAULT} for one in named])
    await session.execute(
        insert(Route),
        [
            {
                "name": f"Rule {number}",
                "conditions": [{"field": "title", "op": "has_any", "value": [f"nothing{number}"]}],
                "team_id": "care",
                "position": number,
                "created_at": clock.now(),
            }
            for number in range(20)
        ],
    )


async def measure(filled: Filled, operation: str, chance: random.Random) -> None:
    """Do one operation once and keep what it took."""
    step = await VERBS[operation](filled, chance)
    start = time.perf_counter()
    answer = await step()
    took = (time.perf_counter() - start) * 1000
    if isinstance(answer, httpx.Response) and answer.status_code >= 400:
        raise RuntimeError(f"{operation} at {filled.name}: {answer.status_code} {answer.text[:300]}")
    filled.ms.setdefault(operation, []).append(took)
    await _settled(filled)


async def _settled(filled: Filled) -> None:
    """Let what follows from it be done, so that it does not run beside what is timed next."""
    due = select(OutboxItem.id).where(
        OutboxItem.is_dead.is_(False), OutboxItem.lane != "timer", OutboxItem.due_at <= clock.now()
    )
    for _ in range(100):
        async with filled.hub.database.read() as session:
            if await session.scalar(due.limit(1)) is None:
                return
        await asyncio.sleep(0.01)


Step = Callable[[], Awaitable[Any]]


async def _create(filled: Filled, chance: random.Random) -> Step:
    body = {
        "conversation_id": chance.choice(filled.conversation_ids),
        "idempotency_key": f"bench-{time.time_ns()}",
        "title": f"The {chance.choice(THINGS)} again",
        "topic": "return_start",
        "team": "returns",
    }
    return lambda: filled.client.post("/api/v1/cases", json=body)


async def _list(filled: Filled, chance: random.Random) -> Step:
    asked = chance.choice(("", "?status=open&team=returns", "?assignee=nobody", "?priority=urgent", "?sort=due"))
    return lambda: filled.client.get(f"/desk/cases{asked}")


async def _open(filled: Filled, chance: random.Random) -> Step:
    """The page and then its panels, as a browser asks for them."""
    ref = chance.choice(filled.refs)

    async def step() -> httpx.Response:
        page = await filled.client.get(f"/desk/cases/{ref}")
        return page if page.is_error else await filled.client.get(f"/desk/cases/{ref}/panels")

    return step


async def _reply(filled: Filled, chance: random.Random) -> Step:
    """Taking the conversation is not timed: a reply is."""
    conversation_id = chance.choice(filled.conversation_ids)
    database = filled.hub.database

    async def take(session: AsyncSession) -> None:
        conversation = await floor.hold(session, conversation_id)
        if conversation.floor == Floor.AGENT:
            conversation.agent_id = filled.agent_id
        else:
            await handovers.take_over(session, conversation_id, await session.get_one(agents.Agent, filled.agent_id))

    await database.write(take)
    body = {"text": "I have looked at it and it is on its way.", "client_ref": f"r-{time.time_ns()}"}
    return lambda: filled.client.post(f"/api/v1/conversations/{conversation_id}/messages", json=body)


async def _search(filled: Filled, chance: random.Random) -> Step:
    filled.count += 1
    question = QUESTIONS[filled.count % len(QUESTIONS)](chance)
    return lambda: filled.client.get("/desk/cases", params={"search": question, "status": "any"})


async def _route(filled: Filled, chance: random.Random) -> Step:
    ref = chance.choice(filled.refs[:500])

    async def step(session: AsyncSession) -> Any:
        case = await session.scalar(select(Case).where(Case.ref == ref))
        return await routing.route(session, case) if case else None

    return lambda: filled.hub.database.write(step)


VERBS: dict[str, Callable[[Filled, random.Random], Awaitable[Step]]] = {
    "create": _create,
    "list": _list,
    "open": _open,
    "reply": _reply,
    "search": _search,
    "route": _route,
}
