"""A hub of its own for a benchmark: a real process on SQLite, with an assistant as quick as Rasa and no quicker."""

import asyncio
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from fastapi import FastAPI

from handoff.app import create_app
from handoff.conversations import ASKS_FOR_PERSON
from handoff.errors import AssistantFailed
from handoff.ports import TurnRequest, TurnResult, Words

TURN_S = float(os.environ.get("BENCH_TURN_S", "0.25"))
"""With eight turns at once: 32 turns/s, what one Rasa process does."""
SECRET = "b" * 40


class AsQuickAsRasa:
    async def answer(self, request: TurnRequest) -> TurnResult:
        """An echo; it has no action that passes people on, so for whoever wants a person it fails and the hub does."""
        await asyncio.sleep(TURN_S)
        if request.text == ASKS_FOR_PERSON:
            raise AssistantFailed("This assistant passes nobody on.")
        words = (Words(f"You said: {request.text}"),)
        return TurnResult(words, {}, {}, None, (), (), None, (), ())

    async def forget(self, sender: str) -> None:
        """It remembers nobody."""


def app() -> FastAPI:
    return create_app(assistant=AsQuickAsRasa())


@contextmanager
def running(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A migrated hub on 127.0.0.1; stopped by SIGTERM at the end."""
    env = environment(port, folder)
    migrate(env)
    process = start(port, env)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def environment(port: int, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "TELLONCE_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/bench.db",
        "TELLONCE_ATTACHMENTS_URL": f"{folder}/attachments",
        "TELLONCE_SECRET_KEY": SECRET,
        "TELLONCE_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }


def migrate(env: Mapping[str, str]) -> None:
    subprocess.run([sys.executable, "-m", "handoff.cli", "migrate"], env=env, check=True, capture_output=True)


def start(port: int, env: Mapping[str, str], log: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Back once it answers. It can be killed and started again on the same folder."""
    command = [sys.executable, "-m", "uvicorn", "bench.hub:app", "--factory", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning", "--ws-max-size", "65536"]
    command += ["--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "10"]
    process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    _wait_until_ready(process, port)
    return process


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    import time

    while process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError("The hub did not start.")
