"""How to reach the customer: a new e-mail address, phone number or name, read back before it is changed."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import accounts
from actions.backends.errors import CompanyError
from actions.identity import account_of, confirmed_account
from actions.proofs import ask, is_proven, send
from actions.slots import Field, FormFromFacts, Moment, Slots, leave
from actions.tried import PersonNeeded, learned, or_person, sentence_or_raise, tell_hub, tried
from actions.turn import turn
from actions.wording import confirmation
from words.spellings import EMAIL

CONTACT_WORDS = {r"\be-?mail": "email", r"\b(phone|mobile|cell|number)\b": "phone", r"\b(name|surname)\b": "name"}
FIELD_NAMES = {"email": "e-mail address", "phone": "phone number", "name": "name"}


class ContactForm(FormFromFacts):
    form = "contact_form"
    topic = frozenset({"account_update"})
    fields = {
        "contact_field": Field(words=CONTACT_WORDS),
        "contact_value": Field(entities=("email", "phone", "name")),
        "contact_proof": Field(is_yes_no=True),
        "confirm_change": Field(is_yes_no=True),
    }

    async def required_slots(
        self, domain_slots: list[str], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[str]:
        """Once the hub has verified them, nothing is left to prove."""
        return [slot for slot in domain_slots if slot != "contact_proof" or not _is_proven(tracker)]

    async def validate_contact_proof(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> Slots:
        """Yes sends a code. The slot stays empty until the hub says that the code came back."""
        if _is_proven(tracker):
            return {"contact_proof": True}
        if value is not True:
            raise PersonNeeded("security", "The customer would rather not be sent a code.")
        await send(dispatcher, tracker)
        return {"contact_proof": None}

    def hear(self, tracker: Tracker, moment: Moment) -> Slots:
        """The value itself tells which field it is for; words like "number" are not asked once the field is known."""
        heard = super().hear(tracker, moment)
        if tracker.slots.get("requested_slot") == "contact_proof" and _is_proven(tracker):
            heard |= {"contact_proof": True}
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


def _is_proven(tracker: Tracker) -> bool:
    return account_of(tracker) is not None and is_proven(tracker)


class AskContactValue(Action):
    def name(self) -> str:
        return "action_ask_contact_value"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        kind = tracker.get_slot("contact_field")
        dispatcher.utter_message(text=f"What's the new {FIELD_NAMES.get(kind, 'value')}?")
        # Not the e-mail or phone we know: the new one, which only the customer can tell.
        tell_hub(dispatcher, question=f"new_{kind}")
        return []


class AskContactProof(Action):
    """Offers a code to the address on file, or asks for the one that was sent."""

    def name(self) -> str:
        return "action_ask_contact_proof"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        await ask(dispatcher, tracker, "contact_proof")
        return []


class AskConfirmChange(Action):
    def name(self) -> str:
        return "action_ask_confirm_change"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        kind, value = tracker.get_slot("contact_field"), tracker.get_slot("contact_value")
        dispatcher.utter_message(
            text=f"I'll change the {FIELD_NAMES[kind]} to {value}. Is that right?",
            buttons=confirmation("confirm_change"),
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
                dispatcher,
                "accounts.change_contact",
                accounts.change_contact,
                confirmed_account(tracker),
                key=key,
                **change,
            )
        except CompanyError as refusal:
            dispatcher.utter_message(text=sentence_or_raise(refusal))
            return leave(tracker, domain, "contact_form")
        learned(dispatcher, kind if kind != "name" else "customer_name", value)
        dispatcher.utter_message(text=f"Done. The {FIELD_NAMES[kind]} on your account is now {value}.")
        return leave(tracker, domain, "contact_form")
