"""A return that exists already: where it stands, another address, time or way for it, or no return after all."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions import devices
from actions.backends import returns
from actions.backends.errors import Invalid, Refused
from actions.backends.returns import Return
from actions.device_form import OVER, DeviceForm, Slots
from actions.hearing import Field
from actions.identity import account_of
from actions.refusals import EXCEPTION, is_refused, is_yes, refusal
from actions.return_rules import answer, is_about_rules
from actions.return_status import CANCELS, CHANGES_IT, FORM, STATUS, gives_up_planning, number_said
from actions.return_words import change_buttons, journey, travel_of
from actions.returns import CHANGES, ask_again, change_in, place_of
from actions.said import intent_of, text_of
from actions.slots import leave
from actions.travel import TRAVEL, asked_for
from actions.tried import link, or_person, tried
from actions.turn import turn
from actions.wording import button, choice, yes_no
from words import identifiers

SHARED = ("return_item", "return_reason", "policy_refusal", *TRAVEL)


class ActionReturnMethod(Action):
    """ "Can you pick it up?" is about a return under way if there is one, else it starts one."""

    def name(self) -> str:
        return "action_return_method"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if is_about_rules(tracker):
            await answer(dispatcher, tracker)
            return []
        if gives_up_planning(tracker):
            return [FollowupAction("action_cancel_flow")]
        is_change = bool(number_said(tracker) or CHANGES_IT.search(text_of(tracker)))
        is_change = is_change or await self._fits_open_return(dispatcher, tracker)
        return [FollowupAction(FORM if is_change else "return_form")]

    async def _fits_open_return(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
        account = account_of(tracker)
        if account is None:
            return False
        under_way = await tried(dispatcher, "returns.of_account", returns.of_account, account)
        names = " ".join(made.item.lower() for made in under_way if made.status == "created")
        said = devices.words(text_of(tracker)) & devices.KIND_WORDS
        return bool(names) and (not said or bool(said & devices.words(names)))


class ValidateReturnChangeForm(DeviceForm):
    form = FORM
    topic = frozenset({"return_method", "return_policy"})
    fields = {
        "return_number": Field(is_free_text=True),
        "return_change": Field(is_free_text=True),
        "return_item": Field(),
        **EXCEPTION,
        **TRAVEL,
        "return_confirm": Field(is_yes_no=True),
    }

    def wish(self, tracker: Tracker) -> str:
        wishes = {"cancel": "cancel it", "time": "change the time", "address": "change the address"}
        what = wishes.get(str(tracker.slots.get("return_change")), "change the plan")
        where = f" to {address}" if (address := tracker.slots.get("return_address")) else ""
        return f"{what}{where}"

    def is_interrupted(self, tracker: Tracker, heard: Slots) -> bool:
        """ "Cancel it" here is about the return, not about our talk; it is confirmed before anything happens."""
        is_cancelling = bool(CANCELS.search(text_of(tracker))) and intent_of(tracker) in ("cancel_flow", "order_cancel")
        return not (is_cancelling and asked_for(tracker) == "return_change") and super().is_interrupted(tracker, heard)

    def hear(self, tracker: Tracker, moment: Any) -> Slots:
        heard = super().hear(tracker, moment)
        if CANCELS.search(text_of(tracker)) and tracker.slots.get("return_change") is None:
            return {"return_change": "cancel"}
        heard.pop("return_item", None)
        if asked_for(tracker) == "return_change" and set(heard) - {"return_change"}:
            heard.pop("return_change", None)
        return heard

    def _starting_events(self, tracker: Tracker) -> list[EventType]:
        """A return half planned uses the same slots: its plan is put aside until that form goes on."""
        events = super()._starting_events(tracker)
        if not any(event["event"] == "slot" and event["value"] == "return_form" for event in events):
            return events
        plan = {slot: tracker.slots.get(slot) for slot in SHARED}
        tracker.slots.update(dict.fromkeys(SHARED) | {"return_plan": plan})
        return [*events, SlotSet("return_plan", plan), *(SlotSet(slot, None) for slot in SHARED)]

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        known, change = ["account_number", "account_postcode", "return_number"], tracker.slots.get("return_change")
        if tracker.slots.get("return_number") == "none":
            return known
        if is_refused(tracker):
            return [*known, "policy_exception"]
        if change in (None, "cancel"):
            return [*known, "return_change", "return_confirm"]
        return [*known, *self.needed_to_travel(tracker), "return_confirm"]

    def validate_return_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        return {"return_number": identifiers.first("return_number", str(value))}

    def validate_return_change(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        what = "cancel" if value == "cancel" or CANCELS.search(str(value)) else change_in(str(value))
        cleared = dict.fromkeys(CHANGES.get(what or "", ()))
        return {**cleared, "return_change": what, "return_confirm": None}

    def validate_return_confirm(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        return {"return_confirm": is_yes(value)}

    async def settle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        """Which return it is, and of its plan everything that is not to change."""
        made = await self._chosen_return(dispatcher, tracker)
        if made is None:
            return
        slots = tracker.slots
        if made.status != "created" and slots.get("policy_refusal") is None:
            slots["policy_refusal"] = f"Return {made.return_number} {STATUS[made.status]}, so its plan is fixed by now."
            return
        slots["return_item"] = made.serial
        if slots.get("return_change") is None:
            slots["return_change"] = _change_meant(tracker, made)
        if slots.get("return_change") in (None, "cancel"):
            return
        _keep_the_rest(slots, made)
        slots.update(await self.settle_journey(dispatcher, tracker))

    async def _chosen_return(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> Return | None:
        account = str(tracker.slots["account_number"])
        made = await tried(dispatcher, "returns.of_account", returns.of_account, account)
        number = tracker.slots.get("return_number") or number_said(tracker)
        chosen = next((one for one in made if one.return_number == number), None)
        if number and number != "none" and chosen is None:
            dispatcher.utter_message(text=f"I don't see {number} on your account.")
        under_way = [one for one in made if one.status not in OVER]
        if chosen is None and len(under_way) == 1:
            chosen = under_way[0]
        tracker.slots["return_number"] = chosen.return_number if chosen else (None if under_way else "none")
        return chosen


def _change_meant(tracker: Tracker, made: Return) -> str | None:
    slots = tracker.slots
    if slots.get("return_method") and slots["return_method"] != made.method:
        return "method"
    if slots.get("return_address"):
        return "address"
    return "time" if slots.get("return_when") else None


def _keep_the_rest(slots: dict[str, Any], made: Return) -> None:
    change = slots["return_change"]
    if change != "method" and slots.get("return_method") is None:
        slots["return_method"] = made.method
    if change == "time" and made.pickup_address and slots.get("return_address") is None:
        slots["return_address"] = str(made.pickup_address)
    is_new_place = change == "address" and slots.get("return_when") is None
    if is_new_place and made.pickup_window and slots.get("return_window") is None:
        slots["return_when"] = made.pickup_window.window_id


class ActionAskReturnNumber(Action):
    def name(self) -> str:
        return "action_ask_return_number"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        made = await tried(
            dispatcher, "returns.of_account", returns.of_account, str(tracker.get_slot("account_number"))
        )
        dispatcher.utter_message(
            text="Which return is it about?",
            buttons=[
                choice(f"{one.item} ({one.return_number})", "return_number", one.return_number)
                for one in made
                if one.status not in OVER
            ],
        )
        return []


class ActionAskReturnChange(Action):
    def name(self) -> str:
        return "action_ask_return_change_form_return_change"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        made = await tried(dispatcher, "returns.get", returns.get, str(tracker.get_slot("return_number")))
        dispatcher.utter_message(
            text=f"It's your {made.item}, {made.return_number}. What should change?", buttons=change_buttons(made)
        )
        return []


class ActionAskReturnChangeConfirm(Action):
    def name(self) -> str:
        return "action_ask_return_change_form_return_confirm"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        number = tracker.get_slot("return_number")
        if tracker.get_slot("return_change") == "cancel":
            text, buttons = f"Cancel return {number}?", yes_no("return_confirm", "Yes, cancel it", "No, keep it")
        else:
            text = f"New plan for {number}: {await journey(dispatcher, tracker)} Is that right?"
            buttons = yes_no("return_confirm", "Yes, change it", "No, leave it")
        dispatcher.utter_message(text=text, buttons=buttons)
        return []


class ActionReturnChange(Action):
    def name(self) -> str:
        return "action_return_change"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if tracker.get_slot("return_number") == "none":
            dispatcher.utter_message(
                text="There's no return under way on your account.",
                buttons=[button("Return something", "return_start")],
            )
        elif is_refused(tracker) or not tracker.get_slot("return_confirm"):
            dispatcher.utter_message(text="All right, it stays as it was.")
        else:
            try:
                await _carry_out(dispatcher, tracker)
            except Refused as refused:
                return refusal(refused, FORM)
            except Invalid as invalid:
                dispatcher.utter_message(text=invalid.sentence)
                return [SlotSet("return_window", None), SlotSet("return_point", None), *ask_again(FORM)]
        return leave(tracker, domain, FORM)


async def _carry_out(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    number, now = str(tracker.get_slot("return_number")), turn(tracker)
    if tracker.get_slot("return_change") == "cancel":
        await tried(dispatcher, "returns.cancel", returns.cancel, number, key=now.key("cancel-return"))
        dispatcher.utter_message(text=f"Return {number} is cancelled. Nothing will be collected or charged.")
        return
    method = str(tracker.get_slot("return_method"))
    made = await tried(
        dispatcher, "returns.change", returns.change, number, method=method, **place_of(tracker), key=now.key("change")
    )
    dispatcher.utter_message(text=f"Changed. {travel_of(made)}")
    link(dispatcher, f"Label for {made.label.weight_lb:g} lb", made.label.url)
