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
MISSING = (FileNotFoundError, obstore.exceptions.NotFoundError)
TROUBLE = (OSError, obstore.exceptions.BaseError)


@dataclass(frozen=True)
class Piece:
    """Bytes `start` up to, but without, `end` of a file of `size_bytes`."""

    start: int
    end: int
    size_bytes: int
    chunks: AsyncIterator[bytes]


class Store:
    """One per process. Whatever it cannot do just now raises `TemporaryDeliveryError`."""

    def __init__(self, url: str) -> None:
        self._objects = _open(url)

    async def put(self, key: str, content: bytes) -> None:
        """Keep `content` under `key`, replacing what was there."""
        try:
            await obstore.put_async(self._objects, key, content)
        except TROUBLE as error:
            raise _away(error) from None

    async def get(self, key: str, start: int = 0, end: int | None = None) -> Piece:
        """A file or a part of it that is not empty, in chunks. Raises `NotFound` when it is not there (any more)."""
        part: obstore.GetOptions = {}
        if start or end is not None:
            part = {"range": {"offset": start} if end is None else (start, end)}
        try:
            found = await obstore.get_async(self._objects, key, options=part)
        except MISSING:
            raise NotFound("The store does not have this file any more.") from None
        except TROUBLE as error:
            raise _away(error) from None
        return Piece(*found.range, found.meta["size"], _chunks(found))

    async def forget(self, key: str) -> None:
        """Remove the bytes for good; one that is gone already is fine."""
        try:
            await obstore.delete_async(self._objects, key)
        except MISSING:
            return
        except TROUBLE as error:
            raise _away(error) from None


def _open(url: str) -> ObjectStore:
    if "://" in url:
        return from_url(url)
    folder = Path(url).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return from_url(folder.as_uri())


def _away(error: Exception) -> TemporaryDeliveryError:
    return TemporaryDeliveryError(f"The attachment store does not answer just now ({type(error).__name__}). Try again.")


async def _chunks(found: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
        yield bytes(chunk)
