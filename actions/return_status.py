"""Where a return stands, and which return the customer means."""

import re
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction
from rasa_sdk.executor import CollectingDispatcher

from actions.backends import returns
from actions.backends.returns import Return
from actions.device_form import OVER
from actions.identity import account_of, needs_account
from actions.noted import noted
from actions.return_rules import is_about_rules
from actions.return_words import change_buttons, refund_of, travel_of
from actions.said import entity_of, text_of
from actions.tried import link, or_person, tried
from actions.wording import PERSON, button
from words import identifiers

FORM = "return_change_form"
PARCELS = ("return", "refund", "exchange", "order")
CANCELS = re.compile(
    r"\bcancel|call (it )?off|\bdrop (it|the return|this)|forget (it|the return)|keep it", re.IGNORECASE
)
ABOUT_RETURN = re.compile(r"\breturn|pick.?up|collection|courier|\bRN-", re.IGNORECASE)
ANOTHER_RETURN = re.compile(r"pick.?up|collection|courier|\bRN-?\d|\bother\b", re.IGNORECASE)
CHANGES_IT = re.compile(
    r"\b(chang|resched|differen|another|cancel|instead|new (address|time|day)|move (it|the pickup))", re.IGNORECASE
)
STATUS = {
    "created": "is set up and waiting for the parcel",
    "in_transit": "is on its way to us",
    "received": "has arrived and is being checked",
    "refunded": "is finished and refunded",
    "cancelled": "was cancelled",
}


def cancels_return(tracker: Tracker) -> bool:
    text = text_of(tracker)
    return bool(CANCELS.search(text) and ABOUT_RETURN.search(text)) and "order" not in text.lower()


def gives_up_planning(tracker: Tracker) -> bool:
    """ "Cancel the return" while one is being planned means that one, unless another is named."""
    is_planning = tracker.active_loop_name == "return_form"
    return is_planning and cancels_return(tracker) and not ANOTHER_RETURN.search(text_of(tracker))


def number_said(tracker: Tracker) -> str | None:
    """A return number from a button, from these words, or from words said before we asked who it is."""
    if from_button := entity_of(tracker, "return_number"):
        return from_button
    texts = [event.get("text") or "" for event in tracker.events if event["event"] == "user"]
    found = (identifiers.first("return_number", text) for text in reversed(texts[-4:]))
    return next(filter(None, found), None)


class ActionReturnStatus(Action):
    def name(self) -> str:
        return "action_return_status"

    @or_person
    @needs_account
    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if CHANGES_IT.search(text_of(tracker)) and not is_about_rules(tracker):
            return [FollowupAction(FORM)]
        made = await tried(dispatcher, "returns.of_account", returns.of_account, str(account_of(tracker)))
        number = number_said(tracker)
        chosen = next((one for one in made if one.return_number == number), None)
        if number and chosen is None:
            dispatcher.utter_message(text=f"I don't see {number} on your account.")
        under_way = [one for one in made if one.status not in OVER]
        shown = chosen or next(iter(under_way or made), None)
        if shown is None:
            dispatcher.utter_message(
                text=f"{noted(tracker, *PARCELS)} I see no return on your account. Shall we start one?".strip(),
                buttons=[button("Return something", "return_start"), PERSON],
            )
        else:
            _tell_status(dispatcher, shown, [one for one in under_way if one is not shown], noted(tracker, *PARCELS))
        return []


def _tell_status(dispatcher: CollectingDispatcher, made: Return, others: list[Return], by_person: str) -> None:
    plan = travel_of(made) if made.status == "created" else ""
    refund = refund_of(made) if made.status in ("in_transit", "received") else ""
    said = f"{by_person} Return {made.return_number} ({made.item}) {STATUS[made.status]}. {plan}{refund}".strip()
    more = [
        button(f"{one.item} ({one.return_number})", "return_status", {"return_number": one.return_number})
        for one in others
    ]
    dispatcher.utter_message(text=said, buttons=[*change_buttons(made), *more[:3]])
    if made.status == "created":
        link(dispatcher, f"Label for {made.label.weight_lb:g} lb", made.label.url)
