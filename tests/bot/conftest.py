"""The real assistant for these tests: Rasa with the trained model, the action server and the demo company.

Only the desk they hand over to is scripted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from tests.bot.scripted_desk import ScriptedDesk
from tools.ports import Ports
from tools.stack import Stack

Json = dict[str, Any]


@dataclass
class Chat:
    """One session with the assistant, spoken to as the hub would."""

    url: str
    secret: str
    account_number: str | None = None
    facts: Json = field(default_factory=dict)
    is_verified: bool = False
    sender: str = field(default_factory=lambda: f"s_{uuid4().hex}")
    buttons: list[Json] = field(default_factory=list)

    def say(self, text: str, **metadata: Any) -> Json:
        answer = self.post(text, **metadata)
        assert answer.status_code == 200, answer.text
        turn: Json = answer.json()
        self.buttons = [button for message in turn["messages"] for button in message["buttons"]]
        return turn

    def press(self, title: str) -> Json:
        return self.say(next(button["payload"] for button in self.buttons if button["title"] == title))

    def post(self, text: str, **metadata: Any) -> requests.Response:
        body = {"sender": self.sender, "message_id": uuid4().hex, "text": text, "metadata": self._metadata() | metadata}
        return requests.post(self.url, json=body, headers={"X-Tellonce-Secret": self.secret}, timeout=30)

    def forget(self, secret: str | None = None) -> requests.Response:
        url = self.url.removesuffix("/turn") + f"/sessions/{self.sender}"
        return requests.delete(url, headers={"X-Tellonce-Secret": secret or self.secret}, timeout=30)

    def know(self, **facts: str) -> None:
        self.facts |= {
            name: {"value": value, "validated": True, "source_message_id": "m"} for name, value in facts.items()
        }

    def _metadata(self) -> Json:
        customer = {"id": "cu_1", "name": None, "account_number": self.account_number, "is_verified": self.is_verified}
        return {"conversation_id": "c_1", "turn_id": uuid4().hex, "customer": customer, "facts": self.facts}


@dataclass(frozen=True)
class Assistant:
    stack: Stack
    desk: ScriptedDesk

    def chat(self, account_number: str | None = None) -> Chat:
        return Chat(self.url, self.secret, account_number)

    @property
    def url(self) -> str:
        return f"{self.stack.ports.urls['rasa']}/webhooks/tellonce/turn"

    @property
    def secret(self) -> str:
        return self.stack.secrets()["TELLONCE_ASSISTANT_SECRET"]


@pytest.fixture(scope="session")
def running_assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    stack = Stack(Path(tmp_path_factory.mktemp("assistant")), Ports.free())
    desk = ScriptedDesk(stack.ports.hub)
    try:
        for name in ("rasa", "company", "actions"):
            stack.launch(name)
        for name in ("rasa", "company", "actions"):
            stack.wait_until_ready(name)
        yield Assistant(stack, desk)
    finally:
        stack.stop()
        desk.close()


@pytest.fixture
def assistant(running_assistant: Assistant) -> Assistant:
    running_assistant.desk.state = "queued"
    running_assistant.desk.packages.clear()
    running_assistant.desk.notes.clear()
    running_assistant.desk.answers.clear()
    return running_assistant


def words(turn: Json) -> str:
    """Everything said in a turn, as one text."""
    return " ".join(message["text"] for message in turn["messages"])
