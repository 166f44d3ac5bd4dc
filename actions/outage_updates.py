"""Updates about an outage: who gets them, and where they go."""

import re
from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import accounts, network
from actions.backends.errors import Invalid
from actions.identity import account_of
from actions.outages import nothing_known
from actions.places import known_at, named, remember_place, talked_of, unknown_place
from actions.said import remembers, text_of
from actions.slots import Field, FormFromFacts, leave
from actions.tried import PersonNeeded, or_person, tried
from actions.turn import turn
from actions.wording import choice

Events = list[EventType]


class OutageNotify(Action):
    """Updates about the outage we talked about, or the one where they live."""

    def name(self) -> str:
        return "action_outage_notify"

    @or_person
    @remembers("outage_said", "outage_notify")
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        if re.search(r"\b(stop|unsubscribe|turn off)\b", text_of(tracker), re.I):
            raise PersonNeeded("asked", "The customer wants outage updates stopped.")
        incident = None if named(tracker) else tracker.get_slot("outage_incident")
        if incident:
            return await offer_updates(dispatcher, tracker)
        place = talked_of(tracker)
        found = await known_at(dispatcher, place) if place else None
        if place is None or found is None:
            return unknown_place(self, dispatcher, place)
        if not found or found[0].status == "resolved":
            return nothing_known(dispatcher, tracker, place)
        return [*remember_place(place, found[0]), *await offer_updates(dispatcher, tracker)]


async def offer_updates(dispatcher: CollectingDispatcher, tracker: Tracker) -> Events:
    contact = wanted_contact(tracker, await contacts(dispatcher, tracker))
    return [SlotSet("outage_contact", contact), FollowupAction("outage_contact_form")]


class OutageContactForm(FormFromFacts):
    """Where updates go. Contacts we know are offered, never asked for; the only one we know is simply taken."""

    form = "outage_contact_form"
    topic = frozenset({"outage_notify"})
    fields = {"outage_contact": Field(entities=("email", "phone"))}


class AskOutageContact(Action):
    def name(self) -> str:
        return "action_ask_outage_contact"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        known = await contacts(dispatcher, tracker)
        buttons = [choice(f"{kind} {masked(value)}", "outage_contact", value) for kind, value in known.items()]
        question = (
            "How should we reach you?" if buttons else "Which e-mail address or mobile number should get the updates?"
        )
        dispatcher.utter_message(text=question, buttons=buttons or None)
        return []


class OutageSubscribe(Action):
    def name(self) -> str:
        return "action_outage_subscribe"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        to, incident = str(tracker.get_slot("outage_contact")), str(tracker.get_slot("outage_incident"))
        wanted = {"notify_to": to, "account_number": account_of(tracker), "key": turn(tracker).key("subscribe")}
        try:
            await tried(dispatcher, "network.subscribe", network.subscribe, incident, **wanted)
        except Invalid as problem:
            dispatcher.utter_message(text=problem.sentence)
            return [SlotSet("outage_contact", None), FollowupAction("outage_contact_form")]
        dispatcher.utter_message(text=f"Done. You'll get news at {masked(to)}, and again when it's fixed.")
        return leave(tracker, domain, "outage_contact_form")


async def contacts(dispatcher: CollectingDispatcher, tracker: Tracker) -> dict[str, str]:
    """What we may write to: what the customer told us before what the account holds."""
    now, account = turn(tracker), account_of(tracker)
    email, phone = now.fact("email"), now.fact("phone")
    if account and not (email and phone):
        kept = await tried(dispatcher, "accounts.get", accounts.get, account)
        email, phone = email or kept.email, phone or kept.phone
    return {kind: value for kind, value in (("E-mail", email), ("Text", phone)) if value}


def wanted_contact(tracker: Tracker, known: Mapping[str, str]) -> str | None:
    """The one they asked for ("text me"), or the only one there is."""
    said = tracker.get_slot("outage_said") or ""
    if re.search(r"\b(text|sms|phone|call|mobile)\b", said, re.I) and "Text" in known:
        return known["Text"]
    if re.search(r"\b(e-?mail|mail)\b", said, re.I) and "E-mail" in known:
        return known["E-mail"]
    return next(iter(known.values())) if len(known) == 1 else None


def masked(contact: str) -> str:
    """Enough to recognise it by: someone else may be reading along."""
    name, at, host = contact.partition("@")
    return f"{name[:1]}•••@{host}" if at else f"•••{contact[-4:]}"
