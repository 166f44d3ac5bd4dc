"""What a file is, read from its content. A name or a claimed type is never believed.

Pictures, films and sounds that every browser shows safely are shown; whatever could run in a page (HTML, SVG, scripts)
or cannot be told is kept as a download; programs are refused.
"""

import re
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
    "audio/wav": AttachmentKind.AUDIO,
}
ONE_NAME = {"audio/wave": "audio/wav", "audio/x-wav": "audio/wav", "application/ogg": "audio/ogg"}
KEPT_AS_TOLD = {"application/pdf", "application/zip"}
"""Downloads whose type is passed on; all others travel as bytes."""
BYTES = "application/octet-stream"
PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"#!")
HEAD_BYTES = 64 * 1024
LONGEST_NAME, LONGEST_SUFFIX = 120, 20
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f<>:\"/\\|?*\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]+"
)
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)")
"""Names that one system of disks keeps for devices, whatever their end."""


@dataclass(frozen=True)
class Content:
    kind: AttachmentKind
    media_type: str


def read(head: bytes) -> Content:
    """What the first `HEAD_BYTES` of a file say it is. Refuses programs with `BadInput`."""
    if head.startswith(PROGRAMS):
        raise BadInput("Programs cannot be sent here. Send a picture, a film, a sound or a document.")
    found = [ONE_NAME.get(media_type, media_type) for media_type in _types(head)]
    for media_type in found:
        if kind := SHOWN.get(media_type):
            return Content(kind, media_type)
    return Content(AttachmentKind.DOCUMENT, next((one for one in found if one in KEPT_AS_TOLD), BYTES))


def _types(head: bytes) -> list[str]:
    """The likeliest types. What merely begins alike is not believed: an AVI film opens as a sound does."""
    try:
        guesses = [guess for guess in puremagic.magic_string(head) if guess.mime_type]
    except (puremagic.PureError, ValueError):
        return []
    best = max((guess.confidence for guess in guesses), default=0)
    return [guess.mime_type for guess in guesses if guess.confidence == best]


def safe_name(name: str) -> str:
    """A file name that is harmless on any disk, in any header and beside any other text; its end, which says the kind,
    is kept. At most `LONGEST_NAME` characters, never empty. Made safe again it stays the same."""
    last = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    plain = _UNSAFE.sub("_", last).strip(" ._") or "file"
    path = PurePosixPath(f"_{plain}" if _RESERVED.match(plain) else plain)
    suffix = path.suffix if len(path.suffix) <= LONGEST_SUFFIX else ""
    stem = path.name.removesuffix(suffix)[: LONGEST_NAME - len(suffix)]
    return f"{stem}{suffix}".rstrip(" .")
