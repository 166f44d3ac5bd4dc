"""This side of the pipe to `model_side.py`, and the small world its models are trained on."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tools import environments
from tools.training import ROOT, rasa_env


class Refused(Exception):
    """The other side said no, in words for whoever runs it."""


class ModelBench:
    """Encoder and intent model in Rasa's environment, asked one thing after another: `bench.similar("hi", "hello")`."""

    def __init__(self, folder: Path) -> None:
        command = [str(environments.BOT.python), "-W", "ignore", "-m", "tests.bot.model_side"]
        self._errors = (folder / "errors.log").open("w+")
        self._process = subprocess.Popen(
            command,
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
            print(json.dumps([name, words, named], default=str), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
            assert line, self._last_errors()
            told = json.loads(line)
            if "refused" in told:
                raise Refused(told["refused"])
            return told["answer"]

        return ask

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def _last_errors(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-3000:]


_THINGS = ("router", "modem", "cable box", "remote", "extender", "tv box", "cable", "adapter")
_OPENINGS = (
    "I want to {} my {}",
    "can you help me {} the {}",
    "how do I {} a {}",
    "need to {} this {} today",
    "please {} the {} for me",
)
_DOING = {"return_start": "send back", "order_cancel": "cancel the order for", "troubleshoot": "fix"}
_WORLDS = {
    "cooking": ("bake {}", ("bread", "a lemon cake", "salmon", "potatoes", "cookies", "a pie", "rice", "lasagne")),
    "space": ("how far away is {}", ("Mars", "the moon", "Saturn", "Pluto", "the sun", "Venus", "Orion", "Neptune")),
    "music": ("play {}", ("some jazz", "a waltz", "the blues", "opera", "my playlist", "drums", "folk", "the violin")),
    "animals": ("do {} sleep at night", ("owls", "cats", "sharks", "bees", "horses", "bats", "frogs", "wolves")),
    "chess": ("how does the {} move in chess", ("knight", "rook", "queen", "king", "bishop", "pawn", "horse", "tower")),
}


def ours() -> list[list[str | None]]:
    """120 examples of three intents, as `[text, intent, world]`."""
    return [
        [opening.format(doing, thing), intent, None]
        for intent, doing in _DOING.items()
        for opening in _OPENINGS
        for thing in _THINGS
    ]


def foreign() -> list[list[str | None]]:
    """40 examples of five other worlds."""
    return [
        [shape.format(what), "out_of_scope", world] for world, (shape, things) in _WORLDS.items() for what in things
    ]
