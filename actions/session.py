"""The two ends of Rasa's bookkeeping: how a session starts and how a turn ends that no rule has foreseen."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, EventType, FollowupAction, SessionStarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.small_talk import not_understood


class SessionStart(Action):
    """A new session knows what the old one knew: the hub rotates sessions and hands the slots over in `carry`."""

    def name(self) -> str:
        return "action_session_start"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        metadata = tracker.get_slot("session_started_metadata") or {}
        known = {name: value for name, value in (metadata.get("carry") or {}).items() if name in tracker.slots}
        return [SessionStarted(), *[SlotSet(*slot) for slot in known.items()], ActionExecuted("action_listen")]


class TurnEnd(Action):
    """Asked for when no rule says what comes next. After words were said that is simply the end of the turn, or the
    form's question again; a turn that would stay silent is one we did not understand."""

    def name(self) -> str:
        return "action_turn_end"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        if not said_something(tracker):
            return [*not_understood(dispatcher, tracker), *_back_to_form(tracker)]
        return _back_to_form(tracker)


def said_something(tracker: Tracker) -> bool:
    for event in reversed(tracker.events):
        if event["event"] == "user":
            return False
        if event["event"] == "bot" and event.get("text"):
            return True
    return False


def _back_to_form(tracker: Tracker) -> list[EventType]:
    return [FollowupAction(tracker.active_loop_name or "action_listen")]
