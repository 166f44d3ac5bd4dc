"""A courier with a link: on a phone and a wide screen, while an agent watches, until the link is taken away."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.models import Case, Partner
from handoff.partners import shares
from tests.browser.accessible import flaws
from tests.browser.desk_hub import DeskHub, hub, sit_down
from tests.support.pictures import png

__all__ = ["hub", "sit_down"]
SitDown = Callable[..., Page]
pytestmark = pytest.mark.timeout(120)

HANA = "C-482-934-7"


def shared(hub: DeskHub, task: str = "Pick up a TV box at the new address") -> str:
    """Hana's return, open to the couriers; the address of their page."""
    dana = hub.agent("Dana Whitlock")

    async def step(session: AsyncSession) -> str:
        case = await cases.get(session, HANA)
        words = [one.id for one in await cases.words_of(session, case.id) if one.author == "customer"]
        facts = [one.name for one in await cases.facts_of(session, case.id) if one.name in ("return_item", "postcode")]
        partner = await session.scalar(select(Partner).where(Partner.kind == "courier"))
        assert partner
        _, token = await shares.open(session, HANA, dana, partner.id, task, facts, words[-1:], 7)
        return shares.link_of(token)

    return hub.write(step)


@pytest.fixture
def visit(browser: Browser, hub: DeskHub) -> Iterator[Callable[..., Page]]:
    """Open a link in a browser that knows nobody. What the page complains about fails the test."""
    complaints: list[str] = []
    contexts = []

    def go(url: str, *, width: int = 390, height: int = 800, scheme: str = "light", script: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=script,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda told: complaints.append(told.text) if "Content Security" in told.text else None)
        page.goto(url)
        return page

    yield go
    for context in contexts:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1440])
def test_the_page_fits_and_is_clean_for_axe(hub: DeskHub, visit: Callable[..., Page], width: int, scheme: str) -> None:
    page = visit(shared(hub), width=width, scheme=scheme)
    expect(page.get_by_role("heading", level=1)).to_have_text("Pick up a TV box at the new address")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert flaws(page) == []


def test_it_shows_a_first_name_and_what_was_shared(hub: DeskHub, visit: Callable[..., Page]) -> None:
    page = visit(shared(hub))
    expect(page.locator("main")).to_contain_text("For Hana")
    expect(page.locator(".messages")).to_contain_text("31 Quarry Lane")
    expect(page.locator("main")).not_to_contain_text("Sato")
    expect(page.locator("main")).not_to_contain_text("10009")


def test_states_and_words_go_to_the_desk_and_back_while_both_look(
    hub: DeskHub, visit: Callable[..., Page], sit_down: SitDown, tmp_path: Path
) -> None:
    page = visit(shared(hub))
    desk = sit_down("dana")
    desk.goto(f"{hub.url}/desk/cases/{HANA}")
    page.get_by_role("button", name=re.compile("^On the way")).click()
    expect(page.locator("#said")).to_have_text("Thank you. We know.")
    expect(page.locator("#state-now")).to_contain_text("On the way since")
    expect(page.locator("#state-on_the_way")).to_have_attribute("aria-current", "step")
    picture = tmp_path / "door.png"
    picture.write_bytes(png())
    page.get_by_label("Your words").fill("Nobody opens the door.")
    page.get_by_label("Add a photo").set_input_files(picture)
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".message.partner")).to_contain_text("Nobody opens the door.")
    expect(page.get_by_alt_text("door.png")).to_be_visible()
    panel = desk.locator("#panel-partners")
    expect(panel).to_contain_text("On the way")
    expect(desk.locator("#case")).to_contain_text("Nobody opens the door.")
    told = [message.text for message in hub.messages("Hana Sato") if message.author == "system"]
    assert "Swift Parcel Couriers is on the way to you." in told
    panel.get_by_role("button", name="Write to Swift Parcel Couriers").click()
    desk.locator("dialog[open] textarea").fill("Ring at the back, please.")
    desk.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".messages")).to_contain_text("Ring at the back, please.")


