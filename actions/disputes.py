"""A charge the customer does not accept: which line, why, then credited at once or passed on with everything said.

Small and first is decided by the company's rule. What the rule leaves to people reaches them with the line, the amount
and the reason, so that nobody asks again.
"""

import re
from decimal import Decimal
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT

from actions.backends import billing
from actions.backends.billing import BillLine
from actions.backends.errors import NotFound, Refused
from actions.backends.results import dollars
from actions.billing import line_meant, month
from actions.identity import account_of, needs_account
from actions.said import remembers
from actions.slots import Field, FormFromFacts, leave, resume_paused
from actions.tried import PersonNeeded, learned, or_person, to_person, tried
from actions.turn import turn
from actions.wording import PERSON, choice, yes_no

NOT_LISTED_ID = "not listed"
REASONS = {
    r"(n'?t|never|not) (order|ask|want|sign|request|buy|bought|made|had|recogni)|not mine": "I didn't order it",
    r"twice|double|two times|duplicate|again and": "I was charged twice",
    r"return(ed)?\b|sent (it|them) back|gave (it )?back|cancel": "I returned or cancelled it",
    r"on time|already paid|n[o']?t late|promis|agreed|told|discount|waive|wrong|too (much|high)": "The amount is wrong",
}

PLACES = {"first|1st": 0, "second|2nd": 1, "third|3rd": 2, "fourth|4th": 3, "last": -1}
NOT_LISTED = re.compile(r"\b(not|n'?t) (listed|there|here|on)|none of|something else|\bother\b", re.I)
SENDS_BACK = re.compile(
    r"\b(want|wanna|need|like|how (do|can) i|can i)( to)? (return|retrun|send back|exchange)\b", re.I
)
"""Another wish, though it names what the charge is for."""
ANOTHER = re.compile(r"\b(other|another|different|wrong (one|charge|line)|not that)\b", re.I)

Events = list[EventType]


class BillDispute(Action):
    """Fetch the lines once, and take the line and the reason from the first message if they are in it."""

    def name(self) -> str:
        return "action_bill_dispute"

    @or_person
    @remembers("bill_said", "bill_dispute")
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        bills = await tried(dispatcher, "billing.bills", billing.bills, str(account_of(tracker)), months=1)
        lines = [line for line in bills[0].lines if line.amount > 0] if bills else []
        if not lines:
            dispatcher.utter_message(text="I see no charge on your account that could be disputed.", buttons=[PERSON])
            return resume_paused(tracker)
        said = tracker.get_slot("bill_said") or ""
        line = line_meant(said, lines)
        slots = {
            "bill_lines": [line.model_dump(mode="json") for line in lines],
            "bill_number": bills[0].bill_number,
            "bill_period": bills[0].period,
            "bill_line": line.line_id if line else None,
            "dispute_reason": said if line and reason_in(said) else None,
        }
        return [*(SlotSet(name, value) for name, value in slots.items()), FollowupAction("dispute_form")]


def reason_in(text: str) -> str | None:
    return next((reason for pattern, reason in REASONS.items() if re.search(pattern, text, re.I)), None)


def line_counted(text: str, lines: list[BillLine]) -> BillLine | None:
    """ "The second one", as they stand on the buttons."""
    at = next((at for words, at in PLACES.items() if re.search(rf"\b({words})\b", text, re.I)), None)
    return None if at is None or at >= len(lines) else lines[at]


def lines_of(tracker: Tracker) -> list[BillLine]:
    return [BillLine.model_validate(line) for line in tracker.get_slot("bill_lines") or []]


def line_of(tracker: Tracker) -> BillLine | None:
    return next((line for line in lines_of(tracker) if line.line_id == tracker.get_slot("bill_line")), None)


def named(line: BillLine | None) -> str:
    return f"{line.label}, {dollars(line.amount)}" if line else "that charge"


