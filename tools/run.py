"""`make run`: build what is missing, start everything, say where it is, keep it running, stop everything."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tools import environments, training
from tools.console import main, say, shown
from tools.ports import Ports
from tools.processes import ROOT, Stopped
from tools.stack import Stack

REVIVALS = 3
SCREEN = """
Tellonce is running. Ctrl-C stops it.

  The shop with the chat   {hub}/
  The agents' desk         {hub}/desk
  JSON API                 {hub}/api/v1/openapi.json
  Logs and database        {var}

Sign in at the desk
{logins}

Two minutes to see it work
  1. Open the shop, start the chat and write:
     I want to return my tv box, my account is 10042, postcode 48104
  2. Follow the buttons a little; then write: can I talk to a person?
  3. Open the desk in a second window, sign in as Dana, open who waits, press a to accept.
  4. Begin to ask for the account number: the desk knows it. Answer, then give the chat back.
  5. In the chat, ask: why is my bill higher? The assistant knows what was done and who you are.
"""


def run() -> int:
    stack = Stack(state_folder(), Ports.from_environ())
    make_ready(stack)
    say("Starting the hub, Rasa, the action server and the demo company …")
    serve(stack, lambda: screen(stack))
    return 0


def make_ready(stack: Stack) -> None:
    """Whatever can be refused or takes long, before anything is started."""
    stack.refuse_taken_ports()
    environments.ensure(environments.HUB, "hub")
    training.train()


def state_folder() -> Path:
    return Path(os.environ.get("TELLONCE_VAR") or ROOT / "var")


def shown_folder(var: Path) -> str:
    return f"{os.path.relpath(var, ROOT)}/" if var.is_relative_to(ROOT) else f"{var}/"


def screen(stack: Stack) -> str:
    return SCREEN.format(hub=stack.ports.urls["hub"], var=shown_folder(stack.var), logins=logins(stack))


def logins(stack: Stack) -> str:
    """What the demo seed printed: it alone creates demo agents, so it alone knows them."""
    lines = stack.log("seed-demo").read_text(errors="replace").splitlines()
    return "\n".join(f"  {line.strip()}" for line in lines if "@" in line) or "  (see var/log/seed-demo.log)"


def serve(stack: Stack, screen: Callable[[], str]) -> None:
    """Start everything, show the screen, wait; a stop after that is how it is meant to end."""
    with stack:
        try:
            say(screen())
            revived: Counter[str] = Counter()
            while True:
                revive(stack, revived)
                time.sleep(0.5)
        except Stopped:
            say("\nStopping …")


def revive(stack: Stack, revived: Counter[str]) -> None:
    """One process that dies takes nobody with it: the rest goes on, and it is started again, but not for ever."""
    for name in stack.dead():
        if revived[name] == REVIVALS:
            stack.refuse_dead()
        revived[name] += 1
        say(f"{name} has ended and is started again; why is in {shown(stack.log(name))}.")
        stack.launch(name)


if __name__ == "__main__":
    main(run)
