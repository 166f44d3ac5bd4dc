"""How files look in a message: the same whether the customer or the bot sent them."""

from __future__ import annotations

import base64
from typing import Any

from tools.telegram_stub.files import LARGEST_PHOTO_BYTES, LARGEST_UPLOAD_BYTES, File, Files
from tools.telegram_stub.parameters import Parameters
from tools.telegram_stub.refusals import Refused, bad_request

Json = dict[str, Any]
KINDS = ("photo", "document", "video", "voice", "audio", "animation", "video_note", "sticker")
IN_ALBUMS = ("photo", "video", "document", "audio")
MEDIA_TYPES = {
    "photo": "image/jpeg",
    "video": "video/mp4",
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
    "animation": "video/mp4",
    "video_note": "video/mp4",
    "sticker": "image/webp",
}
EXTRAS: dict[str, Json] = {
    "video": {"width": 640, "height": 480, "duration": 4},
    "voice": {"duration": 3},
    "audio": {"duration": 30, "title": "Recording"},
    "animation": {"width": 320, "height": 240, "duration": 2},
    "video_note": {"length": 240, "duration": 3},
    "sticker": {"width": 512, "height": 512, "type": "regular", "is_animated": False, "is_video": False, "emoji": "👍"},
}
# One grey pixel: whoever takes the thumbnail for the picture gets this.
THUMBNAIL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGOoBwAAgQCBmKnl1QAAAABJRU5ErkJggg=="
)


def shown(kind: str, file: File, files: Files) -> Json:
    """The field of a message that says a file of this kind is in it."""
    named = {"file_id": file.file_id, "file_unique_id": file.file_unique_id, "file_size": file.size}
    if kind == "photo":
        small = files.keep(f"thumbnail-{file.name}", "image/png", THUMBNAIL)
        thumbnail = {"file_id": small.file_id, "file_unique_id": small.file_unique_id, "file_size": small.size}
        return {"photo": [{**thumbnail, "width": 90, "height": 68}, {**named, "width": 1280, "height": 960}]}
    told = {"mime_type": file.media_type} if kind != "sticker" and kind != "video_note" else {}
    name = {"file_name": file.name} if kind in ("document", "video", "audio", "animation") else {}
    return {kind: {**named, **told, **name, **EXTRAS.get(kind, {})}}


def given(asked: Parameters, name: str, kind: str, files: Files) -> File:
    """The file a call names: uploaded in the call, or known by its `file_id`."""
    value = asked.text(name)
    upload = asked.uploads.get(name) or asked.uploads.get(value.removeprefix("attach://"))
    if upload is None:
        if not value:
            raise bad_request(f"there is no {kind} in the request")
        return files.find(value)
    refuse_too_large(kind, len(upload.content))
    return files.keep(upload.name, MEDIA_TYPES.get(kind, upload.media_type), upload.content)


def refuse_too_large(kind: str, size: int) -> None:
    if size == 0:
        raise bad_request("file must be non-empty")
    if size > (LARGEST_PHOTO_BYTES if kind == "photo" else LARGEST_UPLOAD_BYTES):
        raise Refused(413, "Request Entity Too Large")


def kind_of(wire: Json) -> str | None:
    # An animation is also shown as a document, and is the more precise word.
    return next((kind for kind in ("animation", *KINDS) if kind in wire), None)
