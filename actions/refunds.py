"""Refunds: where the money is, and asking for it back for an order with nothing to return."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import orders, returns
from actions.backends.errors import Invalid, Refused
from actions.backends.orders import Refund
from actions.backends.results import dollars
from actions.device_form import OVER
from actions.hearing import Field
from actions.identity import account_of, needs_account
from actions.orders import FACTS, OrderForm, items_of, orders_of
from actions.refusals import EXCEPTION, is_refused, is_yes, refusal
from actions.said import text_of
from actions.slots import leave
from actions.tried import PersonNeeded, learned, or_person, tried
from actions.turn import turn
from actions.wording import PERSON, button, day, yes_no

FORM = "refund_form"
NUMBER = re.compile(r"\bRF[- ]?(\d{3,})\b", re.IGNORECASE)
STATUS = {
    "requested": "has been asked for and is being checked",
    "approved": "is approved",
    "sent": "is on its way to you",
    "paid": "has been paid",
}
REASONS = {
    r"never (arrived|came)|not (arrived|received)|missing|lost|did ?n.?t (arrive|come)": "never arrived",
    r"twice|double|two times": "charged twice",
    r"not work|does ?n.?t work|broken|faulty|defect|dead": "does not work",
}


class ActionRefundStatus(Action):
    def name(self) -> str:
        return "action_refund_status"

    @or_person
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        account = str(account_of(tracker))
        found = await tried(dispatcher, "orders.refunds", orders.refunds, account_number=account)
        if not found:
            await _tell_none(dispatcher, account)
            return []
        said = NUMBER.search(text_of(tracker))
        named = next((one for one in found if said and one.refund_number.endswith(said.group(1))), None)
        open_ones = [one for one in found if one.status != "paid"]
        shown = [named] if named else (open_ones or list(found))[:2]
        dispatcher.utter_message(text=" ".join(progress(refund) for refund in shown))
        return []


def progress(refund: Refund) -> str:
    due = "" if refund.status == "paid" else f" You should have it by {day(refund.expected_on)}, on {refund.paid_to}."
    return f"Your refund of {dollars(refund.amount)} ({refund.refund_number}) {STATUS[refund.status]}.{due}"


async def _tell_none(dispatcher: CollectingDispatcher, account: str) -> None:
    made = await tried(dispatcher, "returns.of_account", returns.of_account, account)
    coming = next((one for one in made if one.status not in OVER and one.refund_estimate), None)
    if coming:
        dispatcher.utter_message(
            text=f"No refund yet: return {coming.return_number} has to arrive first. "
            f"Then about {dollars(coming.refund_estimate)} comes back to you.",
            buttons=[button("Where is my return?", "return_status")],
        )
        return
    dispatcher.utter_message(
        text="I see no refund on your account yet. Shall we ask for one?",
        buttons=[button("Ask for a refund", "refund_request"), button("Return something", "return_start"), PERSON],
    )


class ValidateRefundForm(OrderForm):
    form = FORM
    topic = frozenset({"refund_request"})
    fields = {
        "order_number": Field(facts=FACTS),
        "refund_reason": Field(words=REASONS, is_free_text=True, is_told=True),
        **EXCEPTION,
        "refund_confirm": Field(is_yes_no=True),
    }

    def wish(self, tracker: Tracker) -> str:
        number, reason = tracker.slots.get("order_number"), tracker.slots.get("refund_reason")
        return f"have order {number} refunded ({reason})"

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        known = ["account_number", "account_postcode", "order_number"]
        if tracker.slots.get("order_number") == "none":
            return known
        return [*known, "refund_reason", "policy_exception" if is_refused(tracker) else "refund_confirm"]

    def validate_refund_confirm(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        return {"refund_confirm": is_yes(value)}


class ActionAskRefundConfirm(Action):
    def name(self) -> str:
        return "action_ask_refund_confirm"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        placed = await orders_of(dispatcher, str(tracker.get_slot("account_number")))
        order = next(one for one in placed if one.order_number == tracker.get_slot("order_number"))
        dispatcher.utter_message(
            text=f"Ask for {dollars(order.total)} back for order {order.order_number} ({items_of(order)}), "
            f"because: {tracker.get_slot('refund_reason')}?",
            buttons=[
                *yes_no("refund_confirm", "Yes, ask for it", "No, leave it"),
                button("Send it back instead", "return_start"),
            ],
        )
        return []


class ActionRefundRequest(Action):
    def name(self) -> str:
        return "action_refund_request"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if tracker.get_slot("order_number") == "none":
            raise PersonNeeded("policy_exception", "You ask for a refund, and I see no order on your account.")
        if is_refused(tracker) or not tracker.get_slot("refund_confirm"):
            dispatcher.utter_message(text="All right, I've left it.")
            return leave(tracker, domain, FORM)
        try:
            await self._ask(dispatcher, tracker)
        except Refused as refused:
            if refused.code == "needs_person":
                raise PersonNeeded("high_value", refused.sentence) from refused
            return [SlotSet("refund_confirm", None), *refusal(refused, FORM)]
        except Invalid as invalid:
            raise PersonNeeded("policy_exception", invalid.sentence) from invalid
        return leave(tracker, domain, FORM)

    @staticmethod
    async def _ask(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        made = await tried(
            dispatcher,
            "orders.request_refund",
            orders.request_refund,
            str(tracker.get_slot("account_number")),
            order_number=str(tracker.get_slot("order_number")),
            reason=str(tracker.get_slot("refund_reason")),
            key=turn(tracker).key("refund"),
        )
        dispatcher.utter_message(text=f"Done. {progress(made)}")
        learned(dispatcher, "refund_number", made.refund_number)
