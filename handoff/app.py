"""The running hub: puts the nouns behind the edges and starts what runs by itself.

`create_app()` gives a FastAPI app; everything the edges share is `app.state.hub`.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import cast

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DataError, SQLAlchemyError
from starlette.exceptions import HTTPException

from handoff import casework, desk, handovers, leavings, offers, turns
from handoff.agents import Throttle
from handoff.api.routes import router as api_router
from handoff.assistants.rasa import Rasa
from handoff.care.jobs import jobs as care_jobs
from handoff.cases.jobs import jobs as case_jobs
from handoff.channels.hooks import HttpHooks
from handoff.channels.partner import router as partner_router
from handoff.channels.senders import ConsoleSender, sender_of
from handoff.channels.telegram.bots import NAME, read_tokens, way_to
from handoff.channels.telegram.receiving import Receiving
from handoff.channels.telegram.sending import Telegram
from handoff.channels.telegram.typing import Dots
from handoff.channels.telegram.webhook import router as telegram_router
from handoff.channels.web.routes import router as web_router
from handoff.channels.web.socket import WebChat
from handoff.company.http import HttpCompany
from handoff.db import Database
from handoff.deliveries import Deliverer
from handoff.errors import TellonceError, TooMany
from handoff.fetching import Fetcher
from handoff.front import FrontDoor
from handoff.live import Live
from handoff.models import Conversation, OutboxItem
from handoff.outbox import Runner
from handoff.partners.postings import Poster
from handoff.ports import Assistant, Channel, CodeSender
from handoff.rules import time_triggers
from handoff.settings import Settings, settings
from handoff.store import Store
from handoff.uploads import Sweeper

log = structlog.get_logger(__name__)


@dataclass
class Hub:
    """What the edges share."""

    settings: Settings
    database: Database
    live: Live
    assistant: Assistant
    runner: Runner
    web: WebChat
    store: Store
    throttle: Throttle = field(default_factory=Throttle)
    channels: dict[str, Channel] = field(default_factory=dict)
    telegram: Receiving | None = None
    code_sender: CodeSender = field(default_factory=ConsoleSender)


def create_app(assistant: Assistant | None = None, channels: tuple[Channel, ...] = ()) -> FastAPI:
    """The hub as an ASGI app. Tests give their own `assistant` and channels; otherwise it is Rasa, by the settings."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            app.state.hub = await _open(stack, assistant, channels)
            yield

    app = FastAPI(
        title="Tellonce",
        version="1",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.include_router(api_router)
    app.include_router(web_router)
    app.include_router(telegram_router)
    app.include_router(partner_router)
    app.include_router(desk.router)
    app.add_api_route("/healthz", healthz, include_in_schema=False)
    app.add_api_route("/readyz", readyz, include_in_schema=False)
    app.add_api_route("/metrics", metrics, include_in_schema=False)
    app.add_exception_handler(TellonceError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_shape)
    app.add_exception_handler(HTTPException, _refuse_http)
    app.add_exception_handler(DataError, _refuse_value)
    app.add_exception_handler(OverflowError, _refuse_value)
    app.add_exception_handler(SQLAlchemyError, _refuse_database)
    app.add_exception_handler(Exception, _own_up)
    app.add_middleware(FrontDoor)
    return app


async def _open(stack: contextlib.AsyncExitStack, assistant: Assistant | None, channels: tuple[Channel, ...]) -> Hub:
    config = settings()
    live = Live()
    if assistant is None:
        assistant = await stack.enter_async_context(
            Rasa(config.assistant_url, config.assistant_secret, config.assistant_timeout_s)
        )
    database = await stack.enter_async_context(Database(config.database_url, live.publish))
    asking = turns.Turns(database, assistant, live)
    store = Store(config.attachments_url)
    bots = read_tokens(config.telegram_token, config.telegram_api_url)
    by_name: dict[str, Channel] = {channel.name: channel for channel in channels}
    if bots:
        telegram = Telegram(bots, store)
        by_name.setdefault(NAME, telegram)
        await stack.enter_async_context(Dots(database, live, telegram))
    carrying, fetching = Deliverer(database, by_name), Fetcher(database, by_name, store)
    sweeping = Sweeper(database, store)
    posting = Poster(database, HttpHooks(allows_private=config.webhook_allow_private))

    company = await stack.enter_async_context(HttpCompany(config))

    async def offer_expired(item: OutboxItem) -> None:
        await database.write(lambda session: offers.expire(session, item.body["handover_id"], item.body["agent_id"]))

    async def look_after(item: OutboxItem) -> None:
        await database.write(lambda session: handovers.look_after(session, item.subject_id))

    jobs = {
        "ask_assistant": asking.ask,
        "deliver_message": carrying.deliver,
        "edit_delivered": carrying.edit,
        "withdraw_delivered": carrying.withdraw,
        "fetch_attachment": fetching.fetch,
        "drop_upload": sweeping.drop_upload,
        "forget_file": sweeping.forget_file,
        "offer_expired": offer_expired,
        "look_after": look_after,
        "deliver_webhook": posting.deliver,
        **care_jobs(database),
        **case_jobs(database, company, assistant),
    }
    runner = Runner(database, jobs, casework.when_given_up, steps=casework.STEPS, together=casework.TOGETHER)
    database.wake = runner.wake
    await database.write(time_triggers.begin)
    await database.write(leavings.begin)
    await stack.enter_async_context(runner)
    receiving = await stack.enter_async_context(Receiving(database, bots)) if bots else None
    web = WebChat(database, live, {NAME: way_to(bots, config.telegram_link_url)} if bots else {})
    return Hub(
        config,
        database,
        live,
        assistant,
        runner,
        web,
        store,
        channels=by_name,
        telegram=receiving,
        code_sender=sender_of(config),
    )


async def healthz() -> dict[str, str]:
    """The process runs."""
    return {"status": "ok"}


async def readyz(request: Request) -> Response:
    """The process can serve: its database answers. The assistant may be down; customers still reach people."""
    hub: Hub = request.app.state.hub
    try:
        async with asyncio.timeout(3), hub.database.read() as session:
            await session.execute(text("SELECT 1"))
    except (SQLAlchemyError, TimeoutError):
        return JSONResponse({"status": "the database does not answer"}, 503)
    return JSONResponse({"status": "ok"})


async def metrics(request: Request) -> Response:
    """Prometheus text: what waits, who is connected, who has the floor."""
    hub: Hub = request.app.state.hub
    registry = CollectorRegistry()
    async with hub.database.read() as session:
        floors = await session.execute(select(Conversation.floor, func.count()).group_by(Conversation.floor))
        due = await session.scalar(select(func.count()).select_from(OutboxItem).where(OutboxItem.is_dead.is_(False)))
        dead = await session.scalar(select(func.count()).select_from(OutboxItem).where(OutboxItem.is_dead.is_(True)))
    by_floor = Gauge("tellonce_conversations", "Conversations by who has the floor.", ["floor"], registry=registry)
    for floor, count in floors:
        by_floor.labels(floor).set(count)
    Gauge("tellonce_outbox_items", "Work waiting in the outbox.", registry=registry).set(due or 0)
    Gauge("tellonce_outbox_dead", "Work given up on.", registry=registry).set(dead or 0)
    Gauge("tellonce_web_pages", "Open chat pages.", registry=registry).set(hub.web.pages)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


async def _refuse(request: Request, error: Exception) -> Response:
    error = cast("TellonceError", error)
    if page := desk.refusal_page(request, error):
        return page
    headers = {"Retry-After": str(int(error.retry_after_s))} if isinstance(error, TooMany) else {}
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error.as_dict(), error.status, headers)


async def _refuse_shape(request: Request, error: Exception) -> Response:
    error = cast("RequestValidationError", error)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
    return JSONResponse({"code": "bad_input", "message": f"{where}: {first['msg']}."}, 422)


async def _refuse_http(request: Request, error: Exception) -> Response:
    error = cast("HTTPException", error)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "refused")
    return JSONResponse({"code": code, "message": str(error.detail)}, error.status_code, error.headers)


async def _refuse_value(request: Request, error: Exception) -> Response:
    """What no shape caught and no column can hold, such as a number past 64 bits."""
    return JSONResponse({"code": "bad_input", "message": "A value in there is too large or cannot be stored."}, 422)


async def _refuse_database(request: Request, error: Exception) -> Response:
    log.error("database_failed", path=request.url.path, error=type(error).__name__)
    return JSONResponse(
        {"code": "unavailable", "message": "This could not be stored just now. Try again in a moment."}, 503
    )


async def _own_up(request: Request, error: Exception) -> Response:
    """A defect of ours. The server logs it; the caller gets the same shape as for everything else."""
    return JSONResponse({"code": "error", "message": "Something went wrong on our side. Try again in a moment."}, 500)
