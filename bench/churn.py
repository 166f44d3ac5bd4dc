"""Whether the hub grows while customers come and go (trial R20): memory, open descriptors, threads and SQLite's log.

    python -m bench.churn --minutes 60 --rate 20 --clients 200

Browsers live for seconds to minutes; some come back with their session, some vanish without a word, one in twenty asks
for a person, whom an agent answers through the API. Prints one JSON line; a slope is fitted over what follows the
warm-up. `rss` counts the pages of the database that are mapped, `anonymous` only what the process made itself.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import websockets

from bench import growth, hub
from bench.growth import Sample, Watched

SAMPLE_S = 10.0
MEAN_LIFE_S, LONGEST_LIFE_S = 60.0, 300.0
COMES_BACK, VANISHES, WANTS_PERSON = 0.3, 0.5, 0.05
AGENT = "dana@example.com"
WORDS = ("My internet is down since Monday", "Where is my order F-20418?", "I moved, my new address is 4 Mill Lane")


@dataclass
class Count:
    sent: int = 0
    errors: int = 0
    acknowledged: set[str] = field(default_factory=set)
    handled: int = 0
    seen: list[tuple[str, int]] = field(default_factory=list)
    """Sessions of browsers that left, and how far they had read."""


async def browse(url: str, count: Count, every_s: float) -> None:
    """One browser's visit: hello, a few words at its own pace, gone."""
    session, after = count.seen.pop() if count.seen and random.random() < COMES_BACK else (None, 0)
    until = time.monotonic() + min(random.expovariate(1 / MEAN_LIFE_S), LONGEST_LIFE_S)
    async with websockets.connect(url, compression=None, open_timeout=60, ping_interval=None) as socket:
        await socket.send(json.dumps({"type": "hello", "session": session, "after": after}))
        kept = {"session": "", "after": after}
        reading = asyncio.create_task(_read(socket, count, kept))
        try:
            while (wait := min(random.expovariate(1 / every_s), until - time.monotonic())) > 0:
                await asyncio.sleep(wait)
                if time.monotonic() < until:
                    await _say(socket, count)
            if random.random() < VANISHES:
                socket.transport.abort()
        finally:
            reading.cancel()
            if kept["session"]:
                count.seen.append((kept["session"], kept["after"]))
                del count.seen[:-200]


async def _say(socket: Any, count: Count) -> None:
    ref = f"churn-{os.getpid()}-{count.sent}"
    frame = {"type": "say", "client_ref": ref, "text": random.choice(WORDS)}
    if random.random() < WANTS_PERSON:
        frame = {"type": "human", "client_ref": ref}
    count.sent += 1
    await socket.send(json.dumps(frame))


async def _read(socket: Any, count: Count, kept: dict[str, Any]) -> None:
    async for text in socket:
        frame = json.loads(text)
        match frame["type"]:
            case "welcome":
                kept["session"] = frame["session"]
            case "message":
                kept["after"] = max(kept["after"], frame.get("seq", 0))
            case "ack":
                count.acknowledged.add(frame["client_ref"])
            case "error":
                count.errors += 1


async def keep_coming(url: str, count: Count, every_s: float) -> None:
    """A place at the table: whoever leaves is followed by the next."""
    await asyncio.sleep(random.uniform(0, 10))
    while True:
        with suppress(OSError, websockets.WebSocketException):
            await browse(url, count, every_s)
        await asyncio.sleep(random.uniform(0, 0.5))


async def serve_people(port: int, token: str, count: Count) -> None:
    """One agent: takes whoever waits, answers, searches the cases, resolves."""
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", headers=headers, timeout=60) as api:
        while True:
            with suppress(httpx.HTTPError):
                await api.post("/presence/online")
                waiting = (await api.get("/handovers")).raise_for_status().json()
                for one in waiting[:10]:
                    await _solve(api, f"/conversations/{one['conversation_id']}", count)
                await api.get("/cases/search", params={"text": random.choice(("internet", "order", "address"))})
            await asyncio.sleep(2)


async def _solve(api: httpx.AsyncClient, conversation: str, count: Count) -> None:
    if (await api.post(f"{conversation}/accept")).is_error:
        return
    await api.post(f"{conversation}/messages", json={"text": "I have looked into it and sent a new box."})
    await api.post(f"{conversation}/notes", json={"text": "Box replaced.", "idempotency_key": f"note-{count.handled}"})
    solved = await api.post(f"{conversation}/resolve", json={"resolution": "A new box is on its way."})
    count.handled += solved.is_success


async def churn(process: Watched, port: int, token: str, count: Count, chosen: argparse.Namespace) -> list[Sample]:
    url, every_s = f"ws://127.0.0.1:{port}/channels/web/socket", chosen.clients / chosen.rate
    running = [asyncio.create_task(keep_coming(url, count, every_s)) for _ in range(chosen.clients)]
    running.append(asyncio.create_task(serve_people(port, token, count)))
    samples: list[Sample] = []
    while time.monotonic() - process.start < chosen.minutes * 60:
        await asyncio.sleep(SAMPLE_S)
        samples.append(process.sample())
        if chosen.verbose:
            print(samples[-1], count.sent, count.handled, file=sys.stderr, flush=True)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await asyncio.sleep(2)
    return samples


def account(database: Path, count: Count) -> dict[str, Any]:
    """What the database kept, beside what was acknowledged."""
    with sqlite3.connect(database) as connection:
        asking = "SELECT client_ref, count(*) FROM messages WHERE client_ref LIKE 'churn-%' GROUP BY client_ref"
        stored = dict(connection.execute(asking).fetchall())
    lost, doubled = count.acknowledged - stored.keys(), sum(copies - 1 for copies in stored.values())
    told = {"sent": count.sent, "acknowledged": len(count.acknowledged), "stored": len(stored), "errors": count.errors}
    return {**told, "lost": len(lost), "doubled": doubled, "handled_by_agent": count.handled}


def command_line(env: Mapping[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "handoff.cli", *words]
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, default=20, help="messages a second, over all clients")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--port", type=int, default=8091)
    parser.add_argument("--verbose", action="store_true", help="each sample, on stderr")
    chosen = parser.parse_args()
    count = Count()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # its hub ends with it
    with tempfile.TemporaryDirectory(prefix="tellonce-churn-") as name:
        database, env = Path(name) / "bench.db", hub.environment(chosen.port, Path(name))
        with hub.running(chosen.port, Path(name)) as process:
            command_line(env, "add-agent", AGENT, "Dana", "--team", "care", "--password", "a-long-password")
            token = command_line(env, "token", "churn", "--scope", "agent", "--scope", "read", "--agent", AGENT)
            samples = asyncio.run(churn(Watched(process.pid, database), chosen.port, token, count, chosen))
        figures = {"minutes": chosen.minutes, "rate": chosen.rate, **account(database, count), **growth.over(samples)}
    print(json.dumps({"bench": "churn", **figures}))


if __name__ == "__main__":
    main()
