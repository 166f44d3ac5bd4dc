"""A customer's files: sent ahead of the words, opened by addresses that end, gone when they were taken back."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from handoff import clock, handovers
from handoff.models import Agent, Conversation
from handoff.settings import settings
from tests.api.chat_page import a_page
from tests.api.conftest import Served
from tests.support.pictures import PROGRAM, png

PICTURE = png()
PAYLOAD = "<img src=x onerror=alert(1)>.png"


async def test_a_customer_sends_a_picture_as_their_first_words(served: Served) -> None:
    async with a_page(served) as maya:
        assert maya.welcome["files"] == {"largest_bytes": 20 * 1024 * 1024, "most": 10}
        file = (await maya.uploads(PICTURE, PAYLOAD)).json()
        ack = await maya.says("ref-00001", "", file["id"])
        assert ack["type"] == "ack"
        shown = await maya.reads()
        assert shown["text"] == ""
        [seen] = shown["attachments"]
        assert (seen["kind"], seen["state"], seen["name"]) == ("image", "stored", "img src=x onerror=alert(1)_.png")
        answer = await maya.opens(seen["url"])
        assert (answer.status_code, answer.content) == (200, PICTURE)
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
        assert (await maya.opens(seen["url"], Range="bytes=1-3")).content == PICTURE[1:4]
        assert (await maya.reads())["text"] == "You said: /files_sent"
        again = await maya.says("ref-00001", "", file["id"])
        assert again["message_id"] == ack["message_id"]


async def test_an_address_ends_after_an_hour_and_cannot_be_made_up(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_page(served) as maya:
        url = (await maya.uploads(PICTURE)).json()["url"]
        secret, stamp, name = url.removeprefix("channels/web/files/").split("/")
        expiry, _, signature = stamp.partition(".")
        for forged in (f"{int(expiry) + 60}.{signature}", f"{expiry}.{'0' * 64}", "", "x", f"{expiry}."):
            answer = await maya.opens(f"channels/web/files/{secret}/{forged}/{name}")
            assert answer.status_code in (403, 404), forged
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=61))
        late = await maya.opens(url)
        assert (late.status_code, late.json()["code"]) == (403, "not_allowed")
        monkeypatch.undo()


async def test_addresses_are_renewed_when_the_page_asks(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_page(served) as maya:
        file = (await maya.uploads(PICTURE)).json()
        await maya.says("ref-00001", "", file["id"])
        first = (await maya.reads())["attachments"][0]["url"]
        now = clock.now()
        monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=50))
        await maya.sends(type="renew")
        while not (seen := (await maya.reads())["attachments"]):
            pass
        assert seen[0]["url"] != first
        monkeypatch.undo()


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_a_page_that_may_not_open_the_chat_may_not_upload(served: Served, origin: str) -> None:
    async with a_page(served) as maya:
        answer = await maya.uploads(PICTURE, Origin=origin)
    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


async def test_a_shop_page_may_upload_and_read_the_refusal(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELLONCE_ALLOWED_ORIGINS", "https://shop.example")
    settings.cache_clear()
    async with a_page(served) as maya:
        refused = await maya.uploads(PROGRAM, Origin="https://shop.example")
        taken = await maya.uploads(PICTURE, Origin="https://shop.example")
    async with served.client() as client:
        asked = await client.options("/channels/web/attachments", headers={"Origin": "https://shop.example"})
    assert (refused.status_code, taken.status_code, asked.status_code) == (422, 201, 204)
    assert {one.headers["access-control-allow-origin"] for one in (refused, taken, asked)} == {"https://shop.example"}
    assert "Authorization" in asked.headers["access-control-allow-headers"]


@pytest.mark.parametrize("token", ["none", "made.up", "0" * 32 + "." + "0" * 64])
async def test_nobody_uploads_without_a_session(served: Served, token: str) -> None:
    async with served.client() as client:
        answer = await client.post(
            "/channels/web/attachments",
            content=PICTURE,
            params={"name": "box.png"},
            headers={"Authorization": f"Bearer {token}"},
        )
    assert (answer.status_code, answer.json()["code"]) == (403, "session_invalid")


async def test_uploads_have_a_rate(served: Served) -> None:
    async with a_page(served) as maya:
        answers = [(await maya.uploads(b"")).status_code for _ in range(31)]
    assert answers == [422] * 30 + [429]


async def test_a_customer_takes_back_only_their_own_and_only_unsent(served: Served) -> None:
    async with a_page(served) as maya, a_page(served) as other:
        mine, theirs = (await maya.uploads(PICTURE)).json(), (await other.uploads(PICTURE)).json()
        assert (await maya.asks("DELETE", f"attachments/{theirs['id']}")).status_code == 404
        assert (await maya.asks("DELETE", f"attachments/{mine['id']}")).status_code == 204
        assert (await maya.says("ref-00001", "look", mine["id"]))["message"].startswith("One of the files")


async def test_too_many_files_with_one_message_are_refused_and_nothing_is_stored(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELLONCE_ATTACHMENTS_PER_MESSAGE", "1")
    settings.cache_clear()
    async with a_page(served) as maya:
        ids = [(await maya.uploads(PICTURE)).json()["id"] for _ in range(2)]
        refused = await maya.says("ref-00001", "two", *ids)
        assert refused["message"] == "That is 2 files; 1 is the most for one message. Send the rest after it."
        assert (await maya.says("ref-00002", "one", ids[0]))["seq"] == 1


async def test_what_was_withdrawn_is_gone_for_the_customer_and_stays_at_the_desk(served: Served) -> None:
    async with a_page(served) as maya:
        await maya.says("ref-00001", "hello")
        conversation_id = await dana_takes(served)
        async with served.client("agent") as client:
            path = f"/api/v1/conversations/{conversation_id}"
            file = (await client.post(f"{path}/attachments", content=PICTURE, params={"name": "wrong.png"})).json()
            told = {"text": "Wrong", "attachments": [file["id"]]}
            message = (await client.post(f"{path}/messages", json=told)).json()
            seen = await maya.reads(message["id"])
            url = seen["attachments"][0]["url"]
            assert (await maya.opens(url)).status_code == 200
            assert (await client.delete(f"{path}/messages/{message['id']}")).status_code == 200
            gone = await maya.reads(message["id"])
            assert (gone["id"], gone["is_withdrawn"], gone["text"], gone["attachments"]) == (
                message["id"],
                True,
                "",
                [],
            )
            assert (await maya.opens(url)).status_code == 404
            assert (await client.get(f"/api/v1/attachments/{file['id']}/content")).status_code == 200
            copy = await client.get("/channels/web/transcript", params={"session": maya.welcome["session"]})
            assert "Wrong" not in copy.text


async def test_the_customers_copy_names_the_files(served: Served) -> None:
    async with a_page(served) as maya:
        file = (await maya.uploads(PICTURE, "broken box.png")).json()
        await maya.says("ref-00001", "look", file["id"])
    async with served.client() as client:
        copy = await client.get("/channels/web/transcript", params={"session": maya.welcome["session"]})
    assert "You: look [photo: broken box.png]\n" in copy.text


async def dana_takes(served: Served) -> str:
    """The conversation that was begun last."""

    async def step(session: Any) -> str:
        newest = await session.scalar(select(Conversation).order_by(Conversation.id.desc()).limit(1))
        dana = await session.get_one(Agent, served.ids["agent"])
        await handovers.take_over(session, newest.id, dana)
        return str(newest.id)

    return await served.hub.database.write(step)
