"""Files on the wire, for every edge: a body that is a file on its way in, a download on its way out."""

from fastapi import Request
from fastapi.responses import StreamingResponse

from handoff.downloads import Download
from handoff.uploads import Arriving


def arriving(request: Request, name: str) -> Arriving:
    """The body as a file called `name`; not read yet."""
    announced = request.headers.get("content-length", "")
    return Arriving(name, int(announced) if announced.isdecimal() and len(announced) < 19 else 0, request.stream())


def sent(download: Download) -> StreamingResponse:
    return StreamingResponse(download.chunks, download.status, dict(download.headers))
