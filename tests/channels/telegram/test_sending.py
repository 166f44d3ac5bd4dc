"""What leaves for a Telegram chat, as the stub of Telegram takes it."""

from pathlib import Path

import pytest

from handoff.channels.telegram.bots import read_tokens
from handoff.channels.telegram.sending import LARGEST_PHOTO
from handoff.channels.telegram.sending import Telegram as Channel
from handoff.ports import Outbound, OutboundFile, Words
from handoff.store import Store
from tests.support.telegram import PNG, TOKEN, Telegram


@pytest.mark.parametrize(("size_bytes", "kind"), [(len(PNG), "photo"), (LARGEST_PHOTO + 1, "document")])
async def test_a_picture_too_large_for_a_photo_travels_as_a_document(
    size_bytes: int, kind: str, tmp_path: Path
) -> None:
    store = Store(str(tmp_path))
    await store.put("box", PNG.ljust(size_bytes, b"\0"))
    file = OutboundFile("box.png", "image", "image/png", "box")
    arrived: list[tuple[int, str]] = []

    async def sent(part: int, external_ref: str) -> None:
        arrived.append((part, external_ref))

    with Telegram() as telegram:
        customer = await telegram.customer()
        await customer.starts()
        [bot] = bots = read_tokens(TOKEN, telegram.url)
        outbound = Outbound("c", "m", 1, f"{bot.id}:{customer.id}", Words("The box"), files=(file,))
        await Channel(bots, store).deliver(outbound, sent)
        await bot.close()
        shown = await customer.hears("The box")

    assert [part for part, _ in arrived] == [0]
    assert shown.kind == kind
