"""Declared and never used, or used and never declared: responses, buttons, intents that nothing answers.

Code counts as use: a response named in a string of actions/ is said, one whose name is put together there
(`f"utter_rules_{topic}"`) is said when its name begins that way, and `f"utter_{intent}"` says the response named after
an intent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from bot.validation.domain import RASAS_INTENTS, Domain
from bot.validation.flows import Flow
from bot.validation.parts import Mistake, Place, unknown

BY_INTENT = "action_small_talk"
"""Answers an intent with the response of its name (actions/small_talk.py)."""

_SAID = re.compile(r"""response=[^\n]*?["'](utter_\w+)["']""")
_MENTIONED = re.compile(r"\b(utter_\w+)\b(?!\{)")
_BEGUN = re.compile(r"\b(utter_\w+_)\{")
_NAMED = re.compile(r"""["'/]([a-z]\w+)["'{\s]""")
_PAYLOAD = re.compile(r"^/(?P<intent>\w+)(?:@[\d.]+)?(?P<entities>\{.*\})?$")


@dataclass(frozen=True)
class Code:
    """What the Python files beside the data say, as far as it concerns the data."""

    said: frozenset[tuple[str, Place]] = frozenset()
    mentioned: frozenset[str] = frozenset()
    begun: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


def read_code(paths: Iterable[Path], root: Path) -> Code:
    said: set[tuple[str, Place]] = set()
    mentioned: set[str] = set()
    begun: set[str] = set()
    words: set[str] = set()
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if "utter_" in line:
                place = Place(str(path.relative_to(root)), number)
                said.update((name, place) for name in _SAID.findall(line))
                mentioned.update(_MENTIONED.findall(line))
                begun.update(_BEGUN.findall(line))
            words.update(_NAMED.findall(line))
    return Code(frozenset(said), frozenset(mentioned), frozenset(begun), frozenset(words))


def sent_by_programs(domain: Domain, code: Code) -> set[str]:
    pressed = {match["intent"] for payload, _ in domain.buttons if (match := _PAYLOAD.match(payload))}
    return pressed | (set(domain.intents) & code.words)


def wrong_uses(domain: Domain, flows: list[Flow], code: Code) -> Iterator[Mistake]:
    yield from _unused_responses(domain, flows, code)
    yield from _missing_responses(domain, flows, code)
    yield from _unanswered_intents(domain, flows)
    for payload, place in domain.buttons:
        yield from _wrong_button(payload, place, domain)


def _unused_responses(domain: Domain, flows: list[Flow], code: Code) -> Iterator[Mistake]:
    used = _said_in(flows) | _asked(domain) | _named_after_intents(flows) | code.mentioned
    for name, place in domain.responses.items():
        if name not in used and not name.startswith(tuple(code.begun - {"utter_ask_"})):
            yield Mistake(place, f"nothing says {name}: no rule, no story, no form, no action. {_hint(name, used)}")


def _hint(name: str, used: set[str]) -> str:
    after = name[len("utter_") :]
    return f"Name it in a rule, let the rule for the intent {after} answer with {BY_INTENT}, or remove it."


def _missing_responses(domain: Domain, flows: list[Flow], code: Code) -> Iterator[Mistake]:
    for name, place in sorted(code.said):
        if name not in domain.responses:
            yield Mistake(place, f"the action says {name}: {unknown('response', name, domain.responses)}")
    for flow in flows:
        for before, step in pairwise(flow.steps):
            name = f"utter_{before.value}"
            if before.kind == "intent" and step.value == BY_INTENT and name not in domain.responses:
                told = unknown("response", name, domain.responses)
                yield Mistake(step.place, f"{flow.name!r} answers {before.value} with the words of {name}: {told}")


def _said_in(flows: list[Flow]) -> set[str]:
    return {step.value for flow in flows for step in flow.steps if step.kind == "action" and step.value}


def _asked(domain: Domain) -> set[str]:
    return {
        f"utter_ask_{middle}{slot}"
        for form, slots in domain.forms.items()
        for slot in slots
        for middle in ("", f"{form}_")
    }


def _named_after_intents(flows: list[Flow]) -> set[str]:
    return {
        f"utter_{before.value}"
        for flow in flows
        for before, step in pairwise(flow.steps)
        if before.kind == "intent" and step.value == BY_INTENT
    }


def _unanswered_intents(domain: Domain, flows: list[Flow]) -> Iterator[Mistake]:
    heard: set[str] = set()
    for flow in flows:
        for step in flow.steps:
            heard.update((step.value or "").split(" | ") if step.kind in ("intent", "or") else ())
    for intent, place in domain.intents.items():
        if intent not in heard | RASAS_INTENTS:
            yield Mistake(
                place, f"no rule or story says what follows the intent {intent}. Write a rule in data/rules/."
            )


def _wrong_button(payload: str, place: Place, domain: Domain) -> Iterator[Mistake]:
    if not payload.startswith("/"):
        return
    match = _PAYLOAD.match(payload)
    if match is None:
        yield Mistake(
            place, f'the payload {payload} is not of the form `/intent` or `/intent{{{{"entity": "value"}}}}`.'
        )
        return
    if match["intent"] not in domain.intents:
        yield Mistake(
            place, f"the button sends {match['intent']}: {unknown('intent', match['intent'], domain.intents)}"
        )
    for name in _entities(match["entities"] or ""):
        if name not in domain.entities:
            yield Mistake(place, f"the button sends {name}: {unknown('entity', name, domain.entities)}")


def _entities(braces: str) -> list[str]:
    """Braces are doubled in domain.yml, because Rasa fills single ones in."""
    try:
        return list(json.loads(braces.replace("{{", "{").replace("}}", "}"))) if braces else []
    except ValueError:
        return []
