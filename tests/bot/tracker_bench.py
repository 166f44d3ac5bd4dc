"""This side of the pipe to `rasa_side.py`, and what may happen in a session."""

import json
import subprocess
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tools import environments
from tools.training import ROOT, rasa_env

Json = dict[str, Any]


class TrackerBench:
    """Rasa in its own environment, asked one thing after another: `bench.told("s_1")`."""

    def __init__(self, folder: Path) -> None:
        command = [environments.BOT.python, "-W", "ignore", "-m", "tests.bot.rasa_side", folder]
        self._errors = (folder / "errors.log").open("w+")
        self._process = subprocess.Popen(
            [*map(str, command)],
            cwd=ROOT,
            env=rasa_env(),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def ask(*words: Any, **named: Any) -> Any:
            assert self._process.stdin
            assert self._process.stdout
            print(json.dumps([name, words, named]), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
            assert line, self._last_errors()
            return json.loads(line)

        return ask

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _last_errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-2000:]


SENDERS = ["s_1", "s_2", "s_3"]
LOOPS = ["pay_form", "move_form", None]


def user(intent: str, message_id: str = "m") -> Json:
    parse = {"intent": {"name": intent, "confidence": 0.9}, "entities": [], "text": intent, "intent_ranking": []}
    return {"event": "user", "text": intent, "parse_data": parse, "message_id": message_id, "metadata": {"a": {"b": 1}}}


def slot(name: str, value: Any) -> Json:
    return {"event": "slot", "name": name, "value": value}


def action(name: str, *, is_hidden: bool = False) -> Json:
    return {"event": "action", "name": name, "policy": "RulePolicy", "confidence": 1.0, "hide_rule_turn": is_hidden}


def heard(intent: str, texts: list[bool]) -> list[Json]:
    """What the customer said and how it was read: Rasa notes the second before any action, and only then."""
    read = [{"event": "user_featurization", "use_text_for_featurization": text} for text in texts[:1]]
    return [user(intent), *read]


events = st.one_of(
    st.builds(
        action,
        st.sampled_from(["action_listen", "action_say", "action_look", "pay_form", "move_form"]),
        is_hidden=st.booleans(),
    ),
    st.builds(lambda said: {"event": "bot", "text": said, "data": {"custom": {"a": [said]}}}, st.text(max_size=5)),
    st.builds(slot, st.just("amount"), st.sampled_from(["5", "40", None])),
    st.builds(slot, st.just("notes"), st.lists(st.text(max_size=3), max_size=2)),
    st.builds(slot, st.just("requested_slot"), st.sampled_from(["amount", None])),
    st.builds(lambda name: {"event": "active_loop", "name": name}, st.sampled_from(LOOPS)),
    st.sampled_from(
        [
            {"event": "session_started"},
            {"event": "undo"},
            {"event": "rewind"},
            {"event": "restart"},
            {"event": "followup", "name": "action_say"},
            {"event": "action_execution_rejected", "name": "pay_form", "policy": None, "confidence": None},
            {"event": "reset_slots"},
            {"event": "loop_interrupted", "is_loop_interrupted": True},
        ]
    ),
)
said = st.builds(heard, st.sampled_from(["greet", "bill", "stop"]), st.lists(st.booleans(), max_size=1))
turns = st.lists(st.one_of(said, events.map(lambda event: [event])), min_size=1, max_size=8).map(
    lambda pieces: [event for piece in pieces for event in piece]
)


class Clock:
    """Events happen one after the other, a second apart."""

    def __init__(self) -> None:
        self._now = 1_000_000.0

    def stamped(self, events: list[Json]) -> list[Json]:
        stamped = []
        for event in events:
            self._now += 1
            stamped.append(event | {"timestamp": self._now})
        return stamped
