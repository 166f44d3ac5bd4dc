"""One turn with an action, as Rasa would ask for it: tracker JSON in, words and events out. No Rasa is needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

Json = dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """What came of it. `noted` is what only the hub sees."""

    texts: tuple[str, ...]
    buttons: tuple[Json, ...]
    noted: tuple[Json, ...]
    events: tuple[Json, ...]

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    @property
    def slots(self) -> Json:
        return {event["name"]: event["value"] for event in self.events if event["event"] == "slot"}

    @property
    def next_action(self) -> str | None:
        return next((event["name"] for event in self.events if event["event"] == "followup"), None)

    @property
    def tried(self) -> dict[str, str]:
        """Each company call and how it ended."""
        return {note["tried"]["name"]: note["tried"]["outcome"] for note in self.noted if "tried" in note}

    @property
    def facts(self) -> dict[str, str]:
        return {note["fact"]["name"]: note["fact"]["value"] for note in self.noted if "fact" in note}

    @property
    def links(self) -> tuple[Json, ...]:
        return tuple(note["link"] for note in self.noted if "link" in note)

    def payload(self, title: str) -> str:
        return next(str(button["payload"]) for button in self.buttons if button["title"] == title)


def said(
    text: str = "",
    intent: str = "inform",
    *,
    account: str | None = None,
    entities: Mapping[str, str] | None = None,
    facts: Mapping[str, str] | None = None,
    slots: Mapping[str, Any] | None = None,
    form: str | None = None,
    key: str | None = None,
) -> Tracker:
    """The tracker after a customer's message. With `form` the message answers that form's question."""
    message_id = key or f"message-{uuid4()}"
    message = {
        "text": text,
        "intent": {"name": intent, "confidence": 0.9},
        "entities": [{"entity": name, "value": value} for name, value in (entities or {}).items()],
        "metadata": {
            "conversation_id": "conversation",
            "turn_id": "turn",
            "message_id": message_id,
            "customer": {"account_number": account} if account else {},
            "facts": {name: {"value": value, "source_message_id": "earlier"} for name, value in (facts or {}).items()},
        },
    }
    state = dict.fromkeys(domain()["slots"]) | {"requested_slot": None} | dict(slots or {})
    loop = [{"event": "active_loop", "name": form}] if form else []
    events = [
        *loop,
        {"event": "action", "name": "action_listen"},
        {"event": "user", "text": text, "parse_data": message},
    ]
    return Tracker("sender", state, message, events, False, None, {"name": form} if form else {}, "action_listen")


async def run(action: Action, tracker: Tracker) -> Turn:
    dispatcher = CollectingDispatcher()
    events = await action.run(dispatcher, tracker, domain())
    customs = [message["custom"] for message in dispatcher.messages if message.get("custom")]
    return Turn(
        texts=tuple(message["text"] for message in dispatcher.messages if message.get("text")),
        buttons=tuple(button for message in dispatcher.messages for button in message.get("buttons") or ()),
        noted=tuple(custom["tellonce"] for custom in customs if "tellonce" in custom),
        events=tuple(dict(event) for event in events),
    )


@lru_cache
def domain() -> Json:
    path = Path(__file__).resolve().parents[2] / "domain.yml"
    loaded: Json = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded
