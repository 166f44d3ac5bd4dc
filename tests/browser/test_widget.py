"""The chat widget against a hub that fails on command: what is lost, doubled, misplaced, hidden or unreadable shows."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.accessible import flaws
from tests.browser.scripted_hub import DANA, FERN, WEB, ScriptedHub

PAYLOADS = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "javascript:alert(1)",
    "<svg/onload=alert(1)>",
    "{{constructor.constructor('alert(1)')()}}",
    "</p><iframe srcdoc='<script>alert(1)</script>'>",
    'http://ok.example/" onmouseover="alert(1)',
]
BAD_ADDRESSES = [
    "javascript:alert(1)",
    "java\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "file:///etc/passwd",
]

DANGERS = """chat => [...chat.shadowRoot.querySelectorAll('*')].flatMap(node => [
    ...(/^(img|script|iframe|object|embed|style|link|base)$/i.test(node.tagName) ? [node.tagName] : []),
    ...node.getAttributeNames().filter(name => name.startsWith('on') || name === 'srcdoc')])"""


@pytest.fixture
def hub() -> Iterator[ScriptedHub]:
    hub = ScriptedHub().start()
    yield hub
    hub.stop()


@pytest.fixture
def page(context: BrowserContext, hub: ScriptedHub) -> Page:
    return visit(context, hub)


def visit(context: BrowserContext, hub: ScriptedHub) -> Page:
    page = context.new_page()
    page.goto(hub.url)
    page.locator("tellonce-chat .launcher, tellonce-chat .panel:visible").first.wait_for()
    return page


def open_chat(page: Page) -> None:
    page.get_by_role("button", name="Chat with us").click()
    expect(page.locator(".notice")).to_be_hidden()


def write(page: Page, text: str) -> None:
    page.get_by_label("Write a message").fill(text)
    page.keyboard.press("Enter")


def words(page: Page) -> list[str]:
    return page.locator(".log .words").all_inner_texts()


# Nothing lost, doubled or reordered


def test_a_message_is_sent_when_acknowledged_and_delivered_when_seen(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    write(page, "my box needs to go back")
    expect(page.locator(".state")).to_have_text("Sent")
    hub.send({"type": "seen", "seq": 1})
    expect(page.locator(".state")).to_have_text("Delivered")
    assert hub.words() == ["my box needs to go back"]


def test_a_lost_acknowledgement_leads_to_one_message(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    hub.lose_acks = 1
    write(page, "only once, please")
    expect(page.locator(".state")).to_have_text("Sent")
    assert hub.words() == ["only once, please"]
    assert words(page) == ["only once, please"]
    assert len({frame["client_ref"] for frame in hub.heard if frame["type"] == "say"}) == 1


def test_unsent_words_say_so_survive_a_reload_and_go_out_once(page: Page, hub: ScriptedHub) -> None:
    page.clock.install()
    open_chat(page)
    hub.is_deaf = True
    write(page, "first")
    write(page, "second")
    expect(page.locator(".state").first).to_have_text("Sending…")
    page.clock.fast_forward(9000)
    expect(page.locator(".retry").first).to_have_text("Not sent. Tap to try again")
    page.reload()
    expect(page.locator(".log .words")).to_have_text(["first", "second"])
    hub.is_deaf = False
    hub.cut()
    expect(page.locator(".state:visible")).to_have_text(["Sent"])
    assert hub.words() == ["first", "second"]
    assert words(page) == ["first", "second"]


def test_a_failed_message_goes_out_when_tapped(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    hub.refuse = {"code": "rate_limited", "message": "That was quick. Wait a moment."}
    write(page, "again and again")
    expect(page.locator(".state")).to_contain_text("That was quick. Wait a moment.")
    hub.refuse = None
    page.get_by_role("button", name="Not sent. Tap to try again").click()
    expect(page.locator(".state")).to_have_text("Sent")
    assert hub.words() == ["again and again"]


def test_repeated_and_late_messages_show_once_and_in_order(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    late = hub.talk.ledger
    first, second = hub.store("one"), hub.store("two")
    for message in (second, first, second, first):
        hub.send({"type": "message", "message": message})
    expect(page.locator(".log .words")).to_have_text(["one", "two"])
    assert len(late) == 2


def test_words_said_while_the_line_was_cut_arrive_by_cursor(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    hub.say("before")
    expect(page.locator(".log .words")).to_have_count(1)
    hub.cut()
    hub.store("meanwhile")
    expect(page.locator(".log .words")).to_have_text(["before", "meanwhile"])
    assert [frame["after"] for frame in hub.heard if frame["type"] == "hello"] == [0, 1]


def test_a_reload_and_a_second_tab_show_the_same_history(context: BrowserContext, page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    write(page, "hello")
    expect(page.locator(".state")).to_have_text("Sent")
    hub.say("Hello, I am Fern.")
    expect(page.locator(".log .words")).to_have_text(["hello", "Hello, I am Fern."])
    page.reload()
    second = visit(context, hub)
    open_chat(second)
    write(second, "from the second tab")
    for tab in (page, second):
        expect(tab.locator(".log .words")).to_have_text(["hello", "Hello, I am Fern.", "from the second tab"])
    assert len(hub.talks) == 1


def test_a_session_the_hub_does_not_know_becomes_a_new_chat(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    write(page, "hello")
    expect(page.locator(".state")).to_have_text("Sent")
    hub.forget()
    page.reload()
    expect(page.locator(".greeting")).to_be_visible()
    write(page, "anybody there?")
    expect(page.locator(".state")).to_have_text("Sent")


# Who is talking


def test_every_switch_is_a_divider_in_the_live_log_and_in_the_header(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    hub.say("I am Fern.")
    hub.floor("agent", DANA)
    expect(page.locator("#name")).to_have_text("Dana")
    expect(page.locator(".switch")).to_have_text(
        ["Dana is hereDana can read everything above. No need to say it again."]
    )
    hub.say("Dana here.", author="agent", name="Dana")
    hub.floor("bot", FERN)
    hub.say("Back with you.")
    expect(page.locator(".switch strong")).to_have_text(["Dana is here", "Fern, the assistant, is back"])
    log = page.locator(".log")
    assert (log.get_attribute("role"), log.get_attribute("aria-live")) == ("log", "polite")
    page.reload()
    expect(page.locator(".switch strong")).to_have_text(["Dana is here", "Fern, the assistant, is back"])


def test_a_sentence_of_the_hub_about_the_newcomer_is_the_only_divider(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    hub.say("I am Fern.")
    hub.floor("agent", DANA)
    hub.say("Dana has joined and can read everything so far.", author="system", name=None)
    write(page, "hi Dana")
    expect(page.locator(".state:visible")).to_have_text("Sent")
    hub.say("Hi.", author="agent", name="Dana")
    for _ in range(2):
        expect(page.locator(".log .words")).to_have_text(["I am Fern.", "hi Dana", "Hi."])
        expect(page.locator(".switch")).to_have_text(["Dana has joined and can read everything so far."])
        page.reload()


def test_asking_for_a_person_shows_the_place_in_line_and_then_the_person(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    page.get_by_role("button", name="Talk to a person").click()
    expect(page.get_by_role("button", name="Talk to a person")).to_be_enabled()
    assert [frame["type"] for frame in hub.heard if frame["type"] == "human"] == ["human"]
    hub.floor("queue", FERN, {"position": 2, "wait_s": {"low": 60, "high": 180}})
    expect(page.locator(".floorline")).to_have_text("You are 2nd in line, about 1 to 3 minutes.")
    hub.floor("queue", FERN, {"position": 1, "wait_s": None, "is_staffed": False})
    expect(page.locator(".floorline")).to_have_text("Nobody is at the desk this minute. Your place is kept.")
    page.get_by_role("button", name="Stop waiting").click()
    expect(page.get_by_role("button", name="Stop waiting")).to_be_enabled()
    assert hub.heard[-1] == {"type": "withdraw"}
    hub.floor("agent", DANA)
    expect(page.get_by_role("button", name="Talking to Dana")).to_be_visible()


def test_typing_ends_by_itself_and_a_slow_assistant_is_said_to_be_working(page: Page, hub: ScriptedHub) -> None:
    page.clock.install()
    open_chat(page)
    hub.say("I am Fern.")
    hub.send({"type": "typing", "who": DANA})
    expect(page.locator(".sign")).to_contain_text("Dana is typing")
    page.clock.fast_forward(6500)
    expect(page.locator(".sign")).to_be_hidden()
    write(page, "a hard question")
    expect(page.locator(".state:visible")).to_have_text("Sent")
    page.clock.fast_forward(3500)
    expect(page.locator(".sign")).to_contain_text("Fern is still working on it")
    hub.say("An answer.")
    expect(page.locator(".sign")).to_be_hidden()


def test_only_the_newest_buttons_can_be_pressed_and_only_once(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    hub.say("Which one?", buttons=[{"title": "Big box"}, {"title": "Small box"}])
    page.get_by_role("button", name="Big box").click()
    expect(page.locator(".state:visible")).to_have_text("Sent")
    expect(page.get_by_role("button", name="Small box")).to_be_disabled()
    hub.say("How?", buttons=[{"title": "Pick it up"}])
    expect(page.get_by_role("button", name="Pick it up")).to_be_enabled()
    expect(page.locator(".choice[aria-pressed=true]")).to_have_text("Big box")
    pressed = [frame for frame in hub.heard if frame["type"] == "press"]
    assert [(frame["message_id"], frame["index"]) for frame in pressed] == [("m1", 0)]
    write(page, "never mind")
    expect(page.get_by_role("button", name="Pick it up")).to_be_disabled()


def test_two_offers_of_one_turn_stay_open_until_one_is_taken(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    hub.say("Your bill is $113.50.", buttons=[{"title": "Pay now"}])
    hub.say("And when suits you?", buttons=[{"title": "Monday"}])
    expect(page.get_by_role("button", name="Monday")).to_be_enabled()
    page.get_by_role("button", name="Pay now").click()
    expect(page.get_by_role("button", name="Monday")).to_be_disabled()
    assert [frame["message_id"] for frame in hub.heard if frame["type"] == "press"] == ["m1"]


def test_the_question_above_many_buttons_is_in_view_and_a_reload_stays_at_the_end(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    for number in range(8):
        hub.say(f"Some words, the {number}th of many.\n\n\nAnd a few more.")
    write(page, "when can you come?")
    hub.say("When suits you?", buttons=[{"title": f"Monday {hour}:00"} for hour in range(8, 20)])
    expect(page.get_by_text("When suits you?")).to_be_in_viewport(ratio=1)
    page.reload()
    expect(page.get_by_text("When suits you?")).to_be_in_viewport(ratio=1)
    write(page, "on Tuesday")
    expect(page.locator(".words", has_text="on Tuesday")).to_be_in_viewport(ratio=1)


def test_unread_words_show_on_the_launcher_and_in_the_title_until_read(page: Page, hub: ScriptedHub) -> None:
    title = page.title()
    open_chat(page)
    page.keyboard.press("Escape")
    hub.say("One.")
    hub.say("Two.")
    expect(page.locator(".badge")).to_have_text("2")
    expect(page).to_have_title(f"(2) {title}")
    page.reload()
    expect(page.get_by_role("button", name="Chat with us, 2 unread messages")).to_be_visible()
    page.locator(".launcher").click()
    expect(page).to_have_title(title)
    expect(page.locator(".badge")).to_be_hidden()


# Reading, writing, reaching


def test_the_conversation_can_be_downloaded(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    hub.say("Your return number is RN-2041.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download this conversation").click()
    assert "RN-2041" in Path(download.value.path()).read_text()


def test_four_thousand_characters_are_the_limit_and_it_is_said(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    page.get_by_label("Write a message").fill("x" * 4001)
    expect(page.locator(".limit")).to_contain_text("A message can have 4,000 characters; this one has 4,001.")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    write(page, "\N{CAT FACE}" * 4000)
    expect(page.locator(".state:visible")).to_have_text("Sent")


def test_the_keyboard_alone_is_enough(page: Page, hub: ScriptedHub) -> None:
    page.locator(".launcher").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Write a message")).to_be_focused()
    page.keyboard.type("hello")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("there")
    page.keyboard.press("Enter")
    expect(page.locator(".log .words")).to_have_text("hello there")
    page.keyboard.press("Escape")
    expect(page.locator(".panel")).to_be_hidden()
    expect(page.locator(".launcher")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 320])
def test_axe_finds_nothing(context: BrowserContext, hub: ScriptedHub, width: int, scheme: str) -> None:
    page = visit(context, hub)
    page.set_viewport_size({"width": width, "height": 720})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    assert flaws(page) == []
    open_chat(page)
    write(page, "hello")
    hub.say("Which?", buttons=[{"title": "This"}], link={"title": "Label", "url": "https://fernway.example/label"})
    hub.floor("agent", DANA)
    hub.say("Mine: https://fernway.example/", author="agent", name="Dana")
    expect(page.locator(".log .words")).to_have_count(3)
    assert flaws(page) == []


def test_a_narrow_phone_gets_a_full_screen_without_sideways_scrolling(page: Page, hub: ScriptedHub) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    page.emulate_media(reduced_motion="reduce")
    open_chat(page)
    hub.say("Donaudampfschifffahrts" * 30)
    box = page.locator(".panel").bounding_box()
    assert box == {"x": 0, "y": 0, "width": 320, "height": 640}
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.locator(".log").evaluate("log => log.scrollWidth <= log.clientWidth")


# On other people's pages


def test_no_payload_in_any_string_becomes_more_than_text(page: Page, hub: ScriptedHub) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text))
    open_chat(page)
    for payload in PAYLOADS:
        hub.floor("agent", {"kind": "agent", "name": payload})
        hub.send({"type": "typing", "who": {"kind": "agent", "name": payload}})
        hub.say(payload, author="agent", name=payload, buttons=[{"title": payload}])
        hub.say(payload, author="system", name=payload)
        write(page, payload)
        hub.send({"type": "error", "code": payload, "message": payload})
    for address in BAD_ADDRESSES:
        hub.say("Look", link={"title": "Look", "url": address}, image=address)
    expect(page.locator(".log .words", has_text="Look")).to_have_count(len(BAD_ADDRESSES))
    assert page.locator("tellonce-chat").evaluate(DANGERS) == []
    links = page.locator(".log a").evaluate_all("all => all.map(a => [a.protocol, a.rel])")
    assert {tuple(link) for link in links} <= {("http:", "noopener noreferrer nofollow")}
    assert (dialogs, refused) == ([], [])


def test_a_page_with_a_strict_policy_carries_the_chat(context: BrowserContext, hub: ScriptedHub) -> None:
    hub.policy = (
        f"default-src 'none'; script-src {hub.url}; style-src 'none'; connect-src {hub.url} "
        f"{hub.url.replace('http', 'ws')}; require-trusted-types-for 'script'; base-uri 'none'"
    )
    page = context.new_page()
    lines: list[str] = []
    page.on("console", lambda line: lines.append(line.text))
    page.goto(f"{hub.url.replace('127.0.0.1', 'localhost')}/elsewhere")
    open_chat(page)
    write(page, "hello from elsewhere")
    expect(page.locator(".state")).to_have_text("Sent")
    assert page.locator(".panel").evaluate("panel => getComputedStyle(panel).position") == "fixed"
    assert lines == []


def test_a_page_notices_nothing_of_a_hub_that_is_down(context: BrowserContext, hub: ScriptedHub) -> None:
    context.route("**/widget/*", lambda route: route.abort())
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(hub.url)
    page.wait_for_load_state("networkidle")
    assert page.locator("tellonce-chat").count() == 0
    assert errors == []


def test_a_hub_that_goes_away_is_said_to_be_away_and_words_wait_for_it(page: Page, hub: ScriptedHub) -> None:
    open_chat(page)
    hub.stop()
    expect(page.locator(".notice")).to_contain_text("Chat is not available right now.")
    write(page, "are you there?")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Chat is not available right now")).to_be_visible()
    hub.start()
    page.locator(".launcher").click()
    expect(page.locator(".state:visible")).to_have_text("Sent")
    assert hub.words() == ["are you there?"]


def test_the_whole_widget_is_at_most_forty_kilobytes() -> None:
    files = [WEB / "static" / "widget.js", *sorted((WEB / "static" / "widget").glob("*.js"))]
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) <= 40 * 1024


def test_no_part_of_the_widget_parses_a_string_as_html() -> None:
    for file in (WEB / "static" / "widget").glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", file.read_text()), file
