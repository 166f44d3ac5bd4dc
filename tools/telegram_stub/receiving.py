"""Bot API methods by which a bot gets what happened: polling, webhooks, files, and the answers to button presses."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from tools.telegram_stub.parameters import Parameters
from tools.telegram_stub.refusals import bad_request
from tools.telegram_stub.world import Bot, Webhook, World

Json = dict[str, Any]
LONGEST_ANSWER = 200
ANSWERABLE_S = 60.0
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


def get_me(world: World, bot: Bot, asked: Parameters) -> Json:
    return bot.me


async def get_updates(world: World, bot: Bot, asked: Parameters) -> list[Json]:
    _choose_kinds(bot, asked)
    numbers = (asked.integer("offset", 0), asked.integer("limit", 100), asked.integer("timeout", 0))
    return await bot.queue.take(*numbers)


def set_webhook(world: World, bot: Bot, asked: Parameters) -> bool:
    """The real one insists on HTTPS; here loopback will do."""
    url, secret = asked.text("url"), asked.text("secret_token")
    if not url:
        return delete_webhook(world, bot, asked)
    address = urlsplit(url)
    if address.scheme != "https" and address.hostname not in ("127.0.0.1", "localhost"):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if secret and not SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    _choose_kinds(bot, asked)
    bot.webhook = Webhook(url, secret or None)
    return _switch(bot, asked, is_pushing=True)


def delete_webhook(world: World, bot: Bot, asked: Parameters) -> bool:
    bot.webhook = Webhook()
    return _switch(bot, asked, is_pushing=False)


def get_webhook_info(world: World, bot: Bot, asked: Parameters) -> Json:
    hook = bot.webhook
    info: Json = {"url": hook.url, "has_custom_certificate": False, "pending_update_count": len(bot.queue.waiting)}
    if bot.queue.allowed:
        info["allowed_updates"] = bot.queue.allowed
    if hook.last_error_at:
        info |= {"last_error_date": hook.last_error_at, "last_error_message": hook.last_error}
    return info


def get_file(world: World, bot: Bot, asked: Parameters) -> Json:
    path = world.files.path_of(asked.text("file_id"))
    file = world.files.find(asked.text("file_id"))
    named = {"file_id": file.file_id, "file_unique_id": file.file_unique_id, "file_size": file.size}
    return {**named, "file_path": path}


def answer_callback_query(world: World, bot: Bot, asked: Parameters) -> bool:
    if len(asked.text("text")) > LONGEST_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    query = asked.text("callback_query_id")
    press = bot.presses.pop(query, None)
    if press is None or world.clock.now() - press.at > ANSWERABLE_S:
        raise bad_request(TOO_OLD)
    answer = {"callback_query_id": query, "chat": press.chat, "text": asked.text("text")}
    bot.answers.append({**answer, "show_alert": asked.flag("show_alert")})
    bot.chat(press.chat).change()
    return True


def get_chat(world: World, bot: Bot, asked: Parameters) -> Json:
    return {**bot.chat(asked.integer("chat_id")).wire, "accent_color_id": 1, "max_reaction_count": 11}


def set_my_commands(world: World, bot: Bot, asked: Parameters) -> bool:
    commands = asked.parsed("commands") or []
    for one in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", str(one.get("command", ""))):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(one.get("description", ""))) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    bot.commands = commands
    return True


def get_my_commands(world: World, bot: Bot, asked: Parameters) -> list[Json]:
    return bot.commands


def _choose_kinds(bot: Bot, asked: Parameters) -> None:
    """Holds from now on; an empty list means the usual ones, nothing means as before."""
    kinds = asked.parsed("allowed_updates")
    if kinds is not None:
        bot.queue.allowed = [str(kind) for kind in kinds]


def _switch(bot: Bot, asked: Parameters, *, is_pushing: bool) -> bool:
    bot.queue.is_pushing = is_pushing
    if asked.flag("drop_pending_updates"):
        bot.queue.waiting.clear()
    bot.queue.wake()
    return True
