"""Subscription: another plan, or the wish to leave, which a person hears with its reason."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import accounts
from actions.backends.accounts import Plan
from actions.backends.errors import CompanyError, NotFound, Refused
from actions.backends.results import dollars
from actions.hearing import text_of
from actions.identity import confirmed_account
from actions.slots import Field, FormFromFacts, Moment, Slots, leave
from actions.tried import PersonNeeded, or_person, sentence_or_raise, to_person, tried
from actions.turn import turn
from actions.wording import confirmation

BECAUSE = re.compile(
    r"\b(because|cos|cuz|since|as|due|too|moving|moved|price|expensive|slow|better|cheaper|found)\b", re.I
)


class PlanForm(FormFromFacts):
    form = "plan_form"
    topic = frozenset({"plan_change"})
    fields = {"plan_code": Field(entities=("plan",)), "confirm_plan": Field(is_yes_no=True)}

    def answer(self, asked: str, tracker: Tracker) -> Slots:
        return {asked: tracker.latest_message["text"]} if asked == "plan_code" else {}

    async def validate_plan_code(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        offered = await tried(dispatcher, "accounts.plans", accounts.plans, confirmed_account(tracker))
        plan = _plan_named(str(value), offered)
        if plan is None:
            dispatcher.utter_message(text="I don't have a plan of that name for your address.")
        elif plan.is_current:
            dispatcher.utter_message(text=f"{plan.name} is the plan you have now.")
        else:
            return {"plan_code": plan.code, "confirm_plan": None}
        return {"plan_code": None}


class AskPlanCode(Action):
    def name(self) -> str:
        return "action_ask_plan_code"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        offered = await tried(dispatcher, "accounts.plans", accounts.plans, confirmed_account(tracker))
        now = next(
            (f"You have {plan.name} at {dollars(plan.price_month)} a month. " for plan in offered if plan.is_current),
            "",
        )
        others = [plan for plan in offered if not plan.is_current]
        if not others:
            raise PersonNeeded("policy_exception", "There is no other plan for this address.")
        buttons = [
            {"title": f"{plan.name}, {dollars(plan.price_month)}", "payload": f'/inform{{"plan_code": "{plan.code}"}}'}
            for plan in others
        ]
        dispatcher.utter_message(text=f"{now}Which one would you like?", buttons=buttons)
        return []


class AskConfirmPlan(Action):
    def name(self) -> str:
        return "action_ask_confirm_plan"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        offered = await tried(dispatcher, "accounts.plans", accounts.plans, confirmed_account(tracker))
        plan = _plan_named(str(tracker.get_slot("plan_code")), offered)
        if plan is None:
            raise PersonNeeded("policy_exception", "The plan you chose is no longer offered.")
        more = f"{dollars(abs(plan.difference))} {'more' if plan.difference > 0 else 'less'} than now"
        dispatcher.utter_message(
            text=f"{plan.name}: {plan.speed_mbps} Mbps for {dollars(plan.price_month)} a month, {more}. Change it?",
            buttons=confirmation("confirm_plan"),
        )
        return []


class PlanChanged(Action):
    def name(self) -> str:
        return "action_account_plan_change"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if not tracker.get_slot("confirm_plan"):
            dispatcher.utter_message(text="All right, your plan stays as it is.")
            return leave(tracker, domain, "plan_form")
        code, key = str(tracker.get_slot("plan_code")), turn(tracker).key("plan")
        try:
            change = await tried(
                dispatcher,
                "accounts.change_plan",
                accounts.change_plan,
                confirmed_account(tracker),
                plan_code=code,
                key=key,
            )
        except CompanyError as refusal:
            raise PersonNeeded("policy_exception", sentence_or_raise(refusal)) from refusal
        dispatcher.utter_message(
            text=f"Done. {change.plan.name} starts on {change.effective_on.day} {change.effective_on:%B}. "
            f"Your change number is {change.change_number}."
        )
        return leave(tracker, domain, "plan_form")


class CancelForm(FormFromFacts):
    form = "cancel_form"
    topic = frozenset({"service_cancel"})
    fields = {"cancel_reason": Field(is_free_text=True, is_told=True)}

    def hear(self, tracker: Tracker, moment: Moment) -> Slots:
        """ "Just cancel it" is the wish again and no reason."""
        heard = super().hear(tracker, moment)
        is_wish = tracker.latest_message["intent"]["name"] == "service_cancel" and not BECAUSE.search(text_of(tracker))
        return {} if is_wish and moment is Moment.ANSWERING else heard


class AccountCancel(Action):
    """The wish is registered and a person decides with the customer; nothing ends by talking to a bot."""

    def name(self) -> str:
        return "action_account_cancel"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        reason = str(tracker.get_slot("cancel_reason"))
        key = turn(tracker).key("cancel")
        detail = f"Wants to cancel the service. Reason given: {reason}."
        try:
            wish = await tried(
                dispatcher,
                "accounts.request_cancel",
                accounts.request_cancel,
                confirmed_account(tracker),
                reason=reason,
                key=key,
            )
            detail += f" Registered as {wish.cancel_number}. {wish.sentence}"
        except (NotFound, Refused) as refusal:
            detail += f" Not registered: {refusal.sentence}"
        return [*leave(tracker, domain, "cancel_form")[:-1], *to_person("cancel_service", detail)]


def _plan_named(words: str, plans: tuple[Plan, ...]) -> Plan | None:
    said = re.sub(r"[^a-z0-9]", "", words.lower())
    for plan in plans:
        if said == plan.code.replace("_", "") or re.sub(r"[^a-z0-9]", "", plan.name.lower()) in said:
            return plan
    numbers = set(re.findall(r"\d+", words))
    speeds = [plan for plan in plans if str(plan.speed_mbps) in numbers]
    return speeds[0] if len(speeds) == 1 else None