class DisputeForm(FormFromFacts):
    form = "dispute_form"
    topic = frozenset({"bill_dispute", "bill_explain", "bill_copy", "bill_pay", "payment_problem"})
    fields = {
        "bill_line": Field(),
        "dispute_reason": Field(is_free_text=True, is_told=True),
        "dispute_confirm": Field(is_yes_no=True),
    }

    def hear(self, tracker: Tracker, moment: Any) -> dict[str, Any]:
        """A line is named by its amount or its words, also to correct the one we took; so is the reason."""
        heard = super().hear(tracker, moment)
        text = (tracker.latest_message or {}).get("text") or ""
        asked = tracker.slots.get(REQUESTED_SLOT)
        if "bill_line" in heard or asked not in ("bill_line", "dispute_confirm") or text.startswith("/"):
            return heard
        if SENDS_BACK.search(text) and self.is_elsewhere(tracker):
            return {}
        line = line_meant(text, lines_of(tracker)) or line_counted(text, lines_of(tracker))
        told: dict[str, Any] = {"bill_line": line.line_id} if line else {}
        if reason_in(text):
            told["dispute_reason"] = text
        if not told and asked == "bill_line" and NOT_LISTED.search(text):
            told = {"bill_line": NOT_LISTED_ID}
        if not told and asked == "dispute_confirm" and ANOTHER.search(text):
            told = {"bill_line": None, "dispute_reason": None}
        return told or heard

    def validate_bill_line(self, value: Any, *_: Any) -> dict[str, Any]:
        if value == NOT_LISTED_ID:
            raise PersonNeeded("policy_exception", "What you dispute isn't one line of your last bill.")
        return {"bill_line": value}

    def validate_dispute_confirm(self, value: Any, *_: Any) -> dict[str, Any]:
        return {"dispute_confirm": {True: "yes", False: "no"}.get(value, value)}


class AskBillLine(Action):
    def name(self) -> str:
        return "action_ask_bill_line"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        buttons = [
            choice(f"{line.label}, {dollars(line.amount)}", "bill_line", line.line_id) for line in lines_of(tracker)
        ]
        buttons.append(choice("It isn't listed", "bill_line", NOT_LISTED_ID))
        name = month(tracker.get_slot("bill_period"))
        dispatcher.utter_message(text=f"Which charge on your {name} bill is wrong?", buttons=buttons)
        return []


class AskDisputeReason(Action):
    def name(self) -> str:
        return "action_ask_dispute_reason"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        line = line_of(tracker)
        buttons = [choice(reason, "dispute_reason", reason) for reason in REASONS.values()]
        named = f"{line.label}, {dollars(line.amount)}" if line else "that charge"
        dispatcher.utter_message(
            text=f"What's wrong with {named}? You can write it in your own words.", buttons=buttons
        )
        return []


class AskDisputeConfirm(Action):
    def name(self) -> str:
        return "action_ask_dispute_confirm"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        buttons = yes_no("dispute_confirm", "Yes, dispute it", "No, leave it")
        dispatcher.utter_message(text=f"I'll dispute {named(line_of(tracker))}. Is that right?", buttons=buttons)
        return []


class DisputeSend(Action):
    def name(self) -> str:
        return "action_dispute_send"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        line = line_of(tracker)
        if tracker.get_slot("dispute_confirm") != "yes" or line is None:
            dispatcher.utter_message(text="All right, I've left your bill as it is.", buttons=[PERSON])
            return leave(tracker, domain, "dispute_form")
        try:
            credited = await tried(
                dispatcher, "billing.dispute", billing.dispute, str(tracker.get_slot("bill_number")), line.line_id,
                reason=str(tracker.get_slot("dispute_reason")), key=turn(tracker).key("dispute"),
            )  # fmt: skip
        except (Refused, NotFound) as refusal:
            return [*leave(tracker, domain, "dispute_form"), *left_to_people(tracker, line, refusal)]
        learned(dispatcher, "dispute_number", credited.dispute_number)
        dispatcher.utter_message(text=f"{credited.sentence} Your reference is {credited.dispute_number}.")
        return leave(tracker, domain, "dispute_form")


def left_to_people(tracker: Tracker, line: BillLine, refusal: Exception) -> Events:
    details = getattr(refusal, "details", {})
    is_large = line.amount > Decimal(str(details.get("limit", "Infinity")))
    number, reason = tracker.get_slot("bill_number"), str(tracker.get_slot("dispute_reason")).rstrip(".!")
    detail = f"You dispute {named(line)}, on bill {number}: {reason}. {refusal}"
    return to_person("high_value" if is_large else "policy_exception", detail)
