"""Telling in passing what was just done: a sentence that goes by itself, with what takes it back while it is there."""

import json
from dataclasses import asdict, dataclass

from fastapi.responses import HTMLResponse


@dataclass(frozen=True)
class Said:
    """`undo` is the address that takes it back, `href` where the sentence leads."""

    text: str
    undo: str | None = None
    href: str | None = None


def with_words(page: HTMLResponse, said: Said, *, address: str | None = None) -> HTMLResponse:
    """The page with a sentence for `saying.js`; `address` when the page shown is another than the one asked from."""
    page.headers["HX-Trigger-After-Swap"] = json.dumps({"desk:said": asdict(said)})
    if address:
        page.headers["HX-Push-Url"] = address
    return page
