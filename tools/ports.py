"""Where the processes listen, and whether they do."""

from __future__ import annotations

import os
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, fields

from tools.console import Refusal

SETTINGS = {
    "hub": "TELLONCE_PORT",
    "rasa": "TELLONCE_ASSISTANT_PORT",
    "actions": "TELLONCE_ACTIONS_PORT",
    "company": "TELLONCE_COMPANY_PORT",
}


@dataclass(frozen=True)
class Ports:
    """Where each process listens on 127.0.0.1. The field names are the processes' names."""

    hub: int = 8000
    rasa: int = 5005
    actions: int = 5055
    company: int = 8100

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Ports:
        ports = cls(**{name: _number(environ, SETTINGS[name], getattr(cls, name)) for name in SETTINGS})
        if len(set(vars(ports).values())) < len(SETTINGS):
            raise Refusal(f"Two processes cannot share a port; look at {', '.join(SETTINGS.values())}.")
        return ports

    @classmethod
    def free(cls) -> Ports:
        """Four ports nobody listens on; all are held open until all are known, so no two are the same."""
        held = [socket.create_server(("127.0.0.1", 0)) for _ in fields(cls)]
        numbers = [server.getsockname()[1] for server in held]
        for server in held:
            server.close()
        return cls(*numbers)

    @property
    def urls(self) -> dict[str, str]:
        return {name: f"http://127.0.0.1:{port}" for name, port in vars(self).items()}


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Without this a port whose last connections are still winding down would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(url: str, timeout_s: float = 2.0) -> bool:
    """Whether a server answers there, past any proxy the user's environment names."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=timeout_s):
            return True
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, "").strip() or str(default)
    if not value.isdigit() or not 0 < int(value) < 65536:
        raise Refusal(f"{name} must be a port number between 1 and 65535, and it is {value!r}.")
    return int(value)
