"""Typing dots in Telegram while the assistant or an agent works on an answer.

They last five seconds there and are asked for again while the work goes on. Best effort, outside every transaction.
"""

import asyncio
import time
from contextlib import suppress

from handoff import conversations, events
from handoff.channels.telegram.bots import NAME
from handoff.channels.telegram.sending import Telegram
from handoff.db import Database
from handoff.errors import TellonceError
from handoff.live import FellBehind, Live

AGAIN_AFTER_S = 2.5
REMEMBERED = 1000


class Dots:
    """One per process; `async with` runs it."""

    def __init__(self, database: Database, live: Live, telegram: Telegram) -> None:
        self._database, self._live, self._telegram = database, live, telegram
        self._shown_at: dict[str, float] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Dots":
        self._task = asyncio.create_task(self._run(), name="telegram-typing")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            with suppress(FellBehind):
                async with self._live.subscribe() as subscription:
                    while True:
                        event = await subscription.next()
                        if isinstance(event, events.Typing) and event.who != "customer":
                            await self._show(event.conversation_id)

    async def _show(self, conversation_id: str) -> None:
        now = time.monotonic()
        if now - self._shown_at.get(conversation_id, 0.0) < AGAIN_AFTER_S:
            return
        if len(self._shown_at) > REMEMBERED:
            self._shown_at.clear()
        self._shown_at[conversation_id] = now
        with suppress(TellonceError):
            async with self._database.read() as session:
                conversation = await conversations.get(session, conversation_id)
                identity = await conversations.reply_identity(session, conversation)
            if identity.channel == NAME and identity.unreachable_reason is None:
                await self._telegram.show_typing(identity.external_id)
