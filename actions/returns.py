"""Returns: from "I want to send this back" to a return number, a label for the real weight and a refund estimate."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import returns
from actions.backends.errors import Invalid, Refused
from actions.backends.orders import Equipment
from actions.backends.results import Address, dollars
from actions.backends.returns import PolicyCheck, Return
from actions.device_form import DEVICE, DeviceForm, Slots, condition_of, device_of_form, open_return
from actions.hearing import Field
from actions.refusals import EXCEPTION, is_refused, is_yes, refusal
from actions.slots import leave
from actions.travel import TRAVEL, points_near, whole, windows_at
from actions.travel_questions import weight_of
from actions.tried import learned, link, or_person, tried
from actions.turn import turn
from actions.wording import button, choice, day

FORM = "return_form"
CHANGES = {
    "item": ("return_item",),
    "reason": ("return_reason",),
    "method": ("return_method", "return_window", "return_point"),
    "address": ("return_address", "return_postcode", "return_window"),
    "time": ("return_window", "return_when"),
    "point": ("return_point",),
}
WORDS_FOR_CHANGE = {
    r"address|street|where|place": "address",
    r"time|day|window|date|when": "time",
    r"how|method|way|travel": "method",
    r"reason|why": "reason",
    r"device|item|box|router|which": "item",
}


class ValidateReturnForm(DeviceForm):
    form = FORM
    topic = frozenset({"return_start", "return_method", "return_policy"})
    fields = {
        **DEVICE,
        **EXCEPTION,
        **TRAVEL,
        "return_confirm": Field(is_yes_no=True),
        "return_change": Field(is_free_text=True),
    }

    def wish(self, tracker: Tracker) -> str:
        item, reason = tracker.slots.get("return_item") or "a device", tracker.slots.get("return_reason") or "not said"
        return f"The customer wants to return {item} (reason: {reason})."

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        known = ["account_number", "account_postcode", "return_item"]
        if tracker.slots.get("return_number"):
            return known
        if is_refused(tracker):
            return [*known, "return_reason", "policy_exception"]
        is_changing = tracker.slots.get("return_confirm") is False
        steps = [*known, "return_reason", *self.needed_to_travel(tracker), "return_confirm"]
        return [*steps, "return_change"] if is_changing else steps

    async def settle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        await super().settle(dispatcher, tracker)
        if tracker.slots.get("return_item") and not tracker.slots.get("return_method"):
            already = await open_return(dispatcher, tracker.slots["account_number"], tracker.slots["return_item"])
            tracker.slots["return_number"] = already.return_number if already else None
        tracker.slots.update(await self.settle_journey(dispatcher, tracker))

    def validate_return_confirm(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        return {"return_confirm": is_yes(value), "return_change": None}

    def validate_return_change(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Empty what should change, and the summary with it; both are asked again."""
        what = change_in(str(value))
        if what is None:
            return {"return_change": None}
        cleared = CHANGES["point" if what in ("address", "time") and _is_drop_off(tracker) else what]
        return {**dict.fromkeys(cleared), **self.undecided(), "return_confirm": None, "return_change": None}

    def hear(self, tracker: Tracker, moment: Any) -> Slots:
        """At "what should I change?" the new detail itself is as good as its name."""
        heard = super().hear(tracker, moment)
        details = [
            slot for slot in heard if slot.startswith("return_") and slot not in ("return_change", "return_confirm")
        ]
        if tracker.slots.get("requested_slot") == "return_change" and details:
            heard.pop("return_change", None)
            return {"return_confirm": None, **heard}
        return heard


def change_in(text: str) -> str | None:
    if text in CHANGES:
        return text
    return next((what for words, what in WORDS_FOR_CHANGE.items() if re.search(words, text, re.IGNORECASE)), None)


def _is_drop_off(tracker: Tracker) -> bool:
    return tracker.slots.get("return_method") == "drop_off"


class ActionAskReturnConfirm(Action):
    """The summary names everything that was taken from facts, so that the customer can correct it."""

    def name(self) -> str:
        return "action_ask_return_form_return_confirm"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        device = await device_of_form(dispatcher, tracker)
        check = await tried(
            dispatcher,
            "returns.check_policy",
            returns.check_policy,
            str(tracker.get_slot("account_number")),
            serial=device.serial,
            condition=condition_of(tracker.get_slot("return_reason")),
        )
        how = await journey(dispatcher, tracker)
        dispatcher.utter_message(
            text=f"So: your {device.name} ({weight_of(device)}) goes back, {reason_in_words(tracker)}. {how} "
            f"{money(device, check)} Shall I set it up?",
            buttons=confirm_buttons("return_confirm"),
        )
        return []


def confirm_buttons(slot: str) -> list[dict[str, str]]:
    return [
        choice("Yes, set it up", slot, "yes"),
        choice("Change something", slot, "no"),
        button("Leave it", "cancel_flow"),
    ]


def reason_in_words(tracker: Tracker) -> str:
    reason = str(tracker.get_slot("return_reason"))
    words = {
        "not needed": "no longer needed",
        "faulty": "it doesn't work",
        "damaged": "damaged",
        "unopened": "never opened",
    }
    return words.get(reason, "for another reason" if reason == "other" else f"because: {reason}")


