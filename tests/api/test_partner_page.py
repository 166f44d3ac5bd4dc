"""The partner's page as a browser or a stranger would ask for it: what it shows, to whom, and when it stops."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import websockets
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from standardwebhooks import Webhook
from websockets.exceptions import ConnectionClosed

from handoff import cases, conversations, uploads
from handoff.models import Agent, CaseStatus, Message, Partner, Share
from handoff.partners import directory, shares
from handoff.partners.granting import ENDED
from handoff.ports import Attached, Inbound
from handoff.uploads import Arriving
from tests.api.conftest import Served
from tests.api.test_authorisation import BODIES, MATRIX, _filled
from tests.support.pictures import png


class Courier:
    """Swift Parcel Couriers with a link to Maya's case."""

    def __init__(self, served: Served, partner: Partner, share: Share, token: str) -> None:
        self.served, self.partner, self.share, self.token = served, partner, share, token
        self.page = f"/p/{token}"

    def client(self, **parts: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.served.url, trust_env=False, timeout=60, **parts)

    async def form_token(self) -> str:
        async with self.client() as client:
            found = re.search(r'name="form" value="([0-9a-f]+)"', (await client.get(self.page)).text)
        assert found
        return found[1]

    async def posts(self, what: str, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
        form = fields.pop("form", None) or await self.form_token()
        async with self.client() as client:
            return await client.post(f"{self.page}/{what}", data={"form": form, **fields}, headers=headers)

    async def write(self, step: Any) -> Any:
        return await self.served.hub.database.write(step)

    async def revoke(self) -> None:
        async def step(session: AsyncSession) -> None:
            await shares.revoke(session, self.share.id, await _dana(session, self.served), "Another courier goes")

        await self.write(step)


async def _dana(session: AsyncSession, served: Served) -> Agent:
    return await session.get_one(Agent, served.ids["agent"])


@pytest.fixture
async def courier(served: Served) -> Courier:
    """The link shows one message with a picture; another message with another picture is not shared."""
    hub = served.hub

    async def send(words: str) -> str:
        async def held(session: AsyncSession) -> Any:
            return await conversations.get(session, served.ids["conversation"])

        async def chunks() -> AsyncIterator[bytes]:
            yield png()

        kept = await uploads.take(hub.database, hub.store, held, Arriving("box.png", 0, chunks()))
        inbound = Inbound("web", "maya", f"ref-{words}", words, attachments=(Attached(kept.id),))
        receipt = await hub.database.write(lambda session: conversations.receive(session, inbound))
        return receipt.message_id

    shared, _ = await send("This is the <box>"), await send("This is my passport")

    async def step(session: AsyncSession) -> Courier:
        partner = await directory.add(session, "Swift Parcel Couriers", "courier")
        dana = await _dana(session, served)
        share, token = await shares.open(
            session, served.ids["case"], dana, partner.id, "Pick up a box", ["order_number"], [shared], 7
        )
        return Courier(served, partner, share, token)

    return await hub.database.write(step)


async def test_the_page_shows_the_task_and_escapes_what_it_shows(courier: Courier) -> None:
    async with courier.client() as client:
        answer = await client.get(courier.page)
    assert answer.status_code == 200
    assert "Pick up a box" in answer.text
    assert "F-20418" in answer.text
    assert "This is the &lt;box&gt;" in answer.text
    assert "passport" not in answer.text


async def test_nothing_of_the_page_is_kept_found_or_framed(courier: Courier) -> None:
    async with courier.client() as client:
        pages = [await client.get(courier.page), await client.get(f"{courier.page}/now"), await client.get("/p/wrong")]
    for answer in pages:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


async def test_the_page_holds_no_inline_script_or_style(courier: Courier) -> None:
    async with courier.client() as client:
        html = (await client.get(courier.page)).text
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html)


async def test_opening_the_link_is_seen_at_the_desk(courier: Courier) -> None:
    async with courier.client() as client:
        await client.get(courier.page)
    async with courier.served.hub.database.read() as session:
        assert (await session.get_one(Share, courier.share.id)).seen_at


