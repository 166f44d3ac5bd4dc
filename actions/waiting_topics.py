"""The topics a message asked for beside its first one, as they wait in the slot `waiting_topics`. Pure.

The classifier finds them (`intents_also`, bot/nlu/several.py); actions/next_topic.py offers and starts them.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.hearing import is_sure, since_user

WAITING = "waiting_topics"
MOST_WAITING = 4
LONGEST_QUOTE = 90
# Who the customer is may stand anywhere in a message.
IDENTIFIERS = frozenset({"account_number", "postcode", "email", "phone", "name"})
_LOOSE_ENDS = re.compile(r"([\s,;&+-]|\b(and|also|plus|but|oh|then)\b|\bby the way\b)*$", re.IGNORECASE)


@dataclass(frozen=True)
class Topic:
    """A wish that waits. `text` are the customer's words for it; `entities` what was found in them, by their place."""

    intent: str
    text: str
    entities: tuple[dict[str, Any], ...] = ()

    @property
    def quote(self) -> str:
        words = " ".join(self.text.split())
        return words if len(words) <= LONGEST_QUOTE else f"{words[:LONGEST_QUOTE].rsplit(' ', 1)[0]} …"


def waiting(tracker: Tracker) -> list[Topic]:
    """What waits, oldest first."""
    kept = tracker.slots.get(WAITING) or []
    return [Topic(one["intent"], one["text"], tuple(one.get("entities") or ())) for one in kept]


def notice(tracker: Tracker) -> list[EventType]:
    """The slot's change by the newest message: further wishes are added, what it begins by itself is taken off."""
    before = waiting(tracker)
    begun = intent_of(tracker) if _begins_a_topic(tracker) and is_sure(tracker) else None
    new = [topic for topic in further_wishes(tracker) if topic.text not in {one.text for one in before}]
    topics = list({topic.intent: topic for topic in [*before, *new] if topic.intent != begun}.values())[:MOST_WAITING]
    return keep(topics) if topics != before else []


def further_wishes(tracker: Tracker) -> list[Topic]:
    """What the newest message asks for beside its first topic, each with the entities in its own words."""
    message = tracker.latest_message or {}
    found = message.get("entities") or []
    return [
        Topic(wish["name"], wish["text"], tuple(_moved(one, wish["start"]) for one in found if _is_within(one, wish)))
        for wish in message.get("intents_also") or []
    ]


def first_topic_of(tracker: Tracker) -> dict[str, Any]:
    """The newest message without its further wishes, so that "dispute the late fee and return my TV box" disputes no TV
    box. Blanks keep the places of what is left."""
    message = dict(tracker.latest_message or {})
    wishes = message.get("intents_also") or []
    if not wishes:
        return message
    message["text"] = _without(message.get("text") or "", wishes)
    message["entities"] = [
        one
        for one in message.get("entities") or []
        if one["entity"] in IDENTIFIERS or not any(_is_within(one, wish) for wish in wishes)
    ]
    return message


def _without(text: str, wishes: Iterable[dict[str, Any]]) -> str:
    for wish in sorted(wishes, key=lambda one: one["start"], reverse=True):
        text = text[: wish["start"]] + " " * (wish["end"] - wish["start"]) + text[wish["end"] :]
    return _LOOSE_ENDS.sub("", text)


def _is_within(entity: dict[str, Any], wish: dict[str, Any]) -> bool:
    return bool(wish["start"] <= entity.get("start", -1) and entity.get("end", 0) <= wish["end"])


def _moved(entity: dict[str, Any], by: int) -> dict[str, Any]:
    return {**entity, "start": entity["start"] - by, "end": entity["end"] - by}


def _begins_a_topic(tracker: Tracker) -> bool:
    """Inside a form most intents are guesses about an answer; only what opens another form counts there."""
    if not tracker.active_loop_name:
        return True
    return any(event["event"] == "active_loop" for event in since_user(tracker))


def intent_of(tracker: Tracker) -> str | None:
    return ((tracker.latest_message or {}).get("intent") or {}).get("name")


def keep(topics: Iterable[Topic]) -> list[EventType]:
    kept = [{**asdict(topic), "entities": list(topic.entities)} for topic in topics]
    return [SlotSet(WAITING, kept or None)]
