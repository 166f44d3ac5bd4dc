"""The stub as a web application: `/bot<token>/<method>`, `/file/bot<token>/<path>`, and the customers' side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tools.telegram_stub import client, methods, parameters, webhooks
from tools.telegram_stub.faults import Fault
from tools.telegram_stub.refusals import Refused
from tools.telegram_stub.world import World


class BrokenLine(Response):
    """Headers, and then the connection ends: the caller cannot know what became of its call."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"64")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})


def create_app(world: World) -> Starlette:
    async def bot_api(request: Request) -> Response:
        return await _answered(lambda: _call(world, request))

    async def file(request: Request) -> Response:
        return await _answered(lambda: _download(world, request))

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok")

    routes = [
        Route("/bot{token}/{method}", bot_api, methods=["GET", "POST"]),
        Route("/file/bot{token}/{path:path}", file),
        Route("/healthz", health),
        *client.routes(world),
    ]

    @asynccontextmanager
    async def pushing(app: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(webhooks.push(world, bot)) for bot in world.bots.values()]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    return Starlette(routes=routes, lifespan=pushing)


async def _answered(act: Callable[[], Awaitable[Response]]) -> Response:
    try:
        return await act()
    except Refused as refused:
        return JSONResponse(refused.body, refused.status)


async def _call(world: World, request: Request) -> Response:
    bot, name = world.bot_of(request.path_params["token"]), methods.known(request.path_params["method"])
    asked = await parameters.read(request)
    chat = asked.integer("chat_id") if asked.given("chat_id") else None
    fault = world.faults.meet(name, chat)
    if fault and (spoiled := await _spoiled(fault)):
        return spoiled
    try:
        result = await methods.call(world, bot, name, asked)
    except Refused as refused:
        world.note(bot, name, chat, refused.status)
        raise
    world.note(bot, name, chat, 200, result)
    if fault and fault.mode == "late_answer":
        await asyncio.sleep(fault.delay_s)
    return BrokenLine() if fault and fault.mode == "lost_answer" else JSONResponse({"ok": True, "result": result})


async def _spoiled(fault: Fault) -> Response | None:
    """What a fault answers in place of the method; None if the method goes on."""
    if fault.mode == "slow":
        await asyncio.sleep(fault.delay_s)
    elif fault.mode == "down":
        return BrokenLine()
    elif fault.mode == "error":
        return JSONResponse(Refused(500, "Internal Server Error").body, 500)
    elif fault.mode == "unauthorized":
        return JSONResponse(Refused(401, "Unauthorized").body, 401)
    return None


async def _download(world: World, request: Request) -> Response:
    world.bot_of(request.path_params["token"])
    fault = world.faults.meet("download", None)
    if fault and (spoiled := await _spoiled(fault)):
        return spoiled
    file = world.files.at_path(request.path_params["path"])
    return BrokenLine() if fault and fault.mode == "lost_answer" else Response(file.content, media_type=file.media_type)
