"""When the rules say no: the customer hears why, and may ask a person with the authority to say yes.

Every form of returns and orders mixes `OffersException` in. A refusal is a sentence in `policy_refusal`; while it
stands, the only question left is whether to ask a person. Nothing here ends with "can't".
"""

from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.backends.errors import Refused
from actions.hearing import Field
from actions.tried import PersonNeeded
from actions.wording import choice

EXCEPTION = {"policy_exception": Field(is_yes_no=True)}
QUESTION = "policy_exception"


def is_yes(value: Any) -> bool:
    """Buttons say `yes`, forms that heard an affirm say `True`."""
    return value is True or str(value).lower() == "yes"


def is_refused(tracker: Tracker) -> bool:
    return bool(tracker.slots.get("policy_refusal"))


def refusal(refused: Refused, form: str) -> list[EventType]:
    """The rules said no at the last step: back into the form, which then has only one question left."""
    return [SlotSet("policy_refusal", refused.sentence), SlotSet(QUESTION, None), FollowupAction(form)]


class OffersException:
    """The part of a form that turns a refusal into a question."""

    form: ClassVar[str]

    def wish(self, tracker: Tracker) -> str:
        """What the customer wants, after "to": both the customer and the person who decides read it."""
        raise NotImplementedError

    def validate_policy_exception(
        self, value: Any, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> dict[str, Any]:
        if not is_yes(value):
            return {QUESTION: False}
        refused = str(tracker.slots["policy_refusal"])
        raise PersonNeeded("policy_exception", f"{refused} You'd like an exception, to {self.wish(tracker)}.")


class ActionAskPolicyException(Action):
    def name(self) -> str:
        return "action_ask_policy_exception"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        dispatcher.utter_message(
            text=f"{tracker.get_slot('policy_refusal')} A colleague may make an exception, and will see all of this. "
            "Shall I ask?",
            buttons=[choice("Ask a person", QUESTION, "yes"), choice("Leave it", QUESTION, "no")],
        )
        return []
