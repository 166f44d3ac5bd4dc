"""Who a browser is: 128 random bits with our signature, kept by the browser, never stored as such by the hub."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from handoff.logins import SessionInvalid


@dataclass(frozen=True)
class WebSession:
    """`identity` is the external id of the browser on channel `web`; `token` is what the browser keeps."""

    identity: str
    token: str


def new(secret_key: str) -> WebSession:
    identity = secrets.token_hex(16)
    return WebSession(identity, f"{identity}.{_sign(identity, secret_key)}")


def read(token: str, secret_key: str) -> WebSession:
    """The session a token stands for, or `SessionInvalid` when it is not one of ours."""
    identity, _, signature = token.partition(".")
    if not hmac.compare_digest(signature.encode(), _sign(identity, secret_key).encode()):
        raise SessionInvalid("This chat session is not valid here. Start a new chat.")
    return WebSession(identity, token)


def _sign(identity: str, secret_key: str) -> str:
    return hmac.new(secret_key.encode(), b"web-chat:" + identity.encode(), hashlib.sha256).hexdigest()
