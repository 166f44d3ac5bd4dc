"""From milliseconds to the figures of the last line."""

import statistics
from collections.abc import Sequence
from typing import Any

from bench.turns.driving import Timings

EARLY = slice(10, 110)
LATE = 100
Figures = dict[str, float]


def of_short(timings: Timings, senders: int) -> Figures:
    """Named after how many wrote at once."""
    ranked = sorted(timings.ms)
    return {
        f"turns_per_s_{senders}": len(ranked) / timings.took_s,
        f"p50_ms_{senders}": statistics.median(ranked),
        f"p95_ms_{senders}": ranked[int(len(ranked) * 0.95)],
    }


def growth(timings: Timings) -> float | None:
    """The median of the last hundred turns over that of turns 10 to 110; None when there were too few to tell."""
    early = timings.ms[EARLY]
    if len(timings.ms) < EARLY.stop + LATE:
        return None
    return round(statistics.median(timings.ms[-LATE:]) / statistics.median(early), 3)


def medians(rounds: Sequence[Figures]) -> Figures:
    return {name: round(statistics.median(one[name] for one in rounds), 2) for name in rounds[0]}


def headline(figures: Figures) -> dict[str, Any]:
    """Turns a second with eight customers at once, milliseconds with one."""
    return {
        "turns_per_s": figures["turns_per_s_8"],
        "p50_ms": figures["p50_ms_1"],
        "p95_ms": figures["p95_ms_1"],
        **figures,
    }


def ratios(ours: Figures, stock: Figures) -> Figures:
    """Ours over stock's: better above 1 for turns a second, below 1 for everything else."""
    return {f"ratio_{name}": round(value / stock[name], 3) for name, value in ours.items() if stock.get(name)}
