"""What a customer's browser asks for: the socket, the widget, the demo shop page, the transcript."""

from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response, WebSocket
from fastapi.responses import FileResponse, PlainTextResponse
from jinja2 import Environment, FileSystemLoader

from handoff import conversations, ledger
from handoff.channels.web import sessions
from handoff.channels.web.socket import Page
from handoff.errors import NotFound
from handoff.models import Message
from handoff.ports import Audience
from handoff.settings import settings

HERE = Path(__file__).parent
STATIC = HERE / "static"
TEMPLATES = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
SHOP_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FOR_ANY_PAGE = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-cache",
}
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
LOOPBACK = ("127.0.0.1", "localhost")

router = APIRouter(include_in_schema=False)


def is_allowed(origin: str | None) -> bool:
    """Whether pages of this origin may talk to the hub. Programs that are no browser send none."""
    if not origin:
        return True
    ours = urlsplit(settings().public_url)
    theirs = urlsplit(origin)
    if ours.hostname in LOOPBACK and theirs.hostname in LOOPBACK and ours.port == theirs.port:
        return True
    allowed = {settings().public_url, *filter(None, (one.strip() for one in settings().allowed_origins.split(",")))}
    return origin in {f"{(parts := urlsplit(one)).scheme}://{parts.netloc}" for one in allowed}


@router.websocket("/channels/web/socket")
async def socket(socket: WebSocket) -> None:
    if not is_allowed(socket.headers.get("origin")):
        await socket.close(code=4403, reason="This page may not open the chat.")
        return
    await Page(socket.app.state.hub.web, socket).serve()


@router.get("/channels/web/transcript")
async def transcript(request: Request, session: str) -> Response:
    """The customer's own copy, as text."""
    identity = sessions.read(session, settings().secret_key).identity
    async with request.app.state.hub.database.read() as database_session:
        conversation = await conversations.of_identity(database_session, "web", identity)
        if conversation is None:
            raise NotFound("There is nothing to download yet.")
        rows = await ledger.messages(database_session, conversation.id, audience=Audience.EVERYONE)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="conversation.txt"'}
    origin = request.headers.get("origin")
    if origin and is_allowed(origin):
        headers |= {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
    return PlainTextResponse("".join(_line(row) for row in rows), headers=headers)


def _line(row: Message) -> str:
    name = "You" if row.author == "customer" else row.name or settings().company_name
    return f"{row.created_at:%Y-%m-%d %H:%M} UTC  {name}: {row.text}\n"


@router.get("/")
async def shop() -> Response:
    html = TEMPLATES.get_template("shop.html").render(company=settings().company_name)
    return Response(html, media_type="text/html", headers={"Content-Security-Policy": SHOP_POLICY})


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
