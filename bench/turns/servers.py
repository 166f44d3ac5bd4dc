"""The servers of the benchmark, on loopback: what both share, and each assistant by itself."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.turns.desk import Desk
from bench.turns.driving import Line, Ours, Stock
from tools import environments, processes, training
from tools.console import tail
from tools.ports import Ports, answers
from tools.processes import ROOT
from tools.stack import Stack

READY_WITHIN_S = 600.0
STOCK_ENDPOINTS = 'action_endpoint:\n  url: "{actions}/webhook"\n'


@dataclass(frozen=True)
class Assistant:
    """One that can be started; `health` answers with 200 once it can be asked."""

    name: str
    command: tuple[object, ...]
    folder: Path
    health: str
    line: Line


@dataclass(frozen=True)
class Running:
    assistant: Assistant
    pid: int
    start_s: float

    def rss_mb(self) -> float:
        """Resident memory of the server."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * 4096 / 1e6


class Servers:
    """The demo company, the action server and a desk are up from `shared` on; assistants start and stop within."""

    def __init__(self, folder: Path, ours: Path, stock: Path) -> None:
        self._folder = folder
        self._stack = Stack(folder, Ports.free())
        self.assistants = (self._ours(ours), self._stock(stock))

    @contextmanager
    def shared(self) -> Iterator[None]:
        try:
            with Desk(self._stack.ports.hub):
                for name in ("company", "actions"):
                    self._stack.launch(name)
                for name in ("company", "actions"):
                    self._stack.wait_until_ready(name)
                yield
        finally:
            self._stack.stop()

    @contextmanager
    def running(self, assistant: Assistant) -> Iterator[Running]:
        """`start_s` is from the command to the first time it says that it is ready."""
        log = self._folder / "log" / f"{assistant.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        env = {**self._stack.env, **training.QUIET_RASA, "PYTHONPATH": str(ROOT)}
        with log.open("ab") as output, processes.undisturbed():
            started = time.perf_counter()
            process = processes.start(assistant.command, output, env)
        try:
            while not answers(self._url + assistant.health):
                if process.poll() is not None or time.perf_counter() - started > READY_WITHIN_S:
                    raise SystemExit(f"{assistant.name} did not start:\n{tail(log)}")
                time.sleep(0.02)
            yield Running(assistant, process.pid, time.perf_counter() - started)
        finally:
            processes.end([process])

    @property
    def _url(self) -> str:
        return self._stack.ports.urls["rasa"]

    def _ours(self, model: Path) -> Assistant:
        secret = self._stack.secrets()["TELLONCE_ASSISTANT_SECRET"]
        command = (environments.BOT.python, "-m", "bot", *self._listen(), "--model", model)
        return Assistant("ours", command, self._folder, "/webhooks/tellonce/", lambda: Ours(self._url, secret))

    def _stock(self, model: Path) -> Assistant:
        """Its tracker store is the one Rasa takes when none is named: in memory."""
        endpoints, credentials = self._folder / "endpoints.yml", self._folder / "credentials.yml"
        endpoints.write_text(STOCK_ENDPOINTS.format(actions=self._stack.ports.urls["actions"]))
        credentials.write_text("rest:\n")
        files = ("--model", model, "--endpoints", endpoints, "--credentials", credentials)
        command = (training.RASA, "run", *self._listen(), *files)
        # Its port opens when the model is loaded; the root page is there from then on.
        return Assistant("stock", command, self._folder, "/", lambda: Stock(self._url))

    def _listen(self) -> Sequence[str]:
        return ("--interface", "127.0.0.1", "--port", str(self._stack.ports.rasa))
