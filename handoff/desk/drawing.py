"""Drawing pages: one template environment, one set of security headers.

Templates get `page` (a frozen value from `pages`) and `me`; everything is escaped, an unknown name is an error.
"""

from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from handoff.desk import wording
from handoff.desk.pages import QUEUE_LABELS, Me, Queue

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "media-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(wording.FILTERS)
_environment.globals.update(queues=list(Queue), queue_labels=QUEUE_LABELS)


def draw(template: str, page: Any, me: Me | None = None, *, status: int = 200, **more: Any) -> HTMLResponse:
    html = _environment.get_template(template).render(page=page, me=me, **{"teams": wording.ACTIVE.get(), **more})
    return HTMLResponse(html, status, headers=HEADERS)
