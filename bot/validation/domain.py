"""What domain.yml declares, each with its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.validation.parts import Mistake, Part, Place, unknown

KEYS = ("version", "intents", "entities", "slots", "forms", "actions", "responses", "session_config", "e2e_actions")
SLOT_TYPES = ("text", "bool", "categorical", "float", "list", "any")
MAPPINGS = ("from_entity", "from_text", "from_intent", "from_trigger_intent", "custom")

# What Rasa 3.6 brings along (its rasa/shared/core/constants.py); `...` stands for whatever a rule leaves open.
RASAS_INTENTS = frozenset({"restart", "back", "session_start", "out_of_scope", "nlu_fallback"})
RASAS_ACTIONS = frozenset(
    {
        "action_listen",
        "action_restart",
        "action_session_start",
        "action_default_fallback",
        "action_deactivate_loop",
        "action_revert_fallback_events",
        "action_default_ask_affirmation",
        "action_default_ask_rephrase",
        "action_two_stage_fallback",
        "action_unlikely_intent",
        "action_back",
        "action_extract_slots",
        "...",
    }
)
RASAS_SLOTS = frozenset({"requested_slot", "session_started_metadata"})


@dataclass(frozen=True)
class Domain:
    """Names and where each was declared; `forms` has the slots of each form, `buttons` the payloads in responses."""

    intents: dict[str, Place] = field(default_factory=dict)
    entities: dict[str, Place] = field(default_factory=dict)
    slots: dict[str, Place] = field(default_factory=dict)
    forms: dict[str, dict[str, Place]] = field(default_factory=dict)
    actions: dict[str, Place] = field(default_factory=dict)
    responses: dict[str, Place] = field(default_factory=dict)
    buttons: tuple[tuple[str, Place], ...] = ()

    def can_do(self, action: str) -> bool:
        """Whether a rule may name it: an action, a form, a response, or one of Rasa's own."""
        return any(action in known for known in (self.actions, self.forms, self.responses, RASAS_ACTIONS))


def read_domain(part: Part) -> tuple[Domain, list[Mistake]]:
    mistakes: list[Mistake] = []
    lists = {name: _names(part, name, mistakes) for name in ("intents", "entities", "actions")}
    forms = {key.text or "": _required(spec) for key, spec in _entries(part, "forms")}
    slots, responses = (_declared(part, name) for name in ("slots", "responses"))
    domain = Domain(**lists, slots=slots, forms=forms, responses=responses, buttons=tuple(_buttons(part)))
    return domain, [*mistakes, *_wrong_keys(part), *_wrong_slots(part, domain), *_wrong_forms(domain), *_wordless(part)]


def _names(part: Part, name: str, mistakes: list[Mistake]) -> dict[str, Place]:
    """A list of names; one with properties of its own is a mapping of one key."""
    found: dict[str, Place] = {}
    for item in part.listed(name):
        named = item.entries()[0][0].text if item.is_mapping and item.entries() else item.text
        if named in found:
            mistakes.append(
                Mistake(item.place, f"{named} is listed twice under {name}, first at {found[named]}. Keep one.")
            )
        elif named:
            found[named] = item.place
    return found


def _entries(part: Part, name: str) -> list[tuple[Part, Part]]:
    found = part.get(name)
    return found.entries() if found else []


def _declared(part: Part, name: str) -> dict[str, Place]:
    return {key.text or "": key.place for key, _ in _entries(part, name)}


def _required(form: Part) -> dict[str, Place]:
    return {slot.text or "": slot.place for slot in form.listed("required_slots")}


def _buttons(part: Part) -> Iterator[tuple[str, Place]]:
    for _, variants in _entries(part, "responses"):
        for variant in variants.items():
            for button in variant.listed("buttons"):
                payload = button.get("payload")
                if payload is not None and payload.text:
                    yield payload.text, payload.place


def _wrong_keys(part: Part) -> Iterator[Mistake]:
    for key, _ in part.entries():
        if key.text not in KEYS:
            yield Mistake(key.place, f"{key.text} is nothing a domain has; it has {', '.join(KEYS)}.")


def _wrong_slots(part: Part, domain: Domain) -> Iterator[Mistake]:
    for key, slot in _entries(part, "slots"):
        kind = slot.get("type")
        if kind is None or kind.text not in SLOT_TYPES:
            given = kind.text if kind is not None else "none"
            yield Mistake(
                key.place, f"the slot {key.text} has the type {given}; it has to be one of {', '.join(SLOT_TYPES)}."
            )
        if not slot.listed("mappings"):
            yield Mistake(
                key.place,
                f"the slot {key.text} has no mapping, so nothing fills it. Add `mappings: [{{type: custom}}]` "
                f"when a form or an action fills it (actions/slots.py), or another mapping.",
            )
        for mapping in slot.listed("mappings"):
            yield from _wrong_mapping(key.text or "", mapping, domain)


def _wrong_mapping(slot: str, mapping: Part, domain: Domain) -> Iterator[Mistake]:
    kind = mapping.get("type")
    if kind is None or kind.text not in MAPPINGS:
        given = kind.text if kind is not None else "none"
        yield Mistake(
            mapping.place, f"a mapping of the slot {slot} has the type {given}; Rasa knows {', '.join(MAPPINGS)}."
        )
    for key, known in (("entity", domain.entities), ("intent", domain.intents)):
        for name in _one_or_many(mapping.get(key)):
            if name.text and name.text not in known:
                yield Mistake(name.place, f"a mapping of the slot {slot}: {unknown(key, name.text, known)}")


def _one_or_many(part: Part | None) -> list[Part]:
    if part is None:
        return []
    return part.items() if part.is_list else [part]


def _wrong_forms(domain: Domain) -> Iterator[Mistake]:
    for form, slots in domain.forms.items():
        for slot, place in slots.items():
            if slot not in domain.slots:
                yield Mistake(place, f"the form {form} asks for {slot}: {unknown('slot', slot, domain.slots)}")


def _wordless(part: Part) -> Iterator[Mistake]:
    for key, variants in _entries(part, "responses"):
        if not variants.items():
            yield Mistake(key.place, f'the response {key.text} says nothing. Write `- text: "…"` under it.')
