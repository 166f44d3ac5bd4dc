"""YAML whose every part knows its file and line.

Rasa's own reader forgets lines, and PyYAML's loader takes the second of two equal keys without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, order=True)
class Place:
    """A line, counted from 1, of a file named from the project's folder."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, order=True)
class Mistake:
    """What is wrong at a place and what to do about it, in whole sentences."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True)
class Part:
    """One node of a YAML file."""

    path: str
    node: yaml.Node

    @property
    def place(self) -> Place:
        return Place(self.path, self.node.start_mark.line + 1)

    @property
    def text(self) -> str | None:
        """The scalar as typed; None for lists, mappings, `null` and nothing at all."""
        is_word = isinstance(self.node, yaml.ScalarNode) and not self.node.tag.endswith(":null")
        return str(self.node.value) if is_word else None

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    def items(self) -> list[Part]:
        return [Part(self.path, node) for node in self.node.value] if self.is_list else []

    def entries(self) -> list[tuple[Part, Part]]:
        pairs = self.node.value if self.is_mapping else []
        return [(Part(self.path, key), Part(self.path, value)) for key, value in pairs]

    def get(self, name: str) -> Part | None:
        return next((value for key, value in self.entries() if key.text == name), None)

    def listed(self, name: str) -> list[Part]:
        found = self.get(name)
        return found.items() if found else []

    def lines(self) -> Iterator[tuple[Place, str]]:
        """The lines of a text and where each stands; those of a quoted text all stand where it begins."""
        is_block = isinstance(self.node, yaml.ScalarNode) and self.node.style == "|"
        for number, line in enumerate((self.text or "").splitlines()):
            yield Place(self.path, self.place.line + 1 + number) if is_block else self.place, line


def read(path: Path, root: Path) -> tuple[Part | None, list[Mistake]]:
    """The whole file as one part, None when it is broken or empty, and what is wrong with it as YAML."""
    name = str(path.relative_to(root))
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return None, [Mistake(Place(name, mark.line + 1 if mark else 1), _not_yaml(error))]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        return None, [Mistake(Place(name, 1), f"this cannot be read as UTF-8 YAML: {error}")]
    if node is None:
        return None, []
    part = Part(name, node)
    return part, list(_keys_given_twice(part))


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """The end of a sentence on a name that nobody declared, with the name that was probably meant."""
    near = get_close_matches(name, list(known), 1, 0.7)
    return f"domain.yml has no {kind} {name}. " + (
        f"Did you mean {near[0]}?" if near else "Add it there or correct it."
    )


def _not_yaml(error: yaml.MarkedYAMLError) -> str:
    what = " ".join(filter(None, (error.context, error.problem)))
    return f"this is not YAML: {what}. Look at the indentation, colons and quotes here and on the line above."


def _keys_given_twice(part: Part) -> Iterator[Mistake]:
    first: dict[str | None, Place] = {}
    for key, value in part.entries():
        if key.text in first:
            yield Mistake(
                key.place, f"{key.text} stands here again; the first is at {first[key.text]}. Keep one of them."
            )
        first.setdefault(key.text, key.place)
        yield from _keys_given_twice(value)
    for item in part.items():
        yield from _keys_given_twice(item)