def test_both_pages_follow_what_is_shown_and_seen(hub: DeskHub, visit: Callable[..., Page], sit_down: SitDown) -> None:
    link = shared(hub)
    desk = sit_down("dana")
    desk.goto(f"{hub.url}/desk/cases/{HANA}")
    panel = desk.locator("#panel-partners")
    expect(panel).to_contain_text("Not opened yet")
    page = visit(link)
    expect(panel).to_contain_text("Opened")
    expect(page.locator("main")).not_to_contain_text("Has two")
    panel.get_by_role("button", name="Show Swift Parcel Couriers more").click()
    desk.locator("dialog[open]").get_by_label("Has two").check()
    desk.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("main")).to_contain_text("Has two")


def test_a_page_that_is_open_says_so_when_the_link_is_revoked_and_shows_nothing(
    hub: DeskHub, visit: Callable[..., Page], sit_down: SitDown
) -> None:
    link = shared(hub)
    page = visit(link)
    expect(page.locator("html")).to_have_attribute("data-ready", "1")
    desk = sit_down("dana")
    desk.goto(f"{hub.url}/desk/cases/{HANA}")
    desk.get_by_role("button", name="Revoke what Swift Parcel Couriers sees").click()
    desk.locator("dialog[open] [name=why]").fill("Another courier goes")
    desk.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.locator("main")).to_contain_text("This link has ended.")
    expect(page.locator("body")).not_to_contain_text("Pick up")
    expect(page.locator("body")).not_to_contain_text("Quarry Lane")
    expect(page.locator("form")).to_have_count(0)
    expect(desk.locator("#panel-partners")).to_contain_text("Ended")
    page.reload()
    expect(page.locator("main")).to_contain_text("This link has ended.")
    assert flaws(page) == []


def test_the_page_works_without_a_script(hub: DeskHub, visit: Callable[..., Page]) -> None:
    page = visit(shared(hub), script=False)
    page.click("#state-picked_up")
    assert "Picked up" in page.inner_text("#state-now")
    page.fill("#text", "It is on the truck.")
    page.click("#words button")
    assert "It is on the truck." in page.inner_text(".messages")


def test_a_case_is_shared_by_keyboard_and_the_link_shown_once(
    hub: DeskHub, visit: Callable[..., Page], sit_down: SitDown
) -> None:
    desk = sit_down("dana")
    desk.goto(f"{hub.url}/desk/cases/{HANA}")
    desk.get_by_role("button", name="Share with a partner").focus()
    desk.keyboard.press("Enter")
    dialog = desk.locator("#open-share")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Partner").select_option(label="Swift Parcel Couriers")
    dialog.get_by_label("What they are asked to do").fill("Pick up the TV box")
    dialog.locator("[name=message_ids]").first.focus()
    desk.keyboard.press("Space")
    dialog.get_by_label("The case waits for them").focus()
    desk.keyboard.press("Space")
    assert flaws(desk) == []
    dialog.get_by_role("button", name="Share", exact=True).focus()
    desk.keyboard.press("Enter")
    link = desk.locator("#share-link")
    expect(link).to_be_visible()
    page = visit(link.input_value())
    expect(page.get_by_role("heading", level=1)).to_have_text("Pick up the TV box")

    async def status(session: AsyncSession) -> Case:
        return await cases.get(session, HANA)

    assert hub.read(status).waiting_for == "partner"
    desk.reload()
    expect(desk.locator("#panel-partners")).to_contain_text("Opened")
    expect(desk.locator("#share-link")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_settings_of_partners_and_webhooks_are_clean_for_axe(hub: DeskHub, sit_down: SitDown, width: int) -> None:
    page = sit_down("priya", width=width)
    page.goto(f"{hub.url}/desk/settings/partners")
    page.get_by_role("button", name="Make a secret for Swift Parcel Couriers").click()
    expect(page.locator("input[value^=whsec_]")).to_be_visible()
    assert flaws(page) == []
    page.goto(f"{hub.url}/desk/settings/webhooks")
    page.fill("#new-hook", "Reports")
    page.fill("form[hx-post='/desk/settings/webhooks'] [name=url]", f"{hub.url}/healthz")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("input[value^=whsec_]")).to_be_visible()
    page.get_by_role("button", name="Send a test to Reports").click()
    expect(page.locator("#said")).to_contain_text("A test is on its way")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert flaws(page) == []
