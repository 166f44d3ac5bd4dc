"""The questions about a device's way back, with the choices the company offers at that moment."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions import windows
from actions.backends.orders import Equipment
from actions.backends.results import pounds
from actions.backends.returns import DropOffPoint
from actions.travel import account_of_form, equipment_of_form, points_near, today, whole, windows_at
from actions.tried import or_person
from actions.wording import Button, choice

MOST_WINDOWS = 6
MILES_IN_A_KM = 0.621


class ActionAskReturnMethod(Action):
    def name(self) -> str:
        return "action_ask_return_method"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        devices = await equipment_of_form(dispatcher, tracker)
        device = next((one for one in devices if one.serial == tracker.get_slot("return_item")), None)
        weight = f"The {device.name} weighs {weight_of(device)}. " if device else ""
        dispatcher.utter_message(
            text=f"{weight}How should it get back to us?",
            buttons=[
                choice("Pick it up, any address", "return_method", "pickup"),
                choice("I'll drop it off", "return_method", "drop_off"),
                choice("Send me a carton and a label", "return_method", "shipping"),
            ],
        )
        return []


class ActionAskReturnAddress(Action):
    def name(self) -> str:
        return "action_ask_return_address"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        home = (await account_of_form(dispatcher, tracker)).address
        is_pickup = tracker.get_slot("return_method") == "pickup"
        asked = "Where should the courier come? Any address is fine" if is_pickup else "Where should the carton go?"
        dispatcher.utter_message(
            text=f"{asked}{', just type it.' if is_pickup else ' Pick the one on file or type another.'}",
            buttons=[choice(home.line1, "return_address", str(home))],
        )
        return []


class ActionAskReturnPostcode(Action):
    def name(self) -> str:
        return "action_ask_return_postcode"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        home = (await account_of_form(dispatcher, tracker)).address
        dispatcher.utter_message(
            text=f"Is {tracker.get_slot('return_address')} in {home.city} {home.postcode}? "
            "If not, tell me the town and its five digits.",
            buttons=[choice(f"Yes, {home.city} {home.postcode}", "return_postcode", f"{home.city} {home.postcode}")],
        )
        return []


class ActionAskReturnWindow(Action):
    """The windows that fit what was wished for, else the first ones and a button for more."""

    def name(self) -> str:
        return "action_ask_return_window"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        offered = await windows_at(dispatcher, tracker)
        wished = tracker.get_slot("return_when")
        fits = windows.wished(wished, offered, today()) if wished else ()
        if wished not in (None, "more") and not fits:
            dispatcher.utter_message(text="There's no courier at the time you had in mind.")
        shown = fits or (offered[MOST_WINDOWS:] if wished == "more" else offered[:MOST_WINDOWS])
        buttons = [choice(window.label, "return_window", window.window_id) for window in shown]
        if len(offered) > MOST_WINDOWS and wished != "more":
            buttons.append(choice("Other days", "return_window", "more"))
        address = whole(tracker.get_slot("return_address"))
        dispatcher.utter_message(
            text=f"When suits you at {address.line1 if address else 'your place'}?", buttons=buttons
        )
        return []


class ActionAskReturnPoint(Action):
    def name(self) -> str:
        return "action_ask_return_point"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        area, points = await points_near(dispatcher, tracker)
        dispatcher.utter_message(
            text=f"These take it, nearest to {area} first. For another area, type its postcode.",
            buttons=[_point_button(point) for point in points],
        )
        return []


def weight_of(device: Equipment) -> str:
    """`20 lb`: whole pounds from ten on, as people say it."""
    weight = pounds(device.weight_kg)
    return f"{weight:.0f} lb" if weight >= 10 else f"{weight:g} lb"


def _point_button(point: DropOffPoint) -> Button:
    miles = point.distance_km * MILES_IN_A_KM
    return choice(f"{point.name}, {point.address.line1} ({miles:.1f} mi)", "return_point", point.point_id)
