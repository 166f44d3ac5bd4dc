"""What a customer's message tells a form: pure reading of words, entities and facts said just now.

`Hearing` is mixed into `FormFromFacts` (actions/slots.py), which explains the pattern as a whole.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType
from rasa_sdk.forms import REQUESTED_SLOT

from actions.identity import IDENTITY, IDENTITY_ENTITIES
from actions.turn import turn

ANSWERS = frozenset({"inform", "affirm", "deny", "nlu_fallback"})
ALWAYS_HEARD = frozenset({"talk_to_human", "handback", "cancel_flow"})
# Four of five unseen messages guessed with so much confidence are guessed right, and few bare answers get there.
SURE = 0.5
# Numbers in these belong to no account.
NO_HANDLES = frozenset({"address", "date", "time", "amount"})
# After so many turns at one question, and nothing but small talk or misunderstandings, only a person helps.
PATIENCE_TURNS = 4
# Asked why, or what happened, people tell of these: "the picture freezes", "we are moving".
TROUBLES = frozenset(
    {"complaint", "troubleshoot", "outage_report", "bill_dispute", "payment_problem", "refund_request", "return_start",
     "exchange_item", "order_cancel", "service_move", "service_cancel", "plan_change", "case_reopen"}
)  # fmt: skip
IDLE = ANSWERS | {"greet", "thank", "out_of_scope"}

_CORRECTION = re.compile(r"^\W*(no+|nope|sorry|actually|wait|oops|correction|i mean(t)?|not that|change)\b", re.I)
_YES = re.compile(r"^\W*(y|yes|yeah|yep|yup|sure|ok(ay)?|correct|right|please do|go ahead|fine|do it)\b", re.I)
# Small words, or no word at all: emojis.
_BARE = re.compile(
    r"^\W*((y|yes|yeah|yep|yup|ok(ay)?|sure|n|no|nope|nah|thanks?|thx|ty|you|hi|hello|please|pls|fine|good|cool)\b\W*)*$",
    re.I,
)
_NO = re.compile(r"^\W*(n|no|nope|nah|don'?t|not now|wrong)\b", re.I)


class Moment(StrEnum):
    """Why a form's validation runs."""

    STARTING = "starting"
    ANSWERING = "answering"
    RETURNING = "returning"


@dataclass(frozen=True)
class Field:
    """How a customer's words become the value of one slot.

    The slot's own name always counts as an entity: that is how buttons answer. `words` maps a pattern to a value.
    `takes_yes`: a bare yes says something here ("is it your home address?"), elsewhere "yes pls" is no free text.
    `is_told`: what happened, or why; somebody's trouble is the answer then and no new topic.
    """

    entities: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    words: Mapping[str, Any] = field(default_factory=dict)
    is_yes_no: bool = False
    is_free_text: bool = False
    takes_yes: bool = False
    is_told: bool = False


Slots = dict[str, Any]


