"""Card numbers, however they are spelled and by whichever door they come, reach no file of ours."""

import json
import random
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tests.journeys.breakable import Breakable
from tests.support.agent import Agent
from tests.support.customer import Customer

MARKER = "31415926535"
"""A number that is no card and must be found, or the search would be blind."""


def _numbers() -> Iterator[str]:
    """Invented, with a valid check digit, so that each leak can be traced to the words it came by."""
    invent = random.Random(20)
    while True:
        number = "4" + "".join(str(invent.randrange(10)) for _ in range(14))
        doubled = [int(digit) * (2 - index % 2) for index, digit in enumerate(number)]
        total = sum(value - 9 if value > 9 else value for value in doubled)
        yield number + str(-total % 10)


def _fours(number: str, between: str) -> str:
    return between.join(number[at : at + 4] for at in range(0, 16, 4))


def _spellings(numbers: Iterator[str]) -> dict[str, str]:
    """Canonical number -> how it is written."""
    plain, spaced, dashed, dotted, apart, wide, hidden, glued, lines = (next(numbers) for _ in range(9))
    return {
        plain: plain,
        spaced: _fours(spaced, " "),
        dashed: _fours(dashed, "-"),
        dotted: _fours(dotted, "."),
        apart: " ".join(apart),
        wide: "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in wide),
        hidden: "\u200b".join(hidden),
        glued: f"visa{glued}exp",
        lines: _fours(lines, "\n"),
    }


async def test_no_card_number_reaches_a_file(stack: Breakable, maya: Customer, dana: Agent) -> None:
    numbers = _numbers()
    typed = _spellings(numbers)
    await maya.says(f"what do I owe? my reference is {MARKER}")
    await maya.is_answered()
    for spelled in typed.values():
        await maya.says(f"my card is {spelled} ok")
    await maya.asks_for_a_person()
    await dana.sees_waiting(maya)
    await dana.accepts(maya)
    said, noted, learned, moved, returned, promised, titled = (next(numbers) for _ in range(7))
    await maya.says(_fours(next(numbers), " "))
    await dana.says(maya, f"Is it {_fours(said, ' ')}?")
    await dana.notes(maya, f"Card {noted}")
    await dana.learns(maya, "payment_note", learned)
    await dana.transfers(maya, "care", f"Pays with {moved}")
    await dana.accepts(maya)
    conversation = await maya.conversation()
    case = {
        "conversation_id": conversation,
        "idempotency_key": "card-case",
        "title": f"Card {titled}",
        "topic": "bill_pay",
    }
    await dana.client.post("/cases", json=case)
    await dana.gives_back(maya, f"Paid with {returned}.", promises=[{"text": f"Refund to {promised}"}])
    await maya.hears("You're back with me|You are back with me", by="assistant")

    secret = {*typed, said, noted, learned, moved, returned, promised, titled}
    found = {path.name: leaks for path in _files(stack.var) if (leaks := _digits(path, secret))}
    assert not found, f"Card numbers in files: {found}"
    assert any(MARKER in _only_digits(path) for path in _files(stack.var)), "The search is blind."
    assert not [number for number in secret if number in re.sub(r"\D", "", maya.transcript)]


def _files(var: Path) -> list[Path]:
    found = [path for path in var.rglob("*") if path.is_file()]
    assert {"tellonce.db", "tellonce.db-wal", "tracker.db", "hub.log", "rasa.log"} <= {path.name for path in found}
    return found


def _digits(path: Path, secret: set[str]) -> list[str]:
    digits = _only_digits(path)
    return [number for number in secret if number in digits]


def _only_digits(path: Path) -> str:
    """All digits of a file in their order, whatever is between them and however JSON or Unicode spells them."""
    text = path.read_bytes().decode("utf-8", "ignore")
    text = re.sub(r"\\u[0-9a-fA-F]{4}", lambda escape: json.loads(f'"{escape.group()}"'), text)
    return re.sub(r"[^0-9]", "", unicodedata.normalize("NFKC", text))
