"""Files and the words they go with: what may be kept, what it is, and what becomes of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, contents, conversations, floor, handovers, uploads
from handoff.errors import BadInput, NotFound, PermanentDeliveryError, TooLarge
from handoff.fetching import Fetcher
from handoff.models import Attachment, AttachmentState, OutboxItem
from handoff.package import HandoverRequest, Issue, Reason
from handoff.ports import Attached
from handoff.settings import settings
from handoff.store import Store
from handoff.uploads import Arriving
from tests.hub.conftest import Desk
from tests.support.pictures import HTML, PDF, PROGRAM, SVG, png, wav

PICTURE = png()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "files"))


async def pieces(*content: bytes) -> AsyncIterator[bytes]:
    for one in content:
        yield one


async def upload(desk: Desk, store: Store, conversation_id: str, *content: bytes, name: str = "box.png") -> Attachment:
    return await uploads.take(
        desk.database,
        store,
        lambda session: floor.hold(session, conversation_id),
        Arriving(name, 0, pieces(*content)),
    )


@dataclass
class Holding:
    """A channel that has files for us."""

    files: dict[str, bytes] = field(default_factory=dict)

    async def fetch(self, identity: str, source: str) -> bytes:
        if source not in self.files:
            raise PermanentDeliveryError("It is gone.")
        return self.files[source]


async def fetched(desk: Desk, store: Store, channel: Holding) -> list[Attachment]:
    fetcher = Fetcher(desk.database, {"web": channel}, store)
    for item in await desk.pending():
        if item.job == "fetch_attachment":
            await fetcher.fetch(item)
    async with desk.database.read() as session:
        return list(await session.scalars(select(Attachment).order_by(Attachment.position)))


@pytest.mark.parametrize(
    ("content", "kind", "media_type"),
    [
        (PICTURE, "image", "image/png"),
        (wav(), "audio", "audio/wav"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF\0\1" + b"\0" * 40, "image", "image/jpeg"),
        (b"RIFF\x24\0\0\0AVI LIST" + b"\0" * 40, "document", contents.BYTES),
        (PDF, "document", "application/pdf"),
        (SVG, "document", contents.BYTES),
        (HTML, "document", contents.BYTES),
        (b"\xef\xbb\xbf" + HTML, "document", contents.BYTES),
        (b"words", "document", contents.BYTES),
    ],
)
def test_what_a_file_is_comes_from_its_content(content: bytes, kind: str, media_type: str) -> None:
    found = attachments.check("picture.png", content)
    assert (found.kind, found.media_type) == (kind, media_type)


@pytest.mark.parametrize("content", [PROGRAM, b"#!/bin/sh\n", b"\x7fELF" + b"\0" * 60])
def test_programs_are_refused_whatever_they_are_called(content: bytes) -> None:
    with pytest.raises(BadInput, match="Programs cannot be sent"):
        attachments.check("holiday.jpg", content)


HARD = st.sampled_from([*"./\\ _:\"<>|?*%'&;", "con", ".exe", "\u202e", "\ud800", "\x00", "\r\n", "é", "箱", "🎁"])


@trying(max_examples=2000, deadline=None)
@given(st.lists(st.one_of(HARD, st.characters()), max_size=160).map("".join))
def test_a_safe_name_is_safe_whatever_it_was(name: str) -> None:
    safe = contents.safe_name(name)
    assert 1 <= len(safe) <= contents.LONGEST_NAME
    assert safe not in (".", "..")
    assert safe == safe.strip(" .")
    assert not set(safe) & set('/\\:<>"|?*\u202e\u200b' + "".join(map(chr, range(32))))
    assert contents.safe_name(safe) == safe
    safe.encode()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\maya\\box.jpg", "box.jpg"),
        ("", "file"),
        ("...", "file"),
        ("nul.txt", "_nul.txt"),
        ("gnp\u202eexe.png", "gnp_exe.png"),
        ("x" * 300 + ".jpeg", "x" * 115 + ".jpeg"),
        ("Fotos vom Paket.jpeg", "Fotos vom Paket.jpeg"),
    ],
)
def test_a_name_keeps_its_end_and_loses_what_could_do_harm(name: str, kept: str) -> None:
    assert contents.safe_name(name) == kept


def test_a_card_number_in_a_name_is_not_kept() -> None:
    assert "4111" not in attachments.check("4111 1111 1111 1111.png", PICTURE).name
    assert attachments.check("IMG_20240711_103015123.png", PICTURE).name == "IMG_20240711_103015123.png"


async def test_reading_stops_as_soon_as_it_is_too_much(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELLONCE_ATTACHMENT_MAX_MB", "1")
    settings.cache_clear()
    receipt = await desk.customer_says("hello")
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield b"\0" * 256 * 1024

    with pytest.raises(TooLarge, match="more than 1 MB"):
        await uploads.take(
            desk.database,
            store,
            lambda session: floor.hold(session, receipt.conversation_id),
            Arriving("endless", 0, endless()),
        )
    assert given == 5


async def test_a_file_that_says_it_is_too_large_is_not_read_at_all(desk: Desk, store: Store) -> None:
    receipt = await desk.customer_says("hello")

    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("It was read.")
        yield b""

    find = lambda session: floor.hold(session, receipt.conversation_id)  # noqa: E731
    with pytest.raises(TooLarge):
        await uploads.take(desk.database, store, find, Arriving("huge", 10**12, never()))


async def test_only_so_many_uploads_wait_for_their_words(desk: Desk, store: Store) -> None:
    receipt = await desk.customer_says("hello")
    for _ in range(attachments.UNSENT):
        await upload(desk, store, receipt.conversation_id, PICTURE)
    with pytest.raises(BadInput, match="20 files are waiting to be sent already"):
        await upload(desk, store, receipt.conversation_id, PICTURE)


async def test_a_file_comes_with_words_in_its_place(desk: Desk, store: Store) -> None:
    receipt = await desk.customer_says("hello")
    one, two = [await upload(desk, store, receipt.conversation_id, PICTURE, name=f"{n}.png") for n in "ab"]
    said = await desk.customer_says("", attachments=(Attached(two.id), Attached(one.id)))
    async with desk.database.read() as session:
        files = (await attachments.of_messages(session, [said.message_id]))[said.message_id]
    assert [file.name for file in files] == ["b.png", "a.png"]
    await desk.run_outbox()
    assert desk.assistant.requests[-1].text == conversations.SENT_FILES


async def test_a_channels_file_is_awaited_then_here(desk: Desk, store: Store) -> None:
    await desk.customer_says("look", attachments=(Attached(source="tg-1", name="x", media_type="image/jpeg"),))
    [file] = await fetched(desk, store, Holding({"tg-1": PICTURE}))
    assert (file.state, file.media_type, file.size_bytes) == (AttachmentState.STORED, "image/png", len(PICTURE))
    piece = await store.get(str(file.store_key))
    assert b"".join([chunk async for chunk in piece.chunks]) == PICTURE
    told = [type(event).__name__ for event in desk.database.told]  # type: ignore[attr-defined]
    assert "AttachmentChanged" in told


@pytest.mark.parametrize(
    ("files", "state", "reason"),
    [
        ({}, AttachmentState.LOST, "It is gone."),
        ({"tg-1": PROGRAM}, AttachmentState.REFUSED, "Programs cannot be sent here."),
        ({"tg-1": b""}, AttachmentState.REFUSED, "The file is empty."),
    ],
)
async def test_a_channels_file_that_cannot_be_kept_says_why(
    desk: Desk, store: Store, files: dict[str, bytes], state: str, reason: str
) -> None:
    receipt = await desk.customer_says("look", attachments=(Attached(source="tg-1"),))
    [file] = await fetched(desk, store, Holding(files))
    assert file.state == state
    assert str(file.reason).startswith(reason)
    assert (await desk.words(receipt.conversation_id))[0][2] == "look"


async def test_a_channels_files_count_towards_the_quota_too(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELLONCE_ATTACHMENTS_PER_CONVERSATION_MB", "1")
    settings.cache_clear()
    large = PICTURE + b"\0" * 700_000
    await desk.customer_says("two", attachments=(Attached(source="a"), Attached(source="b")))
    fetcher = Fetcher(desk.database, {"web": Holding({"a": large, "b": large})}, store)
    async with desk.database.read() as session:
        ids = list(await session.scalars(select(Attachment.id).order_by(Attachment.position)))
    for attachment_id in ids:
        await fetcher.fetch(OutboxItem(body={"attachment_id": attachment_id}))
    async with desk.database.read() as session:
        rows = list(await session.scalars(select(Attachment).order_by(Attachment.position)))
    assert [row.state for row in rows] == [AttachmentState.STORED, AttachmentState.REFUSED]


async def test_an_agents_file_is_answer_enough(desk: Desk, store: Store) -> None:
    receipt = await desk.customer_says("where is my label?")
    dana = await desk.agent()
    await desk.write(lambda session: handovers.take_over(session, receipt.conversation_id, dana))
    file = await upload(desk, store, receipt.conversation_id, PDF, name="label.pdf")
    for _ in range(2):
        said = await desk.agent_says(
            dana, receipt.conversation_id, "", files=[Attached(file.id)], client_ref="dana-file-1"
        )
    assert (await desk.conversation(receipt.conversation_id)).waiting_since is None
    async with desk.database.read() as session:
        assert list(await attachments.of_messages(session, [said.id])) == [said.id]
    with pytest.raises(NotFound):
        await desk.write(lambda session: uploads.remove(session, receipt.conversation_id, file.id))


async def test_words_whose_file_is_gone_are_not_stored(desk: Desk, store: Store) -> None:
    receipt = await desk.customer_says("hello")
    file = await upload(desk, store, receipt.conversation_id, PICTURE)
    await desk.write(lambda session: uploads.remove(session, receipt.conversation_id, file.id))
    with pytest.raises(BadInput, match="no longer there"):
        await desk.customer_says("look", attachments=(Attached(file.id),))
    assert (await desk.conversation(receipt.conversation_id)).last_seq == 1


async def test_a_package_names_every_file_and_where_it_is(desk: Desk, store: Store) -> None:
    receipt = await desk.customer_says("broken", attachments=(Attached(source="tg-1", name="box.jpg"),))
    [file] = await fetched(desk, store, Holding({"tg-1": PICTURE}))
    request = HandoverRequest(
        conversation_id=receipt.conversation_id, idempotency_key="k", reason_code=Reason.ASKED, issue=Issue(title="Box")
    )

    async def package(session: AsyncSession) -> dict[str, Any]:
        await handovers.hand_over(session, request)
        found = await handovers.current(session, receipt.conversation_id)
        assert found
        return dict(found.package)

    [packed] = (await desk.write(package))["attachments"]
    assert packed == {
        "id": file.id,
        "message_id": receipt.message_id,
        "name": "box.jpg",
        "kind": "image",
        "media_type": "image/png",
        "size_bytes": len(PICTURE),
        "state": "stored",
        "url": f"{settings().public_url}/api/v1/attachments/{file.id}/content",
    }


async def test_what_the_store_lost_is_said_and_not_an_error(store: Store) -> None:
    with pytest.raises(NotFound, match="does not have this file"):
        await store.get("never/kept")
    await store.forget("never/kept")
