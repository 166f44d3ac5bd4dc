"""Trackers as Rasa would send them, built from a short account of what happened."""

from typing import Any

from rasa_sdk import Tracker

Json = dict[str, Any]


def a_message(text: str, intent: str = "inform", confidence: float = 0.9, **entities: str) -> Json:
    """What the customer said; `entities` are name and value."""
    guess = {"name": intent, "confidence": confidence}
    found = [{"entity": name, "value": value} for name, value in entities.items()]
    return {"text": text, "intent": guess, "intent_ranking": [guess], "entities": found}


def said(text: str, intent: str = "inform") -> Json:
    return {"event": "user", "text": text, "parse_data": a_message(text, intent)}


def answered(text: str, **payload: Any) -> Json:
    return {"event": "bot", "text": text, "data": {"custom": {"tellonce": payload}} if payload else {}}


def did(action: str) -> Json:
    return {"event": "action", "name": action}


def a_tracker(
    *events: Json,
    message: Json | None = None,
    slots: Json | None = None,
    form: str | None = None,
    asked: str | None = None,
    metadata: Json | None = None,
) -> Tracker:
    """In the form `form` with `asked` as its open question; the newest message defaults to the last one in `events`."""
    users = [event for event in events if event["event"] == "user"]
    latest = message or (users[-1]["parse_data"] if users else a_message(""))
    return Tracker(
        sender_id="s_1",
        slots={"requested_slot": asked, **(slots or {})},
        latest_message={**latest, "metadata": metadata or {}},
        events=list(events),
        paused=False,
        followup_action=None,
        active_loop={"name": form} if form else {},
        latest_action_name="action_listen",
    )
