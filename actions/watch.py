"""Notices, before any action works on a message, that the customer has had enough.

It sits in front of all actions because any of them may be the first of a turn, forms included; a rule in each topic
would be forgotten in one. Only the first action of a turn is replaced, and the same anger is passed on only once.
Strong language with a clear wish is answered with an apology and the thing wished for, and a person is on offer.
"""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.events import ActionExecutionRejected, EventType
from rasa_sdk.executor import ActionExecutorRunResult, CollectingDispatcher

from actions import frustration
from actions.hearing import is_sure
from actions.next_topic import TopicKeeper, is_continued
from actions.said import intent_of
from actions.small_talk import PERSON, TOPICS
from actions.tried import to_person

UNWATCHED = frozenset({"action_handover", "action_handback", "action_session_start", "action_turn_end"})


class WatchfulExecutor(TopicKeeper):
    async def run(self, action_call: dict[str, Any]) -> ActionExecutorRunResult | None:
        name = action_call.get("next_action") or ""
        if name not in UNWATCHED and action_call.get("tracker"):
            tracker = Tracker.from_dict(action_call["tracker"])
            why = enough(tracker)
            if why and is_first_of_turn(tracker):
                if why == frustration.STRONG and has_a_wish(tracker):
                    return await self._served_with_apology(action_call)
                events = instead(name, f"The customer is frustrated: {why}.")
                return ActionExecutorRunResult(events=events, responses=[])
        return await super().run(action_call)

    async def _served_with_apology(self, action_call: dict[str, Any]) -> ActionExecutorRunResult | None:
        dispatcher = CollectingDispatcher()
        dispatcher.utter_message(text="I'm sorry about this, let me put it right.", buttons=[PERSON])
        return await super().run(action_call, dispatcher=dispatcher)


def enough(tracker: Tracker) -> str | None:
    return frustration.sign(words_since_handover(tracker))


def has_a_wish(tracker: Tracker) -> bool:
    """Who swears once while asking for something we can do wants that done, not a queue. The second time is enough."""
    sworn = sum(map(frustration.is_strong, words_since_handover(tracker)))
    return sworn == 1 and intent_of(tracker) in TOPICS and is_sure(tracker)


def words_since_handover(tracker: Tracker) -> list[str]:
    """What the customer typed since the last handover or handback; the same anger is not passed on twice."""
    texts: list[str] = []
    for event in tracker.events:
        if event["event"] == "action" and event["name"] in ("action_handover", "action_handback"):
            texts = []
        elif event["event"] == "user" and not (event.get("text") or "").startswith("/") and not is_continued(event):
            texts.append(event.get("text") or "")
    return texts


def is_first_of_turn(tracker: Tracker) -> bool:
    """Nothing has run since the customer spoke, but for the form on whose behalf a validation is asked."""
    last = max((at for at, event in enumerate(tracker.events) if event["event"] == "user"), default=-1)
    since = tracker.events[last + 1 :]
    ran = [event["name"] for event in since if event["event"] == "action"]
    is_typed = last >= 0 and not (tracker.events[last].get("text") or "").startswith("/")
    return (
        is_typed
        and not [event for event in since if event["event"] == "bot"]
        and ran in ([], [tracker.active_loop_name])
    )


def instead(action: str, detail: str) -> list[EventType]:
    form = action.removeprefix("validate_")
    rejected = [ActionExecutionRejected(form)] if form != action else []
    return [*rejected, *to_person("frustration", detail)]
