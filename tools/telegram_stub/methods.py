"""The Bot API by method name, and one call from its parameters to its answer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from tools.telegram_stub import media, receiving, sending
from tools.telegram_stub.parameters import Parameters
from tools.telegram_stub.refusals import Refused
from tools.telegram_stub.world import Bot, World

METHODS: dict[str, Callable[[World, Bot, Parameters], Any]] = {
    "getMe": receiving.get_me,
    "getUpdates": receiving.get_updates,
    "setWebhook": receiving.set_webhook,
    "deleteWebhook": receiving.delete_webhook,
    "getWebhookInfo": receiving.get_webhook_info,
    "getFile": receiving.get_file,
    "getChat": receiving.get_chat,
    "answerCallbackQuery": receiving.answer_callback_query,
    "setMyCommands": receiving.set_my_commands,
    "getMyCommands": receiving.get_my_commands,
    "sendMessage": sending.send_message,
    **{f"send{''.join(map(str.title, kind.split('_')))}": partial(sending.send_media, kind) for kind in media.KINDS},
    "sendMediaGroup": sending.send_media_group,
    "sendLocation": sending.send_location,
    "sendChatAction": sending.send_chat_action,
    "editMessageText": sending.edit_message_text,
    "editMessageCaption": sending.edit_message_caption,
    "editMessageReplyMarkup": sending.edit_message_reply_markup,
    "deleteMessage": sending.delete_message,
}
BY_LOWER_NAME = {name.lower(): name for name in METHODS}


def known(name: str) -> str:
    """Telegram does not mind the case of a method's name."""
    if found := BY_LOWER_NAME.get(name.lower()):
        return found
    raise Refused(404, "Not Found")


async def call(world: World, bot: Bot, name: str, asked: Parameters) -> Any:
    answer = METHODS[name](world, bot, asked)
    return await answer if inspect.isawaitable(answer) else answer
