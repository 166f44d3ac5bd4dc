"""The package the assistant leaves for people: reason, what it is about, what was understood, the form, what was tried.

The hub adds the transcript, the customer and its own facts. Everything here is read from the tracker.
"""

from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.forms import REQUESTED_SLOT

from actions.next_topic import is_continued
from actions.slots import IDENTITY
from actions.small_talk import TOPICS, fallbacks_before
from actions.turn import turn
from actions.waiting_topics import waiting

TEAMS = {"return": "returns", "refund": "returns", "exchange": "returns", "order": "returns", "outage": "network"}
TEAMS |= {"troubleshoot": "network", "bill": "billing", "payment": "billing"}
PRIORITIES = {"frustration": "high", "high_value": "high", "company_down": "high", "security": "high"}
PRIORITIES |= {"not_solved": "high"}
LONGEST_TITLE = 200
RANKED = 5

Json = dict[str, Any]


def build(tracker: Tracker, domain: Json) -> Json:
    """The body of `POST /api/v1/handovers`."""
    now, reason, detail = turn(tracker), reason_of(tracker), tracker.get_slot("handover_detail") or ""
    topic, form = topic_of(tracker), form_state(tracker, domain)
    return {
        "conversation_id": now.conversation_id,
        "turn_id": now.turn_id or None,
        "idempotency_key": now.key("handover"),
        "reason_code": reason,
        "reason_text": detail or _why(reason),
        "issue": _issue(tracker, topic, detail),
        "team": team_of(reason, topic),
        "priority": PRIORITIES.get(reason, "normal"),
        "skills_required": [],
        "nlu": _nlu(tracker),
        "form": form,
        "facts": _facts(tracker, form),
        "actions_tried": payloads(tracker, "tried"),
        "open_questions": [*_open_questions(form), *_waiting_questions(tracker)],
    }


def reason_of(tracker: Tracker) -> str:
    return tracker.get_slot("handover_reason") or "asked"


def topic_of(tracker: Tracker) -> str | None:
    """The newest intent that names a topic: "a person please" comes after what it is about."""
    said = [event for event in tracker.events if event["event"] == "user"]
    intents = [((event.get("parse_data") or {}).get("intent") or {}).get("name") for event in reversed(said)]
    return next((intent for intent in [*intents, *_waiting_intents(tracker)] if intent in TOPICS), None)


def team_of(reason: str, topic: str | None) -> str:
    if reason == "cancel_service":
        return "retention"
    if reason == "not_solved":
        # The case that was opened again stays with those who know it.
        return "care"
    return TEAMS.get((topic or "").split("_")[0], "care")


def form_state(tracker: Tracker, domain: Json) -> Json | None:
    name = tracker.active_loop_name
    if not name:
        return None
    required = ((domain.get("forms") or {}).get(name) or {}).get("required_slots") or []
    slots = [slot for slot in required if _is_asked_for(slot, name, domain)]
    answered = [slot for slot in slots if tracker.slots.get(slot) is not None]
    return {
        "name": name,
        "requested_slot": tracker.slots.get(REQUESTED_SLOT),
        "answered": answered,
        "missing": [slot for slot in slots if slot not in answered],
    }


def _is_asked_for(slot: str, form: str, domain: Json) -> bool:
    """As in `bot/reading.py`: what nothing asks for is the form's own bookkeeping, and no answer of the customer's."""
    questions = {f"{kind}_ask_{part}{slot}" for kind in ("action", "utter") for part in (f"{form}_", "")}
    return not questions.isdisjoint({*(domain.get("actions") or ()), *(domain.get("responses") or ())})


def payloads(tracker: Tracker, kind: str) -> list[Json]:
    """What actions told the hub in this session, oldest first; the hub itself has it turn by turn."""
    said = (event.get("data") or {} for event in tracker.events if event["event"] == "bot")
    told = ((data.get("custom") or {}).get("tellonce") or {} for data in said)
    return [payload[kind] for payload in told if kind in payload]


def _issue(tracker: Tracker, topic: str | None, detail: str) -> Json:
    title = TOPICS[topic] if topic else (_first_words(tracker) or "Wants to talk to a person")
    return {
        "title": title[:LONGEST_TITLE],
        "type": topic or "general",
        "summary_for_customer": f"{title}: passed to a person."[:LONGEST_TITLE],
        "summary_for_agent": " ".join(filter(None, [f"{title}.", detail, _last_said(tracker)])),
    }


def _nlu(tracker: Tracker) -> Json:
    message = tracker.latest_message or {}
    ranking = [
        {"name": guess["name"], "confidence": guess["confidence"]} for guess in message.get("intent_ranking") or []
    ]
    return {
        "latest_text": message.get("text") or "",
        "intent_ranking": ranking[:RANKED],
        "entities": [
            {"entity": entity["entity"], "value": entity["value"]} for entity in message.get("entities") or []
        ],
        "fallback_count": fallbacks_before(tracker) + (reason_of(tracker) == "fallback"),
    }


def _facts(tracker: Tracker, form: Json | None) -> list[Json]:
    """What actions found out, and the form's answers. Who the customer is the hub knows better than the form."""
    learned = [
        {
            "name": fact["name"],
            "value": str(fact["value"]),
            "set_by": "action",
            "validated": bool(fact.get("validated")),
        }
        | {"sensitive": bool(fact.get("sensitive"))}
        for fact in payloads(tracker, "fact")
    ]
    answered = [slot for slot in (form or {}).get("answered", []) if slot not in IDENTITY]
    return learned + [{"name": slot, "value": _words(tracker.slots[slot]), "set_by": "customer"} for slot in answered]


def _words(value: Any) -> str:
    """A slot's value as people read it; addresses are kept in parts."""
    return ", ".join(str(part) for part in value.values() if part) if isinstance(value, dict) else str(value)


def _open_questions(form: Json | None) -> list[str]:
    asked = form and form["requested_slot"]
    return [f"Not answered yet: {asked.replace('_', ' ')}."] if asked else []


def _waiting_questions(tracker: Tracker) -> list[str]:
    """As in `handoff/packing.py`, which packs when the assistant cannot."""
    return [f"Also asked for, not started yet: “{topic.quote}”." for topic in waiting(tracker)]


def _waiting_intents(tracker: Tracker) -> list[str]:
    return [topic.intent for topic in waiting(tracker)]


def _typed(tracker: Tracker) -> list[str]:
    users = [event for event in tracker.events if event["event"] == "user" and not is_continued(event)]
    said = [(event.get("text") or "").strip() for event in users]
    return [text for text in said if text and not text.startswith("/")]


def _first_words(tracker: Tracker) -> str:
    return next(iter(_typed(tracker)), "")


def _last_said(tracker: Tracker) -> str:
    said = _typed(tracker)
    return f'Last words: "{said[-1]}"' if said else ""


def _why(reason: str) -> str:
    return {
        "asked": "The customer asked for a person.",
        "fallback": "I did not understand the customer.",
        "frustration": "The customer is frustrated.",
    }.get(reason, reason.replace("_", " ").capitalize() + ".")
