"""Files at the desk: what a customer sent is seen, what an agent sends arrives, nothing in them runs."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from handoff import conversations, edits, handovers
from handoff.ledger import Speaker
from handoff.models import Message
from handoff.ports import Words
from tests.browser.accessible import flaws
from tests.browser.desk_hub import DeskHub, hub, sit_down
from tests.browser.test_customer_files import PAYLOAD, choose, file, is_drawn
from tests.browser.test_widget_with_hub import write
from tests.support.pictures import HTML, PDF, PROGRAM, SVG, png

__all__ = ["hub", "sit_down"]
SitDown = Callable[..., Page]
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def customer(context: BrowserContext, hub: DeskHub) -> Page:
    """Maya, who has sent two pictures, a label and a drawing with a payload for a name."""
    page = context.new_page()
    page.goto(hub.url)
    page.get_by_role("button", name="Chat with us").click()
    choose(page, file(), file(PAYLOAD), file("label.pdf", PDF), file("drawing.png", SVG))
    write(page, "my box arrived like this")
    expect(page.locator(".message .picture")).to_have_count(2)
    return page


def newest(hub: DeskHub) -> str:
    return max(hub.read(lambda session: _ids(session)))


async def _ids(session: object) -> list[str]:
    from sqlalchemy import select

    from handoff.models import Conversation

    return list(await session.scalars(select(Conversation.id)))  # type: ignore[attr-defined]


def at_the_desk(hub: DeskHub, sit_down: SitDown, **parts: object) -> Page:
    """Dana, who has taken the newest conversation over and looks at it."""
    dana, conversation_id = hub.agent("Dana Whitlock"), newest(hub)
    hub.write(lambda session: handovers.take_over(session, conversation_id, dana))
    page = sit_down(**parts)
    page.goto(f"{hub.url}/desk/c/{conversation_id}?queue=mine")
    page.wait_for_selector("body[data-ready]")
    return page


def is_loaded(page: Page, selector: str) -> None:
    page.wait_for_function("selector => document.querySelector(selector)?.naturalWidth > 0", arg=selector)


def test_an_agent_sees_what_the_customer_sent_and_answers_with_a_file(
    hub: DeskHub, sit_down: SitDown, customer: Page
) -> None:
    desk = at_the_desk(hub, sit_down)
    message = desk.locator(".message.customer", has_text="my box arrived like this")
    expect(message.locator(".picture")).to_have_count(2)
    expect(message.locator("a.chip")).to_have_count(2)
    is_loaded(desk, ".picture img")
    assert desk.title() != "1"
    desk.locator("#picker").set_input_files([file("new label.pdf", PDF), file("how to pack.png")])
    expect(desk.locator("#tray li.ready")).to_have_count(2)
    desk.locator("#draft").press("Enter")
    mine = desk.locator(".message.agent")
    expect(mine.locator(".picture")).to_have_count(1)
    expect(mine.locator(".send-state")).to_have_text(re.compile("Sent|Seen"))
    expect(desk.locator("#tray")).to_be_hidden()
    theirs = customer.locator(".message[data-author=agent]")
    expect(theirs.locator(".chip .file-name")).to_have_text("new label.pdf")
    is_drawn(customer, ".message[data-author=agent] .picture img")
    with customer.expect_download() as download:
        theirs.locator("a.chip").click()
    assert download.value.suggested_filename == "new label.pdf"


def test_a_picture_opens_large_and_goes_back_to_where_one_was(hub: DeskHub, sit_down: SitDown, customer: Page) -> None:
    desk = at_the_desk(hub, sit_down)
    picture = desk.locator(".message .picture").first
    picture.focus()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("dialog", name="broken box.png")).to_be_visible()
    is_loaded(desk, "#viewer img")
    desk.keyboard.press("Escape")
    expect(desk.locator("#viewer")).to_be_hidden()
    expect(picture).to_be_focused()


def test_what_looks_like_a_page_is_only_ever_a_download(hub: DeskHub, sit_down: SitDown, customer: Page) -> None:
    choose(customer, file("invoice.html", HTML))
    write(customer, "open this")
    desk = at_the_desk(hub, sit_down)
    with desk.expect_download() as download:
        desk.locator("a.chip", has_text="invoice.html").click()
    assert download.value.suggested_filename == "invoice.html"
    with desk.expect_download():
        desk.evaluate("() => { location.href = document.querySelector('a.chip[download=\"invoice.html\"]').href }")
    assert desk.title() != "run"


def test_files_that_cannot_go_say_why_and_those_that_were_not_sent_are_kept(
    hub: DeskHub, sit_down: SitDown, customer: Page
) -> None:
    desk = at_the_desk(hub, sit_down)
    desk.locator("#picker").set_input_files([file("setup.exe", PROGRAM), file("empty.txt", b"")])
    expect(desk.locator("#tray li.refused")).to_have_count(2)
    expect(desk.locator("#tray")).to_contain_text("Programs cannot be sent here.")
    for name in ("setup.exe", "empty.txt"):
        desk.get_by_role("button", name=f"Remove {name}").click()
    away = re.compile(r"/attachments\?")
    desk.route(away, lambda route: route.abort())
    desk.locator("#picker").set_input_files([file("later.png")])
    expect(desk.locator("#tray li.failed")).to_contain_text("the hub cannot be reached")
    desk.unroute(away)
    desk.get_by_role("button", name="Try again").click()
    expect(desk.locator("#tray li.ready")).to_have_count(1)
    with desk.expect_response(lambda answer: answer.request.method == "DELETE") as removed:
        desk.get_by_role("button", name="Remove later.png").click()
    assert removed.value.status == 204


PASTED = """(bytes) => {
  const given = new DataTransfer();
  given.items.add(new File([new Uint8Array(bytes)], "screenshot.png"));
  document.querySelector("#draft").dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true }));
}"""


def test_a_pasted_picture_goes_with_the_reply_and_never_with_a_note(
    hub: DeskHub, sit_down: SitDown, customer: Page
) -> None:
    desk = at_the_desk(hub, sit_down)
    desk.evaluate(PASTED, list(png()))
    expect(desk.locator("#tray li.ready")).to_have_count(1)
    desk.locator(".composer-tabs [data-mode=note]").click()
    expect(desk.locator("#tray")).to_be_hidden()
    desk.locator("#draft").fill("only for us")
    desk.locator("#draft").press("Enter")
    expect(desk.locator(".message.note .files")).to_have_count(0)
    desk.locator(".composer-tabs [data-mode=reply]").click()
    expect(desk.locator("#tray li.ready")).to_have_count(1)


def test_edited_words_show_what_they_said_before_and_withdrawn_ones_stay_struck_through(
    hub: DeskHub, sit_down: SitDown, customer: Page
) -> None:
    desk, dana, conversation_id = at_the_desk(hub, sit_down), hub.agent("Dana Whitlock"), newest(hub)
    words = [Words("It is 40."), Words("Wrong chat.")]
    first, second = [_said(hub, dana, conversation_id, one) for one in words]
    expect(desk.locator(".message .words", has_text="Wrong chat.")).to_be_visible()
    hub.write(lambda session: _edit(session, first, "It is 14."))
    hub.write(lambda session: _withdraw(session, second))
    changed = desk.locator(".message", has_text="It is 14.")
    changed.get_by_role("button", name="Edited").click()
    expect(changed.locator(".versions")).to_contain_text("It is 40.")
    changed.get_by_role("button", name="Edited").click()
    expect(changed.locator(".versions")).to_have_count(0)
    expect(desk.locator(".message.withdrawn s")).to_have_text("Wrong chat.")
    expect(customer.get_by_text("It is 14.")).to_be_visible()
    expect(customer.get_by_text("Wrong chat.")).to_have_count(0)


def _said(hub: DeskHub, agent: object, conversation_id: str, words: Words) -> str:
    speaker = Speaker.of(agent)  # type: ignore[arg-type]
    said: Message = hub.write(lambda session: conversations.say(session, conversation_id, speaker, words))
    return said.id


async def _edit(session: object, message_id: str, text: str) -> None:
    await edits.edit(session, await session.get_one(Message, message_id), text)  # type: ignore[attr-defined, arg-type]


async def _withdraw(session: object, message_id: str) -> None:
    await edits.withdraw(session, await session.get_one(Message, message_id))  # type: ignore[attr-defined, arg-type]


def test_a_case_shows_every_file_of_its_conversations(hub: DeskHub, sit_down: SitDown, customer: Page) -> None:
    desk = at_the_desk(hub, sit_down)
    desk.goto(hub.url + str(desk.locator("a[href^='/desk/cases/']").first.get_attribute("href")))
    files = desk.locator("#words .file")
    expect(files).to_have_count(4)
    is_loaded(desk, ".picture img")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_files_at_the_desk_are_accessible(hub: DeskHub, sit_down: SitDown, customer: Page, scheme: str) -> None:
    desk = at_the_desk(hub, sit_down, scheme=scheme)
    desk.locator("#picker").set_input_files([file("setup.exe", PROGRAM), file("fine.png")])
    expect(desk.locator("#tray li.refused")).to_have_count(1)
    expect(desk.locator("#tray li.ready")).to_have_count(1)
    assert flaws(desk) == []


def test_the_list_says_that_a_file_was_sent(hub: DeskHub, sit_down: SitDown, customer: Page) -> None:
    choose(customer, file("last.png"))
    expect(customer.locator(".tray li")).to_have_attribute("data-is", "ready")
    hub.assistant.is_down = True
    desk = at_the_desk(hub, sit_down)
    customer.get_by_role("button", name="Send").click()
    expect(desk.locator(".row[aria-current], .row.selected, .row").filter(has_text="Sent a file")).to_have_count(1)
