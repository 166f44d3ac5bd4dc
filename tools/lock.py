"""`make lock`: turn every requirements/*.in into a locked .txt with hashes and without addresses.

The hub's locks hold for every system and Python 3.11 to 3.13. The bot's is for Linux: elsewhere Rasa 3.6 asks for
other TensorFlow builds, which nobody here has run. The encoder's lock holds its four packages and nothing they ask for.
A benchmark's peer is locked whole.
"""

from __future__ import annotations

import sys

from tools.console import main, run_step
from tools.environments import LOGS, bootstrap_uv

# django-htmx is wanted for one JavaScript file; what it would pull in is never imported.
NOT_INSTALLED = ("django", "asgiref", "sqlparse")
EVERYWHERE = ("--universal", "--python-version", "3.11")
FOR_RASA = ("--python-platform", "linux", "--python-version", "3.10")
TARGETS = {
    "uv": ("--universal", "--python-version", "3.10"),
    "hub": EVERYWHERE,
    "dev": (*EVERYWHERE, "--constraints", "requirements/hub.txt"),
    "bot": FOR_RASA,
    "encoder": (*FOR_RASA, "--no-deps"),
    "bench-helpdesk": EVERYWHERE,
}
WHOLE = ("bench-helpdesk",)


def lock(names: list[str]) -> None:
    uv = bootstrap_uv()
    for name in names or list(TARGETS):
        unwanted = () if name in WHOLE else NOT_INSTALLED
        left_out = [option for package in unwanted for option in ("--no-emit-package", package)]
        shape = ["--generate-hashes", "--no-emit-index-url", "--custom-compile-command", "make lock"]
        files = [f"requirements/{name}.in", "--output-file", f"requirements/{name}.txt"]
        command = [uv, "pip", "compile", "--quiet", *shape, *TARGETS[name], *left_out, *files]
        run_step(f"Locking {name}", command, LOGS / f"lock-{name}.log", env={"UV_NO_CONFIG": "1"})


if __name__ == "__main__":
    main(lambda: lock(sys.argv[1:]))
