"""Moving house: both addresses, the day, and what happens to each piece of equipment."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import accounts
from actions.backends.accounts import Move
from actions.backends.errors import Invalid, NotFound, Refused
from actions.hearing import ANSWERS, is_sure
from actions.identity import DONT_KNOW, account_of
from actions.slots import Field, FormFromFacts, Moment, Slots, leave
from actions.tried import PersonNeeded, learned, or_person, tried
from actions.turn import turn
from actions.wording import confirmation
from words import addresses, days
from words.addresses import Place

PARTS = {"line1": "street and number", "city": "town", "postcode": "postcode"}


class MoveForm(FormFromFacts):
    """`move_address` is kept as `{line1, city, postcode}`: a correction of the street keeps the town."""

    form = "move_form"
    topic = frozenset({"service_move", "account_update"})
    fields = {
        "move_address": Field(entities=("address",)),
        "move_date": Field(entities=("date",)),
        "confirm_move": Field(is_yes_no=True),
    }

    def hear(self, tracker: Tracker, moment: Moment) -> Slots:
        """Street, town and postcode come in one breath: they are read from the whole message, not from the entity."""
        heard = super().hear(tracker, moment)
        text = tracker.latest_message.get("text") or ""
        when = days.day(str(heard.get("move_date") or ""), _today())
        if moment is Moment.STARTING and (when is None or when < _today()):
            # "We moved last week" names no day to move on.
            heard.pop("move_date", None)
        place = None if text.startswith("/") else addresses.mentioned(text)
        if place:
            # The yes-or-no of "no, 14 Elm Street" is about the address.
            heard = {slot: value for slot, value in heard.items() if slot != "confirm_move"}
            return heard | {"move_address": place}
        return {slot: value for slot, value in heard.items() if slot != "move_address" or isinstance(value, Place)}

    def said_back(self, news: Slots, tracker: Tracker) -> list[str]:
        where = f"to {_spoken(news['move_address'])}" if "move_address" in news else ""
        when = f"on {days.spoken(date.fromisoformat(news['move_date']))}" if "move_date" in news else ""
        return [f"your move {where} {when}".replace("  ", " ").strip()] if where or when else []

    def answer(self, asked: str, tracker: Tracker) -> Slots:
        text = tracker.latest_message.get("text") or ""
        if asked == "move_address" and (place := addresses.spoken(text) or _town(tracker)):
            town = addresses.city_before(text, place.postcode) if place.postcode and not place.line1 else place.city
            return {asked: replace(place, city=town or place.city)}
        if asked == "move_date" and days.day(text, _today()):
            return {asked: text}
        return {}

    async def validate_move_address(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        said = value if isinstance(value, Place) else Place(**value)
        before = tracker.slots.get("move_address_part") or tracker.slots.get("move_address") or {}
        place = {name: getattr(said, name) or before.get(name, "") for name in ("line1", "city", "postcode")}
        if not all(place.values()):
            return {"move_address": None, "move_address_part": place}
        return {"move_address": place, "move_address_part": None, "confirm_move": None}

    async def validate_move_date(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        when = days.day(str(value), _today())
        if when is None or when < _today():
            dispatcher.utter_message(text="I need a day that is still to come, like Friday or 3 December.")
            return {"move_date": None}
        return {"move_date": when.isoformat(), "confirm_move": None}


class AskMoveAddress(Action):
    """Asks for the parts that are still missing."""

    def name(self) -> str:
        return "action_ask_move_address"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        part = tracker.get_slot("move_address_part")
        if not part:
            dispatcher.utter_message(text="What's the new address, with town and postcode?")
            return []
        missing = [word for name, word in PARTS.items() if not part[name]]
        known = ", ".join(value for value in part.values() if value)
        dispatcher.utter_message(text=f"Thanks. What's the {' and '.join(missing)} of {known}?")
        return []


class AskConfirmMove(Action):
    def name(self) -> str:
        return "action_ask_confirm_move"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        account = await tried(dispatcher, "accounts.get", accounts.get, str(account_of(tracker)))
        dispatcher.utter_message(
            text=f"So: from {account.address} to {_spoken(tracker.get_slot('move_address'))}, "
            f"on {days.spoken(date.fromisoformat(tracker.get_slot('move_date')))}. Shall I book the move?",
            buttons=confirmation("confirm_move"),
        )
        return []


class AccountMove(Action):
    def name(self) -> str:
        return "action_account_move"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if not tracker.get_slot("confirm_move"):
            dispatcher.utter_message(text="All right, nothing is booked.")
            return leave(tracker, domain, "move_form")
        place, when = tracker.get_slot("move_address"), date.fromisoformat(tracker.get_slot("move_date"))
        key = turn(tracker).key("move")
        try:
            booked = await tried(
                dispatcher, "accounts.move", accounts.move, str(account_of(tracker)), **place, move_on=when, key=key
            )
        except (Invalid, NotFound, Refused) as refusal:
            raise PersonNeeded("policy_exception", refusal.sentence) from refusal
        if not booked.is_serviceable:
            raise PersonNeeded("policy_exception", f"We may not reach {booked.new_address} with our lines yet.")
        learned(dispatcher, "new_address", str(booked.new_address))
        dispatcher.utter_message(text=_booked(booked))
        return leave(tracker, domain, "move_form")


def _booked(move: Move) -> str:
    equipment = "\n".join(f"- {item.sentence}" for item in move.equipment)
    booked = f"Your move is booked for {days.spoken(move.move_on)}. Your move number is {move.move_number}."
    return f"{booked} About your equipment:\n{equipment}" if equipment else booked


def _town(tracker: Tracker) -> Place | None:
    """A bare town, once only the town is missing; anything else without a number is not about the address."""
    part, intent = tracker.slots.get("move_address_part") or {}, tracker.latest_message["intent"]["name"]
    words = (tracker.latest_message.get("text") or "").strip(" .!")
    is_only_town_missing = part.get("line1") and not part.get("city")
    # No model knows the names of towns: what it is unsure of, or takes for another world, may well be one.
    is_nothing_else = intent in ANSWERS | {"out_of_scope"} or not is_sure(tracker)
    may_be_name = intent not in ("affirm", "deny", "talk_to_human") and is_nothing_else
    is_name = re.fullmatch(r"[A-Za-z'.-]{3,20}( [A-Za-z'.-]{2,20}){0,2}", words) and not DONT_KNOW.search(words)
    return Place(city=words.title()) if is_only_town_missing and may_be_name and is_name else None


def _spoken(place: dict[str, str]) -> str:
    return str(Place(**place))


def _today() -> date:
    return datetime.now(UTC).date()
