"""Being told of updates: stored, then answered at once. Whoever does not know the secret learns nothing."""

import hmac
from typing import Any

from fastapi import APIRouter, Request, Response

from handoff.errors import NotAllowed, NotFound
from handoff.settings import settings

router = APIRouter(prefix="/channels/telegram", include_in_schema=False)


@router.post("/{bot_id}")
async def take(request: Request, bot_id: str, update: dict[str, Any]) -> Response:
    """One update of one bot. Telegram repeats what was not answered with 200; a repeated one is stored once."""
    receiving = request.app.state.hub.telegram
    if receiving is None or settings().telegram_mode != "webhook":
        raise NotFound("There is nothing here.")
    given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
    if not hmac.compare_digest(given.encode(), settings().telegram_webhook_secret.encode()):
        raise NotAllowed("The secret is missing or wrong.")
    await receiving.keep(bot_id, [update])
    return Response(status_code=200)
