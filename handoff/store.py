"""The attachment store: where the bytes of files are kept, by a key that nobody can guess.

A local folder by default, or any bucket that obstore speaks to (`s3://`, `gs://`, `az://`), by
`TELLONCE_ATTACHMENTS_URL`. Knows nothing of messages; `handoff/attachments.py` decides what may be kept and who may
see it.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.store import ObjectStore, from_url

from handoff.errors import NotFound, TemporaryDeliveryError

CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Piece:
    """Bytes `start` up to, but without, `end` of a file of `size_bytes`."""

    start: int
    end: int
    size_bytes: int
    chunks: AsyncIterator[bytes]


class Store:
    """One per process."""

    def __init__(self, url: str) -> None:
        self._objects = _open(url)

    async def put(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`, replacing what was there. Raises `TemporaryDeliveryError` when it cannot."""
        try:
            await obstore.put_async(self._objects, key, content)
        except (OSError, obstore.exceptions.BaseError) as error:
            raise TemporaryDeliveryError(f"The attachment store does not take files: {type(error).__name__}.") from None

    async def get(self, key: str, start: int = 0, end: int | None = None) -> Piece:
        """A file or a part of it, in chunks. Raises `NotFound` when the store does not have it (any more)."""
        try:
            whole = await obstore.head_async(self._objects, key)
            end = whole["size"] if end is None else min(end, whole["size"])
            if start >= end:
                return Piece(start, start, whole["size"], _chunks(None))
            found = await obstore.get_async(self._objects, key, options={"range": (start, end)})
        except (FileNotFoundError, obstore.exceptions.NotFoundError):
            raise NotFound("The store does not have this file any more.") from None
        return Piece(start, end, whole["size"], _chunks(found))

    async def forget(self, key: str) -> None:
        """Remove the bytes for good; one that is gone already is fine."""
        try:
            await obstore.delete_async(self._objects, key)
        except (FileNotFoundError, obstore.exceptions.NotFoundError):
            return


def _open(url: str) -> ObjectStore:
    if "://" in url:
        return from_url(url)
    folder = Path(url).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return from_url(folder.as_uri())


async def _chunks(found: "obstore.GetResult | None") -> AsyncIterator[bytes]:
    if found is not None:
        async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
            yield bytes(chunk)
