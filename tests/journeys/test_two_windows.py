"""The whole story in two browser windows, on real processes: a customer at the shop, an agent at the desk."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from handoff.demo import PASSWORD
from tests.browser.conftest import browser
from tests.journeys.breakable import Breakable

__all__ = ["browser"]
pytestmark = pytest.mark.timeout(240)
expect.set_options(timeout=20_000)


@pytest.fixture
def customer(browser: Browser, stack: Breakable) -> Iterator[Page]:
    yield from _window(browser, stack.ports.urls["hub"], 1280)


@pytest.fixture
def agent(browser: Browser, stack: Breakable) -> Iterator[Page]:
    yield from _window(browser, stack.ports.urls["hub"] + "/desk/sign-in", 1440)


def _window(browser: Browser, url: str, width: int) -> Iterator[Page]:
    context = browser.new_context(locale="en-US", viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


def _writes(page: Page, words: str) -> None:
    page.get_by_label("Write a message").fill(words)
    page.keyboard.press("Enter")


def _serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in ("serious", "critical")]


def test_told_once_in_one_window_and_known_in_the_other(customer: Page, agent: Page) -> None:
    customer.get_by_role("button", name="Chat with us").click()
    _writes(customer, "I want to return my tv box, my account is 10042, postcode 48104")
    customer.get_by_role("button", name="TV Box Max recorder").click()
    expect(customer.locator(".log .words").last).to_contain_text("What's the reason?")
    assert _serious(customer) == []
    customer.get_by_role("button", name="Talk to a person").click()
    announcement = customer.get_by_text("Your reference is C-")
    expect(announcement).to_be_visible()
    reference = re.search(r"C-[\d-]+\d", announcement.inner_text())
    assert reference

    agent.get_by_label("E-mail").fill("dana@fernway.example")
    agent.get_by_label("Password").fill(PASSWORD)
    agent.keyboard.press("Enter")
    agent.wait_for_selector("body[data-ready]")
    agent.keyboard.press("/")
    agent.keyboard.type(reference.group())
    expect(agent.locator(".row")).to_have_count(1)
    agent.locator(".row").press("Enter")
    expect(agent.locator("#details")).to_contain_text("10042")
    expect(agent.locator("#details")).to_contain_text("48104")
    expect(agent.locator(".message.customer").first).to_contain_text("I want to return my tv box")
    agent.keyboard.press("a")
    expect(agent.locator(".thread-state")).to_contain_text("You have this")
    expect(customer.get_by_role("button", name="Talking to Dana Whitlock")).to_be_visible()

    agent.keyboard.press("r")
    agent.keyboard.type("What is your account number?")
    expect(agent.locator("#answered")).to_contain_text("10042")
    agent.locator("#draft").fill("Hello Maya, I will have it fetched on Monday.")
    agent.keyboard.press("Enter")
    expect(customer.locator(".log .words").last).to_contain_text("fetched on Monday")
    _writes(customer, "wonderful, thank you")
    expect(agent.locator(".message.customer").last).to_contain_text("wonderful, thank you")
    assert _serious(agent) == []

    agent.keyboard.press("Escape")
    agent.keyboard.press("g")
    expect(agent.locator("#give-back")).to_be_visible()
    agent.keyboard.type("The courier comes on Monday morning.")
    agent.get_by_label("Partly solved").check()
    expect(agent.get_by_label("With the return form")).to_be_checked()
    agent.locator("#give-back").get_by_role("button", name="Give back").press("Enter")
    expect(customer.get_by_text("The courier comes on Monday morning.")).to_be_visible()
    expect(customer.get_by_role("button", name="Talk to a person")).to_be_visible()

    _writes(customer, "why is my bill higher this month?")
    expect(customer.get_by_text("Your November bill is")).to_be_visible()
    # The form the customer was in goes on, and nothing that was told is asked again.
    expect(customer.locator(".log .words").last).to_have_text("What's the reason?")
    said = customer.locator(".log .words").all_inner_texts()
    assert not [words for words in said if "account number?" in words or "postcode on the account" in words]
