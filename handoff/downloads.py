"""What is answered to somebody who may see a file: status, headers and bytes. Who may is decided by each edge.

A file never runs anything and never stays behind on a shared computer: only kinds that every browser shows safely are
shown in place, everything else is a download; a sandbox without rights lies around both.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from handoff import contents
from handoff.models import Attachment
from handoff.store import Store

RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")
LOCKED = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    "Accept-Ranges": "bytes",
}


@dataclass(frozen=True)
class Download:
    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


async def answer(store: Store, attachment: Attachment, wanted: str | None = None) -> Download:
    """A stored file, or the part of it that the `Range` header `wanted` asks for: 200, 206 or 416.

    Several ranges at once, and what is no range, are answered with the whole file, as RFC 9110 (14.2) allows.
    """
    size = attachment.size_bytes
    asked = _range(wanted, size)
    if asked is not None and asked[0] >= asked[1]:
        return _unsatisfiable(size)
    start, end = asked or (0, size)
    piece = await store.get(str(attachment.store_key), start, end if asked else None)
    headers = {**LOCKED, **_named(attachment), "Content-Length": str(end - start)}
    if asked is None:
        return Download(200, headers, piece.chunks)
    return Download(206, {**headers, "Content-Range": f"bytes {start}-{end - 1}/{size}"}, piece.chunks)


def _range(wanted: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None for the whole file; an empty stretch when there is nothing there."""
    found = RANGE.fullmatch((wanted or "").strip())
    if found is None:
        return None
    first, last, newest = found.groups()
    if newest is not None:
        return max(0, size - int(newest)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size


def _named(attachment: Attachment) -> dict[str, str]:
    is_shown = attachment.media_type in contents.SHOWN
    is_told = is_shown or attachment.media_type in contents.KEPT_AS_TOLD
    plain = re.sub(r"[^\w.() -]", "_", attachment.name, flags=re.ASCII)
    how = "inline" if is_shown else "attachment"
    return {
        "Content-Type": attachment.media_type if is_told else contents.BYTES,
        "Content-Disposition": f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(attachment.name, safe='')}",
    }


def _unsatisfiable(size: int) -> Download:
    told = {"code": "no_such_range", "message": f"The file has {size} bytes; ask for some of them."}
    body = json.dumps(told).encode()
    headers = {**LOCKED, "Content-Type": "application/json", "Content-Range": f"bytes */{size}"}
    return Download(416, headers, _once(body))


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
