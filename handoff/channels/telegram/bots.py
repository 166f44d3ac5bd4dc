"""The bots we speak as, and what their library's errors mean here.

Only `telegram.Bot` is used: its updater confirms updates before they are on disk. Telegram's addresses hold the token,
so no address of it is ever logged, and errors are told by their kind and Telegram's own sentence.
"""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest

from handoff.errors import DeliveryError, PermanentDeliveryError, TemporaryDeliveryError

NAME = "telegram"
# No word boundary before it: in Telegram's addresses it stands right after the word `bot`.
TOKEN = re.compile(r"(?<!\d)\d{3,}:[A-Za-z0-9_-]{20,}")
POLL_S = 25


class NoTokens(logging.Filter):
    """Takes bot tokens out of whatever a library logs; they stand in every address of the Bot API."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if TOKEN.search(said):
            record.msg, record.args = TOKEN.sub("[bot token]", said), ()
        return True


NO_TOKENS = NoTokens()


def keep_tokens_out_of_logs() -> None:
    """For every logger that sees addresses or requests, and whatever reaches a handler past them. Safe to repeat."""
    for name in ("httpx", "telegram", "telegram.Bot", "telegram.request", "telegram.request.HTTPXRequest"):
        logging.getLogger(name).addFilter(NO_TOKENS)
    for handler in logging.getLogger().handlers:
        handler.addFilter(NO_TOKENS)
    # Below INFO the transport writes raw requests, in pieces that no pattern can be sure of.
    for name in ("httpcore", "httpcore.http11", "httpcore.connection"):
        logging.getLogger(name).setLevel(logging.INFO)


@dataclass
class TelegramBot:
    """One bot. `team` is whose it is; None takes everybody's customers. `trouble` is shown at the desk."""

    token: str = field(repr=False)
    team: str | None = None
    api_url: str = ""
    username: str = ""
    trouble: str | None = None

    def __post_init__(self) -> None:
        # The library logs its addresses as soon as it knows them.
        keep_tokens_out_of_logs()
        talking = HTTPXRequest(connection_pool_size=64, pool_timeout=30, media_write_timeout=60)
        asking = HTTPXRequest(connection_pool_size=1, read_timeout=POLL_S + 10)
        if self.api_url:
            talk, files = f"{self.api_url}/bot", f"{self.api_url}/file/bot"
            self.bot = Bot(self.token, talk, files, request=talking, get_updates_request=asking)
        else:
            self.bot = Bot(self.token, request=talking, get_updates_request=asking)
        self._requests = (talking, asking)

    async def close(self) -> None:
        """Let go of the connections."""
        for request in self._requests:
            await request.shutdown()

    @property
    def id(self) -> str:
        """The number before the colon, by which Telegram knows it; not secret."""
        return self.token.partition(":")[0]

    @property
    def name(self) -> str:
        return f"@{self.username}" if self.username else f"bot {self.id}"


def read_tokens(setting: str, api_url: str = "") -> tuple[TelegramBot, ...]:
    """`token` or `team=token`, comma-separated. Raises `ValueError` with a sentence that never shows a token."""
    bots = []
    for position, part in enumerate(filter(None, (part.strip() for part in setting.split(","))), start=1):
        team, _, token = part.rpartition("=")
        if not TOKEN.fullmatch(token):
            raise ValueError(
                f"TELLONCE_TELEGRAM_TOKEN: number {position} does not look like a bot token. "
                "Copy it whole from BotFather: digits, a colon and a long word."
            )
        bots.append(TelegramBot(token, team or None, api_url.rstrip("/")))
    if len({bot.id for bot in bots}) < len(bots):
        raise ValueError("TELLONCE_TELEGRAM_TOKEN names one bot twice. Keep one of the two.")
    return tuple(bots)


def as_delivery_error(error: TelegramError) -> DeliveryError:
    """Whether trying again can help. The library calls `BadRequest` a network error; asking twice changes nothing."""
    said = TOKEN.sub("[bot token]", error.message)
    match error:
        case RetryAfter():
            return TemporaryDeliveryError(f"Telegram asks to wait: {said}", _seconds(error))
        case Forbidden():
            return PermanentDeliveryError(f"Telegram does not let us write there: {said}")
        case InvalidToken():
            return PermanentDeliveryError("Telegram does not know our bot's token.")
        case ChatMigrated() | BadRequest():
            return PermanentDeliveryError(f"Telegram refused it: {said}")
        case TimedOut() | Conflict() | NetworkError():
            return TemporaryDeliveryError(f"Telegram could not be reached: {type(error).__name__}.", 2.0)
    return TemporaryDeliveryError(f"Telegram failed: {said}", 5.0)


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return float(wait if isinstance(wait, int) else wait.total_seconds())


def way_to(bots: Sequence[TelegramBot], base_url: str) -> Callable[[str], str | None]:
    """What makes an address of a token: a link that opens the bot and hands it the token. A bot that takes everybody's
    customers is chosen before a team's own. None until Telegram has told us the bot's name."""
    ours = sorted(bots, key=lambda bot: bot.team is not None)

    def way(token: str) -> str | None:
        bot = next((bot for bot in ours if bot.username), None)
        return f"{base_url.rstrip('/')}/{bot.username}?start={token}" if bot else None

    return way


def by_id(bots: Sequence[TelegramBot], bot_id: str) -> TelegramBot:
    """The bot an identity belongs to. Raises `PermanentDeliveryError` when it is not one of ours any more."""
    found = next((bot for bot in bots if bot.id == bot_id), None)
    if found is None:
        raise PermanentDeliveryError("The bot this customer wrote to is no longer set up here.")
    return found
