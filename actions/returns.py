"""Returns: from "I want to send this back" to a return number, a label for the real weight and a refund estimate."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import returns
from actions.backends.errors import Invalid, Refused
from actions.backends.results import Address
from actions.backends.returns import Return
from actions.device_form import (
    DEVICE,
    WANTS_CHANGE,
    DeviceForm,
    Slots,
    check_policy,
    condition_of,
    device_of_form,
    open_return,
)
from actions.hearing import Field
from actions.refusals import EXCEPTION, is_refused, is_yes, refusal
from actions.return_status import cancels_return
from actions.return_words import confirm_buttons, journey, money, reason_in_words, tell_already, tell_made
from actions.said import intent_of, text_of
from actions.slots import leave
from actions.travel import TRAVEL, asked_for, whole
from actions.travel_questions import weight_of
from actions.tried import or_person, tried
from actions.turn import Turn, turn

FORM = "return_form"
CALLED_OFF_AS = ("return_method", "return_status", "order_cancel", "cancel_flow")
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
        return f"return it all the same ({reason_in_words(tracker)})"

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

    async def _fill(
        self, heard: Slots, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """A change of another return may have put this plan aside."""
        plan = tracker.slots.get("return_plan")
        if not plan:
            return await super()._fill(heard, dispatcher, tracker, domain)
        tracker.slots.update(plan | {"return_plan": None})
        back = [SlotSet(slot, value) for slot, value in plan.items()]
        return [SlotSet("return_plan", None), *back, *await super()._fill(heard, dispatcher, tracker, domain)]

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
        """At "what should I change?" the new detail itself is as good as its name; at the summary, its name will do."""
        heard, asked, text = super().hear(tracker, moment), asked_for(tracker), text_of(tracker)
        details = set(heard) - {"return_change", "return_confirm"}
        if asked == "return_change" and details:
            return {"return_confirm": None, **{slot: heard[slot] for slot in details}}
        if asked == "return_confirm" and not details and WANTS_CHANGE.search(text):
            return {"return_confirm": "no"} | ({"return_change": text} if change_in(text) else {})
        return heard

    def is_interrupted(self, tracker: Tracker, heard: Slots) -> bool:
        """ "Change something" at the summary is an answer, though it sounds like giving up."""
        if cancels_return(tracker) and intent_of(tracker) in CALLED_OFF_AS and asked_for(tracker) != "return_reason":
            return True
        is_changing = asked_for(tracker) == "return_confirm" and text_of(tracker).lower().startswith("change")
        return not is_changing and super().is_interrupted(tracker, heard)


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
        account, condition = str(tracker.get_slot("account_number")), condition_of(tracker.get_slot("return_reason"))
        check = await check_policy(dispatcher, account, device.serial, condition)
        how = await journey(dispatcher, tracker)
        dispatcher.utter_message(
            text=f"So: your {device.name} ({weight_of(device)}) goes back, {reason_in_words(tracker)}. {how} "
            f"{money(device, check)} Shall I set it up?",
            buttons=confirm_buttons("return_confirm"),
        )
        return []


class ActionReturnMake(Action):
    def name(self) -> str:
        return "action_return_make"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if tracker.get_slot("return_number"):
            await tell_already(dispatcher, tracker)
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
        **approval(now),
        key=now.key("return"),
    )


def approval(now: Turn) -> dict[str, str]:
    """A person's yes, left at the handback as the fact `approved_by`; the case it was given in goes with it."""
    name = now.fact("approved_by")
    case_ref = now.fact("case_ref") or next((case.ref for case in now.open_cases), None)
    return {"approved_by": name, "case_ref": case_ref} if name and case_ref else {}


def place_of(tracker: Tracker) -> dict[str, Any]:
    """Only what belongs to the method travels with the request."""
    method = tracker.get_slot("return_method")
    address: Address | None = whole(tracker.get_slot("return_address")) if method != "drop_off" else None
    return {
        "address": address,
        "window_id": tracker.get_slot("return_window") if method == "pickup" else None,
        "point_id": tracker.get_slot("return_point") if method == "drop_off" else None,
    }
