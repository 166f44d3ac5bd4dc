"""Pushing updates to a bot's webhook: one after another, each again until it is answered with 2xx."""

from __future__ import annotations

import asyncio

import httpx

from tools.telegram_stub.world import Bot, World

HEADER = "X-Telegram-Bot-Api-Secret-Token"
TIMEOUT_S = 10.0
PAUSES_S = (0.2, 0.5, 1.0, 2.0)


async def push(world: World, bot: Bot) -> None:
    """For ever. Every change of the webhook or the queue wakes it."""
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
        failures = 0
        while True:
            if not bot.queue.is_pushing or not (bot.queue.waiting or bot.queue.scripted):
                await bot.queue.news()
            elif await _is_taken(world, bot, client):
                failures = 0
            else:
                await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
                failures += 1


async def _is_taken(world: World, bot: Bot, client: httpx.AsyncClient) -> bool:
    hook, update = bot.webhook, _next(bot)
    hook.attempts += 1
    headers = {HEADER: hook.secret} if hook.secret else {}
    try:
        (await client.post(hook.url, json=update, headers=headers)).raise_for_status()
    except httpx.HTTPError as error:
        said = error.response.reason_phrase if isinstance(error, httpx.HTTPStatusError) else "Connection failed"
        hook.last_error_at, hook.last_error = int(world.clock.now()), f"Wrong response from the webhook: {said}"
        return False
    _drop(bot, update)
    bot.queue.handed_out += 1
    return True


def _next(bot: Bot) -> dict[str, object]:
    return bot.queue.scripted[0][0] if bot.queue.scripted else bot.queue.waiting[0][1]


def _drop(bot: Bot, update: dict[str, object]) -> None:
    if bot.queue.scripted:
        bot.queue.scripted[0].remove(update)
        bot.queue.scripted = [batch for batch in bot.queue.scripted if batch]
    else:
        bot.queue.waiting = [one for one in bot.queue.waiting if one[1] is not update]
