"""Finding removed words where they were carried: in titles, packages, events and whatever else quotes them.

A trace is a whole version of the words, a value that was read from them, or a run of `RUN` words and more that only
they have in a row. Values of one ordinary word ("router") are no trace: they would take that word out of everything.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

WORD = re.compile(r"\w+(?:['’@.:/+-]\w+)*")
RUN = 5
"""Of messages with fewer words it is all of them."""
TELLING = re.compile(r"[\d@]|\w\W+\w")
"""A value that says something by itself: it has a digit, an @ or several words."""

PLAIN_KEYS = frozenset(
    {
        "id",
        "ref",
        "refs",
        "kind",
        "type",
        "state",
        "status",
        "team",
        "priority",
        "channel",
        "actor",
        "author",
        "audience",
        "floor",
        "locale",
        "verb",
        "outcome",
        "set_by",
        "url",
        "full_url",
        "sha256",
        "media_type",
        "name",
        "intent_ranking",
        "ranking",
        "skills_required",
        "states",
        "op",
        "field",
        "do",
    }
)
"""What stands under these is the product's own word, never somebody's; so is everything that ends as below."""
PLAIN_ENDS = ("_id", "_ids", "_at", "_code", "_key", "_ref", "_s", "_state", "_holder", "_seq")


CHOSEN = frozenset({"fields", "values"})
"""What stands in these is called as the company likes, which says nothing about it."""


@dataclass(frozen=True)
class Traces:
    """What to look for. `versions` are the words as they ever were, `values` what was read from them."""

    versions: tuple[str, ...]
    values: tuple[str, ...] = ()

    @staticmethod
    def of(versions: Iterable[str], values: Iterable[str] = ()) -> "Traces":
        """Longest first, so that no part is cut before the whole; without what would fit anything."""
        said = {one.strip() for one in versions if len(one.strip()) > 3}
        told = {one.strip() for one in values if len(one.strip()) > 3 and TELLING.search(one.strip())}
        return Traces(tuple(sorted(said, key=len, reverse=True)), tuple(sorted(told, key=len, reverse=True)))

    def out_of(self, text: str) -> str:
        """The text without them; itself when there is nothing of them in it, empty when it is only a piece of them,
        such as a title that was cut off."""
        if not text or not (self.versions or self.values):
            return text
        if self._has(text):
            return ""
        left = text
        for whole in (*self.versions, *self.values):
            left = _whole(whole).sub("", left)
        for version in self.versions:
            left = _without_runs(left, version)
        return text if left == text else re.sub(r"[ \t]{2,}", " ", left).strip(" \t\n,;:.…–-“”\"'")

    def out_of_json(self, value: Any, key: str = "") -> Any:
        """The same through lists and objects, but for what is the product's own word."""
        if isinstance(value, str):
            if is_plain(key):
                return value
            return self.out_of(value)
        if isinstance(value, list):
            return [self.out_of_json(one, key) for one in value]
        if isinstance(value, dict):
            return {name: self.out_of_json(one, _key(name, key)) for name, one in value.items()}
        return value

    def _has(self, text: str) -> bool:
        """Whether a text of several words is nothing but a part of what was said."""
        part = " ".join(WORD.findall(text.casefold()))
        return (
            len(part) > 7
            and " " in part
            and any(part in " ".join(WORD.findall(one.casefold())) for one in self.versions)
        )

    def are_in(self, text: str) -> bool:
        return bool(text) and self.out_of(text) != text


def blank(value: Any, key: str = "") -> Any:
    """The same lists and objects without anybody's words: numbers, times and the product's own words stay."""
    if isinstance(value, str):
        return value if is_plain(key) else ""
    if isinstance(value, list):
        return [blank(one, key) for one in value]
    if isinstance(value, dict):
        return {name: blank(one, _key(name, key)) for name, one in value.items()}
    return value


def _key(name: str, above: str) -> str:
    """By what to judge that which stands under `name`."""
    return above if above in CHOSEN else name


def is_plain(key: str) -> bool:
    """Whether what stands under this key is the product's own word."""
    return key in PLAIN_KEYS or key.endswith(PLAIN_ENDS)


def _whole(words: str) -> re.Pattern[str]:
    """These words, however they are spaced, not inside others."""
    spaced = r"\s+".join(re.escape(part) for part in words.split())
    return re.compile(rf"(?<!\w){spaced}(?!\w)", re.IGNORECASE)


def _without_runs(text: str, version: str) -> str:
    """Without every stretch of `RUN` words that stand in a row in `version`, and without a cut-off last word of it."""
    said = [word.casefold() for word in WORD.findall(version)]
    size = min(RUN, len(said))
    if size < 3:
        return text
    runs = {tuple(said[at : at + size]): at + size for at in range(len(said) - size + 1)}
    found = list(WORD.finditer(text))
    here = [one.group().casefold() for one in found]
    gone: set[int] = set()
    for at in range(len(here) - size + 1):
        after = runs.get(tuple(here[at : at + size]))
        if after is None:
            continue
        gone |= set(range(at, at + size))
        last = at + size
        if last == len(here) - 1 and after < len(said) and said[after].startswith(here[last]):
            gone.add(last)
    return _cut(text, found, gone)


def _cut(text: str, found: list[re.Match[str]], gone: Collection[int]) -> str:
    """The text without these words and what stands between two of them."""
    left, end = [], 0
    for at, word in enumerate(found):
        if at in gone:
            if at - 1 not in gone:
                left.append(text[end : word.start()])
            end = word.end()
    return "".join([*left, text[end:]]) if gone else text
