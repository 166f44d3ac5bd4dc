"""Forms that ask only for what nobody has said yet.

A topic subclasses `FormFromFacts` once per form:

    class ReturnForm(FormFromFacts):
        form = "return_form"                                  # `validate_return_form` in domain.yml
        topic = frozenset({"return_start", "return_method"})  # intents that do not interrupt this form
        fields = {
            "return_item": Field(entities=("item",)),
            "return_method": Field(words={r"pick.?up|collect": "pickup", r"drop": "dropoff", r"ship|post": "shipping"}),
            "pickup_address": Field(entities=("address",), facts=("address",)),
            "return_reason": Field(free_text=True),
            "return_confirm": Field(yes_no=True),
        }

        async def validate_return_item(self, value, dispatcher, tracker, domain):   # as in rasa-sdk
            return {"return_item": ...}            # {"return_item": None} plus a spoken reason refuses it

        async def required_slots(self, domain_slots, dispatcher, tracker, domain):  # only when the path varies
            return [...]

and writes in domain.yml:

    slots:    return_item: {type: any, influence_conversation: false, mappings: [{type: custom}]}   # no YAML alias here
    forms:    return_form: {required_slots: [account_number, account_postcode, return_item, ...]}
    actions:  validate_return_form, plus action_ask_<slot> where the question has buttons made at run time
    responses: utter_ask_<slot> otherwise; choices are buttons with payload /inform{"return_method": "pickup"}
    entities: return_method                                  # every name that occurs in a button payload

and two rules, nothing else:

    - rule: Start a return
      steps: [{intent: return_start}, {action: return_form}, {active_loop: return_form}]
    - rule: Make the return
      condition: [{active_loop: return_form}]
      steps: [{action: return_form}, {active_loop: null}, {action: action_return_make}]

What the base class does with that:
- **Who it is.** `account_number` and `account_postcode` in `required_slots` are filled from the customer the hub knows, from
  facts, or asked (any handle will do); put them first. Actions without a form use `@needs_account` (actions/identity.py),
  which runs `identify_form` and then comes back to the action.
- **Several details in one message** fill several slots. A **correction** ("no, 14 Elm Street") replaces a filled slot,
  whichever is being asked. A value that fits two slots goes to the one being asked.
- **Answers in a way of their own** are read by overriding `answer(asked, tracker)`; what two slots tell about each other by
  overriding `hear`.
- **Facts before questions**: an empty slot with `facts=` takes the hub's fact; a refusal of a fact is not spoken.
- **Interruptions** leave the form waiting: a question, small talk, another topic or a wish for a person is answered by its
  own rule (write it without a condition), then the policy asks the form's question again. Another form may run in
  between; end every topic's last action with `return leave(tracker, domain, "return_form")`: it empties that form's slots
  and takes up a form that was left for it.
- `raise PersonNeeded("policy_exception", "…")` in a validation or an action hands over with the form state in the package.
  A company system that cannot be asked does the same by itself: put `@or_person` on an action's `run` (actions/tried.py).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import ActionExecutionRejected, ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT, FormValidationAction
from rasa_sdk.utils import call_potential_coroutine

from actions.backends.errors import Unavailable
from actions.identity import IDENTITY, IDENTITY_ENTITIES, KnowsCustomer
from actions.tried import PersonNeeded, to_person
from actions.turn import turn

ANSWERS = frozenset({"inform", "affirm", "deny", "nlu_fallback"})
ALWAYS_HEARD = frozenset({"talk_to_human", "handback", "cancel_flow"})
SURE = 0.7

_CORRECTION = re.compile(r"^\W*(no+|nope|sorry|actually|wait|oops|correction|i mean(t)?|not that|change)\b", re.I)
_YES = re.compile(r"^\W*(y|yes|yeah|yep|yup|sure|ok(ay)?|correct|right|please do|go ahead|fine|do it)\b", re.I)
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
    """

    entities: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    words: Mapping[str, Any] = field(default_factory=dict)
    is_yes_no: bool = False
    is_free_text: bool = False


Slots = dict[str, Any]


