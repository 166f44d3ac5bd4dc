"""Account: finding out who is asking, going on with what they wanted, and a new password.

Which question comes next is `actions/identity.py`'s to know; here it gets its words.
"""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import accounts
from actions.identity import (
    MOST_ASKED,
    NO_PROBLEM,
    confirmed_account,
    needs_account,
    next_handle,
    next_proof,
    says_unknown,
    times_said,
    told,
)
from actions.slots import FormFromFacts
from actions.tried import PersonNeeded, or_person, tell_hub, tried
from actions.turn import turn
from actions.wording import PERSON

PROOF_NAMES = {"postcode": "postcode", "email": "e-mail", "phone": "phone number"}
ASKED_HANDLE = {
    "account_number": "What's your account number?",
    "email": "Which e-mail is the account under?",
    "phone": "Which phone number is on the account?",
    None: "I can't find your account with what I have. Could you check the account number on a bill?",
}
ASKED_PROOF = "Thanks. And to be sure it's you"


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
        others = [name for name in ("email", "phone") if told(tracker, name) is None]
        names = " or ".join(PROOF_NAMES[name] for name in others)
        if handle == "account_number" and others:
            text = f"{text} The {names} on the account works too."
            if says_unknown(tracker):
                text, handle = f"{NO_PROBLEM} Which {names} is on the account?", others[0]
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


class PasswordReset(Action):
    def name(self) -> str:
        return "action_account_password_reset"

    @or_person
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        key = turn(tracker).key("password")
        sent = await tried(
            dispatcher, "accounts.reset_password", accounts.reset_password, confirmed_account(tracker), key=key
        )
        dispatcher.utter_message(
            text=f"I've sent a link to {sent.sent_to}. It works until {sent.expires_at:%H:%M} UTC; "
            "check the spam folder if you don't see it."
        )
        return []
