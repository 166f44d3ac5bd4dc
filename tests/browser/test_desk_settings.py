"""Settings of the desk in a browser: by keyboard alone, readable by assistive technology, and not for agents."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, handovers
from handoff.models import Agent, Case, Route, Team
from handoff.package import HandoverRequest, Issue, Reason
from tests.browser.accessible import flaws
from tests.browser.desk_hub import DeskHub, hub, sit_down

__all__ = ["hub", "sit_down"]
SitDown = Callable[..., Page]
pytestmark = pytest.mark.timeout(180)
PAGES = ("teams", "agents", "skills", "calendars", "routes", "canned")


def go(page: Page, hub: DeskHub, section: str) -> None:
    page.goto(f"{hub.url}/desk/settings/{section}")
    page.wait_for_selector("body[data-ready]")


def type_in(page: Page, *fields: str) -> None:
    """The form for a new one, by keyboard alone, sent with Enter. An empty word leaves a field as it is."""
    page.locator("#name-new").focus()
    for place, words in enumerate(fields):
        if place:
            page.keyboard.press("Tab")
        page.keyboard.type(words)
    page.keyboard.press("Enter")


def said(page: Page, words: str) -> None:
    expect(page.locator("#said")).to_contain_text(words)


def test_agents_see_no_settings(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("dana")
    expect(page.get_by_role("link", name="Settings")).to_have_count(0)
    page.goto(f"{hub.url}/desk/settings/teams")
    expect(page.locator("body")).to_contain_text("Only a supervisor may see and change the settings")


def test_a_calendar_a_team_and_a_route_are_made_by_keyboard_and_tried(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("priya")
    go(page, hub, "calendars")
    type_in(page, "Night shift", "Europe/Berlin", "mon-sun 22:00-24:00, mon-sun 00:00-06:00")
    said(page, "Night shift is saved")
    expect(page.locator("section", has_text="Night shift")).to_contain_text("(Europe/Berlin)")

    go(page, hub, "teams")
    type_in(page, "Owls", "Night", "", "")
    said(page, "Owls is a team now")

    go(page, hub, "routes")
    type_in(page, "Owls take returns", "Owls", "", "Topic", "starts", "return")
    said(page, "Owls take returns is on and is tried last")
    made = page.locator("li.card", has_text="Owls take returns")
    expect(made).to_contain_text("Owls, when the topic starts with return.")
    while made.get_by_role("button", name="Earlier").is_enabled():
        place = str(made.locator("h2").text_content())
        made.get_by_role("button", name="Earlier").press("Enter")
        expect(made.locator("h2")).not_to_have_text(place)

    ref = hub.read(_a_return)
    page.locator("#trial-ref").fill(ref)
    page.keyboard.press("Enter")
    expect(page.locator(".trial")).to_contain_text("The team is Owls, because the topic starts with return")
    expect(page.locator(".trial")).to_contain_text("Nobody of Owls is at the desk")
    assert hub.read(_teams_and_routes)[0]["owls"] == "Owls"


async def _a_return(session: AsyncSession) -> str:
    return str(await session.scalar(select(Case.ref).where(Case.topic.startswith("return")).limit(1)))


async def _teams_and_routes(session: AsyncSession) -> tuple[dict[str, str], list[str]]:
    teams = {one.id: one.name for one in await session.scalars(select(Team))}
    return teams, [one.name for one in await session.scalars(select(Route).order_by(Route.position))]


def test_a_mistake_is_said_and_nothing_typed_is_lost(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("priya")
    go(page, hub, "calendars")
    page.locator("#name-new").fill("Office")
    page.locator("#hours-new").fill("monday to friday")
    page.locator("#add-calendar").press("Enter")
    expect(page.locator(".toast.bad")).to_contain_text("Write for example 'mon-fri 08:00-20:00'")
    expect(page.locator("#hours-new")).to_have_value("monday to friday")


def test_only_operators_that_fit_a_field_are_offered(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("priya")
    go(page, hub, "routes")
    row = page.locator("form", has=page.locator("#add-route")).locator(".condition")
    row.locator("[name=field]").select_option("contacts")
    offered = row.locator("[name=op] option:not([disabled])")
    expect(offered).to_have_text(["is", "is at least", "is at most", "is set", "is empty"])
    page.locator("form", has=page.locator("#add-route")).locator("[data-adds-row]").press("Enter")
    expect(row).to_have_count(2)
    expect(row.nth(1).locator("[name=field]")).to_be_focused()


def test_a_team_with_work_is_closed_only_with_somewhere_for_it_to_go(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("priya")
    go(page, hub, "teams")
    returns = page.locator("section", has=page.locator("#team-returns"))
    returns.get_by_role("button", name="Deactivate").press("Enter")
    expect(page.locator(".toast.bad")).to_contain_text("Say which team takes them")
    returns.locator("[name=move_to]").select_option("care")
    returns.get_by_role("button", name="Deactivate").press("Enter")
    said(page, "Returns takes nothing new")
    expect(returns).to_contain_text("0 open cases")


def test_what_an_agent_can_do_is_ticked_and_kept(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("priya")
    go(page, hub, "agents")
    sam = page.locator("section", has_text="Sam Ortega")
    sam.get_by_label("Network").press("Space")
    sam.get_by_label("Fibre lines").press("Space")
    sam.get_by_label("Languages").fill("en, de, pl")
    sam.get_by_role("button", name="Save").press("Enter")
    said(page, "Sam Ortega is saved")
    kept = hub.agent("Sam Ortega")
    assert kept.languages == ["en", "de", "pl"]
    assert {"network", "billing", "care"} == set(kept.teams)
    assert {"billing_disputes", "fibre_lines"} == set(kept.skills)


def test_the_case_says_why_it_is_there(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("priya")
    conversation = hub.conversation("Diego Fuentes")
    answer = hub.write(lambda session: _ask_for_billing(session, conversation.id))
    page.goto(f"{hub.url}/desk/cases/{answer}")
    panel = page.locator(".routing")
    expect(panel).to_contain_text("The team is Billing, because the topic is one of bill_dispute, payment_arrangement")
    expect(panel).to_contain_text("It asks for Billing disputes.")
    expect(panel).to_contain_text(re.compile(r"(Priya Nair|Sam Ortega) is at the desk"))


async def _ask_for_billing(session: AsyncSession, conversation_id: str) -> str:
    await agents.set_presence(session, (await _priya(session)), "online")
    request = HandoverRequest(
        conversation_id=conversation_id,
        idempotency_key="ask-for-billing",
        reason_code=Reason.ASKED,
        issue=Issue(title="A line on my bill", type="bill_dispute"),
        team="billing",
    )
    return (await handovers.hand_over(session, request)).case_ref


async def _priya(session: AsyncSession) -> str:
    return str(await session.scalar(select(Agent.id).where(Agent.name == "Priya Nair")))


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_every_page_is_readable_by_assistive_technology(
    hub: DeskHub, sit_down: SitDown, width: int, scheme: str
) -> None:
    page = sit_down("priya", width=width, scheme=scheme)
    for section in PAGES:
        go(page, hub, section)
        assert flaws(page) == [], section
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), section


def test_an_agent_is_added_by_keyboard_and_sets_and_replaces_their_own_password(
    hub: DeskHub, sit_down: SitDown, browser: Browser
) -> None:
    page = sit_down("priya")
    go(page, hub, "agents")
    page.locator("#name-new").focus()
    for words in ("Kim Lee", "kim@fernway.example", "Supervisor"):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    said(page, "Kim Lee is at the desk once they set a password with the link.")
    made = page.locator("section", has_text="kim@fernway.example")
    link = made.get_by_label("Give Kim Lee this link").input_value()
    assert flaws(page) == []
    go(page, hub, "agents")
    expect(page.locator("section", has_text="kim@fernway.example")).not_to_contain_text("this link")

    kim = browser.new_context(base_url=hub.url).new_page()
    kim.goto(link)
    expect(kim.locator("body")).to_contain_text("Welcome, Kim Lee.")
    assert flaws(kim) == []
    kim.keyboard.type("a long enough password")
    kim.keyboard.press("Enter")
    expect(kim.locator("body")).to_contain_text("Your password is set.")
    kim.fill("[name=password]", "a long enough password")
    kim.keyboard.press("Enter")
    kim.wait_for_selector("body[data-ready]")
    expect(kim.get_by_role("link", name="Settings")).to_be_visible()

    kim.click(".me")
    kim.click("#you summary")
    kim.fill("#you [name=present]", "not the one she has")
    kim.fill("#you [name=new]", "quite another password")
    kim.keyboard.press("Enter")
    expect(kim.locator("#you [role=alert]")).to_contain_text("That is not your present password.")
    assert flaws(kim) == []
    kim.fill("#you [name=present]", "a long enough password")
    kim.keyboard.press("Enter")
    kim.wait_for_url("**/desk/sign-in")
    kim.goto(link)
    expect(kim.get_by_role("alert")).to_contain_text("This link opens nothing any more.")
    kim.context.close()


def test_a_trigger_that_does_two_things_is_made_by_keyboard_tried_and_switched_on(
    hub: DeskHub, sit_down: SitDown
) -> None:
    page = sit_down("priya")
    go(page, hub, "triggers")
    form = page.locator("form", has=page.locator("#add-trigger"))
    expect(form.locator("#amount-new")).to_be_hidden()
    form.locator("#event-new").select_option("Time has passed")
    expect(form.locator("#amount-new")).to_be_visible()
    form.locator("#event-new").select_option("A case is opened")

    page.locator("#name-new").fill("Returns are urgent")
    first = form.locator(".action").first
    first.locator("[name=do]").select_option("Set the priority to")
    expect(first.locator("[name=words]")).to_be_hidden()
    first.locator("[name=chosen]").select_option("Urgent")
    form.get_by_role("button", name="Another action").press("Enter")
    expect(form.locator(".action").nth(1).locator("[name=do]")).to_be_focused()
    form.locator(".action").nth(1).locator("[name=do]").select_option("Tag with")
    form.locator(".action").nth(1).locator("[name=words]").fill("rush")
    assert flaws(page) == []
    page.locator("#add-trigger").press("Enter")

    made = page.locator("li.card", has_text="Returns are urgent")
    expect(made).to_contain_text("Set the priority to urgent")
    expect(made).to_contain_text("rush")
    expect(made).to_contain_text("Nothing was changed.")
    made.get_by_role("button", name="Switch on").press("Enter")
    expect(made.get_by_role("button", name="Switch off")).to_be_visible()
