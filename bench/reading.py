"""What the worst message costs: texts made to mislead the patterns, as a ratio to plain talk of the same length.

Masking and identifiers see every message before it is stored, so nobody may be able to stop them with words.
"""

import statistics
import time

from handoff import ledger, masking
from words import identifiers

TALK = "the box you sent me does not work and nobody has called me back about it since. "
WORST = (
    "4",
    "4 ",
    "4111 ",
    "1-",
    "one ",
    "card ",
    "account number is ",
    "12345 ",
    "a@",
    "a.",
    "1 a ",
    "(312) ",
    "+1 ",
    "A1",
    "abc 123 ",
)
ROUNDS = 5


def ms(unit: str) -> float:
    """The median over some rounds for a message of full length."""
    text = (unit * ledger.TEXT_LIMIT)[: ledger.TEXT_LIMIT]
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        identifiers.find(masking.mask(text).text)
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


def main() -> None:
    plain = ms(TALK)
    print(f"{ledger.TEXT_LIMIT} characters of plain talk: {plain:.1f} ms")
    for unit in WORST:
        worst = ms(unit)
        print(f"  {unit!r:<22} {worst:8.1f} ms  {worst / plain:6.1f} times plain talk")


if __name__ == "__main__":
    main()
