"""The desk in Chromium: what agents do all day, by mouse and by keyboard, alone and next to each other."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessible import flaws
from tests.browser.desk_hub import DeskHub, hub, nothing_new_arrives, open_conversation, sit_down

__all__ = ["hub", "sit_down"]
SitDown = Callable[..., Page]
pytestmark = pytest.mark.timeout(120)

LOWER_THAN_A_FINGER = """() => [...document.querySelectorAll('.bar *, main *, .settings-nav *')]
  .filter((one) => one.matches('a, button, select, summary, input:not([type=checkbox], [type=radio])'))
  .filter((one) => !one.closest('p, td') && one.checkVisibility())
  .filter((one) => one.getBoundingClientRect().height < 39.5)
  .map((one) => one.outerHTML.slice(0, 80))"""


def test_what_nobody_owns_is_on_top_and_its_clock_ticks(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    expect(page.locator(".queue").first).to_contain_text("Nobody owns this")
    expect(page.locator(".queue.nobody .count")).to_have_text("5")
    first = page.locator(".row").first
    expect(first).to_contain_text("Urgent")
    expect(first.locator(".waiting time")).to_have_text(re.compile(r"^\d+m$"))
    page.click(".queue[data-queue=closed]")
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".queue.nobody")).to_be_visible()


def test_everything_the_customer_told_is_shown_and_leads_to_its_message(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Sofia Marchetti", "nobody")
    details = page.locator("#details")
    for words in ("Above the assistant's limit", "TV-88213", "Bill dispute", "94%", "Refused", "C-318-204", "10007"):
        expect(details).to_contain_text(words)
    page.locator(".fact", has_text="Reference").locator("a.source").click()
    found = page.locator(".message.found")
    expect(found).to_contain_text("report TV-88213")
    expect(found).to_be_in_viewport()


def test_sensitive_facts_stay_blurred_until_asked_for(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Sofia Marchetti", "nobody")
    phone = page.locator(".fact", has_text="Phone").locator(".blurred")
    expect(phone.locator("span")).to_have_css("filter", "blur(5px)")
    phone.click()
    expect(phone.locator("span")).to_have_css("filter", "none")


def test_the_form_the_bot_was_filling_is_shown_as_it_was_left(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Hana Sato", "nobody")
    details = page.locator("#details")
    expect(details).to_contain_text("5 of 7")
    expect(details.locator(".slots .missing")).to_have_text(["Pickup windowasked last", "Contact phone"])


def test_an_agent_accepts_answers_and_resolves(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Hana Sato", "nobody")
    page.click("text=Accept")
    expect(page.locator(".thread-state")).to_contain_text("You have this")
    page.fill("#draft", "Tuesday from 9 to 12 at 31 Quarry Lane is booked.")
    page.click(".send")
    expect(page.locator(".message.agent", has_text="Tuesday from 9 to 12")).to_contain_text("Sent")
    page.click(".thread-actions >> text=Resolve")
    page.fill("#resolve textarea", "Pickup booked for Tuesday.")
    page.click("#resolve .primary")
    expect(page.locator(".thread-state")).to_contain_text("Closed")
    assert hub.conversation("Hana Sato").floor == "closed"


def test_what_is_solved_is_not_asked_again_and_what_is_not_goes_on(sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Hana Sato", "nobody")
    page.click("text=Accept")
    page.click(".thread-actions >> text=Give back")
    expect(page.get_by_label("Open for anything")).to_be_checked()
    page.get_by_label("Partly solved").check()
    expect(page.get_by_label("With the")).to_be_checked()
    page.get_by_label("Solved", exact=True).check()
    expect(page.get_by_label("Open for anything")).to_be_checked()


def test_a_whole_handover_needs_nothing_but_the_keyboard(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    press = page.keyboard.press
    press("2")
    expect(page.locator(".list-inner[data-queue=mine]")).to_be_visible()
    press("1")
    expect(page.locator(".list-inner[data-queue=nobody]")).to_be_visible()
    for _ in range(3):
        press("j")
    expect(page.locator(".row:focus")).to_contain_text("Hana Sato")
    press("Enter")
    expect(page.locator(".thread-who h2")).to_contain_text("Hana Sato")
    press("a")
    expect(page.locator(".thread-state")).to_contain_text("You have this")
    press("r")
    page.keyboard.type("The courier comes on Tuesday.")
    press("Enter")
    expect(page.locator(".message.agent", has_text="The courier comes")).to_contain_text("Sent")
    press("Escape")
    press("n")
    page.keyboard.type("Courier's calendar works again.")
    press("Enter")
    expect(page.locator(".message.note", has_text="calendar works again")).to_be_visible()
    press("Escape")
    press("g")
    expect(page.locator("#give-back")).to_be_visible()
    page.keyboard.type("Pickup booked for Tuesday, 9 to 12.")
    press("Tab")
    page.keyboard.type("Pickup window")
    press("Tab")
    page.keyboard.type("Tuesday 9 to 12")
    press("Enter")
    expect(page.locator(".thread-state")).to_contain_text("With Fern")
    expect(page.locator(".message.assistant").last).to_contain_text("/handback")
    assert hub.assistant.requests[-1].metadata["handback"]["summary"] == "Pickup booked for Tuesday, 9 to 12."
    assert hub.assistant.requests[-1].metadata["facts"]["pickup_window"]["value"] == "Tuesday 9 to 12"


def test_a_message_appears_once_without_a_reload(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Samuel Okello", "mine")
    hub.customer_writes("Samuel Okello", "one more thing")
    expect(page.locator(".message", has_text="one more thing")).to_have_count(1)
    hub.agent_writes("Dana Whitlock", "Samuel Okello", "written elsewhere")
    expect(page.locator(".message", has_text="written elsewhere")).to_have_count(1)
    seqs = page.locator("#ledger > .message").evaluate_all("all => all.map(one => Number(one.dataset.seq))")
    assert seqs == sorted(set(seqs))


def test_the_page_catches_up_after_its_socket_was_lost(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Samuel Okello", "mine")
    page.context.set_offline(True)
    hub.customer_writes("Samuel Okello", "said while you were away")
    page.context.set_offline(False)
    hub.customer_writes("Samuel Okello", "and said after")
    expect(page.locator(".message", has_text="said while you were away")).to_have_count(1)
    expect(page.locator(".message", has_text="and said after")).to_have_count(1)


def test_the_second_to_accept_learns_who_was_first(hub: DeskHub, sit_down: SitDown) -> None:
    dana, sam = sit_down("dana"), sit_down("sam")
    for page in (dana, sam):
        open_conversation(page, "Sofia Marchetti", "nobody")
    sam.evaluate("() => { window.held = document.querySelector('[data-key=a]').getAttribute('hx-post'); }")
    dana.click("text=Accept")
    expect(dana.locator(".thread-state")).to_contain_text("You have this")
    expect(sam.locator(".thread-state")).to_contain_text("Dana Whitlock has this")
    sam.evaluate("() => htmx.ajax('POST', window.held, '#stage')")
    expect(sam.locator(".toast.bad")).to_contain_text("Dana Whitlock has this conversation already.")


def test_agents_see_who_else_looks_and_writes(hub: DeskHub, sit_down: SitDown) -> None:
    dana, priya = sit_down("dana"), sit_down("priya")
    for page in (dana, priya):
        open_conversation(page, "Samuel Okello", "all")
    expect(dana.locator("#others")).to_have_text("Priya Nair is looking at this too")
    priya.locator("#draft").press_sequentially("May I say")
    expect(dana.locator("#others")).to_have_text("Priya Nair is writing here right now")
    open_conversation(priya, "Diego Fuentes", "all")
    expect(dana.locator("#others")).to_be_hidden(timeout=12_000)


def test_a_question_that_was_answered_shows_the_answer_before_it_is_sent(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Samuel Okello", "mine")
    page.fill("#draft", "Could you give me your account number?")
    warning = page.locator("#answered")
    expect(warning).to_contain_text("Account number 10024")
    warning.locator("a").click()
    expect(page.locator(".message.found")).to_be_in_viewport()
    page.fill("#draft", "Thank you, that is all I need.")
    expect(warning).to_be_hidden()
    assert len(hub.messages("Samuel Okello")) == 12


def test_a_reply_on_a_stale_view_asks_first(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Samuel Okello", "mine")
    with nothing_new_arrives(page):
        hub.customer_writes("Samuel Okello", "please wait, I found the box")
        page.fill("#draft", "I'm sending you a box.")
        page.keyboard.press("Enter")
        dialog = page.locator("#stale-dialog")
        expect(dialog).to_contain_text("please wait, I found the box")
    page.click("text=Keep editing")
    expect(page.locator("#draft")).to_have_value("I'm sending you a box.")
    assert hub.messages("Samuel Okello")[-1].text == "please wait, I found the box"
    expect(page.locator("#ledger .message", has_text="I found the box")).to_have_count(1)


def test_words_go_out_once_after_reading_what_is_new(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Samuel Okello", "mine")
    with nothing_new_arrives(page):
        hub.customer_writes("Samuel Okello", "hello?")
        page.fill("#draft", "The box comes tomorrow.")
        page.keyboard.press("Enter")
        expect(page.locator("#stale-dialog")).to_be_visible()
    page.click("text=Send anyway")
    expect(page.locator("#ledger .message.agent", has_text="The box comes tomorrow.")).to_contain_text("Sent")
    assert [one.text for one in hub.messages("Samuel Okello")].count("The box comes tomorrow.") == 1


def test_words_that_could_not_be_sent_stay_and_go_out_once(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Samuel Okello", "mine")
    page.route("**/say", lambda route: route.abort())
    page.fill("#draft", "You need no box.")
    page.keyboard.press("Enter")
    bubble = page.locator(".message", has_text="You need no box.")
    expect(bubble).to_contain_text("Not sent.")
    page.unroute("**/say")
    bubble.get_by_text("Try again").click()
    expect(bubble).to_contain_text("Sent")
    expect(bubble).to_have_count(1)
    assert [one.text for one in hub.messages("Samuel Okello")].count("You need no box.") == 1


def test_a_private_note_is_for_the_desk_alone(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("sam")
    open_conversation(page, "Samuel Okello", "all")
    expect(page.locator(".composer-tabs [data-mode=reply]")).to_be_disabled()
    page.fill("#draft", "Sam here: same customer as last week.")
    page.keyboard.press("Enter")
    expect(page.locator(".message.note", has_text="Sam here")).to_contain_text("private note")
    assert hub.messages("Samuel Okello")[-1].audience == "desk"


def test_a_draft_survives_looking_elsewhere(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Samuel Okello", "mine")
    page.fill("#draft", "half a sentence")
    open_conversation(page, "Hana Sato", "mine")
    expect(page.locator("#draft")).to_have_value("")
    open_conversation(page, "Samuel Okello", "mine")
    expect(page.locator("#draft")).to_have_value("half a sentence")


def test_a_slash_finds_a_canned_answer(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Samuel Okello", "mine")
    page.locator("#draft").press_sequentially("/pick")
    expect(page.locator("#canned li")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#draft")).to_have_value(re.compile("^The courier picks it up"))


def test_a_transfer_goes_to_the_team_with_its_note(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Samuel Okello", "mine")
    page.click(".thread-actions >> text=Transfer")
    page.select_option("#transfer select", "billing")
    page.fill("#transfer textarea", "Refund goes to the card.")
    page.click("#transfer .primary")
    expect(page.locator(".thread-state")).to_contain_text("Nobody owns this")
    expect(page.locator(".message.note").last).to_contain_text("Refund goes to the card.")


def test_a_new_handover_is_announced_to_the_team(hub: DeskHub, sit_down: SitDown) -> None:
    sam, dana = sit_down("sam"), sit_down("dana")
    open_conversation(dana, "Samuel Okello", "mine")
    dana.click(".thread-actions >> text=Transfer")
    dana.select_option("#transfer select", "billing")
    dana.fill("#transfer textarea", "For you.")
    dana.click("#transfer .primary")
    expect(sam.locator(".toast")).to_contain_text("A customer is waiting")
    expect(sam.locator(".row", has_text="Samuel Okello")).to_be_visible()


def test_a_case_is_noted_moved_resolved_and_reopened(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("priya")
    page.click("text=Cases")
    page.click("tr:has-text('Cancel at the end of the month') a")
    page.wait_for_load_state()
    page.fill("#case-note", "Call him before ten.")
    page.click("text=Add note")
    expect(page.locator(".events")).to_contain_text("Call him before ten.")
    page.select_option("[name=agent_id]", label="Priya Nair")
    expect(page.locator(".events")).to_contain_text("Assigned")
    page.click(".case-actions >> text=Resolve")
    page.fill("#resolve textarea", "Cancelled for the 30th.")
    page.click("#resolve .primary")
    expect(page.locator(".case-head")).to_contain_text("Resolved")
    page.click(".case-actions >> text=Reopen")
    page.fill("#reopen textarea", "He changed his mind.")
    page.click("#reopen .primary")
    expect(page.locator(".case-head .state")).to_contain_text("Open")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_in_the_way_of_a_screen_reader(hub: DeskHub, sit_down: SitDown, scheme: str) -> None:
    page = sit_down(scheme=scheme)
    open_conversation(page, "Samuel Okello", "mine")
    page.keyboard.press("Escape")
    assert flaws(page) == []
    for key in ("t", "e", "g", "?"):
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_be_visible()
        assert flaws(page) == []
        page.keyboard.press("Escape")
    page.goto(f"{hub.url}/desk/cases")
    assert flaws(page) == []
    page.click("table a")
    expect(page.locator(".case-head")).to_be_visible()
    assert flaws(page) == []


@pytest.mark.parametrize("width", [1440, 1024, 390, 320])
def test_no_width_scrolls_sideways(hub: DeskHub, sit_down: SitDown, width: int) -> None:
    page = sit_down(width=width, height=800)
    for path in ("/desk?queue=mine", f"/desk/c/{hub.conversation('Samuel Okello').id}?queue=mine", "/desk/cases"):
        page.goto(hub.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(f"{hub.url}/desk?queue=mine")
    page.click(".row:has-text('Samuel')")
    expect(page.locator("#draft")).to_be_visible()
    if width < 760:
        expect(page.locator("#rows")).to_be_hidden()
        page.click(".back")
        expect(page.locator("#rows")).to_be_visible()


def test_a_phone_shows_every_section_and_nothing_too_low_for_a_finger(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("priya", width=390, height=844)
    for path in ("/desk", "/desk/cases", "/desk/reports", "/desk/settings/exceptions"):
        page.goto(f"{hub.url}{path}")
        page.wait_for_selector("body[data-ready]")
        for link in page.get_by_label("Sections").get_by_role("link").all():
            expect(link).to_be_in_viewport(ratio=1)
        assert page.evaluate(LOWER_THAN_A_FINGER) == [], path
    expect(page.locator(".settings-nav [aria-current]")).to_be_in_viewport(ratio=1)
