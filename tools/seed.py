"""`make seed`: a believable busy day at the desk, in the database that `make run` uses."""

from __future__ import annotations

from tools import environments
from tools.console import main, say
from tools.ports import Ports
from tools.run import state_folder
from tools.stack import Stack


def seed() -> None:
    environments.ensure(environments.HUB, "hub")
    stack = Stack(state_folder(), Ports.from_environ())
    stack.run_cli("migrate", "Preparing the database")
    log = stack.run_cli("seed-day", "Loading a busy day")
    say(log.read_text().strip())


if __name__ == "__main__":
    main(seed)
