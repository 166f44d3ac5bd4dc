"""The real app on a real port, on SQLite and on PostgreSQL, with everybody who may call it."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, clock, conversations, handovers, tokens
from handoff.app import Hub, create_app
from handoff.assistants.scripted import Scripted
from handoff.cli import WS_MAX_BYTES
from handoff.models import AgentSession, ApiToken, Role
from handoff.package import HandoverRequest, Issue
from handoff.ports import Inbound
from handoff.settings import settings
from handoff.tokens import Scope
from tests.hub.conftest import _settings, an_empty_database, database_url, postgres_url  # noqa: F401, fixtures
from tests.support.waiting import PATIENCE_S

PASSWORD = "correct horse battery staple"


@dataclass
class Served:
    """A hub that answers on `url`. `tokens` are the bearer tokens by kind of caller; None sends no header."""

    app: FastAPI
    url: str
    assistant: Scripted
    tokens: dict[str, str | None] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""

    @property
    def hub(self) -> Hub:
        found: Hub = self.app.state.hub
        return found

    def client(self, caller: str = "no token", **parts: Any) -> httpx.AsyncClient:
        token = self.tokens[caller]
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False, timeout=PATIENCE_S, **parts)

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1) + "/channels/web/socket"


@asynccontextmanager
async def serving(url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    monkeypatch.setenv("TELLONCE_DATABASE_URL", url)
    monkeypatch.setenv("TELLONCE_PUBLIC_URL", "http://127.0.0.1")
    settings.cache_clear()
    async with an_empty_database(url):
        pass
    assistant = Scripted()
    app = create_app(assistant=assistant)
    config = uvicorn.Config(
        app, "127.0.0.1", 0, log_level="critical", ws_max_size=WS_MAX_BYTES, timeout_graceful_shutdown=2, lifespan="on"
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server.serve())
    while not server.started:
        assert not running.done()
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        served = Served(app, f"http://127.0.0.1:{port}", assistant)
        await _people_and_words(served)
        yield served
    finally:
        server.should_exit = True
        await running


async def _people_and_words(served: Served) -> None:
    """Dana at the desk, somebody who left, and Maya, who waits for a person."""
    database = served.hub.database
    hashed = await agents.hash_password(PASSWORD)

    async def people(session: AsyncSession) -> None:
        dana = await agents.add(
            session, email="dana@fernway.example", name="Dana", password_hash=hashed, teams=("care", "billing")
        )
        boss = await agents.add(
            session, email="priya@fernway.example", name="Priya", password_hash=hashed, role=Role.SUPERVISOR
        )
        gone = await agents.add(session, email="gone@fernway.example", name="Gone", password_hash=hashed)
        made = {
            "read": await tokens.create(session, "read", [Scope.READ]),
            "assistant": await tokens.create(session, "assistant", [Scope.ASSISTANT]),
            "agent": await tokens.create(session, "agent", [Scope.AGENT], dana.email),
            "supervisor": await tokens.create(session, "supervisor", [Scope.AGENT], boss.email),
            "revoked": await tokens.create(session, "revoked", [Scope.AGENT, Scope.READ, Scope.ASSISTANT], dana.email),
            "deactivated agent": await tokens.create(session, "gone", [Scope.AGENT, Scope.READ], gone.email),
        }
        await session.flush()
        gone.is_active = False
        await session.execute(update(ApiToken).where(ApiToken.name == "revoked").values(revoked_at=clock.now()))
        secret = secrets.token_urlsafe(32)
        session.add(
            AgentSession(
                agent_id=dana.id,
                secret_hash=agents._digest(secret),
                csrf_token="csrf",
                expires_at=clock.now().replace(year=2099),
                created_at=clock.now(),
            )
        )
        served.tokens = {"no token": None, "bad token": "tlo_made_up", "signed-in agent": secret, **made}
        served.cookies, served.csrf, served.ids["agent"] = {"tellonce_desk": secret}, "csrf", dana.id

    async def words(session: AsyncSession) -> None:
        inbound = Inbound("web", "maya", "ref-00001", "I want to return order F-20418")
        receipt = await conversations.receive(session, inbound)
        served.ids["conversation"] = receipt.conversation_id
        request = HandoverRequest(
            conversation_id=receipt.conversation_id,
            idempotency_key="first",
            reason_code="asked",
            issue=Issue(title="Return a cable box"),
        )
        answer = await handovers.hand_over(session, request)
        served.ids |= {"handover": answer.handover_id, "case": answer.case_ref}
        conversation = await conversations.get(session, receipt.conversation_id)
        served.ids["customer"] = conversation.customer_id

    await database.write(people)
    await database.write(words)


@pytest.fixture
async def served(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:  # noqa: F811
    async with serving(database_url, monkeypatch) as served:
        yield served
