"""Making sure it is really them: a code to what the account has on file, before anything is changed there.

A postcode and an account number can be read on a parcel; what only the customer has is their mailbox. The hub sends the
code, reads it back out of their words and tells us in the next turn that they are verified: the code never comes here.
"""

import asyncio

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import accounts
from actions.backends.accounts import Account
from actions.hub import HubError, hub
from actions.identity import confirmed_account, times_said
from actions.tried import PersonNeeded, tell_hub, tried
from actions.turn import turn
from actions.wording import PERSON, button

SENT = "I've sent a code to"
MOST_SENT = 3


def is_proven(tracker: Tracker) -> bool:
    """Whether the hub has verified this customer for the account at hand: by a code, or by the site's own sign-in."""
    customer = turn(tracker).customer
    return customer.is_verified and customer.account_number == confirmed_account(tracker)


async def ask(dispatcher: CollectingDispatcher, tracker: Tracker, slot: str) -> None:
    """Offer a code, or ask for the one that was sent."""
    yes = {slot: True}
    if was_sent(tracker) or any(SENT in (message.get("text") or "") for message in dispatcher.messages):
        dispatcher.utter_message(text="What does it say?", buttons=[button("Send another code", "inform", yes), PERSON])
    else:
        account = await _account(dispatcher, tracker)
        dispatcher.utter_message(
            text=f"To change that I have to be sure it's you. Shall I send a code to {masked(account.email)}?",
            buttons=[button("Yes, send it", "inform", yes), PERSON],
        )
    tell_hub(dispatcher, question="code")


async def send(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Have the hub send a code to the e-mail address on file. Raises `PersonNeeded` when it cannot, or too often."""
    if times_said(tracker, SENT) >= MOST_SENT:
        raise PersonNeeded("security", "The customer did not get the codes that were sent.")
    account = await _account(dispatcher, tracker)
    try:
        sent = await asyncio.to_thread(
            hub().send_code,
            turn(tracker).conversation_id,
            via="email",
            address=account.email,
            account_number=account.account_number,
        )
    except HubError as failed:
        raise PersonNeeded("security", f"No code could be sent: {failed}") from failed
    dispatcher.utter_message(text=f"{SENT} {sent.sent_to}; it works for ten minutes.")


def was_sent(tracker: Tracker) -> bool:
    return times_said(tracker, SENT) > 0


def masked(address: str) -> str:
    """`maya@example.com` -> `m…a@e…`, as the hub says it."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}…{name[-1:]}@{domain[:1]}…"


async def _account(dispatcher: CollectingDispatcher, tracker: Tracker) -> Account:
    return await tried(dispatcher, "accounts.get", accounts.get, confirmed_account(tracker))
