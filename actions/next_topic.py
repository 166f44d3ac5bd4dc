"""What else a message asked for: kept while its first topic is handled, offered when that has ended.

The classifier puts further wishes of a message under `intents_also` (bot/nlu/clauses.py). They wait in the slot
`waiting_topics`, oldest first, so a new session and the hub know them too. `TopicKeeper` stands around all actions: it
notices new ones whichever action a message leads to, and it sees where a topic ends, whichever topic that is: no form
is open and nothing is left to do but listen. A plain yes starts what was offered, from the words it was asked for in.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActionExecuted, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import ActionExecutor, ActionExecutorRunResult, CollectingDispatcher

from actions.hearing import is_sure, since_user, yes_or_no
from actions.tried import tell_hub

WAITING, OFFERED = "waiting_topics", "offered_topic"
OFFER = "action_topic_offer"
QUESTION = "waiting_topic"
MOST_WAITING = 4
LONGEST_QUOTE = 90
BUTTONS = [{"title": "Yes, please", "payload": "/affirm"}, {"title": "No, thanks", "payload": "/deny"}]

# After these the customer is still to say what they want, or somebody else speaks next.
ENDS_NO_TOPIC = frozenset(
    {
        "action_complaint",
        "action_fallback",
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


@dataclass(frozen=True)
class Topic:
    """A wish that waits. `text` are the customer's words for it; `entities` what was found in them, by their place."""

    intent: str
    text: str
    entities: tuple[dict[str, Any], ...] = ()

    @property
    def quote(self) -> str:
        words = " ".join(self.text.split())
        return words if len(words) <= LONGEST_QUOTE else f"{words[:LONGEST_QUOTE].rsplit(' ', 1)[0]} …"


def waiting(tracker: Tracker) -> list[Topic]:
    """What waits, oldest first."""
    kept = tracker.slots.get(WAITING) or []
    return [Topic(one["intent"], one["text"], tuple(one.get("entities") or ())) for one in kept]


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
    wants = False if _intent(tracker) == "cancel_flow" else yes_or_no(tracker)
    if wants is None:
        return None
    if wants:
        return start(offered, topics, tracker)
    dispatcher.utter_message(text="All right, I'll leave that.")
    left = [topic for topic in topics if topic is not offered]
    fresh = _newest(left, tracker)
    if fresh:
        return start(fresh, left, tracker)
    return [*_keep(left), SlotSet(OFFERED, None), *([FollowupAction(OFFER)] if left else [])]


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
        *_keep([one for one in topics if one is not topic]),
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
        result = await super().run(action_call, sink, dispatcher)
        if result is not None:
            tracker.slots.update({event["name"]: event["value"] for event in noticed})
            result.events = [*noticed, *result.events, *_after(name, result.events, tracker)]
        return result


def notice(tracker: Tracker) -> list[EventType]:
    """The slot's change by the newest message: further wishes are added, what it begins by itself is taken off."""
    before = waiting(tracker)
    begun = _intent(tracker) if _begins_a_topic(tracker) and is_sure(tracker) else None
    new = [topic for topic in further_wishes(tracker) if topic.text not in {one.text for one in before}]
    topics = list({topic.intent: topic for topic in [*before, *new] if topic.intent != begun}.values())[:MOST_WAITING]
    return _keep(topics) if topics != before else []


def further_wishes(tracker: Tracker) -> list[Topic]:
    """What the newest message asks for beside its first topic, each with the entities in its own words."""
    message = tracker.latest_message or {}
    found = message.get("entities") or []
    return [
        Topic(wish["name"], wish["text"], tuple(_moved(one, wish["start"]) for one in found if _is_within(one, wish)))
        for wish in message.get("intents_also") or []
    ]


def _is_within(entity: dict[str, Any], wish: dict[str, Any]) -> bool:
    return bool(wish["start"] <= entity.get("start", -1) and entity.get("end", 0) <= wish["end"])


def _moved(entity: dict[str, Any], by: int) -> dict[str, Any]:
    return {**entity, "start": entity["start"] - by, "end": entity["end"] - by}


def _begins_a_topic(tracker: Tracker) -> bool:
    """Inside a form most intents are guesses about an answer; only what opens another form counts there."""
    if not tracker.active_loop_name:
        return True
    return any(event["event"] == "active_loop" for event in since_user(tracker))


def _intent(tracker: Tracker) -> str | None:
    return ((tracker.latest_message or {}).get("intent") or {}).get("name")


def _keep(topics: Iterable[Topic]) -> list[EventType]:
    kept = [{**asdict(topic), "entities": list(topic.entities)} for topic in topics]
    return [SlotSet(WAITING, kept or None)]


def _after(name: str, events: Iterable[EventType], tracker: Tracker) -> list[EventType]:
    """An open offer is closed by whatever else happens; a topic that has ended makes room for the next."""
    closing = [SlotSet(OFFERED, None)] if tracker.slots.get(OFFERED) and not _sets(OFFERED, events) else []
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
