"""The desk's style sheets and scripts, and htmx from the installed package that carries it."""

from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from handoff.errors import NotFound

router = APIRouter(prefix="/desk")
HERE = Path(__file__).parent / "static"
HEADERS = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@router.get("/static/{name}")
async def static(name: str) -> Response:
    path = _htmx() if name == "htmx.min.js" else HERE / name
    if path.suffix not in TYPES or path.parent not in (HERE, _htmx().parent) or not path.is_file():
        raise NotFound("There is no such file.")
    return FileResponse(path, media_type=TYPES[path.suffix], headers=HEADERS)


def _htmx() -> Path:
    # Found, not imported: the package asks for a framework that is not installed and that its file does not need.
    spec = find_spec("django_htmx")
    if spec is None or spec.origin is None:
        raise NotFound("htmx is not installed; install requirements/hub.txt.")
    return Path(spec.origin).parent / "static" / "django_htmx" / "htmx-2.min.js"
