"""The page of a case in Chromium: every dialogue by keyboard alone, live, on paper, and under attack by names."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, facts
from handoff.models import Case, Conversation, Customer
from handoff.ports import FoundFact
from tests.browser.accessible import flaws
from tests.browser.desk_hub import DeskHub, hub, open_conversation, sit_down

__all__ = ["hub", "sit_down"]
SitDown = Callable[..., Page]
pytestmark = pytest.mark.timeout(180)
LATE = "C-482-880-2"
"""Samuel's late return, which Dana has."""
ATTACK = "<img src=x onerror=\"document.title='taken'\"></dialog><script>document.title='taken'</script>"


def open_case(hub: DeskHub, page: Page, ref: str = LATE) -> None:
    page.goto(f"{hub.url}/desk/cases/{ref}")
    page.wait_for_selector("body[data-ready]")


def split_first_message(page: Page, title: str) -> str:
    """By keyboard; gives back the reference of the new case."""
    page.keyboard.press("s")
    expect(page.locator("#select-bar")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.locator(".select-count")).to_have_text("1 message chosen")
    page.keyboard.press("Enter")
    expect(page.locator("#split")).to_be_visible()
    page.keyboard.type(title)
    page.keyboard.press("Enter")
    toast = page.locator(".toast", has_text="was made of them")
    expect(toast).to_be_visible()
    return str(toast.locator("a").inner_text())[:11]


