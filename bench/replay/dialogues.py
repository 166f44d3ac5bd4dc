"""Recorded dialogues with their gold data, one JSON object a line.

`turns[].speaker` is customer, agent or system; only the customer's are played. A turn may carry `canonical_intent` and
`slots` (name to list of values), the dialogue `slots` (name to value).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IDENTIFIERS = re.compile(r"email|phone|order_?id|account_?(id|number)|.*zip_?code|zip|policy_?id|claim_?id")
CARD = "card_number"
CARD_LENGTHS = range(13, 20)


@dataclass(frozen=True)
class Said:
    text: str
    intent: str | None


@dataclass(frozen=True)
class Dialogue:
    id: str
    turns: tuple[Said, ...]
    gold: tuple[tuple[str, str], ...]
    """Slot names and values, each pair once, in the order they first occur."""

    def typed(self) -> list[tuple[str, str]]:
        """The gold values that the customer really wrote, cards left out."""
        words = [plain(turn.text) for turn in self.turns]
        return [
            (name, value)
            for name, value in self.gold
            if name != CARD and plain(value) and any(plain(value) in text for text in words)
        ]

    def cards(self) -> list[str]:
        """Values called a card number that are long enough to be one."""
        return [value for name, value in self.gold if name == CARD and len(re.sub(r"\D", "", value)) in CARD_LENGTHS]


def load(path: Path) -> list[Dialogue]:
    with path.open(encoding="utf-8") as lines:
        return [_dialogue(json.loads(line)) for line in lines if line.strip()]


def is_identifier(name: str) -> bool:
    return bool(IDENTIFIERS.fullmatch(name))


def plain(value: str) -> str:
    """What two spellings of one value share: letters and digits."""
    return re.sub(r"[^0-9a-z]", "", value.lower())


def _dialogue(row: dict[str, Any]) -> Dialogue:
    spoken = [turn for turn in row["turns"] if turn["speaker"] == "customer" and turn["text"].strip()]
    pairs = {(name, plain(value)): (name, value) for name, value in reversed(list(_pairs(row, spoken)))}
    turns = tuple(Said(turn["text"], turn.get("canonical_intent")) for turn in spoken)
    return Dialogue(row["id"], turns, tuple(reversed(pairs.values())))


def _pairs(row: dict[str, Any], spoken: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for name, value in row.get("slots", {}).items():
        yield name, str(value)
    for turn in spoken:
        for name, values in (turn.get("slots") or {}).items():
            yield from ((name, str(value)) for value in values)
