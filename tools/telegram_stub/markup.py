"""HTML parse mode: words with tags in, bare words and entities out. Offsets and lengths are UTF-16 code units."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tools.telegram_stub.refusals import bad_request

KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "code": "code",
    "pre": "pre",
    "a": "text_link",
    "blockquote": "blockquote",
    "span": "spoiler",
}
PIECE = re.compile(
    r"<(?P<end>/?)(?P<tag>[a-zA-Z0-9-]*)(?P<rest>[^>]*)(?P<close>>?)|(?P<reference>&(?:lt|gt|amp|quot|#\d+|#x[\da-fA-F]+);)"
)
HREF = re.compile(r"""href\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""")


@dataclass
class Parsed:
    text: str = ""
    entities: list[dict[str, Any]] = field(default_factory=list)


def length(text: str) -> int:
    """As Telegram counts: an emoji beyond the basic plane is two."""
    return len(text.encode("utf-16-le")) // 2


def parse(source: str, parse_mode: str | None) -> Parsed:
    """Refuses what Telegram cannot read: a tag it does not know, or one that is not closed in order."""
    if not parse_mode:
        return Parsed(source.strip())
    if parse_mode.lower() != "html":
        raise bad_request("unsupported parse_mode")
    return _stripped(_read(source))


def _read(source: str) -> Parsed:
    parsed, open_tags, done = Parsed(), list[tuple[str, dict[str, Any]]](), 0
    for piece in PIECE.finditer(source):
        parsed.text += source[done : piece.start()]
        done = piece.end()
        offset = len(source[: piece.start()].encode())
        if reference := piece["reference"]:
            parsed.text += html.unescape(reference)
        elif piece["end"]:
            parsed.entities += _closed(open_tags, piece["tag"].lower(), length(parsed.text), offset)
        else:
            open_tags.append(_opened(piece, length(parsed.text), offset))
    if open_tags:
        raise bad_request(f"can't parse entities: Can't find end tag corresponding to start tag \"{open_tags[-1][0]}\"")
    parsed.text += source[done:]
    parsed.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return parsed


def _opened(piece: re.Match[str], at: int, offset: int) -> tuple[str, dict[str, Any]]:
    tag = piece["tag"].lower()
    if tag not in KINDS or not piece["close"]:
        raise bad_request(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {offset}')
    entity: dict[str, Any] = {"type": KINDS[tag], "offset": at}
    if tag == "a" and (found := HREF.search(piece["rest"])):
        entity["url"] = html.unescape(next(filter(None, found.groups()), ""))
    return tag, entity


def _closed(open_tags: list[tuple[str, dict[str, Any]]], tag: str, at: int, offset: int) -> Iterator[dict[str, Any]]:
    if not open_tags:
        raise bad_request(f"can't parse entities: Unexpected end tag at byte offset {offset}")
    expected, entity = open_tags.pop()
    if tag not in ("", expected):
        message = f'Unmatched end tag at byte offset {offset}, expected "</{expected}>", found "</{tag}>"'
        raise bad_request(f"can't parse entities: {message}")
    size = at - entity["offset"]
    if size and (entity["type"] != "text_link" or entity.get("url")):
        yield {**entity, "length": size}


def _stripped(parsed: Parsed) -> Parsed:
    """Blank edges are cut off and the entities moved with the words."""
    text = parsed.text.strip()
    moved, whole = length(parsed.text) - length(parsed.text.lstrip()), length(text)
    kept = []
    for entity in parsed.entities:
        start = max(entity["offset"] - moved, 0)
        end = min(entity["offset"] + entity["length"] - moved, whole)
        if end > start:
            kept.append({**entity, "offset": start, "length": end - start})
    return Parsed(text, kept)
