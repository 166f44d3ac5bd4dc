"""Whether a process grows: what the system says of it, and a slope over what follows the warm-up.

`rss` counts the pages of the database that are mapped; `anonymous` only what the process made itself.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, median
from typing import Any

WARM_UP = 1 / 3
AT_AN_END = 1 / 6
"""Descriptors come and go with visitors: at each end the middle of this share of the samples is told."""


@dataclass(frozen=True)
class Sample:
    at_s: float
    rss_mb: float
    anonymous_mb: float
    descriptors: int
    threads: int
    wal_mb: float


class Watched:
    """A process of ours and the SQLite database it writes."""

    def __init__(self, pid: int, database: Path) -> None:
        self.pid, self.wal, self.start = pid, database.with_name(f"{database.name}-wal"), time.monotonic()

    def sample(self) -> Sample:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        status = {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}
        return Sample(
            at_s=round(time.monotonic() - self.start, 1),
            rss_mb=round(int(status["VmRSS"][0]) / 1024, 2),
            anonymous_mb=round(int(status["RssAnon"][0]) / 1024, 2),
            descriptors=sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir()),
            threads=int(status["Threads"][0]),
            wal_mb=round(self.wal.stat().st_size / 2**20, 2) if self.wal.exists() else 0.0,
        )


def over(samples: Sequence[Sample]) -> dict[str, Any]:
    """First and last of each after the warm-up, and MB an hour; the log's peak is over all."""
    steady = samples[int(len(samples) * WARM_UP) :]
    end, hours = max(1, int(len(steady) * AT_AN_END)), [one.at_s / 3600 for one in steady]
    slopes = {
        f"{name}_slope_mb_per_h": round(
            linear_regression(hours, [getattr(one, f"{name}_mb") for one in steady]).slope, 2
        )
        for name in ("rss", "anonymous")
    }
    return {
        "rss_start_mb": steady[0].rss_mb,
        "rss_end_mb": steady[-1].rss_mb,
        **slopes,
        "descriptors_start": median(one.descriptors for one in steady[:end]),
        "descriptors_end": median(one.descriptors for one in steady[-end:]),
        "wal_peak_mb": max(one.wal_mb for one in samples),
        "threads": steady[-1].threads,
    }
