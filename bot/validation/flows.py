"""What stands in data/rules and data/stories: who says what, and what the assistant then does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.validation.domain import RASAS_SLOTS, Domain
from bot.validation.parts import Mistake, Part, Place, unknown

STEPS = ("intent", "user", "action", "active_loop", "slot_was_set", "or", "checkpoint", "bot")
BESIDE = ("entities", "metadata", "role", "group")
FLAGS = ("conversation_start", "wait_for_user_input")
FLOW_KEYS = ("rule", "story", "steps", "condition", *FLAGS, "metadata")


@dataclass(frozen=True)
class Step:
    """One thing that happens: `kind` is the key in the YAML, `value` what it names (`None` for `null`)."""

    kind: str
    value: str | None
    place: Place


@dataclass(frozen=True)
class Flow:
    """A rule or a story. Alternatives (`or:`) are kept as one step whose value names them all."""

    kind: str
    name: str
    place: Place
    condition: tuple[Step, ...]
    steps: tuple[Step, ...]
    flags: tuple[tuple[str, str], ...] = ()


Found = Flow | Mistake


def read_flows(part: Part, kind: str, domain: Domain) -> Iterator[Found]:
    """All rules (`kind` "rule") or stories of one file's list, and whatever they name that nobody declared."""
    for block in part.items():
        name = block.get(kind)
        if name is None or not name.text:
            yield Mistake(block.place, f"this {kind} has no name. Begin it with `- {kind}: what it is about`.")
            continue
        condition = tuple(_steps(block, "condition"))
        steps = tuple(_steps(block, "steps"))
        flags = tuple((key.text, value.text or "") for key, value in block.entries() if key.text in FLAGS)
        yield Flow(kind, name.text, name.place, condition, steps, flags)
        if not steps:
            yield Mistake(block.place, f"the {kind} {name.text!r} has no steps. Write them under `steps:`.")
        yield from _wrong(block, name.text, domain)


def _steps(block: Part, name: str) -> Iterator[Step]:
    for item in block.listed(name):
        yield from _step(item)


def _step(item: Part) -> Iterator[Step]:
    for key, value in item.entries():
        if key.text == "slot_was_set":
            yield from (Step("slot_was_set", name, value.place) for name in _settings(value))
        elif key.text == "or":
            names = sorted(step.value or "" for option in value.items() for step in _step(option))
            yield Step("or", " | ".join(names), key.place)
        elif key.text == "entities":
            yield from (Step("entities", name, value.place) for name in _settings(value))
        elif key.text in STEPS:
            yield Step(key.text, value.text, value.place)


def _settings(part: Part) -> list[str]:
    """`name` or `name=value` for each of a list of names, of mappings, or of one mapping."""
    options = part.items() if part.is_list else [part]
    pairs = [pair for option in options for pair in option.entries()]
    bare = [option.text for option in options if option.text]
    return sorted([*bare, *(f"{key.text}={value.text}" for key, value in pairs)])


def _wrong(block: Part, flow: str, domain: Domain) -> Iterator[Mistake]:
    for key, _ in block.entries():
        if key.text not in FLOW_KEYS:
            yield Mistake(key.place, f"{key.text} means nothing in a rule or story; it has {', '.join(FLOW_KEYS)}.")
    for item in [*block.listed("condition"), *block.listed("steps")]:
        yield from _wrong_step(item, flow, domain)


def _wrong_step(item: Part, flow: str, domain: Domain) -> Iterator[Mistake]:
    if not item.is_mapping:
        yield Mistake(item.place, f"this step of {flow!r} is nothing Rasa knows. A step is one of {', '.join(STEPS)}.")
    for key, value in item.entries():
        if key.text == "or":
            for option in value.items():
                yield from _wrong_step(option, flow, domain)
        elif key.text not in STEPS + BESIDE:
            yield Mistake(
                key.place, f"{key.text} is no step Rasa knows, in {flow!r}. A step is one of {', '.join(STEPS)}."
            )
        else:
            yield from _undeclared(key.text or "", value, flow, domain)


def _undeclared(kind: str, value: Part, flow: str, domain: Domain) -> Iterator[Mistake]:
    name = value.text
    if kind == "intent" and name not in domain.intents:
        yield Mistake(value.place, f"{flow!r} waits for {name}: {unknown('intent', str(name), domain.intents)}")
    elif kind == "action" and name and name.startswith("utter_") and not domain.can_do(name):
        yield Mistake(value.place, f"{flow!r} says {name}: {unknown('response', name, domain.responses)}")
    elif kind == "action" and not domain.can_do(str(name)):
        known = [*domain.actions, *domain.forms, *domain.responses]
        yield Mistake(value.place, f"{flow!r} does {name}: {unknown('action, form or response', str(name), known)}")
    elif kind == "active_loop" and name and name not in domain.forms:
        yield Mistake(value.place, f"{flow!r} is about {name}: {unknown('form', name, domain.forms)}")
    elif kind in ("slot_was_set", "entities"):
        known_names = {**domain.slots, **dict.fromkeys(RASAS_SLOTS)} if kind == "slot_was_set" else domain.entities
        what = "slot" if kind == "slot_was_set" else "entity"
        for setting in _settings(value):
            named = setting.split("=")[0]
            if named not in known_names:
                yield Mistake(value.place, f"{flow!r} needs {named}: {unknown(what, named, known_names)}")
