"""Files over HTTP: uploaded, named in words, looked at by whoever may, in whole and in part."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from handoff import clock, uploads
from handoff.errors import NotFound
from handoff.models import Agent, Attachment, OutboxItem
from handoff.settings import settings
from tests.api.chat_page import a_page
from tests.api.conftest import Served
from tests.support.pictures import HTML, PDF, PROGRAM, SVG, png, wav

PICTURE = png()


async def uploaded(served: Served, content: bytes = PICTURE, name: str = "box.png", **parts: Any) -> httpx.Response:
    """As Dana, by the API, into the conversation she has."""
    async with served.client("agent", **parts) as client:
        path = f"/api/v1/conversations/{served.ids['conversation']}/attachments"
        return await client.post(path, content=content, params={"name": name})


async def taken_over(served: Served) -> None:
    async with served.client("agent") as client:
        answer = await client.post(f"/api/v1/conversations/{served.ids['conversation']}/accept")
        assert answer.status_code == 200


async def said(served: Served, **words: Any) -> httpx.Response:
    async with served.client("agent") as client:
        return await client.post(f"/api/v1/conversations/{served.ids['conversation']}/messages", json=words)


async def test_an_agent_sends_a_file_without_words_once(served: Served) -> None:
    await taken_over(served)
    file = (await uploaded(served)).json()
    assert (file["kind"], file["media_type"], file["size_bytes"]) == ("image", "image/png", len(PICTURE))
    for _ in range(2):
        answer = await said(served, client_ref="dana-0001", attachments=[file["id"]])
        assert answer.status_code == 201
    message = answer.json()
    assert message["text"] == ""
    assert [one["id"] for one in message["attachments"]] == [file["id"]]
    async with served.client("read") as client:
        ledger = (await client.get(f"/api/v1/conversations/{served.ids['conversation']}/messages")).json()
        alone = (await client.get(f"/api/v1/attachments/{file['id']}")).json()
    assert [len(one["attachments"]) for one in ledger if one["author"] == "agent"] == [1]
    assert alone["message_id"] == message["id"]


async def test_neither_words_nor_files_are_nothing_to_send(served: Served) -> None:
    await taken_over(served)
    answer = await said(served, client_ref="dana-0001")
    assert (answer.status_code, answer.json()["message"]) == (
        422,
        "There is nothing to send yet. Write something first.",
    )


async def test_a_file_is_sent_once_and_never_from_another_conversation(served: Served) -> None:
    await taken_over(served)
    file = (await uploaded(served)).json()
    assert (await said(served, text="Here", attachments=[file["id"]])).status_code == 201
    again = await said(served, text="Here again", attachments=[file["id"]])
    assert (again.status_code, again.json()["code"]) == (422, "bad_input")
    async with a_page(served) as stranger:
        theirs = (await stranger.uploads(PICTURE)).json()
    foreign = await said(served, text="Yours?", attachments=[theirs["id"]])
    assert foreign.json()["message"] == "One of the files is no longer there. Add it again."


@pytest.mark.parametrize(
    ("wanted", "status", "part", "told"),
    [
        (None, 200, slice(0, None), None),
        ("bytes=0-9", 206, slice(0, 10), "bytes 0-9/{size}"),
        ("bytes=10-", 206, slice(10, None), "bytes 10-{last}/{size}"),
        ("bytes=-5", 206, slice(-5, None), "bytes {fifth}-{last}/{size}"),
        ("bytes=3-999999", 206, slice(3, None), "bytes 3-{last}/{size}"),
        ("bytes=-999999", 206, slice(0, None), "bytes 0-{last}/{size}"),
        ("bytes=0-1,4-5", 200, slice(0, None), None),
        ("pages=1-2", 200, slice(0, None), None),
        ("bytes=5-2", 200, slice(0, None), None),
        ("bytes=999999-", 416, None, "bytes */{size}"),
        ("bytes=-0", 416, None, "bytes */{size}"),
    ],
)
async def test_a_file_is_read_whole_or_in_part(
    served: Served, wanted: str | None, status: int, part: slice | None, told: str | None
) -> None:
    file = (await uploaded(served)).json()
    async with served.client("read") as client:
        headers = {"Range": wanted} if wanted else {}
        answer = await client.get(f"/api/v1/attachments/{file['id']}/content", headers=headers)
    size = len(PICTURE)
    assert answer.status_code == status
    if part is None:
        assert answer.json()["code"] == "no_such_range"
    else:
        assert answer.content == PICTURE[part]
        assert answer.headers["content-length"] == str(len(answer.content))
    expected = told.format(size=size, last=size - 1, fifth=size - 5) if told else None
    assert answer.headers.get("content-range") == expected


@pytest.mark.parametrize(
    ("content", "how", "media_type"),
    [
        (PICTURE, "inline", "image/png"),
        (wav(), "inline", "audio/wav"),
        (PDF, "attachment", "application/pdf"),
        (SVG, "attachment", "application/octet-stream"),
        (HTML, "attachment", "application/octet-stream"),
        (b"plain words", "attachment", "application/octet-stream"),
    ],
)
async def test_only_what_cannot_run_is_shown_in_place(
    served: Served, content: bytes, how: str, media_type: str
) -> None:
    """Whatever its name claims."""
    file = (await uploaded(served, content, 'pretty".png')).json()
    async with served.client("read") as client:
        answer = await client.get(f"/api/v1/attachments/{file['id']}/content")
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"].startswith(f"{how}; ")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "no-store" in answer.headers["cache-control"]


async def test_a_name_full_of_payloads_stays_one_header_of_harmless_letters(served: Served) -> None:
    name = '../../<script>alert(1)</script>"\r\nSet-Cookie: a=b\u202egnp.exe'
    file = (await uploaded(served, PICTURE, name)).json()
    assert not set('<>"/\\\r\n\u202e') & set(file["name"])
    async with served.client("read") as client:
        answer = await client.get(f"/api/v1/attachments/{file['id']}/content")
    assert "set-cookie" not in answer.headers
    assert re.fullmatch(
        r"inline; filename=\"[\w.() -]+\"; filename\*=UTF-8''[\w.%~-]+", answer.headers["content-disposition"]
    )


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        (b"", 422, "The file is empty. Choose it again."),
        (PROGRAM, 422, "Programs cannot be sent here. Send a picture, a film, a sound or a document."),
        (b"\0" * (1024 * 1024 + 1), 413, "The file has more than 1 MB, which is the most. Send a smaller one."),
    ],
)
async def test_a_file_that_is_refused_is_refused_in_a_sentence(
    served: Served, monkeypatch: pytest.MonkeyPatch, content: bytes, status: int, sentence: str
) -> None:
    monkeypatch.setenv("TELLONCE_ATTACHMENT_MAX_MB", "1")
    settings.cache_clear()
    answer = await uploaded(served, content)
    assert (answer.status_code, answer.json()["message"]) == (status, sentence)


async def test_a_conversation_takes_files_up_to_its_quota(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELLONCE_ATTACHMENTS_PER_CONVERSATION_MB", "1")
    settings.cache_clear()
    half = PICTURE + b"\0" * (600 * 1024)
    assert (await uploaded(served, half)).status_code == 201
    answer = await uploaded(served, half)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_an_upload_can_be_taken_back_until_it_was_sent(served: Served) -> None:
    await taken_over(served)
    first, second = [(await uploaded(served)).json() for _ in range(2)]
    path = f"/api/v1/conversations/{served.ids['conversation']}/attachments"
    await said(served, text="One of them", attachments=[second["id"]])
    async with served.client("agent") as client:
        assert (await client.delete(f"{path}/{first['id']}")).status_code == 204
        assert (await client.get(f"/api/v1/attachments/{first['id']}")).status_code == 404
        assert (await client.delete(f"{path}/{second['id']}")).status_code == 404
        assert (await client.get(f"/api/v1/attachments/{second['id']}/content")).status_code == 200


async def test_what_nobody_sent_is_swept_after_a_day_with_its_bytes(served: Served) -> None:
    file = (await uploaded(served)).json()
    database = served.hub.database
    async with database.read() as session:
        row = await session.get_one(Attachment, file["id"])
        timers = list(await session.scalars(select(OutboxItem).where(OutboxItem.job == "drop_upload")))
    assert [item.body for item in timers] == [{"attachment_id": file["id"]}]
    assert timers[0].due_at - clock.now() > timedelta(hours=23)
    sweeper = uploads.Sweeper(database, served.hub.store)
    await sweeper.drop_upload(timers[0])
    for _ in range(200):
        try:
            await served.hub.store.get(str(row.store_key))
        except NotFound:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("The bytes are still there.")


async def test_the_desk_opens_a_file_for_whoever_is_signed_in_and_no_longer(served: Served) -> None:
    file = (await uploaded(served)).json()
    async with served.hub.database.read() as session:
        secret = (await session.get_one(Attachment, file["id"])).secret
    address = f"/desk/files/{secret}/{file['name']}"
    async with served.client() as stranger:
        assert (await stranger.get(address)).status_code == 401
    async with served.client(cookies=served.cookies) as dana:
        assert (await dana.get(address)).content == PICTURE
        assert (await dana.get("/desk/files/made-up/box.png")).status_code == 404
        part = await dana.get(address, headers={"Range": "bytes=0-3"})
        assert (part.status_code, part.content) == (206, PICTURE[:4])
        await dana.post("/desk/sign-out", headers={"X-CSRF-Token": served.csrf})
        assert (await dana.get(address)).status_code == 401


async def test_the_desk_is_shut_for_a_deactivated_agent(served: Served) -> None:
    file = (await uploaded(served)).json()
    async with served.hub.database.read() as session:
        secret = (await session.get_one(Attachment, file["id"])).secret

    async def deactivate(session: Any) -> None:
        (await session.get_one(Agent, served.ids["agent"])).is_active = False

    await served.hub.database.write(deactivate)
    async with served.client(cookies=served.cookies) as dana:
        assert (await dana.get(f"/desk/files/{secret}/box.png")).status_code == 401
