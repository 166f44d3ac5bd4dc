"""Outages: is something known to be wrong, why, and until when.

No known outage where the customer lives leads to the line test in actions/diagnosis.py. Where to look is decided in
actions/places.py, updates are in actions/outage_updates.py, credit for the downtime in actions/downtime.py.
"""

from datetime import UTC, datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends.network import Incident
from actions.diagnosis import open_fault, tell_fault
from actions.identity import account_of
from actions.places import Place, home, is_home, known_at, named, remember_place, talked_of, unknown_place
from actions.said import entity_of, remembers
from actions.slots import resume_paused
from actions.tried import or_person
from actions.wording import PERSON, button, when

Events = list[EventType]


class OutageReport(Action):
    """Something does not work: a known outage is told, anything else leads to the line test."""

    def name(self) -> str:
        return "action_outage_report"

    @or_person
    @remembers("outage_said", "outage_report", "troubleshoot")
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        if entity_of(tracker, "outage_test"):
            return [FollowupAction("action_outage_test_line")]
        if tracker.active_loop_name == "outage_diagnosis_form" and not named(tracker):
            return []  # said again in the middle of the diagnosis: its question follows
        place = named(tracker) or home(tracker)
        found = await known_at(dispatcher, place) if place else None
        if place is None or found is None:
            return unknown_place(self, dispatcher, place)
        if found and found[0].status != "resolved":
            return tell(dispatcher, tracker, place, found[0])
        if place.postcode and not await is_home(dispatcher, tracker, place.postcode):
            return nothing_known(dispatcher, tracker, place)
        if account_of(tracker) is None:
            dispatcher.utter_message(text=f"I don't know of any outage {place}, so let me test your line.")
        return [*remember_place(place, None), FollowupAction("action_outage_test_line")]


class OutageStatus(Action):
    """How an outage stands, anywhere."""

    def name(self) -> str:
        return "action_outage_status"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        place = None if entity_of(tracker, "outage_area") else talked_of(tracker)
        found = await known_at(dispatcher, place) if place else None
        if place is None or found is None:
            return unknown_place(self, dispatcher, place)
        if found:
            return tell(dispatcher, tracker, place, found[0])
        fault = await open_fault(dispatcher, tracker) if place.account_number else None
        if fault:
            return tell_fault(dispatcher, tracker, fault)
        return nothing_known(dispatcher, tracker, place)


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
        button("Test my line", "troubleshoot", {"outage_test": "now"}),
        button("Check another area", "outage_status", {"outage_area": "other"}),
        PERSON,
    ]
    dispatcher.utter_message(text=f"I don't know of any outage {place} right now.", buttons=buttons)
    return [*remember_place(place, None), SlotSet("outage_place", None), *resume_paused(tracker)]
