"""The list of cases by keyboard and by eye: search, filters, views, choosing rows, changing many, and axe."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from bench.cases.data import fill, reference
from tests.browser.accessible import flaws
from tests.browser.desk_hub import DeskHub, hub, sit_down

__all__ = ["hub", "sit_down"]
pytestmark = pytest.mark.timeout(240)

Sit = Callable[..., Page]


@pytest.fixture
def filled(hub: DeskHub) -> DeskHub:
    hub.run(fill(hub.app.state.hub.database, 120))
    return hub


def _list(page: Page, hub: DeskHub, address: str = "") -> None:
    page.goto(f"{hub.url}/desk/cases{address}")
    page.wait_for_selector("body[data-ready]")


def test_words_are_found_as_they_are_typed_and_a_reference_is_gone_to(filled: DeskHub, sit_down: Sit) -> None:
    page = sit_down()
    _list(page, filled)
    page.keyboard.press("/")
    expect(page.locator("#case-search")).to_be_focused()
    page.keyboard.type("router blink")
    expect(page.locator("#case-list mark").first).to_have_text("router")
    expect(page.locator("#case-search")).to_be_focused()
    page.fill("#case-search", reference(7).lower().replace("-", ""))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/desk/cases/{reference(7)}")


def test_filters_narrow_and_stay_in_the_address(filled: DeskHub, sit_down: Sit) -> None:
    page = sit_down()
    _list(page, filled)
    page.select_option("select[name=status]", "resolved")
    page.wait_for_url("**status=resolved*")
    page.select_option("select[name=team]", "billing")
    page.wait_for_url("**team=billing*")
    statuses = page.locator("#case-rows tr td:nth-child(7)").all_inner_texts()
    assert statuses
    assert set(statuses) == {"Resolved"}
    page.reload()
    expect(page.locator("select[name=team]")).to_have_value("billing")


def test_pages_go_on_where_the_last_row_was(filled: DeskHub, sit_down: Sit) -> None:
    page = sit_down()
    _list(page, filled, "?status=any")
    first = page.locator("#case-rows td.number a").all_inner_texts()
    page.click("text=Next page")
    page.wait_for_url("**after=*")
    second = page.locator("#case-rows td.number a").all_inner_texts()
    assert len(first) == 50
    assert set(first).isdisjoint(second)
    page.click("text=First page")
    page.wait_for_url(lambda url: "after=" not in url)
    assert page.locator("#case-rows td.number a").all_inner_texts() == first


def test_rows_are_chosen_and_changed_by_keyboard_and_taken_back(filled: DeskHub, sit_down: Sit) -> None:
    page = sit_down("priya")
    _list(page, filled, "?status=any")
    page.locator("body").click(position={"x": 5, "y": 5})
    page.keyboard.press("j")
    expect(page.locator(".pick").first).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("#bulk-count")).to_have_text("3 chosen")
    page.locator("#bulk-do").focus()
    page.select_option("#bulk-do", "tag")
    page.locator("#bulk-value input").focus()
    page.keyboard.type("second visit")
    page.keyboard.press("Enter")
    expect(page.locator(".case-said")).to_contain_text("3 changed.")
    expect(page.locator("#case-rows .tag")).to_have_text(["second visit"] * 3)
    page.locator(".case-said button").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".case-said")).to_contain_text("Taken back: 3 changed.")
    expect(page.locator("#case-rows .tag")).to_have_count(0)


def test_a_range_is_chosen_with_shift_and_the_mouse_and_what_is_refused_is_told(filled: DeskHub, sit_down: Sit) -> None:
    page = sit_down("jonas")
    _list(page, filled, "?status=open")
    page.locator(".pick").nth(0).click()
    page.locator(".pick").nth(9).click(modifiers=["Shift"])
    expect(page.locator("#bulk-count")).to_have_text("10 chosen")
    page.select_option("#bulk-do", "priority")
    page.select_option("#bulk-value select", "high")
    page.click("#bulk-apply")
    expect(page.locator(".case-said")).to_contain_text("changed")
    expect(page.locator(".case-said")).to_contain_text("not:")
    assert page.locator(".case-said li a").count() > 0


def test_a_view_is_saved_shown_with_its_count_and_removed(filled: DeskHub, sit_down: Sit) -> None:
    page = sit_down()
    _list(page, filled, "?status=resolved&team=network")
    rows = page.locator("#case-rows tr").count()
    page.click("text=Save view")
    page.fill(".save-view [name=name]", "Network done")
    page.keyboard.press("Enter")
    tab = page.locator(".case-tabs a[aria-current]")
    expect(tab).to_contain_text("Network done")
    expect(tab.locator(".count")).to_contain_text(str(rows))
    page.click("text=Remove view")
    expect(page.locator(".case-tabs")).not_to_contain_text("Network done")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_list_is_clean_for_axe_and_does_not_run_over(
    filled: DeskHub, sit_down: Sit, width: int, scheme: str
) -> None:
    page = sit_down("priya", width=width, scheme=scheme)
    for address in ("?status=any", "?search=router&status=any"):
        _list(page, filled, address)
        page.locator(".pick").first.click()
        page.select_option("#bulk-do", "resolve")
        page.wait_for_selector("#bulk-value input")
        assert flaws(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_settings_of_fields_articles_and_views_by_keyboard(filled: DeskHub, sit_down: Sit) -> None:
    page = sit_down("priya")
    page.goto(f"{filled.url}/desk/settings/fields")
    page.fill("#new-label", "Serial number")
    page.fill("[name=name]", "serial")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("Serial number")
    assert flaws(page) == []
    page.goto(f"{filled.url}/desk/settings/articles")
    page.locator("[name=title]").first.fill("Reset the router")
    page.locator("[name=text]").first.fill("Hold the **button**.")
    page.locator("[name=url]").first.fill("https://help.example/reset")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("Reset the router")
    assert flaws(page) == []
    page.goto(f"{filled.url}/desk/settings/views")
    assert flaws(page) == []
    page.goto(f"{filled.url}/desk/cases/{reference(3)}")
    page.fill("#case-tags", "vip, box")
    page.keyboard.press("Enter")
    expect(page.locator("#tags-hint .tag")).to_have_text(["box", "vip"])
    page.get_by_label("Serial number").fill("AB-12")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Serial number")).to_have_value("AB-12")
