"""How the Bot API says no: an HTTP status, a description and sometimes parameters. The wordings are Telegram's own,
because libraries and people read them."""

from __future__ import annotations

import math
from typing import Any


class Refused(Exception):
    """One call that was not done. `parameters` is what the API calls `ResponseParameters`."""

    def __init__(self, status: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters

    @property
    def body(self) -> dict[str, Any]:
        said = {"ok": False, "error_code": self.status, "description": self.description}
        return {**said, "parameters": self.parameters} if self.parameters else said


def bad_request(description: str) -> Refused:
    return Refused(400, f"Bad Request: {description}")


def forbidden(description: str) -> Refused:
    return Refused(403, f"Forbidden: {description}")


def conflict(description: str) -> Refused:
    return Refused(409, f"Conflict: {description}")


def too_many(wait_s: float) -> Refused:
    seconds = max(1, math.ceil(wait_s))
    return Refused(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


def migrated(new_chat: int) -> Refused:
    description = "Bad Request: group chat was upgraded to a supergroup chat"
    return Refused(400, description, {"migrate_to_chat_id": new_chat})
