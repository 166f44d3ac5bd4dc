"""Greetings, help, and honest answers to what was not understood or cannot be done.

A message we do not understand gets one try at rephrasing, with the two likeliest topics as buttons; a second one in a
row gets a person.
"""

from collections.abc import Iterable
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import next_topic
from actions.hearing import is_sure
from actions.slots import forget, resume_paused, stop_form
from actions.tried import to_person

TOPICS = {
    "return_start": "Return something",
    "return_status": "Where my return is",
    "return_method": "How to send it back",
    "return_policy": "Return rules",
    "refund_status": "Where my refund is",
    "refund_request": "Get a refund",
    "exchange_item": "Exchange something",
    "order_status": "Where my order is",
    "order_cancel": "Cancel an order",
    "outage_report": "Report an outage",
    "outage_status": "Check for an outage",
    "outage_notify": "Tell me when it's fixed",
    "outage_credit": "Credit for downtime",
    "troubleshoot": "Fix my connection",
    "bill_balance": "What I owe",
    "bill_explain": "Explain my bill",
    "bill_dispute": "Dispute a charge",
    "bill_pay": "Pay a bill",
    "payment_arrangement": "Pay in instalments",
    "payment_problem": "A payment went wrong",
    "bill_copy": "Copy of a bill",
    "plan_change": "Change my plan",
    "service_cancel": "Cancel my service",
    "service_move": "Move house",
    "account_update": "Change my details",
    "password_reset": "Reset my password",
    "case_status": "Where my case is",
    "case_reopen": "Reopen a case",
}
FIRST_CHOICE = ("return_start", "outage_status", "bill_explain", "service_move")
PERSON = {"title": "Talk to a person", "payload": "/talk_to_human"}
STOP = {"title": "Stop this", "payload": "/cancel_flow"}

NOT_UNDERSTOOD = "Sorry, I didn't get that."
NOT_OURS = "That's not something I can help with."

Button = dict[str, str]


class SmallTalk(Action):
    """One action for all of it, the response named after the intent. Plain `utter_` rules would pass by the watch for
    angry customers (actions/watch.py)."""

    def name(self) -> str:
        return "action_small_talk"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        intent = tracker.latest_message["intent"]["name"]
        if intent == "thank" and (answered := next_topic.answer(dispatcher, tracker)) is not None:
            return answered
        is_greeting_again = intent == "greet" and tracker.active_loop_name
        dispatcher.utter_message(response="utter_greet_again" if is_greeting_again else f"utter_{intent}")
        return (
            [*stop_form(), FollowupAction("action_listen")] if intent == "goodbye" and tracker.active_loop_name else []
        )


class Help(Action):
    def name(self) -> str:
        return "action_help"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        dispatcher.utter_message(
            text="I can help with returns and orders, outages, bills, moving house, your account and your cases. "
            "Or I can get you a person.",
            buttons=[*topic_buttons(FIRST_CHOICE), PERSON],
        )
        return []


class OutOfScope(Action):
    def name(self) -> str:
        return "action_out_of_scope"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if not is_sure(tracker):
            return not_understood(dispatcher, tracker)
        dispatcher.utter_message(text=f"{NOT_OURS} Is it one of these?", buttons=[*likeliest(tracker), PERSON])
        return []


class Fallback(Action):
    def name(self) -> str:
        return "action_fallback"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        answered = next_topic.answer(dispatcher, tracker)
        return not_understood(dispatcher, tracker) if answered is None else answered


class CancelFlow(Action):
    """Leave the form for good, with a short word, and take up what it had interrupted. What only sounds a little like
    giving up must not throw away the answers."""

    def name(self) -> str:
        return "action_cancel_flow"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        form = tracker.active_loop_name
        if not form:
            answered = next_topic.answer(dispatcher, tracker)
            if answered is not None:
                return answered
            dispatcher.utter_message(text="There's nothing running to stop. What can I do for you?")
            return []
        if not is_sure(tracker):
            dispatcher.utter_message(text=f"{NOT_UNDERSTOOD} Shall I stop here?", buttons=[STOP, PERSON])
            return []
        dispatcher.utter_message(text="All right, I've dropped that.")
        return [*stop_form(), SlotSet("wanted", None), *forget(domain, form), *resume_paused(tracker, form)]


def not_understood(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Both stages of the fallback. Inside a form the form's own question follows, so no topics are offered there."""
    intent = tracker.latest_message["intent"]["name"]
    if intent not in ("affirm", "deny", "inform") and fallbacks_before(tracker):
        return to_person("fallback", "I didn't understand twice in a row, so a person should have a look.")
    if tracker.active_loop_name:
        dispatcher.utter_message(text={"deny": "All right.", "affirm": "Good."}.get(intent, NOT_UNDERSTOOD))
    elif intent in ("affirm", "thank"):
        dispatcher.utter_message(text="Good. What would you like to do next?")
    elif intent == "deny":
        dispatcher.utter_message(text="All right. I'm here if you need anything.")
    elif intent == "inform":
        dispatcher.utter_message(
            text="Thanks, I've noted that. What would you like me to do?",
            buttons=[*likeliest(tracker, len(FIRST_CHOICE)), PERSON],
        )
    else:
        dispatcher.utter_message(
            text=f"{NOT_UNDERSTOOD} Could you put it another way, or is it one of these?",
            buttons=[*likeliest(tracker), PERSON],
        )
    return []


def fallbacks_before(tracker: Tracker) -> int:
    """How many turns in a row, up to the one before this, went nowhere."""
    turns = _turns(tracker)[:-1]
    return next((count for count, turn in enumerate(reversed(turns)) if not _went_nowhere(turn)), len(turns))


def likeliest(tracker: Tracker, count: int = 2) -> list[Button]:
    """Buttons for the topics the message most looked like."""
    ranking = [intent["name"] for intent in tracker.latest_message.get("intent_ranking") or []]
    topics = [name for name in ranking if name in TOPICS]
    return topic_buttons([*topics, *FIRST_CHOICE][:count])


def topic_buttons(intents: Iterable[str]) -> list[Button]:
    return [{"title": TOPICS[intent], "payload": f"/{intent}"} for intent in intents]


def _went_nowhere(turn: list[EventType]) -> bool:
    said = [event.get("text") or "" for event in turn if event["event"] == "bot"]
    return any(text.startswith((NOT_UNDERSTOOD, NOT_OURS)) for text in said)


def _turns(tracker: Tracker) -> list[list[EventType]]:
    """The session's events, cut before each message of the customer."""
    turns: list[list[EventType]] = [[]]
    for event in tracker.events:
        if event["event"] == "user":
            turns.append([])
        turns[-1].append(event)
    return turns
