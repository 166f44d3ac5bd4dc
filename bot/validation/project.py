"""All of the training data of one folder, read once, and everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.validation.contradictions import contradicting, told_twice
from bot.validation.domain import Domain, read_domain
from bot.validation.examples import wrong_examples
from bot.validation.flows import Flow, read_flows
from bot.validation.nlu import Example, read_nlu
from bot.validation.parts import Mistake, Part, Place, read
from bot.validation.uses import Code, read_code, sent_by_programs, wrong_uses

KEYS = ("version", "nlu", "rules", "stories")
CODE = ("actions", "bot", "handoff")


@dataclass
class Project:
    """What was read so far; `broken` are files that could not be read, `mistakes` what is wrong in the others."""

    domain: Domain = field(default_factory=Domain)
    examples: list[Example] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    code: Code = field(default_factory=Code)
    mistakes: list[Mistake] = field(default_factory=list)
    broken: list[Mistake] = field(default_factory=list)


def mistakes_in(root: Path) -> list[Mistake]:
    """Everything wrong in the folder, by file and line.

    A file that cannot be read hides what stands in it, and all else would seem wrong: then only that is told.
    """
    project = load(root)
    return sorted(set(project.broken or [*project.mistakes, *_across(project)]))


def load(root: Path) -> Project:
    project = Project()
    whole = [_take(project, root / name, root) for name in ("config.yml", "domain.yml")]
    if whole[0]:
        project.mistakes += _wrong_components(whole[0], root)
    if whole[1]:
        project.domain, wrong = read_domain(whole[1])
        project.mistakes += wrong
    for path in data_files(root):
        _take_data(project, path, root)
    sources = [path for name in CODE for path in sorted((root / name).rglob("*.py"))]
    project.code = read_code(sources, root)
    return project


def data_files(root: Path) -> list[Path]:
    """Training data is every YAML file in a folder of data/ except the demo company's."""
    folders = sorted(path for path in (root / "data").glob("*") if path.is_dir() and path.name != "demo")
    return [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in (".yml", ".yaml")]


def _take(project: Project, path: Path, root: Path) -> Part | None:
    if not path.exists():
        project.broken.append(Mistake(Place(str(path.relative_to(root)), 1), "this file is missing."))
        return None
    part, wrong = read(path, root)
    (project.mistakes if part else project.broken).extend(wrong)
    return part


def _take_data(project: Project, path: Path, root: Path) -> None:
    part = _take(project, path, root)
    for key, value in part.entries() if part else ():
        if key.text == "nlu":
            _sort(project, read_nlu(value))
        elif key.text in ("rules", "stories"):
            _sort(project, read_flows(value, {"rules": "rule", "stories": "story"}[key.text], project.domain))
        elif key.text not in KEYS:
            told = f"{key.text} is nothing Rasa reads here; it reads {', '.join(KEYS)}."
            project.mistakes.append(Mistake(key.place, told))


def _sort(project: Project, found: Iterable[Example | Flow | Mistake]) -> None:
    for one in found:
        if isinstance(one, Mistake):
            project.mistakes.append(one)
        elif isinstance(one, Example):
            project.examples.append(one)
        else:
            project.flows.append(one)


def _across(project: Project) -> Iterator[Mistake]:
    sent = sent_by_programs(project.domain, project.code)
    yield from wrong_examples(project.examples, project.domain, sent)
    yield from wrong_uses(project.domain, project.flows, project.code)
    yield from told_twice(project.flows)
    yield from contradicting(project.flows)


def _wrong_components(config: Part, root: Path) -> Iterator[Mistake]:
    """A component of ours is `bot.module.Class`; Rasa's own are known to Rasa alone."""
    for item in [*config.listed("pipeline"), *config.listed("policies")]:
        name = item.get("name")
        if name is None or not name.text:
            yield Mistake(item.place, "this component has no `name:`.")
        elif name.text.startswith("bot."):
            *module, component = name.text.split(".")
            path = root.joinpath(*module).with_suffix(".py")
            if not path.exists():
                yield Mistake(name.place, f"there is no {path.relative_to(root)} for the component {name.text}.")
            elif not re.search(rf"^class {component}\b", path.read_text(encoding="utf-8"), re.MULTILINE):
                yield Mistake(name.place, f"{path.relative_to(root)} has no class {component}.")
