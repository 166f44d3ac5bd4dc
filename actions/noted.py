"""What a person did, kept after they gave the chat back: asked about it later, the assistant quotes them first.

The slot `handback_note` holds the newest handback: `by`, `summary`, `promises` (sentences), `case_ref` and `topic`, an
intent's name.
"""

from typing import Any

from rasa_sdk import Tracker

NOTE = "handback_note"
GENERAL = "general"


def said_by(person: str | None, summary: str) -> str:
    """An agent's words as somebody else's: the assistant must not seem to have done it."""
    words = sentence(summary)
    name = (person or "").split(" ")[0]
    if not words or not name or words.lower().startswith(name.lower()):
        return words
    return f"{name} noted: {words}"


def noted(tracker: Tracker, *families: str) -> str:
    """What the person noted, if it was about one of these (`return` covers `return_start`); empty if nothing was. A
    handover that was about nothing in particular may have been about this."""
    note: dict[str, Any] = tracker.slots.get(NOTE) or {}
    topic = note.get("topic") or GENERAL
    if topic != GENERAL and families and topic.split("_")[0] not in families:
        return ""
    return _words(note)


def noted_in(tracker: Tracker, case_ref: str) -> str:
    """What the person noted, if it was in this case."""
    note: dict[str, Any] = tracker.slots.get(NOTE) or {}
    return _words(note) if note.get("case_ref") == case_ref else ""


def _words(note: dict[str, Any]) -> str:
    return " ".join(filter(None, [said_by(note.get("by"), note.get("summary") or ""), *(note.get("promises") or ())]))


def sentence(words: str) -> str:
    words = words.strip()
    return words if not words or words[-1] in ".!?" else f"{words}."
