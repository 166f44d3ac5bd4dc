"""What a customer's browser asks for: the socket, the widget, the demo shop page, the transcript."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, WebSocket
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse
from jinja2 import Environment, FileSystemLoader

from handoff import attachments, conversations, ledger
from handoff.channels.web import demo_customers, doors, file_routes
from handoff.channels.web.origins import for_origin, is_allowed
from handoff.channels.web.socket import Page
from handoff.errors import NotFound
from handoff.models import Attachment, AttachmentKind, Message
from handoff.ports import Audience
from handoff.settings import settings

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
SHOP_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FOR_ANY_PAGE = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-cache",
}
KINDS = {
    AttachmentKind.IMAGE: "photo",
    AttachmentKind.VIDEO: "video",
    AttachmentKind.AUDIO: "audio",
    AttachmentKind.DOCUMENT: "file",
}
"""What a file is called in the customer's own copy."""
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

router = APIRouter(include_in_schema=False)
router.include_router(file_routes.router)


@router.websocket("/channels/web/socket")
async def socket(socket: WebSocket) -> None:
    if not is_allowed(socket.headers.get("origin")):
        await socket.close(code=4403, reason="This page may not open the chat.")
        return
    await Page(socket.app.state.hub.web, socket).serve()


@router.get("/channels/web/transcript")
async def transcript(request: Request, session: str, login: str | None = None) -> Response:
    """The customer's own copy, as text. Where somebody signed in it is theirs alone."""
    async with request.app.state.hub.database.read() as database_session:
        identity = (await doors.must_be_theirs(database_session, session, login)).identity
        conversation = await conversations.of_identity(database_session, "web", identity)
        if conversation is None:
            raise NotFound("There is nothing to download yet.")
        rows = await ledger.messages(database_session, conversation.id, audience=Audience.EVERYONE)
        files = await attachments.of_messages(database_session, [row.id for row in rows])
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="conversation.txt"'}
    headers |= for_origin(request.headers.get("origin"))
    said = "".join(_line(row, files.get(row.id, ())) for row in rows if row.withdrawn_at is None)
    return PlainTextResponse(said, headers=headers)


def _line(row: Message, files: Sequence[Attachment]) -> str:
    """One message. A file is named where it was sent; a withdrawn message is gone for the customer."""
    name = "You" if row.author == "customer" else row.name or settings().company_name
    if row.redacted_at:
        return f"{row.created_at:%Y-%m-%d %H:%M} UTC  {name}: [removed]\n"
    shown = [f"[{KINDS[AttachmentKind(one.kind)]}: {one.name}]" for one in files]
    edited = " (edited)" if row.edited_at else ""
    return f"{row.created_at:%Y-%m-%d %H:%M} UTC  {name}: {' '.join(filter(None, [row.words, *shown]))}{edited}\n"


@router.get("/")
async def shop() -> Response:
    shown = demo_customers.offered()
    html = TEMPLATES.get_template("shop.html").render(company=settings().company_name, demo_customers=shown)
    return Response(html, media_type="text/html", headers={"Content-Security-Policy": SHOP_POLICY})


@router.post("/shop/sign-in")
async def demo_sign_in(sub: Annotated[str, Form(max_length=40)]) -> Response:
    """In the demonstration only: the token a real site's server would make for its signed-in customer."""
    return JSONResponse({"token": demo_customers.token_of(sub)}, headers={"Cache-Control": "no-store"})


@router.get("/widget.js")
async def widget() -> Response:
    return _file(STATIC, "widget.js", FOR_ANY_PAGE)


@router.get("/widget/{name}")
async def widget_part(name: str) -> Response:
    return _file(STATIC / "widget", name, FOR_ANY_PAGE)


@router.get("/shop/{name}")
async def shop_part(name: str) -> Response:
    return _file(STATIC / "shop", name, {"Cache-Control": "no-cache"})


def _file(folder: Path, name: str, headers: dict[str, str]) -> Response:
    path = folder / name
    if path.parent != folder or path.suffix not in TYPES or not path.is_file():
        raise NotFound("There is no such file.")
    return FileResponse(path, media_type=TYPES[path.suffix], headers=headers)
