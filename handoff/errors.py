"""Every way the hub says no.

    TellonceError
    ├── NotFound            404  there is no such thing, or it is not yours to see
    ├── BadInput            422  the words or fields cannot be used; says what to do next
    ├── NotAllowed          403  known person, missing right
    ├── NotSignedIn         401  nobody, or a token that no longer holds
    ├── TooMany             429  slow down; `retry_after_s` says how long
    ├── Gone                410  it was there, and the right to see it has ended
    ├── TooLarge            413  more than anybody needs to send at once
    ├── Conflict            409  the world moved on
    │   ├── FloorTaken           somebody else holds the floor
    │   ├── StaleView            a newer message arrived since the page was read
    │   └── IllegalMove          the floor or a case cannot change that way from here
    ├── AssistantFailed     502  Rasa is down, slow, empty or wrong
    └── DeliveryError
        ├── TemporaryDeliveryError   503  try again after `retry_after_s`
        └── PermanentDeliveryError   502  never, because `reason`

Each carries a machine-readable `code`, a `status` and one sentence for a person. Edges render them: JSON
`{code, message}`, an HTML page, or a socket frame of the same shape.
"""

from typing import ClassVar


class TellonceError(Exception):
    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def as_dict(self) -> dict[str, object]:
        return {"code": self.code, "message": self.message}


class NotFound(TellonceError):
    code, status = "not_found", 404


class BadInput(TellonceError):
    code, status = "bad_input", 422


class NotAllowed(TellonceError):
    code, status = "not_allowed", 403


class NotSignedIn(TellonceError):
    code, status = "not_signed_in", 401


class TooMany(TellonceError):
    code, status = "too_many", 429

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Gone(TellonceError):
    code, status = "gone", 410


class TooLarge(TellonceError):
    code, status = "too_large", 413


class Conflict(TellonceError):
    code, status = "conflict", 409


class FloorTaken(Conflict):
    code = "floor_taken"


class StaleView(Conflict):
    code = "stale_view"


class IllegalMove(Conflict):
    code = "illegal_move"


class AssistantFailed(TellonceError):
    code, status = "assistant_failed", 502


class DeliveryError(TellonceError):
    code, status = "delivery_failed", 502


class TemporaryDeliveryError(DeliveryError):
    code, status = "delivery_delayed", 503

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class PermanentDeliveryError(DeliveryError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