async def test_only_shared_files_open_and_only_by_the_link(courier: Courier) -> None:
    async with courier.served.hub.database.read() as session:
        from handoff.models import Attachment

        rows = (
            await session.execute(select(Attachment, Message.text).join(Message, Message.id == Attachment.message_id))
        ).all()
    by_words = {text: file for file, text in rows}
    mine, other = by_words["This is the <box>"], by_words["This is my passport"]
    async with courier.client() as client:
        opened = await client.get(f"{courier.page}/files/{mine.secret}/box.png")
        part = await client.get(f"{courier.page}/files/{mine.secret}/box.png", headers={"Range": "bytes=0-3"})
        refused = await client.get(f"{courier.page}/files/{other.secret}/box.png")
        stranger = await client.get(f"/p/made-up/files/{mine.secret}/box.png")
    assert (opened.status_code, opened.content) == (200, png())
    assert (part.status_code, part.content) == (206, png()[:4])
    assert (refused.status_code, stranger.status_code) == (404, 404)
    assert opened.headers["cache-control"] == "private, no-store"
    assert opened.headers["content-security-policy"] == "default-src 'none'; sandbox"


async def test_words_and_states_come_in_without_a_script(courier: Courier) -> None:
    sent = await courier.posts("words", text="Nobody opened.")
    told = await courier.posts("state", state="on_the_way")
    assert (sent.status_code, told.status_code) == (303, 303)
    async with courier.client() as client:
        page = await client.get(sent.headers["location"])
    assert "Sent. We have it." in page.text
    assert "Nobody opened." in page.text
    assert "<strong>On the way</strong> since" in page.text


async def test_a_refusal_is_said_on_the_page_and_to_the_script(courier: Courier) -> None:
    plain = await courier.posts("words", text=" ")
    scripted = await courier.posts("words", text=" ", headers={"X-Partner-Page": "1"})
    assert "There is nothing to send yet" in plain.text
    assert scripted.json()["message"].startswith("There is nothing to send yet")
    assert (plain.status_code, scripted.status_code) == (422, 422)


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ("made-up", {}),
        (None, {"Sec-Fetch-Site": "cross-site"}),
        (None, {"Origin": "https://evil.example"}),
    ],
)
async def test_only_our_own_page_may_post(courier: Courier, form: str | None, headers: dict[str, str]) -> None:
    for what, fields in (("words", {"text": "hi"}), ("state", {"state": "accepted"})):
        answer = await courier.posts(what, headers=headers, form=form, **fields)
        assert answer.status_code == 403
    async with courier.served.hub.database.read() as session:
        assert (await session.get_one(Share, courier.share.id)).state is None


async def test_a_form_of_one_link_is_no_form_of_another(courier: Courier) -> None:
    async def another(session: AsyncSession) -> str:
        dana = await _dana(session, courier.served)
        _, token = await shares.open(session, courier.served.ids["case"], dana, courier.partner.id, "Else", [], [], 1)
        return token

    other = Courier(courier.served, courier.partner, courier.share, await courier.write(another))
    answer = await courier.posts("words", form=await other.form_token(), text="hi")
    assert answer.status_code == 403


async def test_a_photo_is_sent_ahead_and_stands_with_the_words(courier: Courier) -> None:
    form = await courier.form_token()
    async with courier.client(headers={"X-Form-Token": form}) as client:
        kept = await client.post(f"{courier.page}/attachments?name=door.png", content=png())
        refused = await client.post(f"{courier.page}/attachments?name=x.exe", content=b"MZ" + b"\0" * 100)
    assert (kept.status_code, refused.status_code) == (201, 422)
    await courier.posts("words", text="The door", attachment=kept.json()["id"])
    async with courier.client() as client:
        assert 'alt="door.png"' in (await client.get(courier.page)).text


async def test_a_photo_without_the_pages_own_token_is_refused(courier: Courier) -> None:
    async with courier.client() as client:
        answer = await client.post(f"{courier.page}/attachments?name=door.png", content=png())
    assert answer.status_code == 403


async def test_too_much_is_slowed_down(courier: Courier) -> None:
    form = await courier.form_token()
    statuses = [(await courier.posts("words", form=form, text=f"{number}")).status_code for number in range(31)]
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {303}


async def test_whoever_tries_links_is_slowed_down(courier: Courier) -> None:
    async with courier.client() as client:
        statuses = [(await client.get(f"/p/guess-{number}")).status_code for number in range(31)]
    assert statuses[:30] == [404] * 30
    assert statuses[-1] == 429


