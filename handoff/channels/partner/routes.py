"""What a partner's page asks for: itself, the piece that changes, forms, files. See `live` for the socket."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Header, Query, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import downloads, floor, uploads
from handoff.api.streams import arriving, sent
from handoff.channels.partner import doors, live
from handoff.channels.partner.drawing import HEADERS, HERE, draw
from handoff.errors import NotFound, TellonceError
from handoff.models import Conversation
from handoff.partners import answers, shares
from handoff.partners.shares import PartnerView

router = APIRouter(prefix="/p", include_in_schema=False)
router.include_router(live.router)
TYPES = {".js": "text/javascript", ".css": "text/css"}
FormToken = Annotated[str, Form(max_length=100)]


@router.get("/static/{name}")
async def static(name: str) -> Response:
    path = HERE / "static" / name
    if path.parent != HERE / "static" or path.suffix not in TYPES or not path.is_file():
        raise NotFound("There is no such file.")
    return FileResponse(path, media_type=TYPES[path.suffix], headers={"Cache-Control": "no-cache"})


@router.get("/{token}")
async def page(request: Request, token: str, said: Annotated[str, Query(pattern="^(sent|set|)$")] = "") -> Response:
    """The whole page; a sentence instead when the link shows nothing (any more)."""
    try:
        view = await _view(request, token)
        await request.app.state.hub.database.write(lambda session: shares.first_seen(session, token))
    except TellonceError as refusal:
        return draw("ended.html", refusal.status, message=refusal.message)
    return _page(view, token, said=said)


@router.get("/{token}/now")
async def now(request: Request, token: str) -> Response:
    """The piece that changes, for the open page."""
    try:
        return draw("_now.html", view=await _view(request, token), token=token, form=doors.form_token(token))
    except TellonceError as refusal:
        return draw("_ended.html", refusal.status, message=refusal.message)


@router.post("/{token}/state")
async def state(request: Request, token: str, form: FormToken, state: Annotated[str, Form(max_length=40)]) -> Response:
    async def step(session: AsyncSession) -> None:
        await shares.set_state(session, token, state)

    return await _do(request, token, form, step, "set")


@router.post("/{token}/words")
async def words(
    request: Request,
    token: str,
    form: FormToken,
    text: Annotated[str, Form(max_length=8000)] = "",
    client_ref: Annotated[str, Form(max_length=60)] = "",
    attachment: Annotated[list[str], Form(max_length=10)] = [],  # noqa: B006, FastAPI copies it
) -> Response:
    async def step(session: AsyncSession) -> None:
        await shares.write(session, token, text, attachment_ids=attachment, client_ref=client_ref or None)

    return await _do(request, token, form, step, "sent")


@router.post("/{token}/attachments")
async def upload(
    request: Request,
    token: str,
    name: Annotated[str, Query(min_length=1, max_length=300)],
    form: Annotated[str, Header(alias="x-form-token", max_length=100)] = "",
) -> Response:
    """Take a photo in for words that follow; the body is the file."""
    doors.must_be_our_form(request, token, form)
    doors.rates_of(request).write(token)

    async def find(session: AsyncSession) -> Conversation:
        entry = await shares.enter(session, token)
        return await floor.hold(session, await answers.conversation_of(session, entry.live))

    hub = request.app.state.hub
    kept = await uploads.take(hub.database, hub.store, find, arriving(request, name))
    return JSONResponse({"id": kept.id, "name": kept.name}, 201, headers=HEADERS)


@router.get("/{token}/files/{secret}/{name}")
async def file(
    request: Request,
    token: str,
    secret: str,
    name: str,
    wanted: Annotated[str | None, Header(alias="Range")] = None,
) -> Response:
    """The bytes of a shared file. The link is looked at for every piece of it."""
    hub = request.app.state.hub
    doors.rates_of(request).look(token, doors.address_of(request))
    async with hub.database.read() as session:
        found = await shares.file_of(session, token, secret)
    answered = sent(await downloads.answer(hub.store, found, wanted))
    for header in ("Referrer-Policy", "X-Robots-Tag", "Cross-Origin-Resource-Policy"):
        answered.headers[header] = HEADERS[header]
    return answered


async def _view(request: Request, token: str) -> PartnerView:
    doors.rates_of(request).look(token, doors.address_of(request))
    async with request.app.state.hub.database.read() as session:
        try:
            return await shares.read(session, token)
        except NotFound as error:
            raise doors.known(request, error) from None


async def _do(request: Request, token: str, form: str, step: live.Step, said: str) -> Response:
    """Run one act of the partner. Our script gets JSON, a browser without one is sent back to the page."""
    is_script = request.headers.get("x-partner-page") == "1"
    try:
        doors.must_be_our_form(request, token, form)
        doors.rates_of(request).write(token)
        await request.app.state.hub.database.write(step)
    except TellonceError as refusal:
        if is_script:
            raise
        return await _with_refusal(request, token, refusal)
    if is_script:
        return JSONResponse({"said": said}, headers=HEADERS)
    return RedirectResponse(f"/p/{quote(token, safe='')}?said={said}", 303, headers=HEADERS)


async def _with_refusal(request: Request, token: str, refusal: TellonceError) -> Response:
    try:
        view = await _view(request, token)
    except TellonceError as ended:
        return draw("ended.html", ended.status, message=ended.message)
    return _page(view, token, refusal=refusal)


def _page(view: PartnerView, token: str, *, said: str = "", refusal: TellonceError | None = None) -> Response:
    status = refusal.status if refusal else 200
    error = refusal.message if refusal else None
    return draw("page.html", status, view=view, token=token, form=doors.form_token(token), said=said, error=error)
