"""SIGTERM under load: what was taken is finished, pages are told to come back, the process ends by itself."""

import asyncio
import json
import os
import signal
import socket as sockets
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import suppress
from pathlib import Path

import websockets
from websockets.exceptions import ConnectionClosed

CLI = [sys.executable, "-m", "handoff.cli"]
COME_BACK = {1001, 1012}


def _free_port() -> int:
    with sockets.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


async def test_sigterm_ends_the_hub_in_order(tmp_path: Path) -> None:
    port = _free_port()
    env = {
        **os.environ,
        "TELLONCE_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/hub.db",
        "TELLONCE_SECRET_KEY": "s" * 40,
        "TELLONCE_PORT": str(port),
        "TELLONCE_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "TELLONCE_ASSISTANT_URL": "http://127.0.0.1:9",
        "TELLONCE_ASSISTANT_TIMEOUT_S": "0.5",
    }
    await asyncio.to_thread(subprocess.run, [*CLI, "migrate"], env=env, check=True, capture_output=True)
    with (tmp_path / "hub.log").open("wb") as log:
        process = subprocess.Popen([*CLI, "serve"], env=env, stdout=log, stderr=log)  # noqa: ASYNC220, it only starts
        try:
            await _until_ready(process, port)
            acknowledged, codes = await _talk_until_it_stops(process, port)
            assert await asyncio.to_thread(process.wait, 20) == 0
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    assert set(codes) <= COME_BACK
    assert len(codes) == 12
    stored = sqlite3.connect(tmp_path / "hub.db").execute("SELECT id FROM messages WHERE author = 'customer'")
    assert acknowledged
    assert acknowledged <= {row[0] for row in stored}
    assert "Traceback" not in (tmp_path / "hub.log").read_text()


async def _until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    def ask() -> bool:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2):
            return True
        return False

    while not await asyncio.to_thread(ask):
        assert process.poll() is None
        await asyncio.sleep(0.1)


async def _talk_until_it_stops(process: "subprocess.Popen[bytes]", port: int) -> tuple[set[str], list[int]]:
    acknowledged: set[str] = set()
    codes: list[int] = []
    enough = asyncio.Event()

    async def talk(name: int) -> None:
        async with websockets.connect(f"ws://127.0.0.1:{port}/channels/web/socket", proxy=None) as socket:
            try:
                await socket.send('{"type": "hello"}')
                for number in range(10_000):
                    frame = {"type": "say", "client_ref": f"ref-{name}-{number:05}", "text": "hello"}
                    await socket.send(json.dumps(frame))
                    while (told := json.loads(await socket.recv()))["type"] not in ("ack", "error"):
                        pass
                    if told["type"] == "ack":
                        acknowledged.add(told["message_id"])
                    if len(acknowledged) > 60:
                        enough.set()
            except ConnectionClosed as closed:
                codes.append(closed.rcvd.code if closed.rcvd else 1006)

    talking = [asyncio.create_task(talk(name)) for name in range(12)]
    async with asyncio.timeout(60):
        await enough.wait()
    process.send_signal(signal.SIGTERM)
    await asyncio.gather(*talking)
    return acknowledged, codes