async def journey(dispatcher: CollectingDispatcher, tracker: Tracker) -> str:
    """The journey as planned, in a sentence."""
    method, address = tracker.get_slot("return_method"), tracker.get_slot("return_address")
    if method == "pickup":
        windows = await windows_at(dispatcher, tracker)
        window = next((one for one in windows if one.window_id == tracker.get_slot("return_window")), None)
        fee = f" Pickup costs {dollars(window.fee)}." if window and window.fee else ""
        return f"A courier collects it at {address}, {window.label if window else 'at a time we agree'}.{fee}"
    if method == "drop_off":
        _, points = await points_near(dispatcher, tracker)
        point = next((one for one in points if one.point_id == tracker.get_slot("return_point")), None)
        return (
            f"You drop it off at {point.name}, {point.address.line1} ({point.hours})." if point else "You drop it off."
        )
    return f"A carton and a label go to {address}."


def money(device: Equipment, check: PolicyCheck) -> str:
    """What it costs and what comes back. A rented device has no price to give back."""
    fee = f"There's a fee of {dollars(check.fee)}." if check.fee else ""
    if check.refund_estimate:
        return f"You get about {dollars(check.refund_estimate)} back. {fee}".strip()
    return fee or "It's rented, so there's nothing to pay." if device.is_rented else fee


class ActionReturnMake(Action):
    def name(self) -> str:
        return "action_return_make"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if tracker.get_slot("return_number"):
            await _tell_already(dispatcher, tracker)
            return leave(tracker, domain, FORM)
        if is_refused(tracker):
            dispatcher.utter_message(text="All right, I've left it as it is. Just say so if you change your mind.")
            return leave(tracker, domain, FORM)
        try:
            made = await _create(dispatcher, tracker)
        except Refused as refused:
            return refusal(refused, FORM)
        except Invalid as invalid:
            dispatcher.utter_message(text=invalid.sentence)
            return [SlotSet("return_window", None), SlotSet("return_point", None), *ask_again(FORM)]
        tell_made(dispatcher, made)
        return leave(tracker, domain, FORM)


def ask_again(form: str) -> list[EventType]:
    return [SlotSet("return_confirm", None), FollowupAction(form)]


async def _create(dispatcher: CollectingDispatcher, tracker: Tracker) -> Return:
    now, method = turn(tracker), str(tracker.get_slot("return_method"))
    reason = str(tracker.get_slot("return_reason"))
    return await tried(
        dispatcher,
        "returns.create",
        returns.create,
        str(tracker.get_slot("account_number")),
        serial=str(tracker.get_slot("return_item")),
        reason=reason,
        condition=condition_of(reason),
        method=method,
        **place_of(tracker),
        approved_by=now.fact("approved_by"),
        case_ref=now.fact("approved_case", "case_ref") if now.fact("approved_by") else None,
        key=now.key("return"),
    )


def place_of(tracker: Tracker) -> dict[str, Any]:
    """Only what belongs to the method travels with the request."""
    method = tracker.get_slot("return_method")
    address: Address | None = whole(tracker.get_slot("return_address")) if method != "drop_off" else None
    return {
        "address": address,
        "window_id": tracker.get_slot("return_window") if method == "pickup" else None,
        "point_id": tracker.get_slot("return_point") if method == "drop_off" else None,
    }


def tell_made(dispatcher: CollectingDispatcher, made: Return) -> None:
    """Number, label and money; each fact goes to the hub as well."""
    dispatcher.utter_message(text=f"Done. Your return number is {made.return_number}. {travel_of(made)}")
    link(dispatcher, f"Label for {made.label.weight_lb:g} lb", made.label.url)
    dispatcher.utter_message(text=f"{refund_of(made)} You can change or cancel it until it's on its way.")
    learned(dispatcher, "return_number", made.return_number)
    learned(dispatcher, "return_label", made.label.label_id)


def travel_of(made: Return) -> str:
    weight = f"Your label is made for {made.label.weight_lb:g} lb"
    if made.method == "pickup" and made.pickup_address and made.pickup_window:
        return f"The courier comes to {made.pickup_address}, {made.pickup_window.label}. {weight}."
    if made.method == "drop_off" and made.drop_off_point:
        return f"Take it to {made.drop_off_point.name} by {day(made.send_by_on)}. {weight}."
    leaves = f" on {day(made.label.carton_ships_on)}" if made.label.carton_ships_on else ""
    return f"A {made.label.carton or 'carton'} leaves us{leaves}. {weight}."


def refund_of(made: Return) -> str:
    if made.refund_estimate:
        return f"You'll get about {dollars(made.refund_estimate)} back once it has arrived."
    return f"There's a fee of {dollars(made.fee)}." if made.fee else "There's nothing to pay."


async def _tell_already(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    number = str(tracker.get_slot("return_number"))
    made = await tried(dispatcher, "returns.get", returns.get, number)
    dispatcher.utter_message(
        text=f"Your {made.item} already has a return: {number}. {travel_of(made)}",
        buttons=change_buttons(made),
    )


def change_buttons(made: Return) -> list[dict[str, str]]:
    """Only while it can still be changed. Each button names its return."""
    if made.status != "created":
        return []
    titles = {
        "pickup": [("Another address", "address"), ("Another time", "time")],
        "drop_off": [("Another place", "point")],
    }
    offered = [
        *titles.get(made.method, [("Another address", "address")]),
        ("Another way", "method"),
        ("Cancel it", "cancel"),
    ]
    return [
        button(title, "return_method", {"return_number": made.return_number, "return_change": change})
        for title, change in offered
    ]
