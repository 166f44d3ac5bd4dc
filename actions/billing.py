"""Bills: what is owed, why it changed, a copy to keep.

Paying is in actions/payments.py, paying in parts in actions/instalments.py, disputes in actions/disputes.py.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import billing
from actions.backends.billing import Balance, Bill, BillChange, BillLine, Comparison
from actions.backends.errors import NotFound
from actions.backends.results import dollars
from actions.identity import account_of, needs_account
from actions.said import entity_of, remembers
from actions.slots import resume_paused
from actions.tried import link, or_person, tried
from actions.turn import turn
from actions.wording import PERSON, Button, button, day

MOST_CHANGES = 5
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

COMMON_WORDS = {"fee", "charge", "bill", "the", "for", "and", "this", "month", "service", "payment", "your"}

PAY = button("Pay now", "bill_pay")
EXPLAIN = button("Why this amount?", "bill_explain")
DISPUTE = button("Dispute a charge", "bill_dispute")
SPREAD = button("Pay in parts", "payment_arrangement")

Events = list[EventType]


class BillBalance(Action):
    def name(self) -> str:
        return "action_bill_balance"

    @or_person
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        owed = await tried(dispatcher, "billing.balance", billing.balance, str(account_of(tracker)))
        buttons = [PAY, EXPLAIN, SPREAD] if owed.amount_due > 0 else [EXPLAIN, button("Copy of a bill", "bill_copy")]
        dispatcher.utter_message(text=balance_words(owed), buttons=buttons)
        return resume_paused(tracker)


def balance_words(owed: Balance) -> str:
    if owed.amount_due < 0:
        return f"You're {dollars(-owed.amount_due)} in credit, so there's nothing to pay."
    if owed.amount_due == 0:
        return "You're all paid up: there's nothing due."
    amount, due = dollars(owed.amount_due), day(owed.due_on) if owed.due_on else None
    if owed.is_overdue:
        return f"You owe {amount}. It was due {due}." if due else f"You owe {amount}, and it's overdue."
    how = " We'll take it automatically." if owed.is_autopay else ""
    return f"You owe {amount}, due {due}.{how}" if due else f"You owe {amount}.{how}"


class BillExplain(Action):
    """Line by line against the month before; or the one charge they asked about."""

    def name(self) -> str:
        return "action_bill_explain"

    @or_person
    @remembers("bill_said", "bill_explain")
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        account, said = str(account_of(tracker)), tracker.get_slot("bill_said") or ""
        try:
            compared = await tried(dispatcher, "billing.compare", billing.compare, account)
        except NotFound:
            return await self.explain_first_bill(dispatcher, tracker, account)
        line = line_meant(said, compared.newer.lines)
        text = line_words(line, compared) if line else comparison_words(compared)
        dispatcher.utter_message(text=text, buttons=[DISPUTE, PAY, PERSON])
        return resume_paused(tracker)

    async def explain_first_bill(self, dispatcher: CollectingDispatcher, tracker: Tracker, account: str) -> Events:
        found = await tried(dispatcher, "billing.bills", billing.bills, account)
        text = "There's no bill on your account yet."
        if found:
            lines = "\n".join(f"• {line.label}: {dollars(line.amount)}" for line in found[0].lines)
            text = f"This is your first bill, {dollars(found[0].total)}:\n{lines}"
        dispatcher.utter_message(text=text, buttons=[DISPUTE, PERSON] if found else [PERSON])
        return resume_paused(tracker)


def comparison_words(compared: Comparison) -> str:
    newer, older = month(compared.newer.period), month(compared.older.period)
    total = f"Your {newer} bill is {dollars(compared.newer.total)}"
    if not compared.changes:
        return f"{total}, the same as in {older}. No line has changed."
    change = dollars(abs(compared.difference))
    side = "more than" if compared.difference > 0 else "less than" if compared.difference < 0 else "different from"
    head = f"{total}, {change} {side} in {older}." if compared.difference else f"{total}, the same as in {older}, but:"
    listed = [change_words(one) for one in compared.changes[:MOST_CHANGES]]
    rest = compared.changes[MOST_CHANGES:]
    if rest:
        listed.append(f"• {len(rest)} smaller changes: {signed(sum((one.difference for one in rest), Decimal(0)))}")
    return "\n".join([head, *listed])


def change_words(change: BillChange) -> str:
    return f"• {change.label} {signed(change.difference)}: {change.reason}"


def line_words(line: BillLine, compared: Comparison) -> str:
    """One charge: what it is, and what changed about it."""
    reason = next((one.reason for one in compared.changes if one.line_id == line.line_id), line.reason)
    why = reason or f"It's the same as in {month(compared.older.period)}."
    return f"{line.label} is {dollars(line.amount)} on your {month(compared.newer.period)} bill. {why}"


class BillCopy(Action):
    """A link to one bill: the month they name, else the newest."""

    def name(self) -> str:
        return "action_bill_copy"

    @or_person
    @remembers("bill_said", "bill_copy")
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        found = await tried(dispatcher, "billing.bills", billing.bills, str(account_of(tracker)), months=12)
        if not found:
            dispatcher.utter_message(text="There's no bill on your account yet.", buttons=[PERSON])
            return resume_paused(tracker)
        said = tracker.get_slot("bill_said") or ""
        wanted = bill_wanted(found, entity_of(tracker, "bill_number"), said) or found[0]
        made = await tried(
            dispatcher, "billing.copy_bill", billing.copy_bill, wanted.bill_number, key=turn(tracker).key("copy")
        )
        name = month(wanted.period)
        dispatcher.utter_message(
            text=f"Here's your {name} bill, {dollars(wanted.total)}.", buttons=other_months(found, wanted)
        )
        link(dispatcher, f"{name} bill", made.url)
        return resume_paused(tracker)


def bill_wanted(bills: Sequence[Bill], number: str | None, said: str) -> Bill | None:
    """By its number, by a month's name, or "last month"."""
    for bill in bills:
        name = month(bill.period)
        if bill.bill_number == number or bill.bill_number.lower() in said.lower():
            return bill
        if re.search(rf"\b({name}|{name[:3]})\b", said, re.I) and not (name == "May" and re.search(r"\bmay\b", said)):
            return bill
    before = bills[1] if len(bills) > 1 else None
    return before if re.search(r"\b(last month|previous|month before)\b", said, re.I) else None


