"""Outages: is something known to be wrong, until when, and who wants to hear about it.

A place is a postcode the customer names or the address of their account; whoever we cannot place is asked once. No
known outage where they live leads to the line test in actions/diagnosis.py. Credit is in actions/downtime.py.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import accounts, network
from actions.backends.errors import Invalid, NotFound
from actions.backends.network import Incident
from actions.identity import account_of, plain
from actions.said import entity_of, remembers, text_of
from actions.slots import Field, FormFromFacts, leave, resume_paused
from actions.tried import PersonNeeded, or_person, tried
from actions.turn import turn
from actions.wording import PERSON, button, choice, when

TOPIC = frozenset({"outage_report", "outage_status", "outage_notify", "troubleshoot"})
FIXED_LATELY = timedelta(hours=24)
POSTCODE = re.compile(r"\b\d{5}(-\d{4})?\b|\b[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}\b", re.I)

Events = list[EventType]


@dataclass(frozen=True)
class Place:
    """Where to look: one of the two is set."""

    postcode: str | None = None
    account_number: str | None = None

    def __str__(self) -> str:
        return f"in {self.postcode}" if self.postcode else "at your address"


def home(tracker: Tracker) -> Place | None:
    """Where the customer lives, as far as we know: a confirmed account before a fact somebody typed."""
    account = account_of(tracker) or tracker.get_slot("account_number")
    if account:
        return Place(account_number=account)
    answered = tracker.get_slot("outage_place")
    if answered:
        return Place(postcode=answered)
    typed = turn(tracker).fact("account_number")
    postcode = turn(tracker).fact("postcode", "zip_code")
    return Place(postcode=postcode) if postcode else Place(account_number=typed) if typed else None


def named(tracker: Tracker) -> Place | None:
    """A postcode in this very message."""
    postcode = entity_of(tracker, "postcode") or turn(tracker).said_now("postcode", "zip_code")
    return Place(postcode=postcode) if postcode else None


def talked_of(tracker: Tracker) -> Place | None:
    """For "any news?": the place named now, the one named before, or home."""
    before = tracker.get_slot("outage_place")
    return named(tracker) or (Place(postcode=before) if before else home(tracker))


def ask_place(action: Action) -> Events:
    return [SlotSet("outage_place", None), SlotSet("wanted", action.name()), FollowupAction("outage_place_form")]


def remember_place(place: Place, incident: Incident | None) -> Events:
    return [
        SlotSet("outage_place", place.postcode),
        SlotSet("outage_incident", incident.incident_id if incident else None),
    ]


async def known_at(dispatcher: CollectingDispatcher, place: Place) -> tuple[Incident, ...] | None:
    """Open incidents first, then those fixed in the last day. `None` when the company knows no such place."""
    query = {"postcode": place.postcode, "account_number": place.account_number, "with_resolved": True}
    try:
        found = await tried(dispatcher, "network.incidents", network.incidents, **query)
    except (NotFound, Invalid):
        return None
    lately = datetime.now(UTC) - FIXED_LATELY
    fresh = [one for one in found if one.resolved_at is None or one.resolved_at > lately]
    return tuple(sorted(fresh, key=lambda one: one.status == "resolved"))


class OutagePlaceForm(FormFromFacts):
    """Asks where to look; an account number, an e-mail or a phone will do as well as a postcode."""

    form = "outage_place_form"
    topic = TOPIC
    fields = {"outage_place": Field(entities=("postcode", "email", "phone"))}

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        return [] if tracker.slots.get("account_number") else ["outage_place"]

    async def validate_outage_place(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        postcode = POSTCODE.search(str(value))
        if postcode:
            return {"outage_place": postcode.group()}
        found = await self.validate_account_number(value, dispatcher, tracker, domain)
        return {"outage_place": None, **found}


class AskOutagePlace(Action):
    def name(self) -> str:
        return "action_ask_outage_place"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        dispatcher.utter_message(text="Which postcode should I check? Your account number works too.", buttons=[PERSON])
        return []


class OutageReport(Action):
    """Something does not work: a known outage is told, anything else leads to the line test."""

    def name(self) -> str:
        return "action_outage_report"

    @or_person
    @remembers("outage_said", "outage_report", "troubleshoot")
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        place = named(tracker) or home(tracker)
        found = await known_at(dispatcher, place) if place else None
        if place is None or found is None:
            return unknown_place(self, dispatcher, place)
        if found and found[0].status != "resolved":
            return tell(dispatcher, tracker, place, found[0])
        if place.postcode and not await is_home(dispatcher, tracker, place.postcode):
            return nothing_known(dispatcher, tracker, place)
        dispatcher.utter_message(text=f"I don't know of any outage {place}, so let me test your line.")
        return [*remember_place(place, None), FollowupAction("action_outage_test_line")]


class OutageStatus(Action):
    """How an outage stands, anywhere."""

    def name(self) -> str:
        return "action_outage_status"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        place = None if entity_of(tracker, "outage_place") == "other" else talked_of(tracker)
        found = await known_at(dispatcher, place) if place else None
        if place is None or found is None:
            return unknown_place(self, dispatcher, place)
        if found:
            return tell(dispatcher, tracker, place, found[0])
        return nothing_known(dispatcher, tracker, place)


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


# What is said


def tell(dispatcher: CollectingDispatcher, tracker: Tracker, place: Place, incident: Incident) -> Events:
    """Cause, estimate, the latest news, and what the customer can do about it."""
    buttons = [button("Credit for the downtime", "outage_credit"), PERSON]
    if incident.status == "resolved":
        buttons.insert(0, button("It's still down for me", "troubleshoot"))
    else:
        buttons.insert(0, button("Send me updates", "outage_notify"))
    dispatcher.utter_message(text=told(place, incident, datetime.now(UTC)), buttons=buttons)
    return [*remember_place(place, incident), *resume_paused(tracker)]


def told(place: Place, incident: Incident, now: datetime) -> str:
    if incident.resolved_at:
        return f"The outage {place} was fixed {when(incident.resolved_at, now)}. {incident.cause}"
    news = f" The latest: {incident.updates[-1].text}" if incident.updates else ""
    return f"There's an outage {place}. {incident.cause}{news} {estimate(incident, now)}"


def estimate(incident: Incident, now: datetime) -> str:
    if incident.estimate_at is None:
        return "I can't say yet when it'll be back."
    if incident.estimate_at < now:
        return f"It should have been back {when(incident.estimate_at, now)}; there's no newer estimate yet."
    return f"It should be back {when(incident.estimate_at, now)}."


def nothing_known(dispatcher: CollectingDispatcher, tracker: Tracker, place: Place) -> Events:
    buttons = [
        button("Test my line", "troubleshoot"),
        button("Check another area", "outage_status", {"outage_place": "other"}),
        PERSON,
    ]
    dispatcher.utter_message(text=f"I don't know of any outage {place} right now.", buttons=buttons)
    return [*remember_place(place, None), SlotSet("outage_place", None), *resume_paused(tracker)]


def unknown_place(action: Action, dispatcher: CollectingDispatcher, place: Place | None) -> Events:
    if place:
        dispatcher.utter_message(
            text=f"We have no network {place}." if place.postcode else "I can't find that account."
        )
    return ask_place(action)


# What is known


async def is_home(dispatcher: CollectingDispatcher, tracker: Tracker, postcode: str) -> bool:
    """Whether a postcode may be where the customer lives. Nobody we know yet may live anywhere."""
    account = account_of(tracker)
    if account is None:
        return True
    kept = await tried(dispatcher, "accounts.get", accounts.get, account)
    return plain(kept.address.postcode) == plain(postcode)


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
