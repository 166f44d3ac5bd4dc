"""Orders: where they are, and calling them off before they leave. Refunds and exchanges have modules of their own."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import orders
from actions.backends.errors import Refused
from actions.backends.orders import Order
from actions.backends.results import dollars
from actions.hearing import Field
from actions.identity import account_of, needs_account
from actions.refusals import EXCEPTION, is_refused, is_yes, refusal
from actions.return_status import cancels_return, gives_up_planning
from actions.said import entity_of
from actions.settling import SettlingForm
from actions.slots import leave
from actions.travel import asked_for
from actions.tried import or_person, tried
from actions.turn import turn
from actions.wording import PERSON, button, choice, day, yes_no

FORM = "order_cancel_form"
FACTS = ("order_number", "order_id")


async def orders_of(dispatcher: CollectingDispatcher, account: str) -> tuple[Order, ...]:
    return await tried(dispatcher, "orders.of_account", orders.of_account, account)


def same_number(said: str | None, order: Order) -> bool:
    """`20418` and `f 20418` are F-20418."""
    digits = re.sub(r"\D", "", said or "")
    return bool(digits) and digits == re.sub(r"\D", "", order.order_number)


def items_of(order: Order) -> str:
    return ", ".join(f"{item.quantity} x {item.name}" if item.quantity > 1 else item.name for item in order.items)


def number_asked_for(tracker: Tracker) -> str | None:
    return entity_of(tracker, "order_number") or turn(tracker).fact(*FACTS)


class ActionOrderStatus(Action):
    def name(self) -> str:
        return "action_order_status"

    @or_person
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        placed = await orders_of(dispatcher, str(account_of(tracker)))
        number = number_asked_for(tracker)
        named = next((order for order in placed if same_number(number, order)), None)
        if not placed:
            dispatcher.utter_message(text="I see no orders on your account.", buttons=[PERSON])
            return []
        if number and named is None:
            dispatcher.utter_message(text=f"I don't see order {number} on your account. This is the latest one I see.")
        shown = named or next((order for order in placed if order.status in ("processing", "shipped")), placed[0])
        others = [order for order in placed if order is not shown][:3]
        dispatcher.utter_message(text=whereabouts(shown), buttons=[*_next_steps(shown), *map(_other, others)])
        return []


def whereabouts(order: Order) -> str:
    what = f"Order {order.order_number} ({items_of(order)})"
    due = f" It should be with you by {day(order.expected_on)}." if order.expected_on else ""
    if order.status == "shipped":
        tracking = f", tracking {order.tracking}" if order.tracking else ""
        return f"{what} is on its way with {order.carrier or 'the courier'}{tracking}.{due}"
    if order.status == "delivered":
        return f"{what} was delivered{f' on {day(order.delivered_on)}' if order.delivered_on else ''}."
    return f"{what} was cancelled." if order.status == "cancelled" else f"{what} is being packed.{due}"


def _next_steps(order: Order) -> list[dict[str, str]]:
    if order.can_cancel:
        return [button("Cancel it", "order_cancel", {"order_number": order.order_number})]
    return [button("Return it", "return_start")] if order.status == "delivered" else []


def _other(order: Order) -> dict[str, str]:
    return button(f"{order.order_number}: {items_of(order)}", "order_status", {"order_number": order.order_number})


class ActionOrderCancel(Action):
    """ "Cancel it" can be about an order or about a return."""

    def name(self) -> str:
        return "action_order_cancel"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if gives_up_planning(tracker):
            return [FollowupAction("action_cancel_flow")]
        return [FollowupAction("return_change_form" if cancels_return(tracker) else FORM)]


class OrderForm(SettlingForm):
    """A form about one of the customer's orders. `none` stands for a customer without orders."""

    async def settle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        placed = await orders_of(dispatcher, str(tracker.slots["account_number"]))
        said = tracker.slots.get("order_number")
        chosen = next((order for order in placed if same_number(said, order)), None)
        choosable = [order for order in placed if self.can_choose(order)]
        if chosen is None and said is None and len(choosable) == 1:
            chosen = choosable[0]
        if chosen is None and said not in (None, "none") and asked_for(tracker) != "order_number":
            dispatcher.utter_message(text=f"I don't see order {said} on your account.")
        tracker.slots["order_number"] = chosen.order_number if chosen else (None if placed else "none")
        if chosen and tracker.slots.get("policy_refusal") is None:
            tracker.slots["policy_refusal"] = self.objection(chosen)

    def can_choose(self, order: Order) -> bool:
        return order.status != "cancelled"

    def objection(self, order: Order) -> str:
        """Why the rules say no; empty when they do not."""
        return ""

    def validate_order_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        is_new = value != tracker.slots.get("order_number")
        return {"order_number": str(value)} | ({"policy_refusal": None, "policy_exception": None} if is_new else {})


