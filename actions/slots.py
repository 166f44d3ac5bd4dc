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
    responses: utter_ask_<slot> otherwise. Choices are buttons with the payload /inform{"return_method": "pickup"}; in
               domain.yml its braces are doubled, {{ }}, because Rasa fills in placeholders there
    entities: return_method                                  # every name that occurs in a button payload

and two rules, nothing else:

    - rule: Start a return
      steps: [{intent: return_start}, {action: return_form}, {active_loop: return_form}]
    - rule: Make the return
      condition: [{active_loop: return_form}]
      steps: [{action: return_form}, {active_loop: null}, {action: action_return_make}]

What the base class does with that:
- **Who it is.** `account_number` and `account_postcode` in `required_slots` are filled from the customer the hub knows,
  from facts, or asked (any handle will do); put them first. Actions without a form use `@needs_account`
  (actions/identity.py), which runs `identify_form` and then comes back to the action.
- **Several details in one message** fill several slots. A **correction** ("no, 14 Elm Street") replaces a filled slot,
  whichever is being asked. A value that fits two slots goes to the one being asked.
- **Answers in a way of their own** are read by overriding `answer(asked, tracker)`; what two slots tell about each
  other by overriding `hear`.
- **A detail given out of turn** is said back if `said_back` has words for it ("Noted: pickup at 9 Oak Ave."), unless
  the next question sums everything up anyway.
- **Facts before questions**: an empty slot with `facts=` takes the hub's fact; a refusal of a fact is not spoken.
- **Interruptions** leave the form waiting: a question, small talk, another topic or a wish for a person is answered by
  its own rule (write it without a condition), then the policy asks the form's question again. Another form may run in
  between; end every topic's last action with `return leave(tracker, domain, "return_form")`: it empties that form's
  slots and takes up a form that was left for it.
- `raise PersonNeeded("policy_exception", "…")` in a validation or an action hands over with the form state in the
  package. A company system that cannot be asked does the same by itself: put `@or_person` on an action's `run`
  (actions/tried.py).
- **Never silent, never traceless**: an action says something or returns an event. One that does neither counts as
  failed, and the conversation goes to a person.
"""

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActionExecutionRejected, ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT, FormValidationAction
from rasa_sdk.utils import call_potential_coroutine

from actions.backends.errors import Unavailable
from actions.hearing import ALWAYS_HEARD, SURE, Field, Hearing, Moment, Slots, is_stuck, moment_of
from actions.identity import IDENTITY, KnowsCustomer
from actions.tried import PersonNeeded, to_person
from actions.turn import turn

STUCK = "We are stuck at one question, so a person should have a look."

__all__ = [
    "ALWAYS_HEARD",
    "SURE",
    "Field",
    "FormFromFacts",
    "Moment",
    "Slots",
    "forget",
    "leave",
    "moment_of",
    "resume",
]
__all__ += ["resume_paused", "stop_form"]


class FormFromFacts(KnowsCustomer, Hearing, FormValidationAction):
    """Fills one form from what was said, from facts and from the account; see the module's docstring."""

    @property
    @abstractmethod
    def form(self) -> str:
        """The form's name. A class without one is no action yet; the action server passes over it."""

    def name(self) -> str:
        return f"validate_{self.form}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        moment, before = moment_of(tracker, self.form), dict(tracker.slots)
        events: list[EventType] = self._starting_events(tracker) if moment is Moment.STARTING else []
        heard = {} if moment is Moment.RETURNING or _is_resuming(tracker, self.form) else self.hear(tracker, moment)
        if moment is Moment.ANSWERING and self.is_interrupted(tracker, heard):
            return [_reject(self.form), *(to_person("fallback", STUCK) if is_stuck(tracker) else [])]
        try:
            events += await self._fill(heard, dispatcher, tracker, domain)
        except PersonNeeded as need:
            return [_reject(self.form), *events, *to_person(need.reason, need.detail)]
        except Unavailable as down:
            return [_reject(self.form), *events, *to_person("company_down", down.sentence)]
        question = await self.next_requested_slot(dispatcher, tracker, domain)
        if moment is Moment.ANSWERING and not self._sums_up(question["value"]):
            self._acknowledge(before, heard, dispatcher, tracker)
        return [*events, question]

    def said_back(self, news: Slots, tracker: Tracker) -> list[str]:
        """What to say back of details nobody had asked for just now, as phrases ("pickup at 9 Oak Ave")."""
        return []

    def _acknowledge(self, before: Slots, heard: Slots, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        unasked = [slot for slot in heard if slot != before.get(REQUESTED_SLOT) and slot in self.fields]
        values = {slot: tracker.slots.get(slot) for slot in unasked}
        news = {slot: value for slot, value in values.items() if value is not None and value != before.get(slot)}
        if phrases := self.said_back(news, tracker):
            dispatcher.utter_message(text=f"Noted: {', '.join(phrases)}.")

    def _sums_up(self, asked: str | None) -> bool:
        """Whether the next question names all the details itself: a yes or no ends a form."""
        return asked is None or self._field(asked).is_yes_no

    async def next_requested_slot(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> EventType:
        """Always an event, also when nothing changed: Rasa takes a silent start for an answer."""
        required = await self.required_slots(self.domain_slots(domain), dispatcher, tracker, domain)
        return SlotSet(REQUESTED_SLOT, next((slot for slot in required if tracker.slots.get(slot) is None), None))

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
