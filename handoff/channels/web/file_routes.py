"""A customer's files over HTTP: sent ahead of the words, taken back, looked at.

A page of another site may do this too if it may open the socket: the session travels in the `Authorization` header,
never in an address, `X-Tellonce-Login` carries the site's word for who is signed in, where it has one, and every answer
can be read by the page that asked, refusals included.
"""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from limits import RateLimitItemPerMinute
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, conversations, downloads, uploads
from handoff.api.streams import arriving, sent
from handoff.channels.web import doors, files
from handoff.channels.web.origins import for_origin, is_allowed
from handoff.errors import NotAllowed, NotFound, TellonceError, TooMany
from handoff.models import Conversation
from handoff.ports import Client, Inbound

UPLOADS_PER_MINUTE = RateLimitItemPerMinute(30)
UPLOADS_PER_ADDRESS = RateLimitItemPerMinute(120)
"""Browsers behind one address of the network, however many sessions they make up."""
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Tellonce-Login",
    "Access-Control-Max-Age": "600",
}

router = APIRouter(prefix="/channels/web")


@router.options("/attachments")
@router.options("/attachments/{attachment_id}")
async def ask_first(request: Request) -> Response:
    """What a browser asks before a page of another site may send a file."""
    return Response(status_code=204, headers=for_origin(request.headers.get("origin")) | PREFLIGHT)


@router.post("/attachments")
async def upload(request: Request, name: Annotated[str, Query(min_length=1, max_length=300)]) -> Response:
    """Take a file in; the body is the file. 201 with what the page needs to show it and to name it when it is sent."""
    try:
        identity = await _identity(request)
        _count(request, identity)
        hub = request.app.state.hub
        kept = await uploads.take(
            hub.database, hub.store, lambda session: _conversation(session, identity), arriving(request, name)
        )
    except TellonceError as refused:
        return _refusal(request, refused)
    return JSONResponse(files.shown(kept), 201, headers=for_origin(request.headers.get("origin")))


@router.delete("/attachments/{attachment_id}")
async def remove(request: Request, attachment_id: str) -> Response:
    """Take back a file that was not sent yet."""
    try:
        identity = await _identity(request)

        async def step(session: AsyncSession) -> None:
            conversation = await conversations.of_identity(session, "web", identity)
            await uploads.remove(session, conversation.id if conversation else "", attachment_id)

        await request.app.state.hub.database.write(step)
    except TellonceError as refused:
        return _refusal(request, refused)
    return Response(status_code=204, headers=for_origin(request.headers.get("origin")))


@router.get("/files/{secret}/{stamp}/{name}")
async def show(
    request: Request, secret: str, stamp: str, wanted: Annotated[str | None, Header(alias="Range")] = None
) -> Response:
    """A file of a message that everybody may read, by an address the socket gave."""
    files.check(secret, stamp)
    hub = request.app.state.hub
    async with hub.database.read() as session:
        file = await attachments.by_secret(session, secret)
        if not await attachments.is_for_customer(session, file):
            raise NotFound("There is no such file.")
    answered = sent(await downloads.answer(hub.store, file, wanted))
    answered.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answered


async def _identity(request: Request) -> str:
    """Which browser this is, by the session in the header; where somebody signed in, only for them."""
    if not is_allowed(request.headers.get("origin")):
        raise NotAllowed("This page may not send files to the chat.")
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    async with request.app.state.hub.database.read() as session:
        return (await doors.must_be_theirs(session, token, request.headers.get("x-tellonce-login"))).identity


def _count(request: Request, identity: str) -> None:
    rate = request.app.state.hub.web.rate
    address = request.client.host if request.client else "unknown"
    if not rate.hit(UPLOADS_PER_MINUTE, "upload", identity) or not rate.hit(UPLOADS_PER_ADDRESS, "upload", address):
        raise TooMany("That is more than we can take in. Wait a moment and send it again.", retry_after_s=20)


async def _conversation(session: AsyncSession, identity: str) -> Conversation:
    """Where this browser talks now; begun by a file as it is by words."""
    return await conversations.open_for(session, Inbound("web", identity, "", client=Client()))


def _refusal(request: Request, refused: TellonceError) -> Response:
    headers = for_origin(request.headers.get("origin"))
    if isinstance(refused, TooMany):
        headers["Retry-After"] = str(int(refused.retry_after_s))
    return JSONResponse(refused.as_dict(), refused.status, headers)
