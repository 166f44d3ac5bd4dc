"""Exchanges: a replacement leaves at once, and the old device comes back with the label that belongs to it."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import orders
from actions.backends.errors import Refused
from actions.backends.returns import Condition
from actions.device_form import DEVICE, DeviceForm, device_of_form
from actions.hearing import Field
from actions.refusals import EXCEPTION, is_refused, is_yes, refusal
from actions.slots import leave
from actions.tried import learned, link, or_person, tried
from actions.turn import turn
from actions.wording import day, yes_no

FORM = "exchange_form"


class ValidateExchangeForm(DeviceForm):
    form = FORM
    topic = frozenset({"exchange_item", "return_policy"})
    fields = {**DEVICE, **EXCEPTION, "exchange_confirm": Field(is_yes_no=True)}

    def wish(self, tracker: Tracker) -> str:
        return "exchange it all the same"

    def condition(self, tracker: Tracker) -> Condition:
        """An exchange is judged as for a faulty device, whatever the reason: so does the company."""
        return "faulty"

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        last = "policy_exception" if is_refused(tracker) else "exchange_confirm"
        return ["account_number", "account_postcode", "return_item", "return_reason", last]

    def validate_exchange_confirm(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        return {"exchange_confirm": is_yes(value)}


class ActionAskExchangeConfirm(Action):
    def name(self) -> str:
        return "action_ask_exchange_confirm"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        device = await device_of_form(dispatcher, tracker)
        dispatcher.utter_message(
            text=f"I'll send you a new {device.name} now, and a carton with a label for the old one. Shall I?",
            buttons=yes_no("exchange_confirm", "Yes, exchange it", "No, leave it"),
        )
        return []


class ActionExchangeItem(Action):
    def name(self) -> str:
        return "action_exchange_item"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if is_refused(tracker) or not tracker.get_slot("exchange_confirm"):
            dispatcher.utter_message(text="All right, I've left it.")
            return leave(tracker, domain, FORM)
        try:
            await self._exchange(dispatcher, tracker)
        except Refused as refused:
            return [SlotSet("exchange_confirm", None), *refusal(refused, FORM)]
        return leave(tracker, domain, FORM)

    @staticmethod
    async def _exchange(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        made = await tried(
            dispatcher,
            "orders.exchange",
            orders.exchange,
            str(tracker.get_slot("account_number")),
            serial=str(tracker.get_slot("return_item")),
            reason=str(tracker.get_slot("return_reason")),
            key=turn(tracker).key("exchange"),
        )
        order, old = made.replacement_order, made.old_item
        arrives = f" by {day(order.expected_on)}" if order.expected_on else " soon"
        dispatcher.utter_message(
            text=f"Done: exchange {made.exchange_number}. Your new {old.item} arrives{arrives} as order "
            f"{order.order_number}. The old one goes back as {old.return_number}."
        )
        link(dispatcher, f"Label for {old.label.weight_lb:g} lb", old.label.url)
        learned(dispatcher, "exchange_number", made.exchange_number)
        learned(dispatcher, "return_number", old.return_number)
