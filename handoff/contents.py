"""What a file is, read from its content. A name or a claimed type is never believed.

Pictures, films and sounds that every browser shows safely are shown; whatever could run in a page (HTML, SVG, scripts)
or cannot be told is kept as a download; programs are refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

import puremagic

from handoff.errors import BadInput
from handoff.models import AttachmentKind

SHOWN = {
    "image/png": AttachmentKind.IMAGE,
    "image/jpeg": AttachmentKind.IMAGE,
    "image/gif": AttachmentKind.IMAGE,
    "image/webp": AttachmentKind.IMAGE,
    "video/mp4": AttachmentKind.VIDEO,
    "video/webm": AttachmentKind.VIDEO,
    "video/quicktime": AttachmentKind.VIDEO,
    "audio/ogg": AttachmentKind.AUDIO,
    "audio/mpeg": AttachmentKind.AUDIO,
    "audio/mp4": AttachmentKind.AUDIO,
    "audio/x-m4a": AttachmentKind.AUDIO,
    "audio/wav": AttachmentKind.AUDIO,
    "audio/x-wav": AttachmentKind.AUDIO,
}
KEPT_AS_TOLD = {"application/pdf", "application/zip"}
"""Downloads whose type is passed on; all others travel as bytes."""
BYTES = "application/octet-stream"
PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"#!")
HEAD_BYTES = 64 * 1024
LONGEST_NAME = 120
_UNSAFE = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Content:
    kind: AttachmentKind
    media_type: str


def read(head: bytes) -> Content:
    """What the first `HEAD_BYTES` of a file say it is. Refuses programs with `BadInput`."""
    if head.startswith(PROGRAMS):
        raise BadInput("Programs cannot be sent here. Send a picture, a film, a sound or a document.")
    for media_type in _types(head):
        if kind := SHOWN.get(media_type):
            return Content(kind, media_type)
        if media_type in KEPT_AS_TOLD:
            return Content(AttachmentKind.DOCUMENT, media_type)
    return Content(AttachmentKind.DOCUMENT, BYTES)


def _types(head: bytes) -> Iterator[str]:
    """The types it may be, the likeliest first."""
    try:
        for guess in puremagic.magic_string(head):
            yield guess.mime_type
    except (puremagic.PureError, ValueError):
        return


def safe_name(name: str) -> str:
    """A file name that is harmless on any disk and in any header; its end, which says the kind, is kept."""
    plain = _UNSAFE.sub("_", name.rsplit("/")[-1].rsplit("\\")[-1]).strip(" ._")
    path = PurePosixPath(plain or "file")
    return path.stem[: LONGEST_NAME - len(path.suffix)] + path.suffix[:20]
