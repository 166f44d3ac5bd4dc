"""Rules that say different things about the same moment: those that are plain from the YAML, and Rasa's own findings.

Rasa replays every rule and story against all rules, which takes a training; its message names rules but no lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from bot.validation.flows import Flow, Step
from bot.validation.parts import Mistake, Place

# Rasa lists its findings like this (rasa/core/policies/rule_policy.py of 3.6).
_FINDING = re.compile(r"^- ", re.MULTILINE)


def told_twice(flows: list[Flow]) -> Iterator[Mistake]:
    """Two rules of one name: Rasa's messages would not say which."""
    first: dict[tuple[str, str], Place] = {}
    for flow in flows:
        before = first.setdefault((flow.kind, flow.name), flow.place)
        if before is not flow.place:
            yield Mistake(
                flow.place, f"there is a {flow.kind} {flow.name!r} at {before} too. Give this one its own name."
            )


def contradicting(flows: list[Flow]) -> Iterator[Mistake]:
    """Rules with the same condition and the same beginning that go on differently; stories that leave a rule."""
    rules = [flow for flow in flows if flow.kind == "rule"]
    first: dict[object, tuple[Flow, Step]] = {}
    for flow in rules:
        for moment, step in _moments(flow):
            before, done = first.setdefault(moment, (flow, step))
            if done.value != step.value:
                yield Mistake(step.place, _differs(flow, step, before, done))
    yield from _stories_against(rules, [flow for flow in flows if flow.kind == "story"])


def _moments(flow: Flow) -> Iterator[tuple[object, Step]]:
    condition = frozenset((step.kind, step.value) for step in flow.condition)
    told = [(step.kind, step.value) for step in flow.steps]
    for number, step in enumerate(flow.steps):
        if step.kind == "action":
            yield (condition, flow.flags, tuple(told[:number])), step


def _differs(flow: Flow, step: Step, before: Flow, done: Step) -> str:
    return (
        f"the {flow.kind} {flow.name!r} does {step.value} where the rule {before.name!r} does {done.value} "
        f"({done.place}). Nothing tells the two moments apart: give one of them a condition, or make them agree."
    )


def _stories_against(rules: list[Flow], stories: list[Flow]) -> Iterator[Mistake]:
    """A story may leave what a rule says after an intent only when another rule of that intent says so."""
    answers: dict[str, list[tuple[Flow, Step]]] = {}
    for rule in rules:
        if len(rule.steps) > 1 and rule.steps[0].kind == "intent":
            answers.setdefault(rule.steps[0].value or "", []).append((rule, rule.steps[1]))
    for story in stories:
        for heard, step in pairwise(story.steps):
            known = answers.get(heard.value or "", []) if heard.kind == "intent" and step.kind == "action" else []
            always = [answer for answer in known if not answer[0].condition]
            if always and step.value not in {done.value for _, done in known}:
                yield Mistake(step.place, _differs(story, step, *always[0]))


def placed(message: str, flows: list[Flow]) -> list[str]:
    """Rasa's message on rules, one finding a line, each with the file and line of what it names."""
    places = {flow.name: flow.place for flow in flows}
    _, *findings = _FINDING.split(message.split("\nPlease ")[0])
    told = []
    for finding in findings or [message.strip()]:
        named = _named(finding, list(places))
        where = "; ".join(f"{name!r} is at {places[name]}" for name in named)
        first = places[named[0]] if named else "data/rules"
        told.append(f"{first}: {' '.join(finding.split())}{f' ({where})' if where else ''}")
    return told


def _named(finding: str, names: list[str]) -> list[str]:
    """The rules and stories a finding names, in its order; Rasa writes several between one pair of quotes."""
    found = {name: re.search(rf"(?:'|, ){re.escape(name)}(?:'|, )", finding) for name in names}
    return sorted((name for name, match in found.items() if match), key=lambda name: finding.index(name))
