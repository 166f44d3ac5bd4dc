"""What the customer's own words already told us, kept while we first ask who they are.

"My wifi is slow" must not be asked again after the account question: the action that starts a topic is marked with
`@remembers("outage_said")`, and the topic reads that slot when it comes back.
"""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.tried import PersonNeeded
from actions.wording import Button, button

Run = Callable[..., Awaitable[list[EventType]]]


def text_of(tracker: Tracker) -> str:
    """The customer's words; nothing when they pressed a button."""
    text = ((tracker.latest_message or {}).get("text") or "").strip()
    return "" if text.startswith("/") else text


def intent_of(tracker: Tracker) -> str:
    return ((tracker.latest_message or {}).get("intent") or {}).get("name") or ""


def entity_of(tracker: Tracker, name: str) -> str | None:
    """The first entity of this name in the message, from its words or from its button."""
    found = (tracker.latest_message or {}).get("entities") or []
    return next((str(entity["value"]) for entity in found if entity["entity"] == name), None)


def ask_exception(intent: str, refused: str) -> Button:
    """What the rules refused may be asked of a person. The button carries the refusal, so nobody tells it again."""
    return button("Ask a person", intent, {"exception_detail": refused})


def pass_on_exception(tracker: Tracker) -> None:
    refused = entity_of(tracker, "exception_detail")
    if refused:
        raise PersonNeeded("policy_exception", refused)


def remembers(slot: str, *intents: str) -> Callable[[Run], Run]:
    """Keep a message with one of these intents in `slot`; a later answer to another question leaves it as it is."""

    def decorate(run: Run) -> Run:
        @functools.wraps(run)
        async def remembering(
            self: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
        ) -> list[EventType]:
            if intent_of(tracker) not in intents:
                return await run(self, dispatcher, tracker, domain)
            tracker.slots[slot] = text_of(tracker)
            return [SlotSet(slot, text_of(tracker)), *await run(self, dispatcher, tracker, domain)]

        return remembering

    return decorate
