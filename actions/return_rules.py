"""Questions about the return rules: how long, how much, what about damage. Answered at any moment, also inside a form.

Numbers come from the company when the customer and the device are known; until then the general rules are told, which
are words in `domain.yml` (`utter_return_rules_<topic>`), for the company to change.
"""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import returns
from actions.backends.errors import CompanyError
from actions.backends.results import dollars
from actions.identity import account_of
from actions.said import intent_of, text_of
from actions.tried import or_person, tried
from actions.wording import PERSON, button

TOPICS = {
    "pickup": r"pick.?up|collect|courier",
    "refund": r"refund|money back|how (soon|long).*(paid|money)|get (my|the) money",
    "damage": r"damag|crack|broken|lost|missing|packag|original box|cables|accessor|remote",
    "shipping": r"ship|post(age|ing)?\b|mail|label|carton",
    "fee": r"cost|fee|charge|free|pay|price|expensive|restock",
}
QUESTION = re.compile(
    r"^\W*(so |and |but |ok |wait |hi |hello )*(how (much|long|many|soon|late|heavy|far|fast)|"
    r"what (does|do|is|are|if|happens|will)|why|when (do|does|will|must|is)|is (it|there|that|the|pick|ship|drop)|"
    r"are there|do (i|you) (have to|need|charge|pay)|does|will (i|it|you|there)|must i|who pays)\b",
    re.IGNORECASE,
)
ABOUT_RULES = re.compile(
    r"cost|fee|charge|free\b|pay\b|price|how long|deadline|late\b|refund|money|policy|rule|weigh|heavy|packag|damag|"
    r"need|cables",
    re.IGNORECASE,
)


def is_about_rules(tracker: Tracker) -> bool:
    """A question, not a choice: "how much does pickup cost?" must not choose the pickup."""
    text = text_of(tracker)
    is_question = bool(QUESTION.search(text)) or (text.endswith("?") and intent_of(tracker) == "return_policy")
    return is_question and bool(ABOUT_RULES.search(text))


async def answer(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    text = text_of(tracker)
    topic = next((topic for topic, words in TOPICS.items() if re.search(words, text, re.IGNORECASE)), "general")
    if topic == "pickup" and await _tell_pickup_fee(dispatcher, tracker):
        return
    if topic in ("general", "fee", "refund") and await _tell_device(dispatcher, tracker):
        return
    dispatcher.utter_message(response=f"utter_return_rules_{topic}")


async def _tell_pickup_fee(dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
    """The real fee where the address is known; it may differ by area."""
    places = (tracker.slots.get("return_address"), tracker.slots.get("account_postcode"))
    found = next((match for place in places if (match := re.search(r"\d{5}$", str(place)))), None)
    if not found:
        return False
    try:
        windows = await tried(dispatcher, "returns.pickup_windows", returns.pickup_windows, found.group())
    except CompanyError:
        return False
    fees = sorted({window.fee for window in windows})
    if fees:
        cost = "is free" if not fees[-1] else f"costs {dollars(fees[0])}"
        dispatcher.utter_message(text=f"Pickup {cost}, at any address.")
    return bool(fees)


async def _tell_device(dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
    """What the rules say about the very device the customer is returning."""
    account, serial = account_of(tracker), tracker.slots.get("return_item")
    if not account or not serial:
        return False
    try:
        check = await tried(dispatcher, "returns.check_policy", returns.check_policy, account, serial=str(serial))
    except CompanyError:
        return False
    refund = f" You'd get {dollars(check.refund_estimate)} back." if check.refund_estimate else ""
    dispatcher.utter_message(text=f"{check.sentence}{refund}")
    return True


class ActionReturnPolicy(Action):
    def name(self) -> str:
        return "action_return_policy"

    @or_person
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        await answer(dispatcher, tracker)
        if tracker.active_loop_name:
            return []
        dispatcher.utter_message(
            text="Shall I check one of your devices?", buttons=[button("Return something", "return_start"), PERSON]
        )
        return []