def other_months(bills: Sequence[Bill], shown: Bill) -> list[Button]:
    others = [bill for bill in bills if bill is not shown][:2]
    return [button(f"{month(bill.period)} bill", "bill_copy", {"bill_number": bill.bill_number}) for bill in others]


# Reading what was said


def month(period: str) -> str:
    """`2026-11` is November."""
    return MONTHS[date.fromisoformat(f"{period}-01").month - 1]


def line_meant(said: str, lines: Sequence[BillLine]) -> BillLine | None:
    """The one line these words are about: by its amount, else by the words of its label. Two candidates are none."""
    amounts = {Decimal(found) for found in re.findall(r"\d+(?:\.\d{1,2})?", said)}
    exact = [line for line in lines if line.amount in amounts]
    if len(exact) == 1:
        return exact[0]
    scores = {
        line.line_id: len(words_of(said) & words_of(f"{line.label} {line.kind.replace('_', ' ')}")) for line in lines
    }
    best = max(scores.values(), default=0)
    likely = [line for line in lines if best and scores[line.line_id] == best]
    return likely[0] if len(likely) == 1 else None


def words_of(text: str) -> set[str]:
    """Words that tell one line from another; every line is a "fee" or a "charge"."""
    words = {re.sub(r"s$", "", word) for word in re.findall(r"[a-z]{3,}|\btv\b", text.lower())}
    return words - COMMON_WORDS


def signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else '-'}{dollars(abs(amount))}"
