"""`make telegram-demo`: everything of `make run`, and Telegram: a stand-in with a page of its own that needs no token.

With `TELLONCE_TELEGRAM_TOKEN` set it is the real Telegram, by polling, so that no public address is needed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tools import environments
from tools.console import Refusal, main, say
from tools.ports import Ports, is_free
from tools.run import logins, make_ready, serve, shown_folder, state_folder
from tools.stack import Program, Stack

# Nobody's token: only the stand-in knows it.
TOKEN = "110201543:AAStand-in_that_no_Telegram_knows_01"  # noqa: S105
SCREEN = """
Tellonce is running, with Telegram. Ctrl-C stops it.

  {where}
  The shop with the chat   {hub}/
  The agents' desk         {hub}/desk
  Logs and database        {var}

Sign in at the desk
{logins}

Three minutes to see it work
  1. {open}
     My cable box arrived broken, my account is 10042, postcode 48104
  2. Send a photo (+), and an album; edit what you wrote; then write /human.
  3. At the desk, sign in as Dana and accept: words, photos and the edit are all there. Answer, edit, take back.
  4. In the shop, start a chat and press the arrow above it (continue on Telegram): it goes on there where you were.
"""


class WithStandIn(Stack):
    """A stack whose hub talks to a stand-in for Telegram beside it."""

    def __init__(self, var: Path, ports: Ports, telegram_port: int, env: Mapping[str, str] | None = None) -> None:
        self.telegram = f"http://127.0.0.1:{telegram_port}"
        self._telegram_port = telegram_port
        where = {"TELLONCE_TELEGRAM_API_URL": self.telegram, "TELLONCE_TELEGRAM_LINK_URL": self.telegram}
        told = {"TELLONCE_TELEGRAM_TOKEN": TOKEN, "TELLONCE_TELEGRAM_MODE": "polling"}
        super().__init__(var, ports, {**told, **where, **(env or {})})

    @property
    def urls(self) -> dict[str, str]:
        return {**super().urls, "telegram": self.telegram}

    def programs(self) -> dict[str, Program]:
        listen = ("--port", str(self._telegram_port), "--token", TOKEN)
        command = (environments.HUB.python, "-m", "tools.telegram_stub", *listen)
        return {"telegram": Program("telegram", command, "/healthz"), **super().programs()}

    def refuse_taken_ports(self) -> None:
        super().refuse_taken_ports()
        if not is_free(self._telegram_port):
            raise Refusal(
                f"Port {self._telegram_port}, wanted for Telegram's stand-in, is in use; give another: "
                'make telegram-demo ARGS="8300".'
            )


def demo() -> int:
    var, ports = state_folder(), Ports.from_environ()
    if os.environ.get("TELLONCE_TELEGRAM_TOKEN"):
        return _run(Stack(var, ports, {"TELLONCE_TELEGRAM_MODE": "polling"}), _with_telegram())
    stack = WithStandIn(var, ports, _port(sys.argv[1:]))
    return _run(stack, _with_stand_in(stack.telegram))


def _run(stack: Stack, words: Mapping[str, str]) -> int:
    make_ready(stack)
    say("Starting the hub, Rasa, the action server, the demo company and Telegram …")
    told = {"hub": stack.urls["hub"], "var": shown_folder(stack.var), **words}
    serve(stack, lambda: SCREEN.format(logins=logins(stack), **told))
    return 0


def _with_telegram() -> dict[str, str]:
    return {"where": "Telegram                 your bot", "open": "Open your bot in Telegram, press Start and write:"}


def _with_stand_in(url: str) -> dict[str, str]:
    return {"where": f"Telegram's stand-in      {url}/", "open": "Open the stand-in, press Start and write:"}


def _port(arguments: list[str]) -> int:
    given = arguments[0] if arguments else "8200"
    if not given.isdigit() or not 0 < int(given) < 65536:
        raise Refusal(f"The argument is the port of Telegram's stand-in, a number, and it is {given!r}.")
    return int(given)


if __name__ == "__main__":
    main(demo)
