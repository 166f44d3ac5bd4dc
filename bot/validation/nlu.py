"""What stands in data/nlu: examples of intents, and the shapes, word lists and synonyms of entities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.validation.parts import Mistake, Part, Place

KINDS = ("intent", "regex", "lookup", "synonym")
_ANNOTATED = re.compile(r"\[(?P<text>[^\]]+?)\](?:\((?P<entity>[^):]+)(?::[^)]*)?\)|(?P<details>\{[^}]+\}))")
_DETAIL = re.compile(r'"entity"\s*:\s*"([^"]+)"')


@dataclass(frozen=True)
class Example:
    """One line under an intent, a regex, a lookup or a synonym; `kind` says which and `name` of what.

    `world` and `distance` are the block's `metadata: {world: …, kind: far|near}`, which out_of_scope examples have.
    """

    kind: str
    name: str
    text: str
    place: Place
    world: str | None = None
    distance: str | None = None

    @property
    def plain(self) -> str:
        """As a customer types it, without the marks around entities."""
        return _ANNOTATED.sub(r"\g<text>", self.text)

    @property
    def entities(self) -> list[str]:
        """The entities annotated in it; an annotation in braces without an entity gives an empty name."""
        found = []
        for match in _ANNOTATED.finditer(self.text):
            named = match["entity"] or next(iter(_DETAIL.findall(match["details"] or "")), "")
            found.append(named.strip())
        return found


Found = Example | Mistake


def read_nlu(part: Part) -> Iterator[Found]:
    """All examples of one file's `nlu:` list, and what is wrong in how they are written."""
    for block in part.items():
        kind, name = _headed(block)
        if kind is None or not name:
            known = ", ".join(f"`{kind}: name`" for kind in KINDS)
            yield Mistake(block.place, f"this block has no heading. It has to begin with one of {known}.")
            continue
        yield from _wrong_keys(block, kind)
        metadata = block.get("metadata")
        about = {key.text: value.text for key, value in metadata.entries()} if metadata else {}
        world, distance = about.get("world"), about.get("kind")
        for found in _examples(block, kind, name):
            yield found if isinstance(found, Mistake) else replace(found, world=world, distance=distance)


def _headed(block: Part) -> tuple[str | None, str | None]:
    for kind in KINDS:
        heading = block.get(kind)
        if heading is not None:
            return kind, heading.text
    return None, None


def _wrong_keys(block: Part, kind: str) -> Iterator[Mistake]:
    for key, _ in block.entries():
        if key.text not in (kind, "examples", "metadata"):
            yield Mistake(
                key.place, f"{key.text} means nothing here; a block has `{kind}:`, `examples:` and `metadata:`."
            )


def _examples(block: Part, kind: str, name: str) -> Iterator[Found]:
    listed = block.get("examples")
    found = list(_listed(listed, kind, name) if listed and listed.is_list else _typed(listed, kind, name))
    if not found:
        yield Mistake(block.place, f"the {kind} {name} has no examples. Write them under `examples: |`, one a line.")
    yield from found


def _listed(listed: Part, kind: str, name: str) -> Iterator[Found]:
    for item in listed.items():
        text = item.get("text") if item.is_mapping else None
        if text is None or not text.text:
            yield Mistake(item.place, "this example has no `text:`. Give it one, or write all under `examples: |`.")
        else:
            yield Example(kind, name, text.text.strip(), text.place)


def _typed(listed: Part | None, kind: str, name: str) -> Iterator[Found]:
    for place, line in listed.lines() if listed else ():
        if not line.startswith("-"):
            if line.strip():
                yield Mistake(place, f"{line.strip()!r} is no example: Rasa leaves it out. Begin the line with `- `.")
        elif not line[1:].strip():
            yield Mistake(place, "this example is empty. Write it or remove the line.")
        else:
            yield Example(kind, name, line[1:].strip(), place)
