"""What was promised and is still to come: "when will my label come?" is answered from the promise itself."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.said import text_of
from actions.turn import OpenCase, Promise, turn
from actions.wording import PERSON, when

TELL = "action_promise_tell"
_ASKS = re.compile(
    r"\b(when|where|how long|how soon|still (waiting|no|not|have ?n[o']t)|any (news|update|word)"
    r"|what (happened to|about)|did ?n[o']t (get|arrive|come|receive)|has ?n[o']t (come|arrived)"
    r"|not (here|arrived|come)|promised|supposed to)\b",
    re.I,
)
_WORD = re.compile(r"[a-z]{4,}")
# What every promise is made of, and says nothing about which it is.
_COMMON = frozenset(
    {
        *(
            "from",
            "with",
            "will",
            "that",
            "this",
            "your",
            "have",
            "been",
            "when",
            "then",
            "them",
            "they",
            "what",
            "which",
        ),
        *(
            "soon",
            "send",
            "sent",
            "come",
            "comes",
            "next",
            "week",
            "weeks",
            "days",
            "until",
            "before",
            "after",
            "about",
        ),
        *(
            "tomorrow",
            "today",
            "tonight",
            "morning",
            "afternoon",
            "evening",
            "promise",
            "promised",
            "person",
            "customer",
        ),
        *("please", "would", "could", "should", "gets", "made", "make", "call", "back"),
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        *("january", "february", "march", "april", "june", "july"),
        *("august", "september", "october", "november", "december"),
    }
)


def asked_about(tracker: Tracker) -> list[tuple[OpenCase, Promise]]:
    """The promises these words ask for, by a word they share; none inside a form, whose question comes first."""
    text = text_of(tracker)
    if not text or tracker.active_loop_name or not _ASKS.search(text):
        return []
    said = _telling(text)
    return [
        (case, promise)
        for case in turn(tracker).open_cases
        for promise in case.promises
        if said & _telling(promise.text)
    ]


def _telling(text: str) -> set[str]:
    """Words of four letters and more that mean something, without the s of many."""
    return {word.rstrip("s") for word in _WORD.findall(text.lower()) if word not in _COMMON}


def spoken(case: OpenCase, promise: Promise) -> str:
    text = promise.text.rstrip(".")
    if promise.is_broken:
        due = f" by {when(promise.due_at)}" if promise.due_at else ""
        return f"You were promised “{text}”{due}. That time has passed, and I'm sorry. It is in {case.ref}."
    due = f"It is due {when(promise.due_at)}, in {case.ref}." if promise.due_at else f"It is in {case.ref}."
    return f"You were promised “{text}”. {due}"


class PromiseTell(Action):
    """Says what is due and when; a promise that was broken is a reason for a person, who is on offer."""

    def name(self) -> str:
        return TELL

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        found = asked_about(tracker)
        dispatcher.utter_message(text=" ".join(spoken(*one) for one in found), buttons=[PERSON])
        return [FollowupAction("action_listen")]
