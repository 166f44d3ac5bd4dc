"""The customers' side over HTTP: what the page and the tests do as people, and what only tests do (faults, the clock).

Everything lies under `/client`. Acts take JSON, but for files, which come as a multipart form. Refusals are the Bot
API's own shape. `{bot}` is a user name or an id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from tools.telegram_stub import customer, media
from tools.telegram_stub.chats import Chat, Shown
from tools.telegram_stub.customer import Customer
from tools.telegram_stub.faults import MODES, Fault
from tools.telegram_stub.files import File
from tools.telegram_stub.refusals import Refused
from tools.telegram_stub.world import Bot, World

Json = dict[str, Any]
Act = Callable[[World, Request], Awaitable[Any]]
LONGEST_WAIT_S = 25.0
STATIC = Path(__file__).parent / "static"
SHOWN_INLINE = ("image/jpeg", "image/png", "image/gif", "image/webp", "video/mp4", "audio/ogg", "audio/mpeg")


async def page(request: Request) -> Response:
    """The chat app; `/<bot's user name>?start=<token>` is what a link to the bot opens."""
    return FileResponse(STATIC / "index.html")


def routes(world: World) -> list[BaseRoute]:
    def route(path: str, act: Act, method: str = "POST") -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                answer = await act(world, request)
            except Refused as refused:
                return JSONResponse(refused.body, refused.status)
            return answer if isinstance(answer, Response) else JSONResponse(answer)

        return Route(path, endpoint, methods=[method])

    chat = "/client/chats/{bot}/{person:int}"
    return [
        Route("/", page),
        Route("/{bot:str}", page),
        Mount("/static", StaticFiles(directory=STATIC)),
        route("/client/bots", bots, "GET"),
        route("/client/people", join),
        route(chat, look, "GET"),
        route(f"{chat}/act/{{verb}}", act),
        route(f"{chat}/files", send_files),
        route("/client/files/{file_id}", show_file, "GET"),
        route("/client/bots/{bot}/updates", feed),
        route("/client/bots/{bot}/batches", script),
        route("/client/bots/{bot}/trouble", trouble),
        route("/client/bots/{bot}/account", account, "GET"),
        route("/client/faults", set_faults),
        route("/client/clock", move_clock),
    ]


# What people do


async def bots(world: World, request: Request) -> list[Json]:
    return [{"id": bot.id, "username": bot.me["username"], "name": bot.me["first_name"]} for bot in world.bots.values()]


async def join(world: World, request: Request) -> Json:
    return world.join(**await request.json())


async def look(world: World, request: Request) -> Json:
    """The whole chat. With `?after=<version>&wait_s=20` it waits for something newer, and answers what there is."""
    somebody = _customer(world, request)
    after, wait_s = int(request.query_params.get("after", -1)), float(request.query_params.get("wait_s", 0))
    if somebody.chat.version <= after:
        await _change(somebody.chat, min(wait_s, LONGEST_WAIT_S))
    return _chat(world, somebody.bot, somebody.chat)


async def act(world: World, request: Request) -> Json:
    """`verb` is one of VERBS; the body holds its arguments by name."""
    verb = VERBS.get(request.path_params["verb"])
    if verb is None:
        raise Refused(404, f"A customer can {', '.join(VERBS)}.")
    try:
        return {"result": _result(verb(_customer(world, request), **await request.json()))}
    except TypeError as error:
        raise Refused(400, f"That is not how to {request.path_params['verb']}: {error}") from None


VERBS: dict[str, Callable[..., Any]] = {
    "start": Customer.start,
    "write": Customer.write,
    "locate": Customer.send_location,
    "share_contact": Customer.share_contact,
    "edit": Customer.edit,
    "press": Customer.press,
    "press_data": Customer.press_data,
    "delete": Customer.delete,
    "block": Customer.block,
    "unblock": Customer.unblock,
    "send_raw": Customer.send_raw,
}


async def send_files(world: World, request: Request) -> Json:
    """Fields `kind`, `caption`, one or more `file` (several make an album); `pretend_bytes` makes them look larger."""
    somebody = _customer(world, request)
    async with request.form(max_part_size=64 * 1024 * 1024) as form:
        kind, caption = str(form.get("kind", "document")), str(form.get("caption", ""))
        pretended = int(str(form.get("pretend_bytes") or 0)) or None
        uploads = [one for one in form.getlist("file") if isinstance(one, UploadFile)]
        files = [await _kept(world, kind, one, pretended) for one in uploads]
    if kind not in media.KINDS or not files:
        raise Refused(400, f"A file and its kind are needed, one of {', '.join(media.KINDS)}.")
    if len(files) == 1:
        return {"result": [_result(somebody.send_file(kind, files[0], caption))]}
    return {"result": [_result(shown) for shown in somebody.send_album(kind, files, caption)]}


async def show_file(world: World, request: Request) -> Response:
    file = world.files.find(request.path_params["file_id"])
    shown = file.media_type if file.media_type in SHOWN_INLINE else "application/octet-stream"
    return Response(file.content, media_type=shown, headers={"X-Content-Type-Options": "nosniff"})


# What only tests do


async def feed(world: World, request: Request) -> Json:
    """Updates under their own numbers, in this order."""
    bot, updates = _bot(world, request), await request.json()
    for update in updates:
        customer.feed(bot, update)
    return {"fed": len(updates)}


async def script(world: World, request: Request) -> Json:
    """Batches to hand out exactly so, one a call, whatever the bot has confirmed."""
    bot, batches = _bot(world, request), await request.json()
    for update in (update for batch in batches for update in batch):
        customer.learn(bot, update)
    bot.queue.put_batches(batches)
    return {"batches": len(batches)}


async def trouble(world: World, request: Request) -> Json:
    """Any of `rival_calls` (409 so often), `wait` {chat, seconds} (429), `next_update` (numbering begins anew there),
    `moved` {chat, to} (a group became a supergroup) and `forget_file` (a `file_id`)."""
    bot, asked = _bot(world, request), await request.json()
    if "rival_calls" in asked:
        bot.queue.rival_calls = int(asked["rival_calls"])
        bot.queue.wake()
    if "wait" in asked:
        bot.pacing.order_wait(int(asked["wait"]["chat"]), float(asked["wait"]["seconds"]))
    if "next_update" in asked:
        bot.queue.next_id = int(asked["next_update"])
    if "moved" in asked:
        bot.chat(int(asked["moved"]["chat"])).moved_to = int(asked["moved"]["to"])
    if "forget_file" in asked:
        world.files.forget(asked["forget_file"])
    return {"ok": True}


async def account(world: World, request: Request) -> Json:
    """Every call so far, what is still on its way to the bot, and how its button presses were answered."""
    bot = _bot(world, request)
    return {
        "calls": [asdict(call) for call in world.calls if call.bot == bot.id],
        "waiting": len(bot.queue.waiting) + sum(map(len, bot.queue.scripted)),
        "handed_out": bot.queue.handed_out,
        "unanswered": len(bot.presses),
        "answers": bot.answers,
        "early": bot.pacing.ignored_waits,
        "webhook_attempts": bot.webhook.attempts,
        "commands": bot.commands,
        "faults_met": world.faults.met,
    }


async def set_faults(world: World, request: Request) -> Json:
    """The faults that hold from now on, in place of those before; `[]` makes Telegram well again."""
    faults = [Fault(**fault) for fault in await request.json()]
    if wrong := [fault.mode for fault in faults if fault.mode not in MODES]:
        raise Refused(400, f"There is no fault {wrong[0]}; there are {', '.join(MODES)}.")
    world.faults.active = faults
    return {"active": len(faults)}


async def move_clock(world: World, request: Request) -> Json:
    world.clock.advance(float((await request.json())["seconds"]))
    return {"now": world.clock.now()}


def _bot(world: World, request: Request) -> Bot:
    return world.bot_named(request.path_params["bot"])


def _customer(world: World, request: Request) -> Customer:
    return Customer(world, _bot(world, request), world.person(request.path_params["person"]))


async def _kept(world: World, kind: str, upload: UploadFile, pretended: int | None) -> File:
    media_type = media.MEDIA_TYPES.get(kind, upload.content_type or "application/octet-stream")
    return world.files.keep(upload.filename or kind, media_type, await upload.read(), pretended)


async def _change(chat: Chat, wait_s: float) -> None:
    try:
        async with asyncio.timeout(wait_s):
            await chat.changed.wait()
    except TimeoutError:
        pass


def _result(value: Any) -> Any:
    return value.wire if isinstance(value, Shown) else value


def _chat(world: World, bot: Bot, chat: Chat) -> Json:
    return {
        "version": chat.version,
        "is_started": chat.is_started,
        "is_blocked": chat.is_blocked,
        "typing": chat.typing if chat.is_typing(world.clock.now()) else None,
        "typing_for_s": max(0.0, chat.typing_until - world.clock.now()),
        "pressed": [f"{one.message} {one.data}" for one in bot.presses.values() if one.chat == chat.id],
        "notices": [one for one in bot.answers if one["text"] and one["chat"] == chat.id],
        "commands": bot.commands,
        "messages": [_shown(one) for one in chat.messages],
    }


def _shown(shown: Shown) -> Json:
    return {
        "message": shown.wire,
        "is_from_bot": shown.is_from_bot,
        "is_deleted": shown.is_deleted,
        "versions": [version.get("text", version.get("caption", "")) for version in shown.versions],
        "kind": media.kind_of(shown.wire),
    }
