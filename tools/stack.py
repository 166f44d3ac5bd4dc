"""The four processes that make a running Tellonce, started and stopped together.

`make run` uses it, and so do the journeys in tests/, which run several stacks side by side: a stack owns one state
folder and four ports, and everything its processes need to find each other follows from those two.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools import environments, leftovers, processes, training
from tools.console import Refusal, as_typed, run_step, shown, tail
from tools.ports import SETTINGS, Ports, answers, is_free
from tools.processes import ROOT

SECRETS = ("TELLONCE_SECRET_KEY", "TELLONCE_ASSISTANT_SECRET", "TELLONCE_ACTIONS_TOKEN", "TELLONCE_LOGIN_SECRET")
COMPANY_SYSTEMS = ("ACCOUNTS", "ORDERS", "NETWORK", "BILLING")
QUIET = {
    "DO_NOT_TRACK": "1",
    "OTEL_SDK_DISABLED": "true",
    "PYTHONUNBUFFERED": "1",
    "RASA_TELEMETRY_ENABLED": "false",
}


@dataclass(frozen=True)
class Program:
    """One process: what to run, and the path that answers once it is ready."""

    name: str
    command: tuple[str | Path, ...]
    health: str


class Stack:
    """A running Tellonce in one state folder. Not for two threads at once.

    `env` overrides any setting, e.g. `{"TELLONCE_OFFER_TIMEOUT_S": "2"}`.
    """

    def __init__(self, var: Path, ports: Ports, env: Mapping[str, str] | None = None) -> None:
        self.var = var.resolve()
        self.ports = ports
        self._overrides = dict(env or {})
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Stack:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def env(self) -> dict[str, str]:
        """The environment of every process: what is derived, under the caller's own settings, under overrides."""
        derived = {
            "TELLONCE_DEMO": "true",
            **QUIET,
            **_addresses(self.ports.urls),
            **_stores(self.var),
            **self.secrets(),
        }
        fixed = {setting: str(getattr(self.ports, name)) for name, setting in SETTINGS.items()}
        return {**derived, **os.environ, **fixed, "TELLONCE_VAR": str(self.var), **self._overrides}

    @property
    def urls(self) -> dict[str, str]:
        """Where each process answers."""
        return self.ports.urls

    def secrets(self) -> dict[str, str]:
        """Generated at the first start, readable by this user only, never printed."""
        path = self.var / "secrets.json"
        if not path.exists():
            self._make_private()
            path.touch(0o600)
            path.write_text("{}")
        kept = json.loads(path.read_text())
        if missing := [name for name in SECRETS if name not in kept]:
            # A newer version may need one more; what is there stays, or every open chat would end.
            kept |= {name: secrets.token_urlsafe(32) for name in missing}
            path.write_text(json.dumps(kept, indent=1))
        return {name: str(value) for name, value in kept.items()}

    def _make_private(self) -> None:
        """What customers wrote lies here, so other users of the machine may not look in."""
        self.var.mkdir(parents=True, exist_ok=True)
        self.var.chmod(0o700)

    def programs(self) -> dict[str, Program]:
        """By name, in the order they are started."""
        python = environments.HUB.python
        listen = ("--interface", "127.0.0.1", "--port", str(self.ports.rasa))
        files = ("--model", training.MODEL, "--endpoints", "endpoints.yml", "--credentials", "credentials.yml")
        rasa = (environments.BOT.python, "-m", "bot", *listen, *files)
        # Rasa takes longest by far, so the database is made while it loads.
        programs = [
            Program("rasa", rasa, "/"),
            Program("company", (python, "-m", "actions.demo_company"), "/healthz"),
            Program("actions", (python, "-m", "actions"), "/health"),
            Program("hub", (python, "-m", "handoff.cli", "serve"), "/healthz"),
        ]
        return {program.name: program for program in programs}

    def start(self) -> None:
        """Everything up and answering, or nothing: whatever fails half-way, what was started is stopped."""
        self.refuse_taken_ports()
        self._make_private()
        for name in self.programs():
            self.log(name).unlink(missing_ok=True)
        try:
            for name in self.programs():
                if name == "hub":
                    self.prepare_database()
                self.launch(name)
            for name in self.programs():
                self.wait_until_ready(name)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """TERM to all at once, KILL after ten seconds; a second Ctrl-C on the way means KILL now."""
        try:
            processes.end(list(self._running.values()))
        finally:
            self._running.clear()
            leftovers.forget(self.var)

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        """kill -9 of one process and its workers; the others go on."""
        process = self._running.pop(name)
        processes.signal_group(process.pid, number)
        process.wait()
        self._remember()

    def restart(self, name: str) -> None:
        """Start a process again, stopping it first if it runs, and wait until it answers."""
        if name in self._running:
            processes.end([self._running.pop(name)])
        self.launch(name)
        self.wait_until_ready(name)

    def launch(self, name: str) -> None:
        log = self.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        env = {**self.env, **(training.QUIET_RASA | {"PYTHONPATH": str(ROOT)} if name == "rasa" else {})}
        with log.open("ab") as output, processes.undisturbed():
            self._running[name] = processes.start(self.programs()[name].command, output, env)
            self._remember()

    def _remember(self) -> None:
        leftovers.remember(self.var, [process.pid for process in self._running.values()])

    def prepare_database(self) -> None:
        for command, label in (("migrate", "Preparing the database"), ("seed-demo", "Loading demo data")):
            self.run_cli(command, label)

    def run_cli(self, command: str, label: str) -> Path:
        """One command of the hub's command line in this stack's environment; answers where its output is."""
        log = self.log(command)
        run_step(label, [environments.HUB.python, "-m", "handoff.cli", command], log, env=self.env)
        return log

    def wait_until_ready(self, name: str, timeout_s: float = 120.0) -> None:
        url = self.urls[name] + self.programs()[name].health
        give_up_at = time.monotonic() + timeout_s
        while not answers(url):
            self.refuse_dead()
            if time.monotonic() > give_up_at:
                raise Refusal(f"{name} did not answer within {timeout_s:.0f} s; its log is {shown(self.log(name))}.")
            time.sleep(0.1)

    def dead(self) -> list[str]:
        """The processes that ended without being asked to."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def refuse_dead(self) -> None:
        for name in self.dead():
            code, log = self._running[name].returncode, self.log(name)
            typed = as_typed(self.programs()[name].command)
            raise Refusal(f"{name} ended with code {code} (`{typed}`); the end of {shown(log)}:\n{tail(log)}")

    def refuse_taken_ports(self) -> None:
        leftovers.sweep(self.var)
        for name, setting in SETTINGS.items():
            port = getattr(self.ports, name)
            if not is_free(port):
                raise Refusal(f"Port {port}, wanted for {name}, is in use; stop what uses it or set {setting}.")

    def log(self, name: str) -> Path:
        return self.var / "log" / f"{name}.log"

    def pid(self, name: str) -> int:
        return self._running[name].pid


def _addresses(urls: Mapping[str, str]) -> dict[str, str]:
    company = {f"TELLONCE_{system}_URL": urls["company"] for system in COMPANY_SYSTEMS}
    return {
        **company,
        "TELLONCE_PUBLIC_URL": urls["hub"],
        "TELLONCE_HUB_URL": urls["hub"],
        "TELLONCE_ASSISTANT_URL": urls["rasa"],
        "TELLONCE_ACTION_ENDPOINT": urls["actions"] + "/webhook",
    }


def _stores(var: Path) -> dict[str, str]:
    return {
        "TELLONCE_DATABASE_URL": f"sqlite+aiosqlite:///{var / 'tellonce.db'}",
        "TELLONCE_TRACKER_DB": str(var / "tracker.db"),
        "TELLONCE_ATTACHMENTS_URL": str(var / "attachments"),
    }
