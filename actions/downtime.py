"""Credit for downtime: the company's rule gives the amount, the customer says yes; above the limit a person decides."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import network
from actions.backends.errors import NotFound, Refused
from actions.backends.network import Incident
from actions.backends.results import dollars
from actions.identity import account_of, needs_account
from actions.said import ask_exception, pass_on_exception
from actions.slots import Field, FormFromFacts, leave, resume_paused
from actions.tried import PersonNeeded, learned, or_person, tried
from actions.turn import turn
from actions.wording import PERSON, button, choice, when, yes_no

MOST_CHOICES = 4
NOTHING_TO_CREDIT = "nothing to credit"

Events = list[EventType]


class OutageCredit(Action):
    """Which outage, and what the rule gives for it."""

    def name(self) -> str:
        return "action_outage_credit"

    @or_person
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        pass_on_exception(tracker)
        wanted = {"account_number": account_of(tracker), "with_resolved": True}
        found = await tried(dispatcher, "network.incidents", network.incidents, **wanted)
        if not found:
            buttons = [button("Test my line", "troubleshoot"), PERSON]
            text = "I see no outage at your address in the last 30 days, so there's nothing I can credit myself."
            dispatcher.utter_message(text=text, buttons=buttons)
            return resume_paused(tracker)
        if len(found) > 1:
            choices = [{"id": one.incident_id, "title": credit_title(one)} for one in found[:MOST_CHOICES]]
            return [SlotSet("credit_choices", choices), FollowupAction("outage_credit_form")]
        quoted = await quote(dispatcher, str(account_of(tracker)), found[0].incident_id)
        if quoted is None:
            return resume_paused(tracker)
        return [*(SlotSet(name, value) for name, value in quoted.items()), FollowupAction("outage_credit_form")]


def credit_title(incident: Incident) -> str:
    return f"{incident.title}, {when(incident.started_at)}"


async def quote(dispatcher: CollectingDispatcher, account: str, incident_id: str) -> dict[str, Any] | None:
    """The slots of a quote. When the rule gives nothing it says why; above the limit it asks for a person."""
    try:
        said = await tried(dispatcher, "network.quote_credit", network.quote_credit, account, incident_id=incident_id)
    except (Refused, NotFound) as refusal:
        refuse(dispatcher, refusal.sentence)
        return None
    amount = dollars(said.amount)
    if not said.is_allowed and said.amount > said.limit:
        limit = f"I may credit up to {dollars(said.limit)} myself."
        raise PersonNeeded("high_value", f"{said.hours} hours without service come to {amount}. {limit}")
    if not said.is_allowed:
        refuse(dispatcher, said.sentence)
        return None
    return {"credit_incident": incident_id, "credit_quote": {"hours": said.hours, "amount": amount}}


def refuse(dispatcher: CollectingDispatcher, sentence: str) -> None:
    text = f"{sentence} A colleague may still decide otherwise."
    dispatcher.utter_message(text=text, buttons=[ask_exception("outage_credit", sentence)])


class OutageCreditForm(FormFromFacts):
    form = "outage_credit_form"
    topic = frozenset({"outage_credit"})
    fields = {"credit_incident": Field(), "credit_confirm": Field(is_yes_no=True)}

    async def validate_credit_incident(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        quoted = await quote(dispatcher, str(account_of(tracker)), str(value))
        return quoted or {"credit_incident": value, "credit_confirm": NOTHING_TO_CREDIT}

    def validate_credit_confirm(self, value: Any, *_: Any) -> dict[str, Any]:
        return {"credit_confirm": {True: "yes", False: "no"}.get(value, value)}


class AskCreditIncident(Action):
    def name(self) -> str:
        return "action_ask_credit_incident"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        choices = tracker.get_slot("credit_choices") or []
        buttons = [choice(one["title"], "credit_incident", one["id"]) for one in choices]
        dispatcher.utter_message(text="Which outage is it about?", buttons=[*buttons, PERSON])
        return []


class AskCreditConfirm(Action):
    def name(self) -> str:
        return "action_ask_credit_confirm"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        quoted = tracker.get_slot("credit_quote") or {}
        text = f"You were {quoted.get('hours')} hours without service: {quoted.get('amount')} off your next bill."
        dispatcher.utter_message(text=f"{text} Shall I add it?", buttons=yes_no("credit_confirm", "Yes, add it", "No"))
        return []


class OutageCreditGive(Action):
    def name(self) -> str:
        return "action_outage_credit_give"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        answer = tracker.get_slot("credit_confirm")
        if answer == "no":
            dispatcher.utter_message(text="All right, I've left it as it is.", buttons=[PERSON])
        if answer != "yes":
            return leave(tracker, domain, "outage_credit_form")
        wanted = {"incident_id": str(tracker.get_slot("credit_incident")), "key": turn(tracker).key("downtime-credit")}
        try:
            credit = await tried(
                dispatcher, "network.credit_downtime", network.credit_downtime, str(account_of(tracker)), **wanted
            )
        except Refused as refusal:
            raise PersonNeeded("policy_exception", refusal.sentence) from refusal
        learned(dispatcher, "credit_number", credit.credit_number)
        dispatcher.utter_message(
            text=f"Done: {dollars(credit.amount)} comes off your next bill ({credit.credit_number})."
        )
        return leave(tracker, domain, "outage_credit_form")
