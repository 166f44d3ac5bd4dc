"""What one turn came to, read from the words that were sent and from the tracker. Pure: nothing is asked or stored."""

from typing import Any, Dict, Iterable, List, Optional

from rasa.core.actions.action import default_actions
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME, REQUESTED_SLOT
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

RANKED = 5
# Bookkeeping of Rasa's and of one moment; nothing a later session could use.
OWN_SLOTS = frozenset(
    {REQUESTED_SLOT, "session_started_metadata", "resuming_form", "handover_reason", "handover_detail"}
)

Json = Dict[str, Any]


def read_turn(said: List[Json], tracker: DialogueStateTracker, domain: Domain) -> Json:
    """The answer of contract 1. `said` are the messages as Rasa handed them to the output channel, in order."""
    payloads = [_payload(message) for message in said]
    events = events_of_turn(tracker)
    form = read_form(tracker, domain)
    asked = _all("question", payloads)
    return {
        "messages": read_messages(said),
        "understood": read_understood(tracker),
        "slots": read_slots(tracker),
        "form": form,
        "tried": _all("tried", payloads),
        "facts": _all("fact", payloads),
        "question": asked[-1] if asked else form and form["requested_slot"],
        "actions": [event.action_name for event in _executed(events)],
        "failures": read_failures(events) + _all("failure", payloads),
    }


def read_messages(said: List[Json]) -> List[Json]:
    """Customers' messages; a link payload is hung on the words just before it."""
    messages: List[Json] = []
    for message in said:
        if message.get("text") or message.get("image"):
            buttons = [
                {"title": button["title"], "payload": button["payload"]} for button in message.get("buttons") or []
            ]
            text, image = message.get("text") or "", message.get("image")
            messages.append({"text": text, "buttons": buttons, "image": image, "link": None})
        elif "link" in _payload(message) and messages:
            messages[-1]["link"] = _payload(message)["link"]
    return messages


def read_understood(tracker: DialogueStateTracker) -> Json:
    message = next(iter(spoken(tracker.events)[-1:]), None)
    if message is None:
        return {"intent": None, "ranking": [], "entities": [], "also": []}
    parse = message.parse_data
    ranking = [_scored(intent) for intent in parse.get("intent_ranking", [])[:RANKED]]
    entities = [{key: entity.get(key) for key in ("entity", "value", "start", "end")} for entity in message.entities]
    also = [{key: wish[key] for key in ("name", "confidence", "text")} for wish in parse.get("intents_also") or []]
    return {"intent": _scored(message.intent), "ranking": ranking, "entities": entities, "also": also}


def read_slots(tracker: DialogueStateTracker) -> Json:
    """SHARED_SLOTS: all that is set, so that a rotated session or a handback can go on from here."""
    return {
        name: slot.value for name, slot in tracker.slots.items() if slot.value is not None and name not in OWN_SLOTS
    }


def read_form(tracker: DialogueStateTracker, domain: Domain) -> Optional[Json]:
    name = tracker.active_loop_name
    if not name:
        return None
    slots = [slot for slot in domain.required_slots_for_form(name) if _is_asked_for(slot, name, domain)]
    answered = [slot for slot in slots if tracker.get_slot(slot) is not None]
    missing = [slot for slot in slots if slot not in answered]
    return {"name": name, "requested_slot": tracker.get_slot(REQUESTED_SLOT), "answered": answered, "missing": missing}


def _is_asked_for(slot: str, form: str, domain: Domain) -> bool:
    """What no action or response asks for is the form's own bookkeeping: no customer answers it, and none owes it."""
    questions = {f"{kind}_ask_{part}{slot}" for kind in ("action", "utter") for part in (f"{form}_", "")}
    return not questions.isdisjoint(domain.user_actions)


def events_of_turn(tracker: DialogueStateTracker) -> List[Event]:
    """Everything since the customer's message; for the first message also the start of the session."""
    events = list(tracker.events)
    starts = [at for at, event in enumerate(events) if _is_spoken(event)]
    return events[starts[-1] :] if len(starts) > 1 else events


def spoken(events: Iterable[Event]) -> List[UserUttered]:
    """The customer's messages. Words of before that an action takes up again (`continues`) are no new message."""
    return [event for event in events if _is_spoken(event)]


def _is_spoken(event: Event) -> bool:
    return isinstance(event, UserUttered) and not (event.metadata or {}).get("continues")


def read_failures(events: List[Event]) -> List[str]:
    """Actions that raised, each once.

    Rasa drops the events of such an action and goes on as if nothing had happened. Each of our actions says or changes
    something, so one that left no trace has failed.
    """
    failures: Dict[str, None] = {}
    for event, following in zip(events, [*events[1:], None], strict=True):
        is_silent = following is None or isinstance(following, (ActionExecuted, UserUttered))
        if isinstance(event, ActionExecuted) and is_silent and _is_ours(event.action_name):
            failures[event.action_name] = None
    return list(failures)


def _is_ours(action: Optional[str]) -> bool:
    rasas_own = {default.name() for default in default_actions()} - {ACTION_SESSION_START_NAME}
    return action is not None and action not in rasas_own


def _executed(events: List[Event]) -> Iterable[ActionExecuted]:
    return [event for event in events if isinstance(event, ActionExecuted) and event.action_name != ACTION_LISTEN_NAME]


def _payload(message: Json) -> Json:
    return (message.get("custom") or {}).get("tellonce") or {}


def _all(kind: str, payloads: List[Json]) -> List[Any]:
    return [payload[kind] for payload in payloads if kind in payload]


def _scored(intent: Json) -> Json:
    return {"name": intent.get("name"), "confidence": round(float(intent.get("confidence") or 0.0), 4)}
