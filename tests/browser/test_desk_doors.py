"""Who may come to the desk, what strangers get, and what hostile words can do there: nothing."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import event, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from handoff import agents, demo
from handoff.events import Typing
from handoff.models import Agent, CannedAnswer, Case, CaseEvent, Customer, Fact, Handover, Message, Turn
from tests.browser.desk_hub import DeskHub, hub, sit_down

__all__ = ["hub", "sit_down"]
SitDown = Callable[..., Page]
pytestmark = pytest.mark.timeout(120)

HOSTILE = (
    '"><img src=x onerror="window.hurt=1"><script>window.hurt=1</script><svg onload=window.hurt=1>'
    "<a href='javascript:window.hurt=1'>x</a>{{7*7}}</textarea></template>"
)


@pytest.fixture
def client(hub: DeskHub) -> Iterator[httpx.Client]:
    """Dana, signed in without a browser."""
    with httpx.Client(base_url=hub.url, headers={"Origin": hub.url}) as client:
        answer = client.post("/desk/sign-in", data={"email": "dana@fernway.example", "password": demo.PASSWORD})
        assert answer.status_code == 303
        client.headers["X-CSRF-Token"] = _token(client.get("/desk").text)
        yield client


def _token(page: str) -> str:
    found = re.search(r'data-csrf="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def test_a_stranger_is_led_to_the_sign_in(hub: DeskHub) -> None:
    page = httpx.get(f"{hub.url}/desk", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, "/desk/sign-in")
    script = httpx.get(f"{hub.url}/desk/list", headers={"HX-Request": "true"})
    assert (script.status_code, script.json()["code"]) == (401, "not_signed_in")


def test_the_cookie_is_for_this_desk_and_not_for_scripts(hub: DeskHub) -> None:
    answer = httpx.post(
        f"{hub.url}/desk/sign-in",
        data={"email": "dana@fernway.example", "password": demo.PASSWORD},
        headers={"Origin": hub.url},
    )
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/desk" in cookie


def test_a_wrong_password_and_an_unknown_agent_read_the_same(hub: DeskHub) -> None:
    pages = [
        httpx.post(f"{hub.url}/desk/sign-in", data={"email": email, "password": "wrong"}, headers={"Origin": hub.url})
        for email in ("dana@fernway.example", "nobody@fernway.example")
    ]
    assert [page.status_code for page in pages] == [401, 401]
    assert pages[0].text.replace("dana@", "x@") == pages[1].text.replace("nobody@", "x@")


def test_another_site_cannot_sign_anybody_in(hub: DeskHub) -> None:
    answer = httpx.post(
        f"{hub.url}/desk/sign-in",
        data={"email": "dana@fernway.example", "password": demo.PASSWORD},
        headers={"Origin": "https://elsewhere.example"},
    )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_another_site_cannot_open_the_socket(hub: DeskHub, client: httpx.Client) -> None:
    cookie = f"tellonce_desk={client.cookies['tellonce_desk']}"
    with pytest.raises(InvalidStatus, match="403"):
        connect(
            f"ws://127.0.0.1:{hub.port}/desk/live",
            origin="https://elsewhere.example",
            additional_headers={"Cookie": cookie},
        )
    with connect(f"ws://127.0.0.1:{hub.port}/desk/live", origin=hub.url, additional_headers={"Cookie": cookie}) as ours:
        ours.send('{"type":"ping"}')
        assert "pong" in _until(ours, "pong")


def test_what_happens_once_the_socket_is_open_is_told_on_it(hub: DeskHub, client: httpx.Client) -> None:
    where, headers = hub.conversation("Hana Sato").id, {"Cookie": f"tellonce_desk={client.cookies['tellonce_desk']}"}
    for number in range(10):
        with connect(f"ws://127.0.0.1:{hub.port}/desk/live", origin=hub.url, additional_headers=headers) as ours:
            hub.publish(Typing(where, "customer", f"Hana {number}"))
            assert f"Hana {number}" in _until(ours, '"Typing"')


def _until(socket: Any, words: str) -> str:
    while words not in (heard := str(socket.recv(timeout=5))):
        pass
    return heard


def test_no_move_works_without_the_pages_token(hub: DeskHub, client: httpx.Client) -> None:
    client.headers["X-CSRF-Token"] = "made up"
    waiting = hub.conversation("Hana Sato")
    for move in ("accept", "decline", "take-over", "transfer", "resolve", "give-back", "say", "check"):
        answer = client.post(f"/desk/c/{waiting.id}/{move}", data={"draft": "x", "text": "x", "client_ref": "r" * 10})
        assert answer.status_code in (403, 422), move
    assert hub.conversation("Hana Sato").floor == "queue"


def test_a_form_with_an_unknown_field_is_refused(hub: DeskHub, client: httpx.Client) -> None:
    mine = hub.conversation("Samuel Okello")
    answer = client.post(f"/desk/c/{mine.id}/say", data={"text": "hello", "client_ref": "r" * 10, "author": "system"})
    assert answer.status_code == 422


def test_a_deactivated_agent_loses_page_and_socket(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("dana")
    dana, priya = hub.agent("Dana Whitlock"), hub.agent("Priya Nair")
    by = agents.SignedIn(priya, "-", "-")
    hub.write(lambda session: agents.deactivate(session, by, dana.id))
    page.wait_for_url("**/desk/sign-in")


def test_signing_out_ends_the_session(hub: DeskHub, sit_down: SitDown) -> None:
    page = sit_down("dana")
    page.click("[hx-post='/desk/sign-out']")
    page.wait_for_url("**/desk/sign-in")
    page.goto(f"{hub.url}/desk")
    expect(page.locator("[name=password]")).to_be_visible()


def test_pages_cost_few_statements(hub: DeskHub, client: httpx.Client) -> None:
    said: list[str] = []
    engine = hub.app.state.hub.database.engine.sync_engine
    count = lambda connection, cursor, statement, *rest: said.append(statement)  # noqa: E731
    event.listen(engine, "before_cursor_execute", count)
    try:
        for path, most in (("/desk/list?queue=all", 5), (f"/desk/c/{hub.conversation('Sofia Marchetti').id}", 8)):
            said.clear()
            assert client.get(path, headers={"HX-Request": "true"}).status_code == 200
            reads = [one for one in said if one.lstrip().upper().startswith("SELECT") and "outbox" not in one]
            assert len(reads) <= most, path
    finally:
        event.remove(engine, "before_cursor_execute", count)


def test_hostile_words_stay_words(hub: DeskHub, sit_down: SitDown) -> None:
    sofia = hub.conversation("Sofia Marchetti")
    hub.write(lambda session: _poison(session, sofia.id, sofia.customer_id))
    page = sit_down("priya")
    page.goto(f"{hub.url}/desk/c/{sofia.id}?queue=nobody")
    expect(page.locator("#details")).to_contain_text("window.hurt=1")
    expect(page.locator(".message").last).to_contain_text("<script>")
    page.keyboard.press("a")
    expect(page.locator(".thread-state")).to_contain_text("You have this")
    page.fill("#draft", HOSTILE)
    page.keyboard.press("Enter")
    expect(page.locator(".message.agent", has_text="{{7*7}}")).to_contain_text("Sent")
    page.locator("#draft").press_sequentially("/hostile")
    expect(page.locator("#canned li")).to_have_count(1)
    page.keyboard.press("Escape")
    page.fill("#draft", "What is your account number?")
    expect(page.locator("#answered")).to_contain_text("window.hurt=1")
    page.fill("#search", HOSTILE[:60])
    expect(page.locator(".rows")).to_be_visible()
    _is_unhurt(page)
    page.goto(f"{hub.url}/desk/cases?search=window.hurt")
    _is_unhurt(page)
    page.click("table a")
    expect(page.locator(".events")).to_contain_text("window.hurt=1")
    _is_unhurt(page)


def _is_unhurt(page: Page) -> None:
    assert page.evaluate("window.hurt") is None
    assert page.locator("img, iframe, object, embed, [onerror], [onload], [href^=javascript]").count() == 0
    assert page.locator("body script").count() == 0


async def _poison(session: AsyncSession, conversation_id: str, customer_id: str) -> None:
    """The same hostile text in every string that comes from outside."""
    mine = Message.conversation_id == conversation_id
    button = [{"title": HOSTILE, "payload": "/x"}]
    link = {"title": HOSTILE, "url": "javascript:window.hurt=1"}
    await session.execute(
        update(Customer).where(Customer.id == customer_id).values(name=HOSTILE[:200], account_number=HOSTILE[:40])
    )
    await session.execute(
        update(Message).where(mine).values(text=HOSTILE, name=HOSTILE[:200], buttons=button, link=link)
    )
    await session.execute(update(Fact).where(Fact.conversation_id == conversation_id).values(value=HOSTILE))
    tried = [{"name": HOSTILE, "outcome": HOSTILE, "error_code": HOSTILE, "ms": 1}]
    form = {"name": HOSTILE, "requested_slot": HOSTILE, "answered": [HOSTILE], "missing": [HOSTILE]}
    await session.execute(
        update(Turn).where(Turn.conversation_id == conversation_id).values(intent=HOSTILE[:80], tried=tried, form=form)
    )
    of_customer = Case.customer_id == customer_id
    await session.execute(update(Case).where(of_customer).values(title=HOSTILE[:200], resolution=HOSTILE))
    await session.execute(update(CaseEvent).values(actor_name=HOSTILE[:200], data={"reason": HOSTILE, "text": HOSTILE}))
    await session.execute(update(CannedAnswer).values(text=HOSTILE))
    session.add(CannedAnswer(shortcut="hostile", text=HOSTILE))
    await session.execute(update(Agent).where(Agent.email == "sam@fernway.example").values(name=HOSTILE[:100]))
    handover = await session.scalar(select(Handover).where(Handover.conversation_id == conversation_id))
    assert handover is not None
    handover.reason_text = HOSTILE
    handover.package = {
        **handover.package,
        "issue": {"title": HOSTILE, "summary_for_agent": HOSTILE},
        "open_questions": [HOSTILE],
        "promises": [{"text": HOSTILE, "due_at": HOSTILE}],
    }
