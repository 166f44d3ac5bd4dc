"""A customer's files in Chromium, with the real hub behind: chosen, dropped, pasted, sent, shown, opened, kept."""

import asyncio
import re
import threading

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Page, expect
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import conversations, deliveries, handovers
from handoff.errors import PermanentDeliveryError
from handoff.ledger import Speaker
from handoff.models import Message
from handoff.ports import Attached, Inbound, Words
from tests.browser.accessible import flaws
from tests.browser.test_widget_with_hub import Hub, hub, page, write
from tests.support.pictures import HTML, PDF, PROGRAM, SVG, png, wav

__all__ = ["hub", "page"]
pytestmark = pytest.mark.timeout(120)
PAYLOAD = '"><img src=x onerror=document.title=1>.png'


def file(name: str = "broken box.png", content: bytes | None = None) -> FilePayload:
    return {
        "name": name,
        "mimeType": "application/octet-stream",
        "buffer": png(400, 300) if content is None else content,
    }


def choose(page: Page, *files: FilePayload) -> None:
    page.locator("tellonce-chat input[type=file]").set_input_files(list(files))


def is_drawn(page: Page, selector: str) -> None:
    """The picture arrived and the page's policy let it be shown."""
    page.wait_for_function(
        "selector => document.querySelector('tellonce-chat').shadowRoot.querySelector(selector)?.naturalWidth > 0",
        arg=selector,
    )


def test_a_picture_without_words_is_sent_shown_and_opened_large(page: Page) -> None:
    choose(page, file())
    expect(page.locator(".tray li")).to_have_attribute("data-is", "ready")
    is_drawn(page, ".thumb img")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".tray")).to_be_hidden()
    expect(page.locator(".message[data-author=customer] .picture")).to_have_count(1)
    expect(page.locator(".log .words:visible")).to_have_text(["You said: /files_sent"])
    is_drawn(page, ".picture img")
    picture = page.get_by_role("button", name="Show larger: broken box.png")
    picture.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="broken box.png")).to_be_visible()
    is_drawn(page, ".viewer img")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="broken box.png")).to_be_hidden()
    expect(page.locator("#panel")).to_be_visible()
    expect(picture).to_be_focused()
    page.reload()
    expect(page.locator(".picture")).to_have_count(1)


def test_files_of_every_kind_are_shown_as_what_they_are(page: Page) -> None:
    choose(
        page,
        file("a.png"),
        file("b.wav", wav()),
        file("label.pdf", PDF),
        file("drawing.png", SVG),
        file("page.jpg", HTML),
    )
    write(page, "all of it")
    expect(page.locator(".message .picture")).to_have_count(1)
    expect(page.locator(".message audio")).to_have_count(1)
    expect(page.locator(".message a.chip .file-name")).to_have_text(["label.pdf", "drawing.png", "page.jpg"])
    with page.expect_download() as download:
        page.locator(".message a.chip", has_text="drawing.png").click()
    assert download.value.suggested_filename == "drawing.png"
    assert page.title() != "run"


def test_a_name_full_of_payloads_is_only_a_name(page: Page) -> None:
    choose(page, file(PAYLOAD), file("javascript:alert(1).html", HTML))
    expect(page.locator(".tray li[data-is=ready]")).to_have_count(2)
    write(page, "look")
    expect(page.locator(".message[data-author=customer] .picture")).to_have_count(1)
    assert page.title() != "1"
    assert page.locator("tellonce-chat .message img[onerror]").count() == 0


def test_what_cannot_be_sent_is_said_beside_its_name_and_the_rest_goes(
    page: Page,
) -> None:
    choose(page, file("setup.png", PROGRAM), file("nothing.txt", b""), file("good.png"))
    chips = page.locator(".tray li")
    expect(chips.filter(has_text="setup.png")).to_contain_text("Programs cannot be sent here.")
    expect(chips.filter(has_text="nothing.txt")).to_contain_text("This file is empty.")
    expect(chips.filter(has_text="good.png")).to_have_attribute("data-is", "ready")
    page.get_by_role("button", name="Remove setup.png").click()
    expect(chips).to_have_count(2)
    write(page, "just the good one")
    expect(page.locator(".message .picture")).to_have_count(1)


