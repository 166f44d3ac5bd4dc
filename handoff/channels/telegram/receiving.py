"""Everything that receives: starts polling or sets the webhook, keeps what comes, applies it."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from handoff import updates
from handoff.channels.telegram import polling, reading
from handoff.channels.telegram.applying import TelegramUpdates
from handoff.channels.telegram.bots import NAME, TelegramBot, by_id, keep_tokens_out_of_logs
from handoff.db import Database
from handoff.settings import settings
from handoff.updates import Applier, Taken


class Receiving:
    """One per process; `async with` runs it."""

    def __init__(self, database: Database, bots: Sequence[TelegramBot]) -> None:
        self.bots = bots
        self._database = database
        self._applier = Applier(database, TelegramUpdates(bots))
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Receiving":
        keep_tokens_out_of_logs()
        await self._applier.__aenter__()
        begin = self._poll if settings().telegram_mode == "polling" else self._set_webhook
        self._tasks = [asyncio.create_task(begin(bot), name=f"telegram-{bot.id}") for bot in self.bots]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        await self._applier.__aexit__(None, None, None)
        for bot in self.bots:
            await bot.close()

    async def keep(self, bot_id: str, came: Sequence[Mapping[str, Any]]) -> None:
        """Store updates of a bot; they are on disk when this returns. Raises for a bot that is none of ours."""
        bot = by_id(self.bots, bot_id)
        taken = [_taken(update) for update in came]
        if taken:
            await self._database.write(lambda session: updates.store(session, NAME, bot.id, taken))
            self._applier.wake()

    async def _poll(self, bot: TelegramBot) -> None:
        await polling.poll(bot, lambda bot, came: self.keep(bot.id, came))

    async def _set_webhook(self, bot: TelegramBot) -> None:
        url = f"{settings().public_url}/channels/telegram/{bot.id}"
        await polling.until_well(bot, lambda: polling.introduce(bot, url, settings().telegram_webhook_secret))

    @property
    def troubles(self) -> list[str]:
        """What is wrong with receiving, a sentence a bot, for the desk."""
        return [bot.trouble for bot in self.bots if bot.trouble]


def _taken(update: Mapping[str, Any]) -> Taken:
    read = reading.read(update)
    return Taken(int(update.get("update_id", 0)), read.kind, read.thread, update)