class Hearing:
    """A form's ears."""

    topic: ClassVar[frozenset[str]] = frozenset()
    fields: ClassVar[Mapping[str, Field]] = {}

    def hear(self, tracker: Tracker, moment: Moment) -> Slots:
        """The slots this message speaks about, as raw values; filled ones only when the words are about them."""
        asked = tracker.slots.get(REQUESTED_SLOT) if moment is Moment.ANSWERING else None
        if asked in IDENTITY and self.is_elsewhere(tracker):
            asked = None
        heard = self._heard_entities(tracker, asked) | self._heard_words(tracker, asked)
        if asked and asked not in heard:
            heard |= self._heard_answer(asked, tracker, others=heard)
        if asked and self._field(asked).is_free_text and asked in heard and not _CORRECTION.match(text_of(tracker)):
            return {slot: value for slot, value in heard.items() if slot == asked or tracker.slots.get(slot) is None}
        return heard

    def _heard_entities(self, tracker: Tracker, asked: str | None) -> Slots:
        heard: Slots = {}
        for entity in (tracker.latest_message or {}).get("entities") or []:
            slot = self._slot_for(entity["entity"], asked, tracker)
            if slot:
                heard[slot] = entity["value"]
        now = turn(tracker)
        for slot, wanted in self.fields.items():
            said = now.said_now(*wanted.facts)
            if slot not in heard and said and (slot == asked or tracker.slots.get(slot) is None):
                heard[slot] = said
        return heard

    def _slot_for(self, entity: str, asked: str | None, tracker: Tracker) -> str | None:
        """Whose value this is: a button names its slot; else the one asked, a filled one, an empty one."""
        if asked in IDENTITY and entity in IDENTITY_ENTITIES[asked]:
            return asked
        if entity in self.fields or entity in IDENTITY:
            return entity
        takers = [slot for slot, wanted in self.fields.items() if entity in wanted.entities]
        if asked in takers:
            return asked
        filled = [slot for slot in takers if tracker.slots.get(slot) is not None]
        return next(iter(filled or takers), None)

    def _heard_words(self, tracker: Tracker, asked: str | None) -> Slots:
        text = text_of(tracker)
        if not text or text.startswith("/"):
            return {}
        return {
            slot: value
            for slot, wanted in self.fields.items()
            if wanted.words and (value := _choice(wanted.words, text)) is not None
        }

    def _heard_answer(self, asked: str, tracker: Tracker, others: Slots) -> Slots:
        wanted, text = self._field(asked), text_of(tracker)
        if not text or (text.startswith("/") and not wanted.is_yes_no):
            return {}
        if wanted.is_yes_no:
            answer = None if others else yes_or_no(tracker)
            return {} if answer is None else {asked: answer}
        if wanted.is_free_text:
            return {} if _BARE.match(text) and not wanted.takes_yes else {asked: text}
        if asked in IDENTITY:
            return {} if _named(tracker) & NO_HANDLES else self.answer_identity(asked, text)
        return self.answer(asked, tracker)

    def answer(self, asked: str, tracker: Tracker) -> Slots:
        """For a topic that reads bare answers in a way of its own; called when nothing else was recognised."""
        return {}

    def is_interrupted(self, tracker: Tracker, heard: Slots) -> bool:
        """Whether the message is about something else, so that its own rule should answer it."""
        intent, _ = _intent(tracker)
        if intent in ALWAYS_HEARD and not (intent == "cancel_flow" and heard and not is_sure(tracker)):
            return True
        if text_of(tracker).startswith("/"):
            return not heard and intent not in self.topic
        asked = tracker.slots.get(REQUESTED_SLOT)
        if not heard:
            return intent not in self.topic
        if asked in heard and self._field(asked).is_told and intent in TROUBLES:
            return False
        is_only_words = asked in heard and self._field(asked).is_free_text
        return self.is_elsewhere(tracker) and (is_only_words or asked not in heard)

    def is_elsewhere(self, tracker: Tracker) -> bool:
        """Whether the message is clearly about another topic: "is there an outage in 48212?" names nobody's account."""
        return _intent(tracker)[0] not in self.topic | ANSWERS and is_sure(tracker)

    def answer_identity(self, asked: str, text: str) -> Slots:
        """A bare reply to the question who it is; `KnowsCustomer` reads it."""
        raise NotImplementedError

    def _field(self, slot: str) -> Field:
        return self.fields.get(slot, Field())


def moment_of(tracker: Tracker, form: str) -> Moment:
    """Read from the events since the customer spoke; the last `action` there is the form itself."""
    since = since_user(tracker)
    if any(event["event"] == "active_loop" and event.get("name") == form for event in since):
        return Moment.STARTING
    actions = [event["name"] for event in since if event["event"] == "action"]
    return Moment.ANSWERING if actions in ([], [form]) else Moment.RETURNING


def since_user(tracker: Tracker) -> list[EventType]:
    last = max((at for at, event in enumerate(tracker.events) if event["event"] == "user"), default=-1)
    return tracker.events[last + 1 :]


def is_stuck(tracker: Tracker) -> bool:
    """The same question has been open for too many turns, nothing else was learned meanwhile, and this message does not
    even lead elsewhere."""
    if _intent(tracker)[0] not in IDLE:
        return False
    turns = 0
    for event in reversed(tracker.events):
        if event["event"] == "active_loop" or _is_progress(event, tracker):
            break
        turns += event["event"] == "user"
    return turns > PATIENCE_TURNS


def _is_progress(event: EventType, tracker: Tracker) -> bool:
    if event["event"] != "slot":
        return False
    is_question = event["name"] == REQUESTED_SLOT
    return bool(event["value"] != tracker.slots.get(REQUESTED_SLOT) if is_question else event["value"] is not None)


def _named(tracker: Tracker) -> set[str]:
    return {entity["entity"] for entity in (tracker.latest_message or {}).get("entities") or []}


def is_sure(tracker: Tracker) -> bool:
    return _intent(tracker)[1] >= SURE


def _intent(tracker: Tracker) -> tuple[str, float]:
    intent = (tracker.latest_message or {}).get("intent") or {}
    return intent.get("name") or "nlu_fallback", intent.get("confidence") or 0.0


def text_of(tracker: Tracker) -> str:
    return ((tracker.latest_message or {}).get("text") or "").strip()


def _choice(words: Mapping[str, Any], text: str) -> Any:
    return next((value for pattern, value in words.items() if re.search(pattern, text, re.I)), None)


def yes_or_no(tracker: Tracker) -> bool | None:
    intent, _ = _intent(tracker)
    text = text_of(tracker)
    if intent in ("affirm", "deny"):
        return intent == "affirm"
    if _YES.match(text):
        return True
    return False if _NO.match(text) else None
