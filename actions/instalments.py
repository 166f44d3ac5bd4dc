"""Paying in parts: the company's rules say which plans there are, the customer picks one and agrees to its dates."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.forms import REQUESTED_SLOT

from actions.backends import billing
from actions.backends.billing import InstalmentOption, InstalmentPlan
from actions.backends.errors import Refused
from actions.backends.results import dollars
from actions.billing import PAY
from actions.identity import account_of, needs_account
from actions.said import ask_exception, pass_on_exception
from actions.slots import Field, FormFromFacts, leave, resume_paused
from actions.tried import PersonNeeded, learned, or_person, tried
from actions.turn import turn
from actions.wording import PERSON, choice, day, yes_no

OTHER = "other"
NONE_FITS = re.compile(r"\b(none|neither)\b|something else|too much|can'?t afford|n'?t work for me", re.I)
NUMBERS = {"one": 1, "two": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "six": 6, "twelve": 12, "half": 6}

Events = list[EventType]


class PaymentArrangement(Action):
    def name(self) -> str:
        return "action_payment_arrangement"

    @or_person
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        pass_on_exception(tracker)
        account = str(account_of(tracker))
        try:
            allowed = await tried(dispatcher, "billing.instalment_options", billing.instalment_options, account)
        except Refused as refusal:
            text = f"{refusal.sentence} A colleague may be able to agree something else."
            dispatcher.utter_message(text=text, buttons=[ask_exception("payment_arrangement", refusal.sentence), PAY])
            return resume_paused(tracker)
        options = [option.model_dump(mode="json") for option in allowed.options]
        slots = {"instalment_options": options, "instalment_due": dollars(allowed.amount_due)}
        return [*(SlotSet(name, value) for name, value in slots.items()), FollowupAction("instalment_form")]


def options_of(tracker: Tracker) -> list[InstalmentOption]:
    return [InstalmentOption.model_validate(option) for option in tracker.get_slot("instalment_options") or []]


def option_of(tracker: Tracker) -> InstalmentOption | None:
    code = tracker.get_slot("instalment_option")
    return next((option for option in options_of(tracker) if option.option_code == code), None)


def option_meant(text: str, options: list[InstalmentOption]) -> InstalmentOption | None:
    """ "over three months", "6 payments please"."""
    words = re.findall(r"[a-z]+|\d+", text.lower())
    counts = {NUMBERS[word] for word in words if word in NUMBERS} | {int(word) for word in words if word.isdigit()}
    return next((option for option in options if option.months in counts), None)


class InstalmentForm(FormFromFacts):
    form = "instalment_form"
    topic = frozenset({"payment_arrangement"})
    fields = {"instalment_option": Field(), "instalment_confirm": Field(is_yes_no=True)}

    def hear(self, tracker: Tracker, moment: Any) -> dict[str, Any]:
        """A number of months chooses a plan, at the start, when asked, and to change one's mind."""
        heard = super().hear(tracker, moment)
        text = (tracker.latest_message or {}).get("text") or ""
        if "instalment_option" in heard or text.startswith("/"):
            return heard
        is_about_plan = moment == "starting" or tracker.slots.get(REQUESTED_SLOT) in self.fields
        if NONE_FITS.search(text) and tracker.slots.get(REQUESTED_SLOT) == "instalment_option":
            return {"instalment_option": OTHER}
        option = option_meant(text, options_of(tracker)) if is_about_plan else None
        if option is None:
            return heard
        heard.pop("instalment_confirm", None)
        return {**heard, "instalment_option": option.option_code}

    def validate_instalment_option(self, value: Any, *_: Any) -> dict[str, Any]:
        if value == OTHER:
            raise PersonNeeded("policy_exception", "You need another way to pay than the plans I may offer.")
        return {"instalment_option": value}

    def validate_instalment_confirm(self, value: Any, *_: Any) -> dict[str, Any]:
        return {"instalment_confirm": {True: "yes", False: "no"}.get(value, value)}


class AskInstalmentOption(Action):
    def name(self) -> str:
        return "action_ask_instalment_option"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        buttons = [
            choice(option_title(option), "instalment_option", option.option_code) for option in options_of(tracker)
        ]
        buttons.append(choice("None of these", "instalment_option", OTHER))
        text = f"Yes, you can split the {tracker.get_slot('instalment_due')}. Which suits you?"
        dispatcher.utter_message(text=text, buttons=buttons)
        return []


def option_title(option: InstalmentOption) -> str:
    fee = f" (fee {dollars(option.fee)})" if option.fee else ""
    return f"{option.months} payments of {dollars(option.monthly_amount)}{fee}"


class AskInstalmentConfirm(Action):
    def name(self) -> str:
        return "action_ask_instalment_confirm"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        option = option_of(tracker)
        if option:
            text = f"{option_title(option)}, the first on {day(option.first_on)}. Shall I set that up?"
            buttons = yes_no("instalment_confirm", "Yes, set it up", "No, leave it")
            dispatcher.utter_message(text=text, buttons=buttons)
        return []


class InstalmentStart(Action):
    def name(self) -> str:
        return "action_instalment_start"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Events:
        if tracker.get_slot("instalment_confirm") != "yes":
            text = "All right, nothing has changed."
            dispatcher.utter_message(text=text, buttons=[PAY, PERSON])
            return leave(tracker, domain, "instalment_form")
        wanted = {"option_code": str(tracker.get_slot("instalment_option")), "key": turn(tracker).key("instalments")}
        try:
            plan = await tried(
                dispatcher, "billing.start_instalments", billing.start_instalments, str(account_of(tracker)), **wanted
            )
        except Refused as refusal:
            raise PersonNeeded("policy_exception", refusal.sentence) from refusal
        learned(dispatcher, "plan_number", plan.plan_number)
        dispatcher.utter_message(text=plan_words(plan))
        return leave(tracker, domain, "instalment_form")


def plan_words(plan: InstalmentPlan) -> str:
    dates = "\n".join(f"• {day(one.on)}: {dollars(one.amount)}" for one in plan.schedule)
    return f"It's set up as {plan.plan_number}. Your payments:\n{dates}"
