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
from actions.turn import turn
from words.spellings import EMAIL

IDENTITY = ("account_number", "account_postcode")
IDENTITY_ENTITIES = {
    "account_number": ("account_number", "email", "phone"),
    "account_postcode": ("postcode", "email", "phone"),
}
PROOFS = ("postcode", "email", "phone")
HANDLES = ("account_number", "email", "phone")
TRIES = 3
# Asked so often in vain, whatever came in between, only a person can find the account.
MOST_ASKED = 4
NOT_FOUND = "I can't find an account under"
WRONG_PROOF = "That isn't what I have on the account."

Run = Callable[..., Awaitable[list[EventType]]]

UNKNOWN = "unknown"
NO_PROBLEM = "No problem."
# "I don't have it", "… my account number", or nothing more; not "I don't have the packaging".
DONT_KNOW = re.compile(
    r"\b(don'?t|do not|haven'?t|have not|can'?t|cannot|couldn'?t)( \w+)? (know|have|got|remember|recall|find)"
    r"(\W*$|\W+((my|the|an?|this|that|any|account|customer|phone)\W+){0,3}"
    r"(it|one|that|number|account|id|e-?mail|phone|postcode|zip|handy|sorry)\b)"
    r"|\b(dunno|idk|no idea|not sure|no clue)\b|\b(forgot|forgotten|lost)\b.*\b(it|number|one|that)\b|^i forgot\W*$",
    re.I,
)
_DIGITS = re.compile(r"\d[\d\s().-]{2,}\d")


def account_of(tracker: Tracker) -> str | None:
    """The customer's account number once it is confirmed, else None."""
    if tracker.get_slot("account_number") and tracker.get_slot("account_postcode"):
        return str(tracker.get_slot("account_number"))
    return turn(tracker).customer.account_number