async def _ended_everywhere(courier: Courier, form: str, file: str) -> None:
    async with courier.client(headers={"X-Form-Token": form}) as client:
        answers = {
            "page": await client.get(courier.page),
            "now": await client.get(f"{courier.page}/now"),
            "file": await client.get(file),
            "words": await client.post(f"{courier.page}/words", data={"form": form, "text": "hi"}),
            "state": await client.post(f"{courier.page}/state", data={"form": form, "state": "accepted"}),
            "upload": await client.post(f"{courier.page}/attachments?name=a.png", content=png()),
        }
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 410)
    for answer in answers.values():
        assert ENDED in answer.text
        assert "Pick up a box" not in answer.text


async def _a_file(courier: Courier) -> str:
    async with courier.client() as client:
        found = re.search(r'src="(/p/[^"]+/files/[^"]+)"', (await client.get(courier.page)).text)
    assert found
    return found[1]


@pytest.mark.parametrize("how", ["revoked", "resolved", "expired", "resolved after a join"])
async def test_rights_end_on_every_way_in_and_the_open_page_is_told(courier: Courier, how: str) -> None:
    form, file = await courier.form_token(), await _a_file(courier)
    address = courier.served.url.replace("http", "ws", 1) + courier.page + "/live"
    async with websockets.connect(address, origin=courier.served.url, proxy=None) as socket:  # type: ignore[arg-type]
        assert json.loads(await socket.recv()) == {"type": "changed"}
        await courier.posts("words", form=form, text="I am here")
        assert json.loads(await socket.recv()) == {"type": "changed"}
        await _end(courier, how)
        async with asyncio.timeout(20):
            while (told := json.loads(await socket.recv()))["type"] == "changed":
                pass
        assert told == {"type": "ended", "message": ENDED}
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 4410
    await _ended_everywhere(courier, form, file)


async def _end(courier: Courier, how: str) -> None:
    if how == "revoked":
        await courier.revoke()
        return

    async def step(session: AsyncSession) -> None:
        case = await cases.hold(session, courier.served.ids["case"])
        if how == "expired":
            share = await session.get_one(Share, courier.share.id)
            share.expires_at = datetime.now(UTC) - timedelta(seconds=1)
        elif how == "resolved":
            await cases.resolve(session, case.ref, cases.SYSTEM, "Picked up.")
        else:
            conversation = await conversations.get(session, courier.served.ids["conversation"])
            into = await cases.open_case(session, conversation, title="Other", topic="x", actor=cases.SYSTEM)
            case.status, case.joined_into_id = CaseStatus.JOINED, into.id
            await session.flush()
            await cases.resolve(session, into.ref, cases.SYSTEM, "Picked up.")

    await courier.write(step)


async def test_the_socket_is_for_our_own_page_alone(courier: Courier) -> None:
    address = courier.served.url.replace("http", "ws", 1) + courier.page + "/live"
    for origin in (None, "https://evil.example"):
        with pytest.raises(websockets.exceptions.InvalidStatus):
            await websockets.connect(address, origin=origin, proxy=None)  # type: ignore[arg-type]


async def test_a_link_opens_no_other_route(courier: Courier) -> None:
    """Generated: every route of the API and of the desk, with the token wherever a token may stand."""
    let_in = []
    ways: list[dict[str, Any]] = [
        {"headers": {"Authorization": f"Bearer {courier.token}"}},
        {"cookies": {"tellonce_desk": courier.token}},
        {"headers": {"X-CSRF-Token": courier.token}, "cookies": {"tellonce_desk": courier.token}},
    ]
    closed = {route for route, allowed in MATRIX.items() if allowed is not None}
    for way in ways:
        async with courier.client(**way) as client:
            for route in sorted(closed):
                method, path = route.split(" ")
                answer = await client.request(method, _filled(path, courier.served), json=BODIES.get(route))
                if answer.status_code != 401:
                    let_in.append((route, answer.status_code))
            for path in ("/desk", "/desk/cases", f"/desk/cases/{courier.served.ids['case']}", "/desk/settings"):
                answer = await client.get(path)
                if answer.status_code not in (401, 303):
                    let_in.append((path, answer.status_code))
    assert let_in == []


async def _signed(courier: Courier, said: Any, **changed: Any) -> httpx.Response:
    secret = changed.pop("secret", None) or await courier.write(
        lambda session: directory.new_secret(session, courier.partner.id)
    )
    at = datetime.now(UTC) - changed.pop("late", timedelta())
    body = json.dumps(said)
    webhook_id = changed.pop("webhook_id", "msg_1")
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, at, body),
        **changed.pop("headers", {}),
    }
    partner_id = changed.pop("partner_id", courier.partner.id)
    async with courier.client() as client:
        return await client.post(
            f"/api/v1/partners/{partner_id}/webhook", content=changed.pop("body", body), headers=headers
        )