def test_a_file_that_is_too_large_is_not_even_sent(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    choose(page, file("film.mp4", b"\0" * (20 * 1024 * 1024 + 1)))
    expect(page.locator(".tray li")).to_contain_text("Larger than 21.0 MB, the most we can take.")
    assert not [url for url in asked if "attachments" in url]


def test_a_file_waits_for_the_line_and_goes_by_itself(page: Page) -> None:
    away = re.compile("channels/web/attachments")
    page.route(away, lambda route: route.abort())
    choose(page, file())
    expect(page.locator(".tray li")).to_contain_text("Waiting for the connection…")
    write(page, "here it is")
    expect(page.locator("#limit")).to_have_text("This goes as soon as your files are there.")
    page.unroute(away)
    expect(page.locator(".message .picture")).to_have_count(1)


def test_a_file_that_was_added_survives_a_reload_and_can_be_removed(page: Page) -> None:
    choose(page, file())
    expect(page.locator(".tray li")).to_have_attribute("data-is", "ready")
    page.reload()
    expect(page.locator(".tray li")).to_have_attribute("data-is", "ready")
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as removed:
        page.get_by_role("button", name="Remove broken box.png").click()
    assert removed.value.status == 204
    expect(page.locator(".tray")).to_be_hidden()
    expect(page.get_by_role("button", name="Add pictures or files")).to_be_focused()


GIVEN = """([kind, bytes]) => {
  const chat = document.querySelector("tellonce-chat").shadowRoot;
  const given = new DataTransfer();
  given.items.add(new File([new Uint8Array(bytes)], "given.png"));
  const into = kind === "paste" ? chat.querySelector("textarea") : chat.querySelector(".log");
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true })
    : new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true });
  into.dispatchEvent(event);
}"""


@pytest.mark.parametrize("how", ["paste", "drop"])
def test_a_picture_may_be_pasted_or_dropped(page: Page, how: str) -> None:
    write(page, "hello")
    expect(page.locator(".log .words")).to_have_count(2)
    page.evaluate(GIVEN, [how, list(png())])
    expect(page.locator(".tray li")).to_have_attribute("data-is", "ready")


class Slow:
    """A channel that gives its files when it is let go."""

    def __init__(self) -> None:
        self.may_go = threading.Event()

    async def fetch(self, identity: str, source: str) -> bytes:
        await asyncio.to_thread(self.may_go.wait, 20)
        if source != "first.jpg":
            raise PermanentDeliveryError("Telegram no longer has it.")
        return png(60, 40)


def test_a_file_that_is_still_being_fetched_appears_by_itself_and_a_lost_one_says_why(page: Page, hub: Hub) -> None:
    channel = hub.app.state.hub.channels["web"] = Slow()
    write(page, "hello")
    expect(page.locator(".log .words")).to_have_count(2)
    told_by_another_channel(hub, "first.jpg", "second.jpg")
    expect(page.locator("p.chip")).to_have_text(["first.jpgOn its way…", "second.jpgOn its way…"])
    channel.may_go.set()
    expect(page.locator(".message .picture")).to_have_count(1)
    expect(page.locator("p.chip")).to_have_text("second.jpgTelegram no longer has it.")
    is_drawn(page, ".picture img")


def told_by_another_channel(hub: Hub, *names: str) -> None:
    """A message of this conversation whose files are still with a channel."""
    conversation_id = hub.conversation_id

    async def step(session: AsyncSession) -> None:
        conversation = await conversations.get(session, conversation_id)
        identity = await conversations.reply_identity(session, conversation)
        files = tuple(Attached(source=name, name=name, media_type="image/jpeg") for name in names)
        await conversations.receive(
            session,
            Inbound("web", identity.external_id, "ref-from-elsewhere", "two pictures", attachments=files),
        )

    hub.write(step)


def test_edited_words_change_and_withdrawn_ones_go(page: Page, hub: Hub) -> None:
    write(page, "hello")
    expect(page.locator(".log .words")).to_have_count(2)
    dana, conversation_id = hub.dana(), hub.conversation_id
    hub.write(lambda session: handovers.take_over(session, conversation_id, dana))
    say = conversations.say
    first: Message = hub.write(lambda session: say(session, conversation_id, Speaker.of(dana), Words("It is 40.")))
    second: Message = hub.write(lambda session: say(session, conversation_id, Speaker.of(dana), Words("Wrong chat.")))
    expect(page.get_by_text("Wrong chat.")).to_be_visible()
    hub.write(lambda session: deliveries.change(session, dana, first.id, "It is 14."))
    hub.write(lambda session: deliveries.take_back(session, dana, second.id))
    expect(page.locator(".message", has_text="It is 14.").locator(".edited")).to_be_visible()
    expect(page.get_by_text("Wrong chat.")).to_have_count(0)
    expect(page.get_by_text("It is 40.")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("It is 14.")).to_be_visible()
    expect(page.get_by_text("Wrong chat.")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pictures_and_files_are_accessible(context: BrowserContext, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    choose(page, file("a.png"), file("label.pdf", PDF), file("b.wav", wav()))
    write(page, "look")
    expect(page.locator(".message .picture")).to_have_count(1)
    choose(page, file("c.png"), file("setup.exe", PROGRAM))
    expect(page.locator(".tray li[data-is=refused]")).to_have_count(1)
    assert flaws(page) == []


def test_where_a_page_forbids_our_pictures_they_are_named_and_can_be_kept(page: Page) -> None:
    page.route(re.compile("channels/web/files"), lambda route: route.abort())
    choose(page, file())
    write(page, "look")
    expect(page.locator(".message a.chip")).to_contain_text("broken box.png")
