"""Who the customer is to the company: found by any handle they give, confirmed by the account's postcode.

The hub's own knowledge counts first (`customer.account_number`), then facts, then a question. Nothing that was already
said is asked again: a handle that leads nowhere makes us ask for another one, and in the end for a person.
"""

import functools
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import accounts
from actions.backends.accounts import Account
from actions.backends.errors import Invalid
from actions.tried import PersonNeeded, learned, tried
from actions.turn import Turn, turn

IDENTITY = ("account_number", "account_postcode")
IDENTITY_ENTITIES = {"account_number": ("account_number", "email", "phone"), "account_postcode": ("postcode",)}
HANDLES = ("account_number", "email", "phone")
ASK_AT_MOST = 2

Run = Callable[..., Awaitable[list[EventType]]]

EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_DIGITS = re.compile(r"\d[\d\s().-]{2,}\d")


def account_of(tracker: Tracker) -> str | None:
    """The customer's account number once it is confirmed, else None."""
    if tracker.get_slot("account_number") and tracker.get_slot("account_postcode"):
        return str(tracker.get_slot("account_number"))
    return turn(tracker).customer.account_number


def needs_account(run: Run) -> Run:
    """On an action's `run`: find out who is asking first, then come back to this action."""

    @functools.wraps(run)
    async def identified(
        self: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        if account_of(tracker) is None:
            return [SlotSet("wanted", self.name()), FollowupAction("identify_form")]
        return await run(self, dispatcher, tracker, domain)

    return identified


class KnowsCustomer:
    """The part of every form that finds the account. Mixed into `FormFromFacts`."""

    async def recognise(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> dict[str, Any]:
        """What can be filled in without asking."""
        now = turn(tracker)
        if now.customer.account_number:
            return {"account_number": now.customer.account_number, "account_postcode": "known"}
        number, postcode = tracker.slots.get("account_number"), now.fact("postcode")
        if number and not postcode:
            return {}
        account = await _find(dispatcher, account_number=number) if number else await _first_match(now, dispatcher)
        if account is None:
            return {}
        return {"account_number": account.account_number, **self._confirmed(account, postcode, dispatcher)}

    async def validate_account_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        if str(value) == tracker.slots.get("account_number"):
            return {}
        found = await _find(dispatcher, **_handle(str(value)))
        if found is not None:
            return {"account_number": found.account_number, "account_postcode": None}
        if _asked(tracker) >= ASK_AT_MOST:
            raise PersonNeeded("fallback", "I can't find the account with what we have.")
        dispatcher.utter_message(text=f"I can't find an account under {value}.")
        return {"account_number": None}

    async def validate_account_postcode(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        account = await tried(dispatcher, "accounts.get", accounts.get, str(tracker.slots["account_number"]))
        confirmed = self._confirmed(account, str(value), dispatcher)
        if confirmed:
            return confirmed
        if _refusals(tracker):
            raise PersonNeeded("security", "The postcode does not match the account.")
        dispatcher.utter_message(text="That isn't the postcode I have on the account.")
        return {"account_postcode": None}

    def answer_identity(self, asked: str, text: str) -> dict[str, Any]:
        """A bare reply to one of our two questions."""
        if asked == "account_postcode":
            return {asked: text} if re.search(r"\d", text) and len(text) <= 24 else {}
        handle = EMAIL.search(text) or _DIGITS.search(text)
        return {asked: handle.group()} if handle else {}

    @staticmethod
    def _confirmed(account: Account, postcode: str | None, dispatcher: CollectingDispatcher) -> dict[str, Any]:
        if postcode is None or plain(account.address.postcode) not in plain(postcode):
            return {}
        learned(dispatcher, "account_number", account.account_number)
        return {"account_postcode": account.address.postcode}


async def _first_match(now: Turn, dispatcher: CollectingDispatcher) -> Account | None:
    for handle in _handles(now):
        account = await _find(dispatcher, **handle)
        if account is not None:
            return account
    return None


def _handles(now: Turn) -> Iterator[dict[str, str]]:
    for name in HANDLES:
        value = now.fact(name)
        if value:
            yield {name: value}
    name, postcode = now.fact("name", "full_name"), now.fact("postcode")
    if name and postcode:
        yield {"name": name, "postcode": postcode}


async def _find(dispatcher: CollectingDispatcher, **handle: str) -> Account | None:
    """The one account these words lead to. Two are as good as none: a guess would show a stranger's data."""
    try:
        found = await tried(dispatcher, "accounts.find", accounts.find, **handle)
    except Invalid:
        return None
    return found[0] if len(found) == 1 else None


def _handle(value: str) -> dict[str, str]:
    email = EMAIL.search(value)
    if email:
        return {"email": email.group().rstrip(".")}
    digits = re.sub(r"\D", "", value)
    return {"phone": value.strip()} if len(digits) >= 9 else {"account_number": digits or value.strip()}


def plain(postcode: str) -> str:
    return re.sub(r"[^a-z0-9]", "", postcode.lower())


def next_handle(tracker: Tracker) -> str | None:
    """The handle nobody has given yet, in the order we like to ask; None when all are used up."""
    now = turn(tracker)
    return next((name for name in HANDLES if now.fact(name) is None), None)


def _asked(tracker: Tracker) -> int:
    """How often this session already asked who it is and got no account."""
    return sum(
        1 for event in tracker.events if event["event"] == "action" and event["name"] == "action_ask_account_number"
    )


def _refusals(tracker: Tracker) -> int:
    said = "That isn't the postcode"
    return sum(1 for event in tracker.events if event["event"] == "bot" and said in (event.get("text") or ""))
