"""How long a customer's message takes to be accepted: chat socket -> committed to disk -> ack (trial R1).

    python -m bench.accept --rate 200 --seconds 60 --clients 500

Prints one JSON line. `group_commit_gain` is messages/s with steps committed together, over messages/s with one
transaction a message, measured in the same run on the same disk.
"""

import argparse
import asyncio
import json
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websockets

from bench import hub
from handoff import conversations, db
from handoff.db import Database
from handoff.models import Base
from handoff.ports import Inbound


@dataclass
class Count:
    ms: list[float] = field(default_factory=list)
    sent: int = 0
    errors: int = 0
    refs: set[str] = field(default_factory=set)


class Client:
    """One browser: says hello once, then sends when told and waits for the ack of what it sent."""

    def __init__(self, url: str, name: int, count: Count) -> None:
        self.url, self.name, self.count = url, name, count
        self.sent_at: dict[str, float] = {}

    async def open(self) -> None:
        self.socket = await websockets.connect(self.url, compression=None, open_timeout=60, ping_interval=None)
        await self.socket.send(json.dumps({"type": "hello"}))
        while json.loads(await self.socket.recv())["type"] != "welcome":
            pass
        self.reading = asyncio.create_task(self._read())

    async def say(self) -> None:
        ref = f"bench-{self.name}-{self.count.sent}"
        self.count.sent += 1
        self.sent_at[ref] = time.perf_counter()
        frame = {"type": "say", "client_ref": ref, "text": "My internet is down since Monday, order F-20418"}
        await self.socket.send(json.dumps(frame))

    async def _read(self) -> None:
        async for text in self.socket:
            frame = json.loads(text)
            if frame["type"] == "ack":
                self.count.ms.append((time.perf_counter() - self.sent_at.pop(frame["client_ref"])) * 1000)
            elif frame["type"] == "error":
                self.count.errors += 1

    async def close(self) -> None:
        self.reading.cancel()
        await self.socket.close()


async def accept(port: int, rate: float, seconds: float, number: int) -> dict[str, Any]:
    count = Count()
    clients = [Client(f"ws://127.0.0.1:{port}/channels/web/socket", name, count) for name in range(number)]
    for start in range(0, number, 25):
        await asyncio.gather(*(client.open() for client in clients[start : start + 25]))
    await _send_evenly(clients, rate, seconds)
    for _ in range(200):
        if len(count.ms) + count.errors >= count.sent:
            break
        await asyncio.sleep(0.05)
    await asyncio.gather(*(client.close() for client in clients), return_exceptions=True)
    return {
        "clients": number,
        "rate": rate,
        "seconds": seconds,
        "sent": count.sent,
        "acknowledged": len(count.ms),
        "errors": count.errors,
        "lost": count.sent - len(count.ms) - count.errors,
        **_percentiles(count.ms),
    }


async def _send_evenly(clients: Sequence[Client], rate: float, seconds: float) -> None:
    """At the pace asked for, whatever the answers do: a slow hub must not slow down the question."""
    order, start = random.sample(range(len(clients)), len(clients)), time.perf_counter()
    for turn in range(int(rate * seconds)):
        wait = start + turn / rate - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        await clients[order[turn % len(order)]].say()


def _percentiles(ms: Sequence[float]) -> dict[str, float]:
    ranked = sorted(ms) or [0.0]
    return {
        f"{name}_ms": round(ranked[min(len(ranked) - 1, int(len(ranked) * share))], 1)
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
    }


async def messages_a_second(folder: Path, together: int, messages: int = 600, writers: int = 60) -> float:
    """Straight into the database, `writers` at once, at most `together` steps a commit."""
    db.GATHER_AT_MOST = together
    async with Database(f"sqlite+aiosqlite:///{folder}/together-{together}.db") as database:
        async with database.engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)

        async def write(writer: int) -> None:
            for number in range(messages // writers):
                said = Inbound("web", f"c-{writer}", f"reference-{number}", "My internet is down since Monday")
                await database.write(lambda session, said=said: conversations.receive(session, said))

        start = time.perf_counter()
        await asyncio.gather(*(write(writer) for writer in range(writers)))
        return messages / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=200, help="messages a second, over all clients")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--port", type=int, default=8090)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tellonce-bench-") as name:
        folder = Path(name)
        with hub.running(chosen.port, folder):
            figures = asyncio.run(accept(chosen.port, chosen.rate, chosen.seconds, chosen.clients))
        alone = asyncio.run(messages_a_second(folder, 1))
        together = asyncio.run(messages_a_second(folder, 64))
    figures |= {"group_commit_gain": round(together / alone, 2), "messages_a_second": round(together)}
    print(json.dumps({"bench": "accept", **figures}))


if __name__ == "__main__":
    main()
