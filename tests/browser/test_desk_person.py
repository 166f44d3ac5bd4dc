"""Who the customer is, at the desk: handles, suggestions, joins taken back, codes, and where replies go."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import conversations, facts, floor, joins
from handoff.ports import FoundFact, Inbound
from tests.browser.accessible import flaws
from tests.browser.desk_hub import DeskHub, hub, open_conversation, sit_down

__all__ = ["hub", "sit_down"]
SitDown = Callable[..., Page]
pytestmark = pytest.mark.timeout(120)

SOFIA = "Sofia Marchetti"


def writes_elsewhere(hub: DeskHub, who: str, text: str, channel: str = "telegram", **told: str) -> str:
    """Somebody on another channel, with what the company's systems confirmed about them."""

    async def step(session: AsyncSession) -> str:
        inbound = Inbound(channel, who, f"ref-{who}-{len(text)}", text, name="Sofia")
        receipt = await conversations.receive(session, inbound)
        conversation = await floor.hold(session, receipt.conversation_id)
        known = [FoundFact(name, value, validated=True) for name, value in told.items()]
        await facts.put(session, conversation, known, set_by="action")
        return receipt.conversation_id

    return hub.write(step)


def knows(hub: DeskHub, customer: str, **told: str) -> None:
    conversation = hub.conversation(customer)

    async def step(session: AsyncSession) -> None:
        held = await floor.hold(session, conversation.id)
        known = [FoundFact(name, value, validated=True) for name, value in told.items()]
        await facts.put(session, held, known, set_by="action")

    hub.write(step)


def joined(hub: DeskHub, who: str, conversation_id: str) -> None:
    async def step(session: AsyncSession) -> None:
        identity = await conversations.identity_for(session, Inbound("telegram", who, "ref-none"))
        await joins.join(session, identity, await floor.hold(session, conversation_id), "link")

    hub.write(step)


def test_a_suggestion_says_why_and_is_confirmed_and_undone(hub: DeskHub, sit_down: SitDown) -> None:
    knows(hub, SOFIA, account_number="10077")
    writes_elsewhere(hub, "1:55", "my account number is 10077", account_number="10077")
    page = sit_down("sam")
    open_conversation(page, SOFIA)
    panel = page.locator("#person")
    expect(panel).to_contain_text("Same account number 10077, confirmed by our systems in both.")
    panel.get_by_role("button", name=re.compile("^Confirm ?:")).click()
    expect(panel.locator(".handles li")).to_have_count(2)
    page.on("dialog", lambda dialog: dialog.accept())
    panel.get_by_role("button", name="Undo").click()
    expect(panel.locator(".handles li")).to_have_count(1)
    expect(panel).to_contain_text("They were joined before and parted again.")


def test_a_joined_chat_is_taken_out_and_its_words_leave_the_page(hub: DeskHub, sit_down: SitDown) -> None:
    sofia = hub.conversation(SOFIA)
    joined(hub, "1:56", sofia.id)
    writes_elsewhere(hub, "1:56", "these are words of a stranger")
    page = sit_down("sam")
    open_conversation(page, SOFIA)
    expect(page.locator("#ledger")).to_contain_text("words of a stranger")
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator("#person").get_by_role("button", name="Undo").click()
    expect(page.locator("#ledger")).not_to_contain_text("words of a stranger")


def test_the_agent_sees_and_chooses_where_replies_go(hub: DeskHub, sit_down: SitDown) -> None:
    sofia = hub.conversation(SOFIA)
    joined(hub, "1:57", sofia.id)
    writes_elsewhere(hub, "1:57", "now from my phone")
    page = sit_down("sam")
    open_conversation(page, SOFIA)
    page.get_by_role("button", name="Accept").or_(page.get_by_role("button", name="Take over")).first.click()
    expect(page.locator(".thread-state")).to_contain_text("You have this")
    panel = page.locator("#person")
    expect(panel.locator("li:has-text('Telegram')").first).to_contain_text("Replies go here")
    panel.get_by_role("button", name="Reply here on Web chat").click()
    expect(panel.locator("li:has-text('Web chat')").first).to_contain_text("Replies go here")
    expect(page.locator(".thread-state")).to_contain_text("Web chat")


def test_a_code_is_sent_to_an_address_the_customer_is_known_by(hub: DeskHub, sit_down: SitDown) -> None:
    knows(hub, SOFIA, account_number="10077", email="sofia@example.com")
    page = sit_down("sam")
    open_conversation(page, SOFIA)
    page.locator("#person").get_by_role("button", name="Send a code to s…a@e…").click()
    expect(page.locator("#person")).to_contain_text("A code is on its way to s…a@e…")
    expect(page.locator("#ledger")).to_contain_text("sent a code to your e-mail s…a@e…")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_panel_is_clean_for_axe_at_every_width(hub: DeskHub, sit_down: SitDown, width: int, scheme: str) -> None:
    knows(hub, SOFIA, account_number="10077", email="sofia@example.com")
    writes_elsewhere(hub, "1:58", "my account number is 10077", account_number="10077")
    sofia = hub.conversation(SOFIA)
    joined(hub, "1:59", sofia.id)
    page = sit_down("sam", width=width, scheme=scheme)
    page.goto(f"{hub.url}/desk/c/{sofia.id}?queue=all")
    page.wait_for_selector("body[data-ready]")
    if width < 600:
        page.click("#details-switch")
    expect(page.locator("#person .suggestions")).to_be_visible()
    page.locator("#person").scroll_into_view_if_needed()
    assert flaws(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
