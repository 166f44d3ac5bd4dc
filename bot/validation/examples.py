"""Mistakes in examples: a name nobody declared, a sentence in two places, an annotation that is none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.validation.domain import RASAS_INTENTS, Domain
from bot.validation.nlu import Example
from bot.validation.parts import Mistake, unknown

_APOSTROPHE, _OTHER = re.compile("['’]"), re.compile(r"[^\w\s]")


def wrong_examples(examples: list[Example], domain: Domain, sent: set[str]) -> Iterator[Mistake]:
    """`sent` are intents that programs and buttons send, which therefore need no examples."""
    of_intents = [example for example in examples if example.kind == "intent"]
    yield from _undeclared_intents(of_intents, domain)
    yield from _without_examples(of_intents, domain, sent)
    yield from _said_twice(of_intents)
    for example in of_intents:
        yield from _wrong_entities(example, domain)
    for example in examples:
        if example.kind == "regex":
            yield from _wrong_shape(example)
    yield from _strange_entities(examples, domain)
    yield from _two_meanings(examples)


def normalised(text: str) -> str:
    """Sentences that differ only in case, punctuation and spaces are the same sentence."""
    return " ".join(_OTHER.sub(" ", _APOSTROPHE.sub("", text.lower())).split()) or text


def _undeclared_intents(examples: list[Example], domain: Domain) -> Iterator[Mistake]:
    """Once an intent, where it is first used: fifty lines would say the same."""
    # `faq/opening_hours` is one answer of the intent faq.
    first = {example.name.split("/")[0]: example.place for example in reversed(examples)}
    for intent, place in first.items():
        if intent not in domain.intents:
            yield Mistake(place, f"examples of {intent}: {unknown('intent', intent, domain.intents)}")


def _without_examples(examples: list[Example], domain: Domain, sent: set[str]) -> Iterator[Mistake]:
    shown = {example.name.split("/")[0] for example in examples}
    for intent, place in domain.intents.items():
        if intent not in shown | sent | (RASAS_INTENTS - {"out_of_scope"}):
            yield Mistake(
                place, f"the intent {intent} has no examples and no button sends it. Write some in data/nlu/."
            )


def _said_twice(examples: list[Example]) -> Iterator[Mistake]:
    first: dict[str, Example] = {}
    for example in examples:
        before = first.setdefault(normalised(example.plain), example)
        if before is example:
            continue
        if before.name == example.name:
            told = f"this example of {example.name} stands already at {before.place}. Remove one."
        else:
            told = (
                f"{example.plain!r} is an example of {example.name} here and of {before.name} at {before.place}. "
                f"Decide which one it means (docs/designers.md, Borders) and remove the other."
            )
        yield Mistake(example.place, told)


def _wrong_entities(example: Example, domain: Domain) -> Iterator[Mistake]:
    for entity in example.entities:
        if entity not in domain.entities:
            yield Mistake(
                example.place, f"an annotation names {entity!r}: {unknown('entity', entity, domain.entities)}"
            )
    if set("[]{}") & set(example.plain):
        yield Mistake(
            example.place,
            f"an annotation is not closed in {example.text!r}. Write `[words](entity)`, "
            f'or `[words]{{"entity": "entity", "value": "value"}}`.',
        )


def _wrong_shape(example: Example) -> Iterator[Mistake]:
    try:
        re.compile(example.text)
    except re.error as error:
        yield Mistake(example.place, f"the shape of {example.name} is no regular expression: {error}. Correct it.")


def _strange_entities(examples: list[Example], domain: Domain) -> Iterator[Mistake]:
    seen: set[str] = set()
    for example in examples:
        if example.kind in ("regex", "lookup") and example.name not in domain.entities and example.name not in seen:
            seen.add(example.name)
            told = unknown("entity", example.name, domain.entities)
            yield Mistake(example.place, f"a {example.kind} finds {example.name}: {told}")


def _two_meanings(examples: list[Example]) -> Iterator[Mistake]:
    first: dict[str, Example] = {}
    for example in examples:
        if example.kind == "synonym":
            before = first.setdefault(normalised(example.text), example)
            if before.name != example.name:
                told = (
                    f"{example.text!r} means {example.name} here and {before.name} at {before.place}. Keep one meaning."
                )
                yield Mistake(example.place, told)
