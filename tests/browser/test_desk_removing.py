"""A message is removed for good from where it stands, in a conversation and on the page of a case."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import flaws
from tests.browser.desk_hub import DeskHub, hub, sit_down

__all__ = ["hub", "sit_down"]
SitDown = Callable[..., Page]
pytestmark = pytest.mark.timeout(120)

WORDS = "and do I need a box? mine is gone"


def _removes(page: Page) -> None:
    """By keyboard: the first yes is the button, and the focus is on keeping it."""
    said = page.locator(".message", has_text=WORDS)
    said.get_by_role("button", name="Remove for good").focus()
    page.keyboard.press("Enter")
    dialog = page.locator("#remove-words")
    expect(dialog.locator("blockquote")).to_have_text(WORDS)
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    assert flaws(page) == []
    page.keyboard.press("Enter")
    expect(dialog).not_to_be_visible()
    expect(said).to_be_visible()
    said.get_by_role("button", name="Remove for good").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".messages, #ledger, #words").first).not_to_contain_text(WORDS)


def test_in_a_conversation_by_keyboard(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    page.goto(f"{hub.url}/desk/c/{hub.conversation('Samuel Okello').id}?queue=mine")
    _removes(page)
    expect(page.locator("#ledger .removed")).to_have_text("Removed for good.")
    assert WORDS not in [message.text for message in hub.messages("Samuel Okello")]


def test_on_the_page_of_a_case_by_keyboard(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    page.goto(f"{hub.url}/desk/cases/C-482-880-2")
    _removes(page)
    expect(page.locator("#words .removed")).to_have_text("Removed for good.")


def test_who_may_not_is_told_so_and_nothing_is_removed(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("jonas")
    page.goto(f"{hub.url}/desk/cases/C-482-880-2")
    page.locator(".message", has_text=WORDS).get_by_role("button", name="Remove for good").focus()
    page.keyboard.press("Enter")
    page.locator("#remove-words .risky").click()
    expect(page.locator("#remove-words [data-refusal]")).to_be_visible()
    expect(page.locator("#words")).to_contain_text(WORDS)
