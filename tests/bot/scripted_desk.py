"""A desk on loopback that answers handovers and cases as a test says, and remembers what it was sent."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CASES = [
    {"ref": "C-482-917", "title": "Bill dispute", "status": "open", "resolution": None, "promised_at": None},
    {
        "ref": "C-111-222",
        "title": "Slow internet",
        "status": "resolved",
        "resolution": "New modem.",
        "promised_at": None,
    },
]


class ScriptedDesk:
    """`state` is what the next handover is answered with: queued, out_of_hours, with_agent, or "broken" for a 500."""

    def __init__(self, port: int) -> None:
        self.state = "queued"
        self.packages: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self.answers: list[dict[str, Any]] = []
        """What was passed on of follow-ups and surveys, each with its `path`."""
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == "/api/v1/handovers":
            self.packages.append(body)
            return (500, {}) if self.state == "broken" else (201, self._handover())
        if path.endswith("/notes"):
            self.notes.append(body)
            return 201, {}
        if path.endswith("/answer"):
            self.answers.append({**body, "path": path})
            return 200, {"case_ref": "C-482-917", "ask_next": _ask_next(body)}
        if path.endswith("/reopen"):
            return 200, CASES[1] | {"status": "open"}
        return 200, CASES

    def _handover(self) -> dict[str, Any]:
        is_queued = self.state == "queued"
        return {
            "handover_id": "h1",
            "case_ref": "C-482-917",
            "state": self.state,
            "queue_position": 2 if is_queued else None,
            "wait_s": {"low": 60, "high": 180} if is_queued else None,
            "promised_at": None if is_queued else "2026-11-23T10:00:00Z",
            "agent_name": None,
            "already": False,
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        desk = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._reply({})

            def do_POST(self) -> None:
                self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _reply(self, body: dict[str, Any]) -> None:
                status, said = desk.answer(self.command, self.path.split("?")[0], body)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(said).encode())

            def log_message(self, *args: object) -> None:
                pass

        return Handler


def _ask_next(body: dict[str, Any]) -> str | None:
    return "ease" if body.get("is_solved") else "words" if "ease" in body else None
