"""A demo company of a test run's own: a real process on a free port with an empty database."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from handoff.settings import settings

SYSTEMS = ("accounts", "orders", "network", "billing")
START_TRIES = 200


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_company(database: Path) -> Iterator[str]:
    """The base URL of a company that answers; stopped at the end, whatever happens between."""
    port = free_port()
    command = [sys.executable, "-m", "actions.demo_company", "--port", str(port), "--database", str(database)]
    process = subprocess.Popen(command)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(START_TRIES):
        assert process.poll() is None, "the demo company ended while starting"
        try:
            requests.get(f"{url}/healthz", timeout=1).raise_for_status()
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the demo company did not start")


@contextmanager
def systems_at(url: str, **changed: str) -> Iterator[None]:
    """Point every client at one address, with other settings changed for as long."""
    wanted = {f"TELLONCE_{system.upper()}_URL": url for system in SYSTEMS}
    wanted |= {f"TELLONCE_{name.upper()}": value for name, value in changed.items()}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    settings.cache_clear()
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        settings.cache_clear()
