"""Words as Telegram wants them: HTML of our own making, in parts that fit.

Only what is written here becomes markup; everything a person or the assistant wrote is escaped. Lengths are counted as
Telegram does: in UTF-16 units, after the markup is read.
"""

from html import escape

from handoff.ports import Link

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
ENDS = ("\n\n", "\n", ". ", "! ", "? ", " ")
"""Where a long text may be cut, the best first."""


def units(text: str) -> int:
    """The length Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def split(text: str, limit: int = TEXT_UNITS) -> list[str]:
    """The text in parts of at most `limit` units: at paragraphs, else at lines, sentences, words, anywhere.

    Nothing is lost but the white space at the cuts. An empty text has no parts.
    """
    parts = []
    rest = text.strip()
    while units(rest) > limit:
        cut = _cut(rest, limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest else parts


def _cut(text: str, limit: int) -> int:
    """How many characters of `text` go into the first part."""
    fits = _fitting(text, limit)
    for end in ENDS:
        at = text.rfind(end, 0, fits)
        # A paragraph of two words is no place to cut when most of the room would stay empty.
        if at > fits // 3:
            return at + len(end)
    return fits


def _fitting(text: str, limit: int) -> int:
    """The most characters that make no more than `limit` units; a character outside the basic plane makes two."""
    used = 0
    for count, letter in enumerate(text):
        used += 2 if ord(letter) > 0xFFFF else 1
        if used > limit:
            return count
    return len(text)


def as_html(text: str, *, speaker: str | None = None, link: Link | None = None) -> str:
    """Escaped words; an agent's name before them, a link after them."""
    said = escape(text, quote=False)
    if speaker:
        said = f"<b>{escape(speaker, quote=False)}</b>\n{said}"
    if link:
        said = f'{said}\n\n<a href="{escape(link.url)}">{escape(link.title, quote=False)}</a>'.strip()
    return said


def as_plain(text: str, *, speaker: str | None = None, link: Link | None = None) -> str:
    """The same without markup, for the day Telegram does not take ours."""
    said = f"{speaker}:\n{text}" if speaker else text
    return f"{said}\n\n{link.title}: {link.url}".strip() if link else said