def test_messages_are_split_off_and_put_back_by_keyboard(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_case(hub, page)
    before = page.locator("#words .message:not(.system)").count()
    new = split_first_message(page, "The hub itself")
    expect(page.locator("#words")).not_to_contain_text("bought it 34 days ago")
    expect(page.locator(".events")).to_contain_text(f"Split off: {new}")
    expect(page.locator("#case-links")).to_contain_text("The hub itself")
    page.keyboard.press("z")
    expect(page.locator("#words")).to_contain_text("bought it 34 days ago")
    expect(page.locator("#words .message:not(.system)")).to_have_count(before)


def test_a_whole_exchange_and_a_range_are_chosen_at_once(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_case(hub, page)
    page.keyboard.press("s")
    page.keyboard.press("Space")
    page.keyboard.press("x")
    expect(page.locator(".select-count")).to_have_text("2 messages chosen")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator(".select-count")).to_have_text("3 messages chosen")
    page.keyboard.press("Escape")
    expect(page.locator("#select-bar")).to_be_hidden()
    expect(page.locator(".pick:checked")).to_have_count(0)


def test_two_cases_are_joined_after_a_look_and_parted_again(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_case(hub, page)
    new = split_first_message(page, "The hub itself")
    page.keyboard.press("m")
    other = page.locator("#join .other-case", has_text=new)
    expect(other).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#join-preview")).to_contain_text(f"of {new} go into {LATE}")
    page.keyboard.press("Enter")
    expect(page.locator(".toast", has_text=f"{new} is part of {LATE} now")).to_be_visible()
    expect(page.locator("#words")).to_contain_text("bought it 34 days ago")
    open_case(hub, page, new)
    expect(page.locator(".joined-note")).to_contain_text(LATE)
    page.keyboard.press("z")
    expect(page.locator(".case-state .state")).to_contain_text("Open")
    expect(page.locator("#words")).to_contain_text("bought it 34 days ago")


def test_what_cannot_be_joined_is_said_before_and_after(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("priya")
    open_case(hub, page)
    page.keyboard.press("m")
    page.keyboard.type("C-482-934-7")
    expect(page.locator("#join .other-case")).to_contain_text("another customer")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#join-preview")).to_contain_text("cases of two customers")
    page.keyboard.press("Enter")
    expect(page.locator("#join [data-refusal]")).to_contain_text("cases of two customers")
    expect(page.locator("#join")).to_be_visible()
    expect(page.locator("#join [name=text]")).to_have_value("C-482-934-7")


def test_cases_are_linked_and_unlinked(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("priya")
    open_case(hub, page)
    page.keyboard.press("l")
    expect(page.locator("#link")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("C-482-934-7")
    expect(page.locator("#link .other-case")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("#case-links")).to_contain_text("C-482-934-7")
    page.locator("#case-links .unlink").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#case-links")).to_have_count(0)


def test_a_refused_split_keeps_what_was_typed_and_says_why(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_case(hub, page)
    page.keyboard.press("s")
    for _ in range(page.locator("#words .pick").count() - 1):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("Everything")
    page.keyboard.press("Enter")
    expect(page.locator("#split [data-refusal]")).to_contain_text("all the words")
    expect(page.locator("#split [name=title]")).to_have_value("Everything")


def test_escape_gives_the_focus_back_and_loses_nothing(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_case(hub, page)
    page.locator("[data-opens=resolve]").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Half a sentence")
    page.keyboard.press("Escape")
    expect(page.locator("[data-opens=resolve]")).to_be_focused()
    page.keyboard.press("v")
    expect(page.locator(".case-actions")).to_contain_text("Watching")
    page.keyboard.press("e")
    expect(page.locator("#resolve textarea")).to_have_value("Half a sentence")


def test_a_case_waits_is_taken_resolved_and_reopened_by_keyboard(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("priya")
    open_case(hub, page)
    page.keyboard.press("y")
    expect(page.locator(".case-state .state")).to_have_text("Open, yours")
    page.keyboard.press("w")
    expect(page.locator("#wait")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".case-state .state")).to_contain_text("Waiting for a partner")
    page.keyboard.press("w")
    expect(page.locator(".case-state .state")).to_have_text("Open, yours")
    page.keyboard.press("e")
    page.keyboard.type("The return is free and booked.")
    page.keyboard.press("Enter")
    expect(page.locator(".case-state .state")).to_have_text("Resolved")
    expect(page.locator(".resolution")).to_contain_text("The return is free and booked.")
    page.keyboard.press("o")
    page.keyboard.type("The courier did not come.")
    page.keyboard.press("Enter")
    expect(page.locator(".case-state .state")).to_contain_text("Open")
    expect(page.locator(".events")).to_contain_text("The courier did not come.")


def test_escalating_and_an_exception_need_only_keys(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_case(hub, page)
    page.keyboard.press("x")
    expect(page.locator("#exception")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.locator("#escalate")).to_be_visible()
    page.keyboard.type("Four days over, and he was ill.")
    page.keyboard.press("Enter")
    expect(page.locator("#escalate [data-refusal]")).to_be_visible()
    expect(page.locator("#escalate textarea")).to_have_value("Four days over, and he was ill.")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".events")).to_contain_text("Four days over, and he was ill.")


def test_whoever_pressed_a_button_that_is_gone_goes_on_at_its_panel(hub: DeskHub, sit_down: SitDown) -> None:
    dana = hub.agent("Dana Whitlock")
    asked = {"amount_cents": 9_000, "details": {"account_number": "10016"}}
    hub.write(lambda session: cases.ask_exception(session, LATE, dana, "credit", "He was ill.", **asked))
    page = sit_down("priya")
    open_case(hub, page)
    page.get_by_role("button", name="Grant:").press("Enter")
    expect(page.locator(".exceptions")).to_contain_text("Granted by Priya Nair")
    expect(page.get_by_role("heading", name="Exceptions")).to_be_focused()
    page.get_by_role("button", name="Watch").press("Enter")
    expect(page.get_by_role("button", name="Watching")).to_be_focused()


def test_words_are_removed_for_good_only_after_a_second_yes(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_case(hub, page)
    said: list[str] = []
    words = "and do I need a box? mine is gone"

    def answer(dialog: Dialog) -> None:
        said.append(dialog.message)
        dialog.accept() if len(said) > 1 else dialog.dismiss()

    page.on("dialog", answer)
    page.locator("[data-opens=redact]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.locator("#words")).to_contain_text(words)
    page.locator("#redact .risky").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#words")).not_to_contain_text(words)
    expect(page.locator("#words .removed")).to_be_visible()
    assert "cannot be undone" in said[0]


def test_new_words_appear_while_a_note_is_being_written(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_case(hub, page)
    page.keyboard.press("n")
    page.keyboard.type("He said he was")
    hub.customer_writes("Samuel Okello", "are you still there")
    expect(page.locator("#words")).to_contain_text("are you still there")
    page.keyboard.type(" ill.")
    expect(page.locator("#case-note")).to_have_value("He said he was ill.")
    page.keyboard.press("Enter")
    expect(page.locator(".events")).to_contain_text("He said he was ill.")
    expect(page.locator("#case-note")).to_have_value("")


def test_a_corrected_fact_stands_beside_what_holds(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    thread = hub.conversation("Samuel Okello")

    async def correct(session: AsyncSession) -> None:
        found = await session.get_one(Conversation, thread.id)
        await facts.put(session, found, [FoundFact("item", "Hub 8", False, False)], set_by="customer")

    hub.write(correct)
    open_case(hub, page)
    item = page.locator("#case-facts .fact", has_text="Item")
    expect(item).to_contain_text("Hub 8")
    expect(item.locator(".superseded s")).to_have_text("Hub 7")


def test_own_words_are_edited_and_taken_back(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Samuel Okello", "mine")
    mine = page.locator("#" + str(page.locator(".message:has([data-rewords])").last.get_attribute("id")))
    mine.locator("[data-rewords]").focus()
    page.keyboard.press("Enter")
    page.locator("#reword textarea").fill("It is free. Where should the courier come?")
    page.keyboard.press("Enter")
    expect(mine).to_contain_text("It is free. Where should the courier come?")
    expect(mine).to_contain_text("Edited")
    mine.locator("[data-takes-back]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#take-back")).to_be_visible()
    page.keyboard.press("Enter")
    expect(mine).to_contain_text("Taken back")


def test_a_conversation_is_split_and_says_which_case_it_is_about(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_conversation(page, "Samuel Okello", "mine")
    page.keyboard.press("Escape")
    new = split_first_message(page, "The box")
    about = page.locator(".about select")
    expect(about).to_have_value(LATE)
    about.select_option(new)
    expect(page.locator(".thread-state .ref")).to_have_text(new)
    hub.customer_writes("Samuel Okello", "about the box again")

    async def look(session: AsyncSession) -> list[str]:
        return [one.text for one in await cases.words_of(session, (await cases.get(session, new)).id)]

    assert "about the box again" in hub.read(look)


def test_names_and_words_that_are_an_attack_are_shown_and_do_nothing(hub: DeskHub, sit_down: SitDown) -> None:
    hub.customer_writes("Samuel Okello", ATTACK)

    async def rename(session: AsyncSession) -> None:
        case = await session.scalar(select(Case).where(Case.ref == LATE))
        assert case is not None
        case.title = ATTACK[:200]
        (await session.get_one(Customer, case.customer_id)).name = ATTACK[:200]

    hub.write(rename)
    page = sit_down()
    open_case(hub, page)
    expect(page.locator("#words .words", has_text="onerror").last).to_have_text(ATTACK)
    expect(page.locator("h1")).to_contain_text("<script>")
    page.keyboard.press("s")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.locator("#split [name=title]").fill(ATTACK[:150])
    page.keyboard.press("Enter")
    expect(page.locator(".toast", has_text="was made of them")).to_be_visible()
    page.keyboard.press("m")
    expect(page.locator("#join .other-case")).to_contain_text("<img")
    assert page.locator("main img[src=x], main script").count() == 0
    assert "taken" not in page.title().split("onerror")[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_of_a_case_stands_in_the_way_of_a_screen_reader(hub: DeskHub, sit_down: SitDown, scheme: str) -> None:
    page = sit_down(scheme=scheme)
    open_case(hub, page)
    assert flaws(page) == []
    for key, dialog in (
        ("e", "resolve"),
        ("w", "wait"),
        ("m", "join"),
        ("l", "link"),
        ("u", "escalate"),
        ("x", "exception"),
    ):
        page.keyboard.press(key)
        expect(page.locator(f"#{dialog}")).to_be_visible()
        assert flaws(page) == []
        page.keyboard.press("Escape")
    page.keyboard.press("s")
    page.keyboard.press("Space")
    assert flaws(page) == []
    page.keyboard.press("Enter")
    expect(page.locator("#split")).to_be_visible()
    assert flaws(page) == []


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_a_case_fits_any_width(hub: DeskHub, sit_down: SitDown, width: int) -> None:
    page = sit_down(width=width)
    open_case(hub, page)
    assert page.evaluate("document.querySelector('#case').scrollWidth <= document.querySelector('#case').clientWidth")
    page.keyboard.press("m")
    box = page.locator("#join").bounding_box()
    assert box is not None
    assert 0 <= box["x"] <= width - box["width"]


def test_on_paper_a_case_has_words_facts_and_events_and_nothing_to_press(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down()
    open_case(hub, page)
    page.emulate_media(media="print")
    for part in ("h1", "#words", "#case-facts", ".events"):
        expect(page.locator(part)).to_be_visible()
    for part in (".bar", ".case-actions", "#note-form", "#case-who", ".blurred span"):
        expect(page.locator(part).first).to_be_hidden()
    shown = page.locator("main button:visible:not(.blurred):not(.edited)")
    expect(shown).to_have_count(0)
