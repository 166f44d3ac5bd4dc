"""A customer's page and the floor: it knows who may speak, also when that changed before it began to listen."""

import asyncio
from typing import Any

from handoff import floor
from handoff.channels.web.socket import Page, WebChat
from handoff.floor import Verb
from handoff.live import Live
from tests.hub.conftest import Desk, an_empty_database


class Window:
    """The browser's end of a socket: keeps what it was sent."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send_json(self, frame: dict[str, Any]) -> None:
        self.frames.put_nowait(frame)


async def test_a_floor_that_moved_before_the_page_listened_is_told(tmp_path: Any) -> None:
    async with an_empty_database(f"sqlite+aiosqlite:///{tmp_path}/hub.db") as database:
        desk = Desk(database)
        receipt = await desk.customer_says("I would like to talk to a person")
        page = Page(WebChat(database, Live()), Window())  # type: ignore[arg-type]

        async def hand_over(session: Any) -> None:
            floor.move(session, await floor.hold(session, receipt.conversation_id), Verb.HAND_OVER)

        await desk.write(hand_over)
        following = asyncio.create_task(page._follow_conversation(receipt.conversation_id))
        try:
            async with asyncio.timeout(30):
                while (frame := await page.socket.frames.get())["type"] != "floor":  # type: ignore[attr-defined]
                    pass
        finally:
            following.cancel()
            # It may be reading, and what it reads from must not be closed before it has let go.
            await asyncio.wait([following])
        assert frame["floor"] == "queue"