async def test_a_signed_webhook_sets_a_state_and_says_words(courier: Courier) -> None:
    said = {"share_ref": courier.share.id, "state": "picked_up", "text": "Signed by the neighbour"}
    answer = await _signed(courier, said)
    assert (answer.status_code, answer.json()) == (200, {"is_new": True})
    async with courier.client() as client:
        page = (await client.get(courier.page)).text
    assert "<strong>Picked up</strong>" in page
    assert "Signed by the neighbour" in page


async def test_programs_read_with_the_case_how_far_the_partner_is(courier: Courier) -> None:
    ref = courier.served.ids["case"]
    async with courier.served.client("read") as client:
        before = (await client.get(f"/api/v1/cases/{ref}")).json()["partner"]
        await courier.posts("state", state="picked_up")
        after = (await client.get(f"/api/v1/cases/{ref}")).json()["partner"]
    assert before is None
    assert (after["partner"], after["state"], after["label"]) == ("Swift Parcel Couriers", "picked_up", "Picked up")


async def test_a_repeated_webhook_counts_once(courier: Courier) -> None:
    secret = await courier.write(lambda session: directory.new_secret(session, courier.partner.id))
    said = {"case_ref": courier.served.ids["case"], "text": "At the door"}
    answers = [await _signed(courier, said, secret=secret) for _ in range(3)]
    assert [answer.json()["is_new"] for answer in answers] == [True, False, False]
    async with courier.served.hub.database.read() as session:
        rows = list(await session.scalars(select(Message).where(Message.author == "partner")))
    assert len(rows) == 1


async def test_a_refused_webhook_may_come_again_with_the_same_id(courier: Courier) -> None:
    secret = await courier.write(lambda session: directory.new_secret(session, courier.partner.id))
    wrong = await _signed(courier, {"share_ref": courier.share.id, "state": "nowhere"}, secret=secret)
    right = await _signed(courier, {"share_ref": courier.share.id, "state": "accepted"}, secret=secret)
    assert (wrong.status_code, right.status_code, right.json()["is_new"]) == (422, 200, True)


@pytest.mark.parametrize(
    "changed",
    [
        {"late": timedelta(minutes=6)},
        {"late": timedelta(minutes=-9)},
        {"body": '{"text": "something else"}'},
        {"body": b"\xff\xfe"},
        {"secret": directory.made_up_secret()},
        {"headers": {"webhook-signature": "v1"}},
        {"headers": {"webhook-signature": "v1,%%%"}},
        {"headers": {"webhook-signature": ""}},
        {"headers": {"webhook-timestamp": "nan"}},
        {"headers": {"webhook-timestamp": "soon"}},
        {"headers": {"webhook-id": "another"}},
        {"partner_id": "nobody"},
    ],
)
async def test_what_is_not_signed_by_them_now_is_refused_alike(courier: Courier, changed: dict[str, Any]) -> None:
    answer = await _signed(courier, {"share_ref": courier.share.id, "state": "accepted"}, **changed)
    assert answer.status_code == 401
    assert "signature does not hold" in answer.json()["message"]


async def test_a_partner_speaks_of_their_own_shares_alone(courier: Courier) -> None:
    other = await courier.write(lambda session: directory.add(session, "Lantern Installers", "installer"))
    secret = await courier.write(lambda session: directory.new_secret(session, other.id))
    for said in (
        {"share_ref": courier.share.id, "state": "accepted"},
        {"case_ref": courier.served.ids["case"], "text": "hello"},
    ):
        answer = await _signed(courier, said, secret=secret, partner_id=other.id)
        assert answer.status_code == 404


async def test_webhooks_end_with_the_share(courier: Courier) -> None:
    await courier.revoke()
    by_share = await _signed(courier, {"share_ref": courier.share.id, "state": "accepted"})
    by_case = await _signed(courier, {"case_ref": courier.served.ids["case"], "state": "accepted"}, webhook_id="2")
    assert (by_share.status_code, by_case.status_code) == (410, 404)


@pytest.mark.parametrize("said", [{}, {"text": "x"}, {"share_ref": "x", "colour": "red"}, [], {"text": 5}])
async def test_what_a_webhook_lacks_is_said(courier: Courier, said: Any) -> None:
    answer = await _signed(courier, said)
    assert answer.status_code == 422
    assert answer.json()["message"].endswith(".")
