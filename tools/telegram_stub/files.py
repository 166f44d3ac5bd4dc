"""Files on Telegram's side: sent once, named by `file_id` afterwards, fetched by a path that holds for an hour."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from tools.telegram_stub.clock import Clock
from tools.telegram_stub.refusals import Refused, bad_request

LARGEST_DOWNLOAD_BYTES = 20 * 1024 * 1024
LARGEST_UPLOAD_BYTES = 50 * 1024 * 1024
LARGEST_PHOTO_BYTES = 10 * 1024 * 1024
PATH_HOLDS_S = 3600


@dataclass(frozen=True)
class File:
    file_id: str
    file_unique_id: str
    name: str
    media_type: str
    content: bytes
    size: int
    """What the API says; larger than `content` where a test only pretends."""


class Files:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._files: dict[str, File] = {}
        self._paths: dict[str, tuple[File, float]] = {}

    def keep(self, name: str, media_type: str, content: bytes, size: int | None = None) -> File:
        unique = hashlib.sha256(content).hexdigest()[:14]
        file = File(f"AgAC{secrets.token_urlsafe(40)}", unique, name, media_type, content, size or len(content))
        self._files[file.file_id] = file
        return file

    def keep_as(self, file_id: str, file: File) -> None:
        """Give a file the id that an update from elsewhere calls it by."""
        self._files[file_id] = file

    def find(self, file_id: str) -> File:
        if not (file := self._files.get(file_id)):
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        return file

    def forget(self, file_id: str) -> None:
        self._files.pop(file_id, None)

    def path_of(self, file_id: str) -> str:
        """A new path each time; the old ones hold on until their hour is over."""
        file = self.find(file_id)
        if file.size > LARGEST_DOWNLOAD_BYTES:
            raise bad_request("file is too big")
        path = f"{file.media_type.split('/')[0]}s/{secrets.token_hex(6)}_{file.name.rsplit('/', 1)[-1]}"
        self._paths[path] = (file, self._clock.now() + PATH_HOLDS_S)
        return path

    def at_path(self, path: str) -> File:
        file, until = self._paths.get(path, (None, 0.0))
        if file is None or until < self._clock.now():
            raise Refused(404, "Not Found")
        return file
