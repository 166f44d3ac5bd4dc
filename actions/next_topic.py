"""What else a message asked for: kept while its first topic is handled, offered when that has ended.

`TopicKeeper` stands around all actions. Before one it notices new wishes, whichever action a message leads to, and lets
the first topic hear only its own words; after one it sees where a topic ends, whichever topic that is: no form is open
and nothing is left to do but listen. A plain yes starts what was offered, from the words it was asked for in.
"""

from collections.abc import Iterable
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import ActionExecutor, ActionExecutorRunResult, CollectingDispatcher

from actions.hearing import yes_or_no
from actions.tried import tell_hub
from actions.waiting_topics import WAITING, Topic, first_topic_of, further_wishes, intent_of, keep, notice, waiting

OFFERED = "offered_topic"
OFFER = "action_topic_offer"
QUESTION = "waiting_topic"
BUTTONS = [{"title": "Yes, please", "payload": "/affirm"}, {"title": "No, thanks", "payload": "/deny"}]

# After these the customer is still to say what they want, or somebody else speaks next.
ENDS_NO_TOPIC = frozenset(
    {
        "action_fallback",
        "action_files_sent",
        "action_handback",
        "action_handover",
        "action_help",
        "action_out_of_scope",
        "action_session_start",
        "action_small_talk",
        "action_turn_end",
        OFFER,
    }
)
QUESTIONS = ("validate_", "action_ask_")
# Between these the offer stays open: "thanks … yes, go on".
LEAVES_OFFER_OPEN = frozenset({"action_files_sent", "action_help", "action_out_of_scope", "action_small_talk", OFFER})


def is_continued(event: EventType) -> bool:
    """Whether a message is one of before, taken up again (`start`)."""
    return bool((event.get("metadata") or {}).get("continues"))


def forget_all(tracker: Tracker) -> list[EventType]:
    """When people have taken over what waited."""
    return [SlotSet(slot, None) for slot in (WAITING, OFFERED) if tracker.slots.get(slot)]


def answer(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType] | None:
    """What a message means that no rule has a better reading of: yes or no to an offer, or, where it only told us
    something, the wish that came along with it. None when it means nothing to us."""
    topics = waiting(tracker)
    if not topics or tracker.active_loop_name:
        return None
    offered = next((topic for topic in topics if topic.intent == tracker.slots.get(OFFERED)), None)
    if offered is None:
        fresh = _newest(topics, tracker)
        return start(fresh, topics, tracker) if fresh else None
    wants = False if intent_of(tracker) == "cancel_flow" else yes_or_no(tracker)
    if wants is None:
        return None
    if wants:
        return start(offered, topics, tracker)
    dispatcher.utter_message(text="All right, I'll leave that.")
    left = [topic for topic in topics if topic is not offered]
    fresh = _newest(left, tracker)
    if fresh:
        return start(fresh, left, tracker)
    return [*keep(left), SlotSet(OFFERED, None), *([FollowupAction(OFFER)] if left else [])]


def _newest(topics: Iterable[Topic], tracker: Tracker) -> Topic | None:
    """What came along with this very message: nobody has to be asked whether they still want it."""
    said = {topic.text for topic in further_wishes(tracker)}
    return next((topic for topic in topics if topic.text in said), None)


def start(topic: Topic, topics: Iterable[Topic], tracker: Tracker) -> list[EventType]:
    """Go on as if the customer had written the words of `topic` just now; rules and forms then need to know nothing.

    The message keeps the turn's metadata. `continues` tells whoever counts the customer's words that they are the same.
    """
    message = tracker.latest_message or {}
    said = {
        "text": topic.text,
        "intent": {"name": topic.intent, "confidence": 1.0},
        "intent_ranking": [{"name": topic.intent, "confidence": 1.0}],
        "entities": list(topic.entities),
        "message_id": message.get("message_id"),
        "metadata": message.get("metadata") or {},
    }
    return [
        *keep([one for one in topics if one is not topic]),
        SlotSet(OFFERED, None),
        ActionExecuted("action_listen"),
        {"event": "user", "timestamp": None, "text": topic.text, "parse_data": said, "metadata": {"continues": True}},
    ]


class TopicOffer(Action):
    """Asks whether to go on with what waits longest."""

    def name(self) -> str:
        return OFFER

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        topic = next(iter(waiting(tracker)), None)
        if topic is None:
            return [SlotSet(OFFERED, None), FollowupAction("action_listen")]
        dispatcher.utter_message(text=f"You also wrote “{topic.quote}”. Shall I start with that?", buttons=BUTTONS)
        tell_hub(dispatcher, question=QUESTION)
        return [SlotSet(OFFERED, topic.intent), FollowupAction("action_listen")]


class TopicKeeper(ActionExecutor):
    async def run(
        self, action_call: dict[str, Any], sink: Any = None, dispatcher: CollectingDispatcher | None = None
    ) -> ActionExecutorRunResult | None:
        """Run an action with what waits up to date before it, and the next topic offered after the last one."""
        if not action_call.get("tracker"):
            return await super().run(action_call, sink, dispatcher)
        name, tracker = action_call.get("next_action") or "", Tracker.from_dict(action_call["tracker"])
        noticed = notice(tracker)
        action_call["tracker"]["slots"].update({event["name"]: event["value"] for event in noticed})
        if name not in ENDS_NO_TOPIC:
            action_call["tracker"]["latest_message"] = first_topic_of(tracker)
        result = await super().run(action_call, sink, dispatcher)
        if result is not None:
            tracker.slots.update({event["name"]: event["value"] for event in noticed})
            result.events = [*noticed, *result.events, *_after(name, result.events, tracker)]
        return result


def _after(name: str, events: Iterable[EventType], tracker: Tracker) -> list[EventType]:
    """An open offer is closed by whatever else happens; a topic that has ended makes room for the next."""
    is_open = tracker.slots.get(OFFERED) and (name in LEAVES_OFFER_OPEN or _sets(OFFERED, events))
    closing = [SlotSet(OFFERED, None)] if tracker.slots.get(OFFERED) and not is_open else []
    return [*closing, *([FollowupAction(OFFER)] if _has_ended(name, events, tracker) else [])]


def _has_ended(name: str, events: Iterable[EventType], tracker: Tracker) -> bool:
    if name in ENDS_NO_TOPIC or name.startswith(QUESTIONS) or not _left_waiting(events, tracker):
        return False
    if any(event["event"] in ("followup", "user") for event in events):
        return False
    loops = [event.get("name") for event in events if event["event"] == "active_loop"]
    return not (loops[-1] if loops else tracker.active_loop_name)


def _left_waiting(events: Iterable[EventType], tracker: Tracker) -> Any:
    kept = [event["value"] for event in events if event["event"] == "slot" and event["name"] == WAITING]
    return kept[-1] if kept else tracker.slots.get(WAITING)


def _sets(slot: str, events: Iterable[EventType]) -> bool:
    return any(event["event"] == "slot" and event["name"] == slot for event in events)