class FormFromFacts(KnowsCustomer, FormValidationAction):
    """Fills one form from what was said, from facts and from the account; see the module's docstring."""

    form: ClassVar[str]
    topic: ClassVar[frozenset[str]] = frozenset()
    fields: ClassVar[Mapping[str, Field]] = {}

    def name(self) -> str:
        return f"validate_{self.form}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        moment = moment_of(tracker, self.form)
        events: list[EventType] = self._starting_events(tracker) if moment is Moment.STARTING else []
        heard = {} if moment is Moment.RETURNING or _is_resuming(tracker, self.form) else self.hear(tracker, moment)
        if moment is Moment.ANSWERING and self.is_interrupted(tracker, heard):
            return [_reject(self.form)]
        try:
            events += await self._fill(heard, dispatcher, tracker, domain)
        except PersonNeeded as need:
            return [_reject(self.form), *events, *to_person(need.reason, need.detail)]
        except Unavailable as down:
            return [_reject(self.form), *events, *to_person("company_down", down.sentence)]
        return [*events, await self.next_requested_slot(dispatcher, tracker, domain)]

    async def next_requested_slot(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> EventType:
        """Always said aloud, also when the form is unchanged: Rasa would otherwise take a silent start for an answer."""
        required = await self.required_slots(self.domain_slots(domain), dispatcher, tracker, domain)
        return SlotSet(REQUESTED_SLOT, next((slot for slot in required if tracker.slots.get(slot) is None), None))

    # What was said

    def hear(self, tracker: Tracker, moment: Moment) -> Slots:
        """The slots this message speaks about, as raw values. Filled slots change only when the words are about them."""
        asked = tracker.slots.get(REQUESTED_SLOT) if moment is Moment.ANSWERING else None
        heard = self._heard_entities(tracker, asked) | self._heard_words(tracker, asked)
        if asked and asked not in heard:
            heard |= self._heard_answer(asked, tracker, others=heard)
        if asked and self._field(asked).is_free_text and asked in heard and not _CORRECTION.match(_text(tracker)):
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
        """Whose value this is: a button names its slot; else the slot being asked, a filled one (a correction), an empty one."""
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
        text = _text(tracker)
        if not text or text.startswith("/"):
            return {}
        return {
            slot: value
            for slot, wanted in self.fields.items()
            if wanted.words and (value := _choice(wanted.words, text)) is not None
        }

    def _heard_answer(self, asked: str, tracker: Tracker, others: Slots) -> Slots:
        wanted, text = self._field(asked), _text(tracker)
        if not text or text.startswith("/") and not wanted.is_yes_no:
            return {}
        if wanted.is_yes_no:
            answer = None if others else _yes_or_no(tracker)
            return {} if answer is None else {asked: answer}
        if wanted.is_free_text:
            return {asked: text}
        return self.answer_identity(asked, text) if asked in IDENTITY else self.answer(asked, tracker)

    def answer(self, asked: str, tracker: Tracker) -> Slots:
        """For a topic that reads bare answers in a way of its own; called when nothing else was recognised."""
        return {}

    def is_interrupted(self, tracker: Tracker, heard: Slots) -> bool:
        """Whether the message is about something else, so that its own rule should answer it."""
        intent, confidence = _intent(tracker)
        if intent in ALWAYS_HEARD:
            return True
        if _text(tracker).startswith("/"):
            return not heard and intent not in self.topic
        asked = tracker.slots.get(REQUESTED_SLOT)
        is_elsewhere = intent not in self.topic | ANSWERS
        if not heard:
            return intent not in self.topic
        is_only_words = asked in heard and self._field(asked).is_free_text
        return is_elsewhere and confidence >= SURE and (is_only_words or asked not in heard)

    # What is known

    async def _fill(
        self, heard: Slots, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        events: list[EventType] = []
        for slot, value in heard.items():
            events += await self._accept(slot, value, dispatcher, tracker, domain)
        if tracker.slots.get("account_number") is None or tracker.slots.get("account_postcode") is None:
            required = await self.required_slots(self.domain_slots(domain), dispatcher, tracker, domain)
            if set(IDENTITY) & set(required):
                events += _set_all(tracker, await self.recognise(dispatcher, tracker))
        for slot in await self.required_slots(self.domain_slots(domain), dispatcher, tracker, domain):
            fact = turn(tracker).fact(*self._field(slot).facts)
            if tracker.slots.get(slot) is None and fact is not None and slot not in heard:
                events += await self._accept(slot, fact, _quiet(dispatcher), tracker, domain)
        return events

    async def _accept(
        self, slot: str, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """The events of one value, after the topic's own validation if it has one."""
        validate = getattr(self, f"validate_{slot}", None)
        values = {slot: value}
        if validate:
            values = await call_potential_coroutine(validate(value, dispatcher, tracker, domain))
        return _set_all(tracker, values)

    def _field(self, slot: str) -> Field:
        return self.fields.get(slot, Field())

    def _starting_events(self, tracker: Tracker) -> list[EventType]:
        """Remember the form that was left for this one."""
        events: list[EventType] = [SlotSet("resuming_form", None)] if tracker.slots.get("resuming_form") else []
        left = _form_before(tracker, self.form)
        return [*events, SlotSet("paused_form", left)] if left else events


def leave(tracker: Tracker, domain: dict[str, Any], form: str, *, keep: Iterable[str] = ()) -> list[EventType]:
    """End a topic: forget what its form was told, and take up the form that was left for it."""
    return [*forget(domain, form, keep=keep), *resume_paused(tracker, form)]


def forget(domain: dict[str, Any], form: str, *, keep: Iterable[str] = ()) -> list[EventType]:
    """Empty a form's slots, so that the next one of its kind starts fresh. Who the customer is stays known."""
    slots = ((domain.get("forms") or {}).get(form) or {}).get("required_slots") or []
    return [SlotSet(slot, None) for slot in slots if slot not in {*IDENTITY, *keep}]


def resume_paused(tracker: Tracker, form: str | None = None) -> list[EventType]:
    paused = tracker.get_slot("paused_form")
    if not paused or paused == form:
        return [SlotSet("paused_form", None)] if paused else []
    return resume(paused)


def resume(form: str) -> list[EventType]:
    """Take up a form with the slots it has; the message that led here is not an answer to it."""
    return [SlotSet("paused_form", None), SlotSet("resuming_form", form), FollowupAction(form)]


def stop_form() -> list[EventType]:
    return [ActiveLoop(None), SlotSet(REQUESTED_SLOT, None)]


def moment_of(tracker: Tracker, form: str) -> Moment:
    """Read from the events since the customer spoke; the last `action` there is the form itself."""
    since = _since_user(tracker)
    if any(event["event"] == "active_loop" and event.get("name") == form for event in since):
        return Moment.STARTING
    actions = [event["name"] for event in since if event["event"] == "action"]
    return Moment.ANSWERING if actions in ([], [form]) else Moment.RETURNING


def _since_user(tracker: Tracker) -> list[EventType]:
    last = max((at for at, event in enumerate(tracker.events) if event["event"] == "user"), default=-1)
    return tracker.events[last + 1 :]


def _form_before(tracker: Tracker, form: str) -> str | None:
    loops = [event.get("name") for event in tracker.events if event["event"] == "active_loop"]
    return next(iter(loops[-2:-1]), None) if loops[-1:] == [form] and loops[-2:-1] != [form] else None


def _is_resuming(tracker: Tracker, form: str) -> bool:
    return tracker.slots.get("resuming_form") == form


def _reject(form: str) -> EventType:
    return ActionExecutionRejected(form)


def _set_all(tracker: Tracker, values: Slots) -> list[EventType]:
    """The events, with the tracker brought along so that the next question is chosen from the new values."""
    tracker.slots.update(values)
    return [SlotSet(slot, value) for slot, value in values.items()]


def _quiet(dispatcher: CollectingDispatcher) -> CollectingDispatcher:
    """Takes notes for the hub but says nothing: a fact that does not fit is no mistake of the customer's."""
    quiet = CollectingDispatcher()
    say = dispatcher.utter_message
    quiet.utter_message = lambda *args, **kwargs: say(*args, **kwargs) if kwargs.get("json_message") else None  # type: ignore[method-assign]
    return quiet


def _intent(tracker: Tracker) -> tuple[str, float]:
    intent = (tracker.latest_message or {}).get("intent") or {}
    return intent.get("name") or "nlu_fallback", intent.get("confidence") or 0.0


def _text(tracker: Tracker) -> str:
    return ((tracker.latest_message or {}).get("text") or "").strip()


def _choice(words: Mapping[str, Any], text: str) -> Any:
    return next((value for pattern, value in words.items() if re.search(pattern, text, re.I)), None)


def _yes_or_no(tracker: Tracker) -> bool | None:
    intent, _ = _intent(tracker)
    text = _text(tracker)
    if intent in ("affirm", "deny"):
        return intent == "affirm"
    if _YES.match(text):
        return True
    return False if _NO.match(text) else None
