"""Paying: a link to pay with, and the ways out of a failed payment. Paying in parts is in actions/instalments.py."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import billing
from actions.backends.billing import Payment
from actions.backends.errors import Invalid, NotFound, Refused
from actions.backends.results import dollars
from actions.billing import PAY, SPREAD
from actions.identity import account_of, needs_account
from actions.said import entity_of, text_of
from actions.slots import resume_paused
from actions.tried import link, or_person, tried
from actions.turn import turn
from actions.wording import PERSON, button, day, when
from words import amounts

OTHER_WAY = button("Pay another way", "bill_pay")

Events = list[EventType]


class BillPay(Action):
    """A link to pay with; part of the balance when the customer names an amount."""

    def name(self) -> str:
        return "action_bill_pay"

    @or_person
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        wanted = {"amount": part_wanted(tracker), "key": turn(tracker).key("pay-link")}
        try:
            made = await tried(dispatcher, "billing.pay_link", billing.pay_link, str(account_of(tracker)), **wanted)
        except (Refused, Invalid) as refusal:
            dispatcher.utter_message(text=refusal.sentence, buttons=[button("What do I owe?", "bill_balance"), PERSON])
            return resume_paused(tracker)
        amount = dollars(made.amount)
        text = f"Here's a safe link to pay {amount}. It works until {when(made.expires_at)}."
        dispatcher.utter_message(text=text, buttons=[SPREAD, PERSON])
        link(dispatcher, f"Pay {amount}", made.url)
        return resume_paused(tracker)


def part_wanted(tracker: Tracker) -> Decimal | None:
    """Only an amount they ask to pay: "pay $40 now". "Pay the $86 bill" means the whole of it."""
    said = entity_of(tracker, "amount")
    is_whole = re.search(r"\b(bill|balance|all|everything|full|total)\b", text_of(tracker), re.I)
    return amounts.value(said) if said and not is_whole else None


class PaymentProblem(Action):
    """What happened to the last failed payment, and the ways out. A button tries the payment again."""

    def name(self) -> str:
        return "action_payment_problem"

    @or_person
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        again = entity_of(tracker, "payment_again")
        if again:
            await retry(dispatcher, tracker, again)
            return resume_paused(tracker)
        account = str(account_of(tracker))
        made = await tried(dispatcher, "billing.payments", billing.payments, account)
        failed = unsettled(made)
        if failed is None:
            last = f" The last one, {dollars(made[0].amount)}, is {made[0].status}." if made else ""
            dispatcher.utter_message(text=f"I see no failed payment on your account.{last}", buttons=[PAY, PERSON])
            return resume_paused(tracker)
        retry_now = [button("Try it again now", "payment_problem", {"payment_again": failed.payment_id})]
        dispatcher.utter_message(
            text=failure_words(failed), buttons=[*(retry_now if failed.next_try_on else []), OTHER_WAY, SPREAD, PERSON]
        )
        return resume_paused(tracker)


def unsettled(payments: Sequence[Payment]) -> Payment | None:
    """The newest failed payment that no later one has made good. Newest first, as the company lists them."""
    for payment in payments:
        if payment.status == "failed":
            return payment
        if payment.status == "paid":
            return None
    return None


def failure_words(failed: Payment) -> str:
    why = f": {failed.failure[:1].lower()}{failed.failure[1:].rstrip('.')}" if failed.failure else ""
    text = f"Your payment of {dollars(failed.amount)} on {day(failed.paid_on)} didn't go through{why}."
    return f"{text} We'll try again on {day(failed.next_try_on)}." if failed.next_try_on else text


async def retry(dispatcher: CollectingDispatcher, tracker: Tracker, payment_id: str) -> None:
    try:
        now = await tried(
            dispatcher, "billing.retry_payment", billing.retry_payment, payment_id, key=turn(tracker).key("retry")
        )
    except (Refused, NotFound, Invalid) as refusal:
        dispatcher.utter_message(text=refusal.sentence, buttons=[OTHER_WAY, PERSON])
        return
    if now.status == "failed":
        text = f"It failed again{': ' + now.failure if now.failure else '.'} Another card or a link may work."
        dispatcher.utter_message(text=text, buttons=[OTHER_WAY, SPREAD, PERSON])
    else:
        done = "is paid" if now.status == "paid" else "is on its way"
        dispatcher.utter_message(text=f"That worked: your payment of {dollars(now.amount)} {done}.")
