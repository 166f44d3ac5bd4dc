"""Account: who is asking, contact data, password, plan; and the wish to leave, which a person hears with its reason."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import accounts
from actions.backends.accounts import Plan
from actions.backends.errors import CompanyError, NotFound, Refused
from actions.backends.results import dollars
from actions.hearing import text_of
from actions.identity import (
    EMAIL,
    MOST_ASKED,
    NO_PROBLEM,
    account_of,
    needs_account,
    next_handle,
    next_proof,
    says_unknown,
    times_said,
)
from actions.slots import Field, FormFromFacts, Moment, Slots, leave
from actions.tried import PersonNeeded, learned, or_person, tell_hub, to_person, tried
from actions.turn import turn
from actions.wording import PERSON

CONTACT_WORDS = {r"\be-?mail": "email", r"\b(phone|mobile|cell|number)\b": "phone", r"\b(name|surname)\b": "name"}
BECAUSE = re.compile(
    r"\b(because|cos|cuz|since|as|due|too|moving|moved|price|expensive|slow|better|cheaper|found)\b", re.I
)
PROOF_NAMES = {"postcode": "postcode", "email": "e-mail", "phone": "phone number"}
ASKED_HANDLE = {
    "account_number": "What's your account number? The e-mail or phone number on the account works too.",
    "email": "Which e-mail is the account under?",
    "phone": "Which phone number is on the account?",
    None: "I can't find your account with what I have. Could you check the account number on a bill?",
}
ASKED_PROOF = "Thanks. And to be sure it's you"
FIELD_NAMES = {"email": "e-mail address", "phone": "phone number", "name": "name"}


class IdentifyForm(FormFromFacts):
    """Finds the account for an action that has no form of its own."""

    form = "identify_form"


class AskAccountNumber(Action):
    """Asks for a handle nobody has given yet, so that nothing is asked twice; the second time a person is offered."""

    def name(self) -> str:
        return "action_ask_account_number"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        asked = times_said(tracker, *ASKED_HANDLE.values(), NO_PROBLEM)
        if asked >= MOST_ASKED:
            raise PersonNeeded("fallback", "I need your account for that and can't find it, so a person will look.")
        handle = next_handle(tracker)
        text = ASKED_HANDLE[handle]
        if says_unknown(tracker):
            text, handle = f"{NO_PROBLEM} Which e-mail or phone number is on the account?", "email"
        dispatcher.utter_message(text=text, buttons=[PERSON] if asked else [])
        tell_hub(dispatcher, question=handle or "account_number")
        return []


class AskAccountPostcode(Action):
    """Asks for a second thing that fits the account: the postcode, or what nobody has told yet."""

    def name(self) -> str:
        return "action_ask_account_postcode"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        proof = next_proof(tracker)
        asked = times_said(tracker, ASKED_PROOF)
        if asked >= MOST_ASKED:
            raise PersonNeeded("security", "The customer could not confirm the account.")
        dispatcher.utter_message(
            text=f"{ASKED_PROOF}: what's the {PROOF_NAMES[proof]} on the account?", buttons=[PERSON] if asked else []
        )
        tell_hub(dispatcher, question="account_postcode" if proof == "postcode" else proof)
        return []


class Identified(Action):
    """Goes on with what the customer wanted before we asked who they are."""

    def name(self) -> str:
        return "action_identified"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        wanted = tracker.get_slot("wanted")
        if not wanted:
            dispatcher.utter_message(text="Thank you, I've found your account. What can I do for you?")
            return [FollowupAction("action_listen")]
        return [SlotSet("wanted", None), FollowupAction(wanted)]


class ContactForm(FormFromFacts):
    form = "contact_form"
    topic = frozenset({"account_update"})
    fields = {
        "contact_field": Field(words=CONTACT_WORDS),
        "contact_value": Field(entities=("email", "phone", "name")),
        "confirm_change": Field(is_yes_no=True),
    }

    def hear(self, tracker: Tracker, moment: Moment) -> Slots:
        """The value itself tells which field it is for; words like "number" are not asked once the field is known."""
        heard = super().hear(tracker, moment)
        text = str(heard.get("contact_value") or "")
        if EMAIL.search(text):
            return heard | {"contact_field": "email"}
        if re.fullmatch(r"[\d\s().+-]{7,}", text):
            return heard | {"contact_field": "phone"}
        return heard

    def answer(self, asked: str, tracker: Tracker) -> Slots:
        """A name, or a value no entity was found in, is whatever was typed."""
        return {asked: tracker.latest_message["text"].strip()} if asked == "contact_value" else {}

    async def validate_contact_value(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        kind, text = tracker.slots.get("contact_field"), str(value).strip()
        if kind == "email" and not EMAIL.fullmatch(text):
            dispatcher.utter_message(text="That doesn't look like an e-mail address.")
            return {"contact_value": None}
        if kind == "phone" and not 7 <= len(re.sub(r"\D", "", text)) <= 15:
            dispatcher.utter_message(text="That doesn't look like a phone number.")
            return {"contact_value": None}
        return {"contact_value": text, "confirm_change": None}

    async def validate_contact_field(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        is_new = tracker.slots.get("contact_field") not in (None, value)
        return {"contact_field": value} | ({"contact_value": None} if is_new else {})


class AskContactValue(Action):
    def name(self) -> str:
        return "action_ask_contact_value"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        kind = tracker.get_slot("contact_field")
        dispatcher.utter_message(text=f"What's the new {FIELD_NAMES.get(kind, 'value')}?")
        # Not the e-mail or phone we know: the new one, which only the customer can tell.
        tell_hub(dispatcher, question=f"new_{kind}")
        return []


class AskConfirmChange(Action):
    def name(self) -> str:
        return "action_ask_confirm_change"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        kind, value = tracker.get_slot("contact_field"), tracker.get_slot("contact_value")
        dispatcher.utter_message(
            text=f"I'll change the {FIELD_NAMES[kind]} to {value}. Is that right?", buttons=yes_no("confirm_change")
        )
        return []


class AccountUpdate(Action):
    def name(self) -> str:
        return "action_account_update"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if not tracker.get_slot("confirm_change"):
            dispatcher.utter_message(text="All right, I've changed nothing.")
            return leave(tracker, domain, "contact_form")
        kind, value = tracker.get_slot("contact_field"), tracker.get_slot("contact_value")
        key = turn(tracker).key("contact")
        try:
            change = {kind: value}
            await tried(
                dispatcher, "accounts.change_contact", accounts.change_contact, _number(tracker), key=key, **change
            )
        except CompanyError as refusal:
            dispatcher.utter_message(text=_or_raise(refusal))
            return leave(tracker, domain, "contact_form")
        learned(dispatcher, kind if kind != "name" else "customer_name", value)
        dispatcher.utter_message(text=f"Done. The {FIELD_NAMES[kind]} on your account is now {value}.")
        return leave(tracker, domain, "contact_form")


class PasswordReset(Action):
    def name(self) -> str:
        return "action_account_password_reset"

    @or_person
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        key = turn(tracker).key("password")
        sent = await tried(dispatcher, "accounts.reset_password", accounts.reset_password, _number(tracker), key=key)
        dispatcher.utter_message(
            text=f"I've sent a link to {sent.sent_to}. It works until {sent.expires_at:%H:%M} UTC; "
            "check the spam folder if you don't see it."
        )
        return []


class CancelForm(FormFromFacts):
    form = "cancel_form"
    topic = frozenset({"service_cancel"})
    fields = {"cancel_reason": Field(is_free_text=True)}

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
                dispatcher, "accounts.request_cancel", accounts.request_cancel, _number(tracker), reason=reason, key=key
            )
            detail += f" Registered as {wish.cancel_number}. {wish.sentence}"
        except (NotFound, Refused) as refusal:
            detail += f" Not registered: {refusal.sentence}"
        return [*leave(tracker, domain, "cancel_form")[:-1], *to_person("cancel_service", detail)]


class PlanForm(FormFromFacts):
    form = "plan_form"
    topic = frozenset({"plan_change"})
    fields = {"plan_code": Field(entities=("plan",)), "confirm_plan": Field(is_yes_no=True)}

    def answer(self, asked: str, tracker: Tracker) -> Slots:
        return {asked: tracker.latest_message["text"]} if asked == "plan_code" else {}

    async def validate_plan_code(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        offered = await tried(dispatcher, "accounts.plans", accounts.plans, _number(tracker))
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
        offered = await tried(dispatcher, "accounts.plans", accounts.plans, _number(tracker))
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
        offered = await tried(dispatcher, "accounts.plans", accounts.plans, _number(tracker))
        plan = _plan_named(str(tracker.get_slot("plan_code")), offered)
        if plan is None:
            raise PersonNeeded("policy_exception", "The plan you chose is no longer offered.")
        more = f"{dollars(abs(plan.difference))} {'more' if plan.difference > 0 else 'less'} than now"
        dispatcher.utter_message(
            text=f"{plan.name}: {plan.speed_mbps} Mbps for {dollars(plan.price_month)} a month, {more}. Change it?",
            buttons=yes_no("confirm_plan"),
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
                dispatcher, "accounts.change_plan", accounts.change_plan, _number(tracker), plan_code=code, key=key
            )
        except CompanyError as refusal:
            raise PersonNeeded("policy_exception", _or_raise(refusal)) from refusal
        dispatcher.utter_message(
            text=f"Done. {change.plan.name} starts on {change.effective_on.day} {change.effective_on:%B}. "
            f"Your change number is {change.change_number}."
        )
        return leave(tracker, domain, "plan_form")


def yes_no(slot: str) -> list[dict[str, str]]:
    return [
        {"title": "Yes", "payload": f'/inform{{"{slot}": true}}'},
        {"title": "No", "payload": f'/inform{{"{slot}": false}}'},
    ]


def _number(tracker: Tracker) -> str:
    number = account_of(tracker)
    if number is None:
        raise PersonNeeded("security", "We could not be sure whose account this is.")
    return number


def _or_raise(error: CompanyError) -> str:
    """The sentence of a refusal; a system that is down is somebody else's matter (`or_person`)."""
    if not isinstance(error, NotFound | Refused) and error.code != "invalid":
        raise error
    return error.sentence


def _plan_named(words: str, plans: tuple[Plan, ...]) -> Plan | None:
    said = re.sub(r"[^a-z0-9]", "", words.lower())
    for plan in plans:
        if said == plan.code.replace("_", "") or re.sub(r"[^a-z0-9]", "", plan.name.lower()) in said:
            return plan
    numbers = set(re.findall(r"\d+", words))
    speeds = [plan for plan in plans if str(plan.speed_mbps) in numbers]
    return speeds[0] if len(speeds) == 1 else None
