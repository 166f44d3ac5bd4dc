"""Drawing the page: everything escaped, nothing cached, nobody told where the reader came from."""

from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from handoff.partners.kinds import State
from handoff.settings import settings

HERE = Path(__file__).parent
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def _when(at: datetime) -> str:
    return f"{at.day} {at:%b}, {at:%H:%M} UTC"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1_000_000:.1f} MB" if size_bytes >= 1_000_000 else f"{max(1, round(size_bytes / 1000))} KB"


def _told(state: State, partner: str) -> str:
    return state.customer_text.replace("{partner}", partner)


_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(when=_when, size=_size, told=_told, quoted=lambda name: quote(name, safe=""))


def draw(template: str, status: int = 200, **values: Any) -> HTMLResponse:
    html = _environment.get_template(template).render(company=settings().company_name, **values)
    return HTMLResponse(html, status, headers=HEADERS)
