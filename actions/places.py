"""Where to look for an outage: a postcode somebody names, the address of an account, or the answer to one question."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import accounts, network
from actions.backends.errors import Invalid, NotFound
from actions.backends.network import Incident
from actions.identity import account_of, plain, told
from actions.said import entity_of
from actions.slots import Field, FormFromFacts
from actions.tried import tried
from actions.turn import turn
from actions.wording import PERSON

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
    typed = told(tracker, "account_number")
    postcode = told(tracker, "postcode", "zip_code")
    return Place(postcode=postcode) if postcode else Place(account_number=typed) if typed else None


def named(tracker: Tracker) -> Place | None:
    """A postcode in this very message."""
    postcode = entity_of(tracker, "postcode") or turn(tracker).said_now("postcode", "zip_code")
    return Place(postcode=postcode) if postcode else None


def talked_of(tracker: Tracker) -> Place | None:
    """For "any news?": the place named now, the one named before, or home."""
    before = tracker.get_slot("outage_place")
    return named(tracker) or (Place(postcode=before) if before else home(tracker))


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


async def is_home(dispatcher: CollectingDispatcher, tracker: Tracker, postcode: str) -> bool:
    """Whether a postcode may be where the customer lives. Nobody we know yet may live anywhere."""
    account = account_of(tracker)
    if account is None:
        return True
    kept = await tried(dispatcher, "accounts.get", accounts.get, account)
    return plain(kept.address.postcode) == plain(postcode)


def remember_place(place: Place, incident: Incident | None) -> Events:
    return [
        SlotSet("outage_place", place.postcode),
        SlotSet("outage_incident", incident.incident_id if incident else None),
    ]


def ask_place(action: Action) -> Events:
    return [SlotSet("outage_place", None), SlotSet("wanted", action.name()), FollowupAction("outage_place_form")]


def unknown_place(action: Action, dispatcher: CollectingDispatcher, place: Place | None) -> Events:
    if place:
        dispatcher.utter_message(
            text=f"We have no network {place}." if place.postcode else "I can't find that account."
        )
    return ask_place(action)


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
