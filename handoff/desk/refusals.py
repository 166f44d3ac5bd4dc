"""How the desk says no to a browser that asked for a page; scripts get the common JSON."""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from handoff.desk.drawing import draw
from handoff.errors import TellonceError


def refusal_page(request: Request, error: TellonceError) -> Response | None:
    """A page, the way to the sign-in, or None when JSON is the right answer."""
    wants_page = "text/html" in request.headers.get("accept", "") and "hx-request" not in request.headers
    if not request.url.path.startswith("/desk") or not wants_page:
        return None
    if error.status == 401:
        return RedirectResponse("/desk/sign-in", 303)
    return draw("error.html", error, status=error.status)
