"""Customers who write to an assistant over HTTP, one message after the other, and how long each answer takes."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import requests

from bench.turns.dialogues import ACCOUNT, DIALOGUES, one_after_the_other

TIMEOUT_S = 60.0
SESSION_TURNS = 40
"""After how many turns the hub renews the session (TELLONCE_ASSISTANT_SESSION_TURNS)."""

Json = dict[str, Any]


class Failed(Exception):
    """The turn had no answer a customer could read."""


@dataclass(frozen=True)
class Answer:
    """What was said, and what the hub would carry into the next session."""

    texts: tuple[str, ...]
    slots: Json = field(default_factory=dict)
    is_in_form: bool = False


@dataclass
class Timings:
    """Milliseconds of each answered turn in order; turns without a real answer are only counted."""

    ms: list[float] = field(default_factory=list)
    texts: int = 0
    failed: int = 0
    took_s: float = 0.0

    def add(self, other: "Timings") -> None:
        self.ms += other.ms
        self.texts += other.texts
        self.failed += other.failed
        self.took_s += other.took_s


class Ours:
    """Asked as the hub asks: contract 1."""

    def __init__(self, url: str, secret: str) -> None:
        self._url, self._http = f"{url}/webhooks/tellonce/turn", requests.Session()
        self._http.headers["X-Tellonce-Secret"] = secret

    def ask(self, sender: str, text: str, metadata: Json) -> Answer:
        body = {"sender": sender, "message_id": uuid4().hex, "text": text, "metadata": metadata}
        answer = self._http.post(self._url, json=body, timeout=TIMEOUT_S)
        turn = answer.json()
        if answer.status_code != 200 or turn["failures"]:
            raise Failed(answer.text[:300])
        texts = tuple(message["text"] for message in turn["messages"])
        return Answer(texts, turn["slots"], turn["form"] is not None)


class Stock:
    """Asked through Rasa's REST channel."""

    def __init__(self, url: str) -> None:
        self._url, self._http = f"{url}/webhooks/rest/webhook", requests.Session()

    def ask(self, sender: str, text: str, metadata: Json) -> Answer:
        answer = self._http.post(
            self._url, json={"sender": sender, "message": text, "metadata": metadata}, timeout=TIMEOUT_S
        )
        if answer.status_code != 200:
            raise Failed(answer.text[:300])
        return Answer(tuple(message.get("text") or "" for message in answer.json()))


Line = Callable[[], "Ours | Stock"]
"""Opens a connection of its own for each customer."""


def short(line: Line, senders: int, each: int) -> Timings:
    """`senders` customers at once, each with all dialogues `each` times, every dialogue a conversation of its own."""
    started = time.perf_counter()
    with ThreadPoolExecutor(senders) as pool:
        parts = list(pool.map(lambda number: _customer(line(), number, each), range(senders)))
    whole = Timings()
    for part in parts:
        whole.add(part)
    whole.took_s = time.perf_counter() - started
    return whole


def long(line: Line, turns: int, limit_s: float, *, is_renewed: bool) -> Timings:
    """One conversation of `turns`, or as many of them as `limit_s` leaves time for.

    With `is_renewed` its session is renewed as the hub does it: after so many turns, not in the middle of a form, and
    the new one is told what the old one knew.
    """
    assistant, timings, script = line(), Timings(), one_after_the_other()
    sender, in_session = _new_sender(), 0
    carry: Json = {}
    started = time.perf_counter()
    for number in range(turns):
        if time.perf_counter() - started > limit_s:
            break
        answer = _turn(assistant, timings, sender, script[number % len(script)], carry)
        in_session += 1
        if is_renewed and in_session >= SESSION_TURNS and answer and not answer.is_in_form:
            sender, carry, in_session = _new_sender(), answer.slots, 0
    timings.took_s = time.perf_counter() - started
    return timings


def warm_up(line: Line) -> None:
    _customer(line(), 0, 1)


def _customer(assistant: "Ours | Stock", number: int, each: int) -> Timings:
    timings = Timings()
    for dialogue in _in_turn(number, each):
        sender = _new_sender()
        for text in dialogue:
            _turn(assistant, timings, sender, text, {})
    return timings


def _in_turn(number: int, each: int) -> Iterator[Sequence[str]]:
    """Customers at the same time are at different dialogues."""
    for at in range(each * len(DIALOGUES)):
        yield DIALOGUES[(number + at) % len(DIALOGUES)]


def _turn(assistant: "Ours | Stock", timings: Timings, sender: str, text: str, carry: Json) -> Answer | None:
    metadata = _metadata(sender, carry)
    started = time.perf_counter()
    try:
        answer = assistant.ask(sender, text, metadata)
    except (Failed, requests.RequestException, ValueError, KeyError):
        timings.failed += 1
        return None
    took_ms = (time.perf_counter() - started) * 1000
    texts = [said for said in answer.texts if said.strip()]
    if not texts:
        timings.failed += 1
        return None
    timings.ms.append(took_ms)
    timings.texts += len(texts)
    return answer


def _new_sender() -> str:
    return f"s_{uuid4().hex}"


def _metadata(sender: str, carry: Json) -> Json:
    """A customer who is signed in, so that nobody is asked who they are."""
    customer = {"id": "bench", "name": "Maya Okafor", "account_number": ACCOUNT}
    told = {"conversation_id": sender, "turn_id": uuid4().hex, "message_id": uuid4().hex, "channel": "web"}
    return {**told, "locale": "en", "customer": customer, "facts": {}, "carry": carry, "open_cases": []}
