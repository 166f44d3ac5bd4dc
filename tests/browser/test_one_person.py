"""One person in several places, in a real browser on the real hub: continue elsewhere and back, sign in, sign out."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from handoff import continuing, conversations, joins, logins
from handoff.models import Agent, ContinueLink, Conversation, Identity, Join
from handoff.ports import Inbound
from handoff.settings import settings
from tests.browser.accessible import flaws
from tests.browser.tables import make_tables
from tests.browser.test_widget_with_hub import Hub, write
from tests.support.telegram import TOKEN, Telegram

SECRET = "l" * 40


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """With a bot at a stand-in for Telegram, and two demo customers to sign in as."""
    with Telegram() as telegram:
        told = {
            "DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/hub.db",
            "ATTACHMENTS_URL": str(tmp_path / "files"),
            "SECRET_KEY": "s" * 40,
            "ACTIONS_TOKEN": "a" * 40,
            "LOGIN_SECRET": SECRET,
            "DEMO": "true",
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": telegram.url,
            "TELEGRAM_LINK_URL": telegram.url,
        }
        for name, value in told.items():
            monkeypatch.setenv(f"TELLONCE_{name}", value)
        settings.cache_clear()
        make_tables(tmp_path / "hub.db")
        hub = Hub()
        hub.telegram = telegram  # type: ignore[attr-defined]
        hub.start()
        monkeypatch.setenv("TELLONCE_PUBLIC_URL", hub.url)
        settings.cache_clear()
        while not hub.app.state.hub.web.open_ways:
            time.sleep(0.05)
        yield hub
        hub.stop()
        settings.cache_clear()


@pytest.fixture
def page(context: BrowserContext, hub: Hub) -> Page:
    page = context.new_page()
    open_chat(page, hub)
    return page


def open_chat(page: Page, hub: Hub, path: str = "/") -> None:
    page.goto(hub.url + path)
    page.get_by_role("button", name="Chat with us").click()
    expect(page.locator(".notice")).to_be_hidden()


def words(page: Page) -> object:
    return page.locator(".log .words")


def token_for(hub: Hub, page: Page) -> str:
    """A way from Telegram to the web, as `/web` gives one there."""

    async def step(session: object) -> str:
        (conversation,) = await session.scalars(select(Conversation))  # type: ignore[attr-defined]
        return (await continuing.offer(session, conversation, conversation.identity_id, "web")).token  # type: ignore[arg-type]

    return str(hub.write(step))


def says_on_telegram(hub: Hub, text: str, who: str = "maya") -> None:
    inbound = Inbound("telegram", f"110201543:{who}", f"ref-{time.monotonic_ns()}", text, name="Maya")
    hub.write(lambda session: conversations.receive(session, inbound))


# Continue elsewhere


def test_the_way_to_telegram_is_a_link_and_a_code(page: Page, hub: Hub) -> None:
    button = page.get_by_role("button", name="Continue on Telegram")
    expect(button).to_be_hidden()
    write(page, "my box goes back")
    expect(words(page)).to_have_count(2)
    button.click()
    link = page.get_by_role("link", name="Open Telegram")
    expect(link).to_be_focused()
    address = urlsplit(link.get_attribute("href") or "")
    (token,) = parse_qs(address.query)["start"]
    assert continuing.TOKEN.fullmatch(token)
    expect(page.get_by_label("Code for Telegram")).to_have_text(token)
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(button).to_be_focused()


def test_opening_the_link_goes_on_in_telegram_and_both_sides_say_so(page: Page, hub: Hub) -> None:
    write(page, "my box goes back")
    expect(words(page)).to_have_count(2)
    page.get_by_role("button", name="Continue on Telegram").click()
    code = page.get_by_label("Code for Telegram")
    expect(code).not_to_be_empty()
    token = code.text_content() or ""

    async def at_telegram() -> None:
        maya = await hub.telegram.customer("Maya")  # type: ignore[attr-defined]
        await maya.starts(token)
        heard = await maya.hears("Going on in Telegram")
        assert "Which box?" in heard.text
        assert heard.buttons == ("TV Box Max", "TV Box Mini")
        await maya.presses("TV Box Max")
        await maya.hears("You said")

    asyncio.run_coroutine_threadsafe(at_telegram(), hub.loop).result(60)
    expect(page.locator(".log")).to_contain_text("Going on in Telegram")
    expect(page.locator(".log")).to_contain_text('You said: /inform{"device":"max"}')
    expect(page.get_by_role("link", name="Open Telegram")).to_be_hidden()
    assert list(hub.write(lambda session: session.scalars(select(Join.method)))) == ["link"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_way_is_clean_for_axe(browser: Browser, hub: Hub, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    open_chat(page, hub)
    write(page, "my box goes back")
    expect(words(page)).to_have_count(2)
    page.get_by_role("button", name="Continue on Telegram").click()
    expect(page.get_by_role("link", name="Open Telegram")).to_be_visible()
    assert flaws(page, "tellonce-chat") == []
    context.close()


def test_the_way_back_to_the_web_shows_everything_and_leaves_no_token_behind(context: BrowserContext, hub: Hub) -> None:
    says_on_telegram(hub, "hello from the train")
    token = token_for(hub, context.new_page())
    page = context.new_page()
    page.goto(f"{hub.url}/?continue={token}")
    expect(page.locator(".log")).to_contain_text("hello from the train")
    expect(page.locator(".log")).to_contain_text("Going on in the web chat")
    assert token not in page.url
    write(page, "now at my desk")
    expect(page.locator(".log")).to_contain_text("You said: now at my desk")
    page.reload()
    expect(page.locator(".log")).to_contain_text("hello from the train")


def test_a_stolen_link_is_seen_by_its_owner_and_can_be_taken_back(browser: Browser, page: Page, hub: Hub) -> None:
    write(page, "hello")
    expect(words(page)).to_have_count(2)
    token = token_for(hub, page)
    thief = browser.new_context()
    elsewhere = thief.new_page()
    elsewhere.goto(f"{hub.url}/?continue={token}")
    expect(elsewhere.locator(".log")).to_contain_text("hello")
    expect(page.locator(".log")).to_contain_text("Going on in the web chat")
    write(elsewhere, "give me the account")
    expect(page.locator(".log")).to_contain_text("give me the account")

    async def undo(session: object) -> None:
        (made,) = await session.scalars(select(Join))  # type: ignore[attr-defined]
        dana = Agent(
            email="d@example.com", name="Dana", password_hash="-", role="supervisor", created_at=made.created_at
        )
        session.add(dana)  # type: ignore[attr-defined]
        await session.flush()  # type: ignore[attr-defined]
        await joins.undo(session, made.id, dana)  # type: ignore[arg-type]

    hub.write(undo)
    expect(elsewhere.locator(".log")).not_to_contain_text("hello")
    expect(elsewhere.locator(".log")).to_contain_text("give me the account")
    expect(page.locator(".log")).not_to_contain_text("give me the account")
    expect(page.locator(".log")).to_contain_text("has been taken out again")
    write(elsewhere, "and now?")
    write(page, "mine again")
    expect(page.locator(".log")).to_contain_text("You said: mine again")
    expect(page.locator(".log")).not_to_contain_text("and now?")
    thief.close()


@pytest.mark.parametrize("how", ["forged", "used", "expired"])
def test_a_link_that_leads_nowhere_is_said_once_and_the_chat_works(
    browser: Browser, page: Page, hub: Hub, how: str
) -> None:
    write(page, "hello")
    expect(words(page)).to_have_count(2)
    token = "x" * 32 if how == "forged" else token_for(hub, page)

    async def spoil(session: object) -> None:
        for link in await session.scalars(select(ContinueLink)):  # type: ignore[attr-defined]
            link.expires_at -= timedelta(hours=1 if how == "expired" else 0)
            link.used_at = link.created_at if how == "used" else None

    hub.write(spoil)
    context = browser.new_context()
    elsewhere = context.new_page()
    elsewhere.goto(f"{hub.url}/?continue={token}")
    expect(elsewhere.locator(".notice")).to_contain_text("has ended or was used already")
    write(elsewhere, "a chat of my own")
    expect(elsewhere.locator(".log .words")).to_have_text(["a chat of my own", "You said: a chat of my own"])
    context.close()


# Signing in, and a shared computer


def login(page: Page, sub: str, **claims: str) -> None:
    page.evaluate("token => Tellonce.login(token)", logins.make(sub, **claims))


def test_words_before_signing_in_stay_and_the_hub_knows_the_customer(page: Page, hub: Hub) -> None:
    write(page, "hello")
    expect(words(page)).to_have_count(2)
    login(page, "maya", name="Maya Okafor", account_number="10042")
    write(page, "it is me")
    expect(words(page)).to_have_count(4)

    async def look(session: object) -> list[tuple[str, str | None]]:
        return [(one.channel, one.method) for one in await session.scalars(select(Identity))]  # type: ignore[attr-defined]

    assert sorted(hub.write(look)) == [("login", "login"), ("web", "login")]


def test_another_device_of_the_same_customer_goes_on_where_they_were(browser: Browser, page: Page, hub: Hub) -> None:
    login(page, "maya")
    write(page, "from my laptop")
    expect(words(page)).to_have_count(2)
    phone = browser.new_context()
    other = phone.new_page()
    other.goto(hub.url)
    login(other, "maya")
    other.get_by_role("button", name="Chat with us").click()
    expect(other.locator(".log")).to_contain_text("from my laptop")
    write(other, "from my phone")
    expect(page.locator(".log")).to_contain_text("from my phone")
    phone.close()


def test_signing_out_leaves_nothing_for_whoever_comes_next(context: BrowserContext, page: Page, hub: Hub) -> None:
    login(page, "maya")
    write(page, "my secret")
    expect(words(page)).to_have_count(2)
    session = page.evaluate("Object.entries(localStorage).find(([key]) => key.endsWith('session'))[1]")
    token = page.evaluate("text => JSON.parse(text).token", session)
    page.get_by_label("Write a message").fill("a draft of mine")
    second = context.new_page()
    page.evaluate("Tellonce.logout()")
    expect(page.get_by_role("button", name="Chat with us")).to_be_visible()
    assert "my secret" not in page.locator("tellonce-chat").evaluate("chat => chat.shadowRoot.textContent")
    for one in (page, second):
        open_chat(one, hub)
        assert "my secret" not in one.locator("tellonce-chat").evaluate("chat => chat.shadowRoot.textContent")
        expect(one.get_by_label("Write a message")).to_have_value("")
    answer = page.request.get(f"{hub.url}/channels/web/transcript", params={"session": token})
    assert answer.status == 403
    assert "my secret" not in answer.text()


def test_another_customer_at_the_same_computer_sees_nothing_of_the_first(page: Page, hub: Hub) -> None:
    login(page, "maya")
    write(page, "my secret")
    expect(words(page)).to_have_count(2)
    login(page, "marta")
    page.get_by_role("button", name="Chat with us").click()
    write(page, "hello from Marta")
    expect(words(page)).to_have_text(["hello from Marta", "You said: hello from Marta"])
    page.evaluate("Tellonce.logout()")
    page.get_by_role("button", name="Chat with us").click()
    login(page, "maya")
    expect(page.locator(".log")).to_contain_text("my secret")
    expect(page.locator(".log")).not_to_contain_text("Marta")


def test_a_session_of_somebody_signed_in_is_worth_nothing_without_them(page: Page, hub: Hub) -> None:
    login(page, "maya")
    write(page, "my secret")
    expect(words(page)).to_have_count(2)
    page.reload()
    expect(page.locator("tellonce-chat")).to_be_attached()
    assert "my secret" not in page.locator("tellonce-chat").evaluate("chat => chat.shadowRoot.textContent")
    login(page, "maya")
    page.get_by_role("button", name="Chat with us").click()
    expect(page.locator(".log")).to_contain_text("my secret")


def test_a_sign_in_that_ended_hides_the_words_until_it_is_renewed(page: Page, hub: Hub) -> None:
    token = logins.make("maya", valid_for=timedelta(seconds=3))
    page.evaluate("token => Tellonce.login(token)", token)
    write(page, "my secret")
    expect(page.locator(".notice")).to_contain_text("Sign in again")
    expect(page.locator(".log")).not_to_contain_text("my secret")
    login(page, "maya")
    expect(page.locator(".log")).to_contain_text("my secret")


def test_the_demo_shop_signs_an_invented_customer_in_and_out(page: Page, hub: Hub) -> None:
    page.get_by_label("Signed in as").select_option("Maya Okafor")
    write(page, "hello")
    expect(words(page)).to_have_count(2)
    page.get_by_label("Signed in as").select_option("nobody")
    expect(page.locator(".log")).not_to_contain_text("hello")
