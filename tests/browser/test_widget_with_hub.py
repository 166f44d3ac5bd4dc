"""The chat widget on the real hub: shop page, socket, ledger and floor, with a scripted assistant."""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from handoff import agents, conversations, handbacks, handovers
from handoff.app import create_app
from handoff.assistants.scripted import Scripted, saying
from handoff.ledger import Speaker
from handoff.models import Agent, Conversation, Presence
from handoff.package import Handback, HandoverRequest, Issue, Reason
from handoff.ports import Button, TurnRequest, TurnResult, Words
from handoff.settings import settings
from tests.browser.tables import make_tables


def script(request: TurnRequest) -> TurnResult:
    if request.text == "/handback":
        return saying("Dana booked your pickup. Anything else?")
    if "box" in request.text:
        words = Words("Which box?", (Button("TV Box Max", '/inform{"device":"max"}'), Button("TV Box Mini", "/inform")))
        return saying(messages=(words,))
    return saying(f"You said: {request.text}")


class Hub:
    """The hub in a thread of its own; agents act through the same functions the desk calls."""

    def __init__(self) -> None:
        self.app = create_app(Scripted(script))
        config = uvicorn.Config(self.app, "127.0.0.1", 0, log_level="error", timeout_graceful_shutdown=1)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def start(self) -> None:
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive(), "The hub did not start."
            self.thread.join(0.02)
        listening = self.server.servers[0]
        self.loop = listening.get_loop()
        self.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(15)

    def write(self, step: Callable[..., Awaitable[Any]]) -> Any:
        database = self.app.state.hub.database
        return asyncio.run_coroutine_threadsafe(database.write(step), self.loop).result(10)

    def dana(self) -> Agent:
        async def hire(session: Any) -> Agent:
            dana = await agents.add(session, email="dana@example.com", name="Dana", password_hash="-", teams=("care",))
            await agents.set_presence(session, dana.id, Presence.ONLINE)
            return dana

        agent: Agent = self.write(hire)
        return agent

    @property
    def conversation_id(self) -> str:
        async def only(session: Any) -> str:
            return str((await session.scalars(select(Conversation.id))).one())

        found: str = self.write(only)
        return found


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setenv("TELLONCE_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/hub.db")
    monkeypatch.setenv("TELLONCE_ATTACHMENTS_URL", str(tmp_path / "attachments"))
    monkeypatch.setenv("TELLONCE_SECRET_KEY", "s" * 40)
    monkeypatch.setenv("TELLONCE_ACTIONS_TOKEN", "a" * 40)
    settings.cache_clear()
    # The hub trusts pages of its own public address, which is only known once a port is bound.
    make_tables(tmp_path / "hub.db")
    hub = Hub()
    hub.start()
    monkeypatch.setenv("TELLONCE_PUBLIC_URL", hub.url)
    settings.cache_clear()
    yield hub
    hub.stop()
    settings.cache_clear()


@pytest.fixture
def page(context: BrowserContext, hub: Hub) -> Page:
    page = context.new_page()
    page.goto(hub.url)
    page.get_by_role("button", name="Chat with us").click()
    expect(page.locator(".notice")).to_be_hidden()
    return page


ARRIVED = re.compile("sent|delivered")
"""What a page says of words that the hub has."""


def write(page: Page, text: str) -> None:
    page.get_by_label("Write a message").fill(text)
    page.keyboard.press("Enter")


def test_words_answers_and_buttons_are_the_same_after_a_reload(page: Page) -> None:
    write(page, "my box goes back")
    page.get_by_role("button", name="TV Box Max").click()
    said = ["my box goes back", "Which box?", "TV Box Max", 'You said: /inform{"device":"max"}']
    expect(page.locator(".log .words")).to_have_text(said)
    page.reload()
    expect(page.locator(".log .words")).to_have_text(said)
    expect(page.get_by_role("button", name="TV Box Mini")).to_be_disabled()


def test_a_second_tab_opened_before_the_first_words_hears_them(context: BrowserContext, page: Page, hub: Hub) -> None:
    second = context.new_page()
    second.goto(hub.url)
    second.get_by_role("button", name="Chat with us").click()
    write(page, "hello")
    for tab in (page, second):
        expect(tab.locator(".log .words")).to_have_text(["hello", "You said: hello"])


def test_an_agent_comes_and_goes_under_the_customers_eyes(page: Page, hub: Hub) -> None:
    write(page, "hello")
    expect(page.locator(".log .words")).to_have_count(2)
    dana, conversation_id = hub.dana(), hub.conversation_id
    hub.write(lambda session: handovers.take_over(session, conversation_id, dana))
    expect(page.locator("#name")).to_have_text("Dana")
    expect(page.locator(".switch")).to_have_count(1)
    expect(page.get_by_role("button", name="Talking to Dana")).to_be_visible()
    hub.write(lambda session: conversations.say(session, conversation_id, Speaker.of(dana), Words("Dana here.")))
    write(page, "thank you")
    expect(page.locator(".message[data-author=customer] .state").last).to_have_attribute("data-is", ARRIVED)
    handback = Handback(summary="Pickup booked.")
    hub.write(lambda session: handbacks.give_back(session, conversation_id, dana, handback))
    expect(page.locator(".log .words").last).to_have_text("Dana booked your pickup. Anything else?")
    expect(page.locator("#name")).to_have_text("Fern")
    expect(page.locator(".switch")).to_have_count(2)
    page.reload()
    expect(page.locator(".switch")).to_have_count(2)


def test_a_card_number_is_masked_on_the_page_that_typed_it(page: Page) -> None:
    write(page, "my card is 4111 1111 1111 1111")
    expect(page.locator(".log .words")).to_have_count(2)
    expect(page.locator(".log")).not_to_contain_text("4111 1111 1111 1111")


def test_the_conversation_can_be_downloaded_from_the_hub(page: Page) -> None:
    write(page, "my box goes back")
    expect(page.locator(".log .words")).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download this conversation").click()
    assert "my box goes back" in Path(download.value.path()).read_text()


def test_a_customer_may_stop_waiting_and_is_with_the_assistant_again(page: Page, hub: Hub) -> None:
    write(page, "hello")
    expect(page.locator(".log .words")).to_have_count(2)
    request = HandoverRequest(
        conversation_id=hub.conversation_id, idempotency_key="k", reason_code=Reason.ASKED, issue=Issue(title="x")
    )
    hub.write(lambda session: handovers.hand_over(session, request))
    page.get_by_role("button", name="Stop waiting").click()
    expect(page.get_by_role("button", name="Talk to a person")).to_be_visible()
    expect(page.get_by_text("You are no longer waiting for a person.")).to_be_visible()
