"""The router of `/api/v1`: every part of it, under one prefix."""

from handoff.api import (
    attachments,
    care,
    cases,
    conversations,
    exceptions,
    exports,
    finding,
    handovers,
    moves,
    partners,
    people,
    removals,
    routing,
    rules,
    settings,
    sign_in,
    webhooks,
)
from handoff.api.shapes import ErrorShape
from handoff.routers import Router

REFUSALS: dict[int | str, dict[str, object]] = {
    status: {"model": ErrorShape} for status in (400, 401, 403, 404, 409, 422, 429)
}

router = Router(prefix="/api/v1", responses=REFUSALS)
PARTS = (sign_in, handovers, conversations, attachments, people, finding, cases, moves, partners, webhooks, care, rules)
MORE = (exceptions, removals, exports)
for part in (*PARTS, *MORE, settings, routing):
    router.include_router(part.router)
