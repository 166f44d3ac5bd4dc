"""The real hub in a thread, with the demo day in its database, and browsers that sit at its desk.

The assistant is the shipped scripted one; everything else is what runs in production.
"""

import asyncio
import socket
import threading
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn
from playwright.sync_api import Browser, Page
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import conversations, demo, ledger
from handoff.app import create_app
from handoff.assistants.scripted import Scripted
from handoff.events import Event
from handoff.ledger import Speaker
from handoff.models import Agent, Conversation, Customer, Identity, Message
from handoff.ports import Inbound, Words
from handoff.settings import settings
from tests.browser.tables import make_tables

T = TypeVar("T")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class DeskHub:
    def __init__(self, port: int) -> None:
        self.port = port
        self.assistant = Scripted()
        self.app = create_app(self.assistant)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "DeskHub":
        config = uvicorn.Config(
            self.app, "127.0.0.1", self.port, log_level="error", ws="websockets-sansio", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.02)
        self._loop = self._server.servers[0].get_loop()
        self.run(self._seed())
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    async def _seed(self) -> None:
        await demo.seed(self.app.state.hub.database)

    def run(self, step: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(step, self._loop).result(10)

    def write(self, step: Callable[[AsyncSession], Awaitable[T]]) -> T:
        return self.run(self.app.state.hub.database.write(step))

    def read(self, look: Callable[[AsyncSession], Awaitable[T]]) -> T:
        async def reading() -> T:
            async with self.app.state.hub.database.read() as session:
                return await look(session)

        return self.run(reading())

    def publish(self, event: Event) -> None:
        """Tell every open page of something, as after a commit."""
        self._loop.call_soon_threadsafe(self.app.state.hub.live.publish, [event])

    # What a test may do

    def conversation(self, customer: str) -> Conversation:
        async def look(session: AsyncSession) -> Conversation:
            found = await session.scalar(
                select(Conversation)
                .join(Customer, Customer.id == Conversation.customer_id)
                .where(Customer.name == customer)
            )
            assert found is not None
            return found

        return self.read(look)

    def customer_writes(self, customer: str, text: str) -> None:
        conversation = self.conversation(customer)

        async def step(session: AsyncSession) -> None:
            identity = await session.get_one(Identity, conversation.identity_id)
            await conversations.receive(
                session, Inbound("web", identity.external_id, str(uuid.uuid4()), text, name=customer)
            )

        self.write(step)

    def agent(self, name: str) -> Agent:
        async def look(session: AsyncSession) -> Agent:
            found = await session.scalar(select(Agent).where(Agent.name == name))
            assert found is not None
            return found

        return self.read(look)

    def agent_writes(self, name: str, customer: str, text: str) -> None:
        agent, conversation = self.agent(name), self.conversation(customer)
        self.write(lambda session: conversations.say(session, conversation.id, Speaker.of(agent), Words(text)))

    def messages(self, customer: str) -> list[Message]:
        conversation = self.conversation(customer)
        return list(self.read(lambda session: ledger.messages(session, conversation.id)))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskHub]:
    port = free_port()
    url = f"sqlite+aiosqlite:///{tmp_path}/desk.db"
    monkeypatch.setenv("TELLONCE_DATABASE_URL", url)
    monkeypatch.setenv("TELLONCE_ATTACHMENTS_URL", str(tmp_path / "attachments"))
    monkeypatch.setenv("TELLONCE_SECRET_KEY", "s" * 40)
    monkeypatch.setenv("TELLONCE_PUBLIC_URL", f"http://127.0.0.1:{port}")
    settings.cache_clear()
    make_tables(tmp_path / "desk.db")
    running = DeskHub(port).start()
    yield running
    running.stop()
    settings.cache_clear()


@pytest.fixture
def sit_down(browser: Browser, hub: DeskHub) -> Iterator[Callable[..., Page]]:
    """Sign somebody in at a desk of their own. What the page complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def sit(who: str = "dana", *, width: int = 1440, height: int = 900, scheme: Any = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _note(complaints, message.type, message.text))
        page.goto(f"{hub.url}/desk/sign-in")
        page.fill("[name=email]", f"{who}@fernway.example")
        page.fill("[name=password]", demo.PASSWORD)
        page.click("button")
        page.wait_for_selector("body[data-ready]")
        return page

    yield sit
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


def _note(complaints: list[str], kind: str, text: str) -> None:
    """Refused answers are part of some tests and are logged by the browser; broken promises of the page are not."""
    if kind == "error" and not any(known in text for known in ("Failed to load", "Response Status", "WebSocket")):
        complaints.append(text)


def open_conversation(page: Page, customer: str, queue: str = "all") -> None:
    page.click(f".queue[data-queue={queue}]")
    page.click(f".list-inner[data-queue={queue}] .row:has-text('{customer}')")
    page.wait_for_selector(f"[data-conversation][aria-label='Conversation with {customer}']")


@contextmanager
def nothing_new_arrives(page: Page) -> Iterator[None]:
    """Keep the page from learning of newer messages, as a slow network would."""
    page.route("**/messages?after=*", lambda route: route.abort())
    yield
    page.unroute("**/messages?after=*")
