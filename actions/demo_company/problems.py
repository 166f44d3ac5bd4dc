"""How Fernway says no: a status, a code, and one sentence fit for its customer."""

from typing import Any


class Problem(Exception):
    def __init__(self, status: int, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, "details": details}


def not_found(message: str) -> Problem:
    return Problem(404, "not_found", message)


def refused(message: str, **details: Any) -> Problem:
    return Problem(409, "policy_refused", message, **details)


def needs_person(message: str, **details: Any) -> Problem:
    return Problem(409, "needs_person", message, **details)


def invalid(message: str) -> Problem:
    return Problem(422, "invalid", message)
