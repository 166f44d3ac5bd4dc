"""The front door: what every HTTP request meets before any route, and every answer on its way out.

Plain ASGI, so that it costs nothing and sockets pass untouched. Refusals have the one shape, `{code, message}`.
"""

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from handoff.errors import BadInput, TellonceError, TooLarge

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY_BYTES = 1024 * 1024
UPLOADS = re.compile(r"(/api/v1/conversations/[^/]+|/desk/c/[^/]+|/p/[^/]+|/channels/web)/attachments")
"""The addresses that take files. They count for themselves (`handoff/uploads.py`), by limits of their own."""
SAFE_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
}


class FrontDoor:
    """ASGI middleware: `app.add_middleware(FrontDoor)`."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if refusal := _refusal(scope):
            await _refuse(refusal, _with_safe_headers(send))
            return
        await self.app(scope, receive if _takes_files(scope) else _limited(receive), _with_safe_headers(send))


def _refusal(scope: Scope) -> TellonceError | None:
    """No identifier has a NUL, and PostgreSQL cannot look for one. A body that says it is too large is not read."""
    if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
        return BadInput("The address contains a NUL character.")
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > LARGEST_BODY_BYTES and not _takes_files(scope):
        return _too_large()
    return None


def _takes_files(scope: Scope) -> bool:
    return bool(scope["method"] == "POST" and UPLOADS.fullmatch(scope["path"]))


def _too_large() -> TooLarge:
    return TooLarge(f"That is more than {LARGEST_BODY_BYTES // 1024} KiB. Send less at once.")


def _limited(receive: Receive) -> Receive:
    """For bodies that come in pieces and do not say how many."""
    came = 0

    async def limited() -> Message:
        nonlocal came
        message = await receive()
        came += len(message.get("body", b""))
        if came > LARGEST_BODY_BYTES:
            raise _too_large()
        return message

    return limited


def _with_safe_headers(send: Send) -> Send:
    async def safe(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message.get("headers", ())}
            added = [(name, value) for name, value in SAFE_HEADERS.items() if name not in given]
            message["headers"] = [*message.get("headers", ()), *added]
        await send(message)

    return safe


async def _refuse(error: TellonceError, send: Send) -> None:
    body = json.dumps(error.as_dict()).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