class ValidateOrderCancelForm(OrderForm):
    form = FORM
    topic = frozenset({"order_cancel"})
    fields = {
        "order_number": Field(facts=FACTS),
        **EXCEPTION,
        "order_cancel_confirm": Field(is_yes_no=True),
    }

    def wish(self, tracker: Tracker) -> str:
        return f"cancel order {tracker.slots.get('order_number')}"

    def can_choose(self, order: Order) -> bool:
        return order.can_cancel

    def objection(self, order: Order) -> str:
        said = {
            "shipped": "has already left us",
            "delivered": "has been delivered",
            "cancelled": "is cancelled already",
        }
        return (
            "" if order.can_cancel else f"Order {order.order_number} {said.get(order.status, 'cannot be called off')}."
        )

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        known = ["account_number", "account_postcode", "order_number"]
        if tracker.slots.get("order_number") == "none":
            return known
        return [*known, "policy_exception" if is_refused(tracker) else "order_cancel_confirm"]

    def validate_order_cancel_confirm(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        return {"order_cancel_confirm": is_yes(value)}


class ActionAskOrderNumber(Action):
    def name(self) -> str:
        return "action_ask_order_number"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        placed = await orders_of(dispatcher, str(tracker.get_slot("account_number")))
        dispatcher.utter_message(
            text="Which order is it?",
            buttons=[
                choice(f"{order.order_number}: {items_of(order)}", "order_number", order.order_number)
                for order in placed[:5]
            ],
        )
        return []


class ActionAskOrderCancelConfirm(Action):
    def name(self) -> str:
        return "action_ask_order_cancel_confirm"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        number = str(tracker.get_slot("order_number"))
        order = await tried(dispatcher, "orders.get", orders.get, number)
        dispatcher.utter_message(
            text=f"Cancel order {number} ({items_of(order)}) and refund {dollars(order.total)}?",
            buttons=yes_no("order_cancel_confirm", "Yes, cancel it", "No, keep it"),
        )
        return []


class ActionOrderCancelled(Action):
    def name(self) -> str:
        return "action_order_cancelled"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        number = str(tracker.get_slot("order_number"))
        if number == "none":
            dispatcher.utter_message(text="I see no orders on your account.", buttons=[PERSON])
        elif is_refused(tracker):
            dispatcher.utter_message(
                text="All right. You can send it back once it's there.",
                buttons=[button("Return something", "return_start")],
            )
        elif not tracker.get_slot("order_cancel_confirm"):
            dispatcher.utter_message(text=f"All right, order {number} stays.")
        else:
            try:
                await self._cancel(number, dispatcher, tracker)
            except Refused as refused:
                return [SlotSet("order_cancel_confirm", None), *refusal(refused, FORM)]
        return leave(tracker, domain, FORM)

    @staticmethod
    async def _cancel(number: str, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        key = turn(tracker).key("cancel-order")
        order = await tried(dispatcher, "orders.cancel", orders.cancel, number, reason="customer's wish", key=key)
        dispatcher.utter_message(
            text=f"Order {number} is cancelled. {dollars(order.total)} goes back to the card or account you paid with."
        )
