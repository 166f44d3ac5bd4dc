"""What the worst message costs: texts made to mislead the patterns, as a ratio to plain talk of the same length.

The hub masks and reads every message before it is stored, and the assistant reads it once more for entities, so
nobody may be able to stop either with words. `python -m bench.reading`; the last line is one JSON object, times in
milliseconds of processor time.
"""

import json
import statistics
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from bot.nlu.spotting import Spotter
from handoff import ledger, masking
from words import identifiers

NLU = Path(__file__).resolve().parents[1] / "data" / "nlu"
TALK = "the box you sent me does not work and nobody has called me back about it since. "
USUAL = (
    "i want to return my router",
    "10042",
    "the cable box broke last tuesday evening, can you pick it up tomorrow?",
    "account 10042, i was charged $12.50 too much on my november bill and want it back",
)
WORST = (
    "4", "4 ", "4111 ", "1-", "one ", "card ", "account number is ", "12345 ", "a@", "a.", "1 a ", "(312) ", "+1 ",
    "A1", "abc 123 ", "the 3rd ", "in 2 days ", "12/1 ", "may 5 ", "at 5 ", "between 1 and ", "tommorow ", "cable bx ",
    "modum ", "a hundred ", "1 elm st ", "1 elm elm elm elm ", "my name is ", "pick it up ",
)  # fmt: skip
ROUNDS = 5
TODAY = date(2026, 11, 22)

Read = Callable[[str], object]


def told_by_designers() -> dict[str, Any]:
    """Shapes, lists and synonyms of the training data, as training hands them to the assistant's `Spotter`."""
    shapes: list[tuple[str, str]] = []
    lists: dict[str, list[str]] = {}
    synonyms: dict[str, str] = {}
    for path in sorted(NLU.glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            lines = [line.removeprefix("- ") for line in block["examples"].splitlines()]
            if "regex" in block:
                shapes += [(block["regex"], line) for line in lines]
            elif "lookup" in block:
                lists.setdefault(block["lookup"], []).extend(lines)
            elif "synonym" in block:
                synonyms |= dict.fromkeys(lines, block["synonym"])
    return {"shapes": shapes, "lists": lists, "synonyms": synonyms}


def ms(text: str, read: Read) -> float:
    """The median over some rounds."""
    took = []
    for _ in range(ROUNDS):
        started = time.process_time()
        read(text)
        took.append((time.process_time() - started) * 1000)
    return statistics.median(took)


def main() -> None:
    spotter = Spotter(**told_by_designers(), guessed=["item"])
    readers: dict[str, Read] = {
        "hub": lambda text: identifiers.find(masking.mask(text).text),
        "assistant": lambda text: spotter.spot(text, TODAY),
    }
    print(json.dumps({name: measured(name, read) for name, read in readers.items()}))


def measured(name: str, read: Read) -> dict[str, float]:
    """Figures of one reader, printed as they come."""
    plain = ms(full(TALK), read)
    print(f"{name}: {ledger.TEXT_LIMIT} characters of plain talk: {plain:.1f} ms")
    worst = {unit: ms(full(unit), read) for unit in WORST}
    for unit, took in worst.items():
        print(f"  {unit!r:<22} {took:8.1f} ms  {took / plain:6.1f} times plain talk")
    usual = statistics.median(ms(text, read) for text in USUAL)
    return {"usual_ms": round(usual, 3), "plain_ms": round(plain, 1), "worst_ms": round(max(worst.values()), 1)}


def full(unit: str) -> str:
    """As long as a message may be."""
    return (unit * ledger.TEXT_LIMIT)[: ledger.TEXT_LIMIT]


if __name__ == "__main__":
    main()
