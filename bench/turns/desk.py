"""The hub as actions see it: nobody has a case, and whoever is passed on waits. Quick, so that it is not measured."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

QUEUED = {
    "handover_id": "h1",
    "case_ref": "C-100-200",
    "state": "queued",
    "queue_position": 1,
    "wait_s": {"low": 60, "high": 120},
    "is_staffed": True,
    "opens_at": None,
    "promised_at": None,
    "already": False,
}


class Desk:
    """Listens on 127.0.0.1 until closed."""

    def __init__(self, port: int) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _Answers)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> "Desk":
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(200, [])

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(201, QUEUED)

    def _answer(self, status: int, body: Any) -> None:
        told = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *words: object) -> None:
        return