def confirmed_account(tracker: Tracker) -> str:
    """The account of a form that has asked for it."""
    number = account_of(tracker)
    if number is None:
        raise PersonNeeded("security", "We could not be sure whose account this is.")
    return number


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
        now, number = turn(tracker), tracker.slots.get("account_number")
        if now.customer.account_number:
            return {"account_number": now.customer.account_number, "account_postcode": "known"}
        if number and not told(tracker, *PROOFS):
            return {}
        account = await _find(dispatcher, account_number=number) if number else await _first_match(tracker, dispatcher)
        if account is None:
            return {}
        if fits(account, tracker) >= 2:
            return {"account_number": account.account_number, **_confirm(account, dispatcher)}
        if next_proof(tracker) is None:
            raise PersonNeeded("security", "The details given do not match the account.")
        return {"account_number": account.account_number}

    async def validate_account_number(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        if str(value) == tracker.slots.get("account_number"):
            return {}
        if value == UNKNOWN:
            return _without_number(tracker)
        found = await _find(dispatcher, **_handle(str(value)))
        if found is not None:
            return {"account_number": found.account_number, "account_postcode": None}
        if times_said(tracker, NOT_FOUND) + 1 >= TRIES:
            raise PersonNeeded("fallback", "I can't find the account with what we have.")
        dispatcher.utter_message(text=f"{NOT_FOUND} {value}.")
        return {"account_number": None}

    async def validate_account_postcode(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        if value == UNKNOWN:
            raise PersonNeeded("security", "The customer could not confirm the account.")
        account = await tried(dispatcher, "accounts.get", accounts.get, str(tracker.slots["account_number"]))
        if _is_second(account, str(value), tracker):
            return _confirm(account, dispatcher)
        if times_said(tracker, WRONG_PROOF):
            raise PersonNeeded("security", "The details given do not match the account.")
        dispatcher.utter_message(text=WRONG_PROOF)
        return {"account_postcode": None}

    def answer_identity(self, asked: str, text: str) -> dict[str, Any]:
        """A bare reply to one of our two questions."""
        if DONT_KNOW.search(text) and not re.search(r"\d", text):
            return {asked: UNKNOWN}
        if asked == "account_postcode":
            return {asked: text} if EMAIL.search(text) or (re.search(r"\d", text) and len(text) <= 24) else {}
        handle = EMAIL.search(text) or _DIGITS.search(text)
        return {asked: handle.group()} if handle else {}


def _confirm(account: Account, dispatcher: CollectingDispatcher) -> dict[str, Any]:
    """Only now: a number or an address alone, which anyone may know, must not turn into a name."""
    learned(dispatcher, "account_number", account.account_number)
    learned(dispatcher, "customer_name", account.name)
    return {"account_postcode": account.address.postcode}


def proven_by(account: Account, value: str) -> set[str]:
    """Which of the account's postcode, e-mail and phone number this is, however it is typed."""
    said, digits, number = plain(value), re.sub(r"\D", "", value), re.sub(r"\D", "", account.phone)
    # People leave out the area code or write the country's.
    is_phone = len(digits) >= 7 and (number.endswith(digits) or digits.endswith(number))
    known = {"postcode": plain(account.address.postcode) in said, "email": plain(account.email) in said}
    return {name for name, is_it in (known | {"phone": is_phone}).items() if is_it}


def fits(account: Account, tracker: Tracker) -> int:
    """How many different things that were told fit this account; one led to it, a second one confirms it."""
    # The slot would not do: it holds the number of whatever account was found.
    numbers = {turn(tracker).fact("account_number"), _read_before(tracker, "account_number")}
    proofs = [value for name in PROOFS if (value := told(tracker, name)) and proven_by(account, value)]
    return len(proofs) + (account.account_number in numbers)


def _is_second(account: Account, value: str, tracker: Tracker) -> bool:
    """Whether this answer fits and is another thing than what led to the account: that again confirms nothing."""
    proven, now = proven_by(account, value), turn(tracker)
    before = [one for name in PROOFS if (one := now.fact(name)) and now.said_now(name) is None]
    is_news = not proven <= {name for one in before for name in proven_by(account, one)}
    return bool(proven) and (is_news or fits(account, tracker) >= 2)


def next_proof(tracker: Tracker) -> str | None:
    """What may still be asked to confirm the account: something nobody has told yet."""
    return next((name for name in PROOFS if not told(tracker, name)), None)


def told(tracker: Tracker, *names: str) -> str | None:
    """By the hub; else in what we read out of this session's messages: a bare "10033" nobody had asked for yet."""
    return turn(tracker).fact(*names) or next((value for name in names if (value := _read_before(tracker, name))), None)


def _read_before(tracker: Tracker, name: str) -> str | None:
    now = next(tracker.get_latest_entity_values(name), None)
    said = [event.get("parse_data") or {} for event in tracker.events if event["event"] == "user"]
    found = [one for parse in reversed(said) for one in parse.get("entities") or [] if one.get("entity") == name]
    return now or next((str(one["value"]) for one in found), None)


async def _first_match(tracker: Tracker, dispatcher: CollectingDispatcher) -> Account | None:
    for handle in _handles(tracker):
        account = await _find(dispatcher, **handle)
        if account is not None:
            return account
    return None


def _handles(tracker: Tracker) -> Iterator[dict[str, str]]:
    now = turn(tracker)
    for name in HANDLES:
        value = told(tracker, name)
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
        return {"email": email.group()}
    digits = re.sub(r"\D", "", value)
    return {"phone": value.strip()} if len(digits) >= 9 else {"account_number": digits or value.strip()}


def _without_number(tracker: Tracker) -> dict[str, Any]:
    """The first time another handle is asked for (`AskAccountNumber`); then only a person can look further."""
    if times_said(tracker, NO_PROBLEM):
        raise PersonNeeded("fallback", "I can't find the account without a number, an e-mail or a phone number.")
    return {"account_number": None}


def says_unknown(tracker: Tracker) -> bool:
    """Whether the customer answered our question with "I don't know". Before it was asked, such words are about
    something else: "we don't need it any more"."""
    # A form's questions leave no action behind, only what was said.
    asked = any("account" in (event.get("text") or "") for event in tracker.events if event["event"] == "bot")
    return asked and bool(DONT_KNOW.search((tracker.latest_message or {}).get("text") or ""))


def plain(postcode: str) -> str:
    return re.sub(r"[^a-z0-9]", "", postcode.lower())


def next_handle(tracker: Tracker) -> str | None:
    """The handle nobody has given yet, in the order we like to ask; None when all are used up."""
    return next((name for name in HANDLES if told(tracker, name) is None), None)


def times_said(tracker: Tracker, *words: str) -> int:
    """How often the customer heard a sentence of ours that starts with these words, since a person last took over."""
    times = 0
    for event in reversed(tracker.events):
        if event["event"] == "action" and event["name"] in ("action_handover", "action_handback"):
            break
        times += event["event"] == "bot" and (event.get("text") or "").startswith(words)
    return times
