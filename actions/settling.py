"""Forms that work out more than they were told: a single device needs no choice, a wished-for time no question.

`settle` runs after every message, once the customer is known. It changes the tracker's slots; what it changed becomes
events here, so that subclasses read as plain assignments.
"""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.refusals import OffersException
from actions.slots import FormFromFacts


class SettlingForm(OffersException, FormFromFacts):
    async def settle(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        """Whatever follows from the answers without another question. Works on the tracker's slots."""
        raise NotImplementedError

    async def _fill(
        self, heard: dict[str, Any], dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        events = await super()._fill(heard, dispatcher, tracker, domain)
        if not is_known(tracker):
            return events
        before = dict(tracker.slots)
        await self.settle(dispatcher, tracker)
        changed = {slot: value for slot, value in tracker.slots.items() if before.get(slot) != value}
        return [*events, *(SlotSet(slot, value) for slot, value in changed.items())]


def is_known(tracker: Tracker) -> bool:
    """Whether the account is found and confirmed."""
    return bool(tracker.slots.get("account_number") and tracker.slots.get("account_postcode"))
