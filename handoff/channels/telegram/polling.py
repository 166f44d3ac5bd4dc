"""Asking Telegram for updates: rows are committed before the offset that confirms them moves on.

For development and small sites. Runs until it is told to stop; whatever goes wrong is said once in the log and at the
desk, and tried again.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from handoff.channels.telegram.bots import POLL_S, TelegramBot, as_delivery_error
from handoff.errors import TemporaryDeliveryError

log = structlog.get_logger(__name__)

BATCH = 100
LONGEST_WAIT_S = 60.0
KINDS = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "channel_post",
    "edited_channel_post",
    "business_message",
    "inline_query",
    "chosen_inline_result",
    "poll",
    "poll_answer",
    "message_reaction",
)

Keep = Callable[[TelegramBot, Sequence[Mapping[str, Any]]], Awaitable[None]]


async def poll(bot: TelegramBot, keep: Keep) -> None:
    """Take updates for one bot until cancelled. `keep` returns once they are committed."""
    offset: int | None = None
    failures = 0
    while True:
        try:
            if not bot.username:
                await introduce(bot, "")
            updates = await ask(bot, offset)
            await keep(bot, updates)
        except Exception as error:  # noqa: BLE001, receiving must outlive a network or a database that is away
            failures += 1
            await asyncio.sleep(_say_trouble(bot, error, failures))
            continue
        failures = 0
        _say_well(bot)
        # An offset confirms what lies below it. Numbers may begin lower again after a quiet week, so once nothing is
        # left to confirm, ask for whatever there is.
        offset = max(int(update["update_id"]) for update in updates) + 1 if updates else None


async def ask(bot: TelegramBot, offset: int | None) -> list[dict[str, Any]]:
    """The next updates exactly as they come. The library would turn them into objects and trip over unknown ones, so
    the method is named in the lower case that Telegram takes as well."""
    asked: dict[str, Any] = {"timeout": POLL_S, "limit": BATCH, "allowed_updates": list(KINDS)}
    if offset is not None:
        asked["offset"] = offset
    found: list[dict[str, Any]] = await bot.bot.do_api_request("getupdates", asked, read_timeout=POLL_S + 10)
    return found


async def introduce(bot: TelegramBot, webhook_url: str, secret: str = "") -> None:
    """Learn our name, set or remove the webhook, list our commands."""
    me = await bot.bot.get_me()
    if webhook_url:
        await bot.bot.set_webhook(webhook_url, secret_token=secret, allowed_updates=KINDS, max_connections=4)
    else:
        await bot.bot.delete_webhook()
    await bot.bot.set_my_commands(
        [
            ("human", "Talk to a person"),
            ("web", "Go on in the browser"),
            ("cancel", "Stop what we are doing"),
            ("help", "What I can do"),
        ]
    )
    bot.username = me.username or ""


async def until_well(bot: TelegramBot, step: Callable[[], Awaitable[None]]) -> None:
    """Repeat `step` until it goes well, with the trouble told meanwhile."""
    failures = 0
    while True:
        try:
            await step()
        except Exception as error:  # noqa: BLE001, a network that is away comes back
            failures += 1
            await asyncio.sleep(_say_trouble(bot, error, failures))
            continue
        _say_well(bot)
        return


def _say_trouble(bot: TelegramBot, error: Exception, failures: int) -> float:
    """Put the trouble into one sentence, say it when it is new, and give the seconds to wait."""
    match error:
        case Conflict():
            sentence = f"Somebody else polls for {bot.name}, or a webhook is set. Stop the other one."
        case InvalidToken():
            sentence = f"Telegram does not know the token of {bot.name}. Set TELLONCE_TELEGRAM_TOKEN again."
        case TelegramError():
            sentence = as_delivery_error(error).message
        case _:
            sentence = f"Updates of {bot.name} cannot be kept: {type(error).__name__}."
    if bot.trouble != sentence:
        bot.trouble = sentence
        log.error("telegram_trouble", bot=bot.name, trouble=sentence)
    wait_s: float = min(LONGEST_WAIT_S, 2.0 ** min(failures, 6)) * random.uniform(0.8, 1.2)  # noqa: S311, spreads them
    if isinstance(error, RetryAfter) and isinstance(asked := as_delivery_error(error), TemporaryDeliveryError):
        return max(wait_s, asked.retry_after_s)
    return wait_s


def _say_well(bot: TelegramBot) -> None:
    if bot.trouble:
        log.info("telegram_well_again", bot=bot.name)
        bot.trouble = None
