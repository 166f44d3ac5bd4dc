"""Addresses of files for customers: signed, good for an hour, made afresh for every frame that shows a file.

An address holds the file's own secret and our signature of it and of the hour it ends, so that a copied one is soon
worth nothing. Who gets one was decided before: the pages of the conversation the file is in.
"""

import hashlib
import hmac
from typing import Any
from urllib.parse import quote

from handoff import clock
from handoff.errors import NotAllowed
from handoff.models import Attachment, AttachmentState
from handoff.settings import settings

GOOD_FOR_S = 3600


def address(file: Attachment) -> str:
    """Where its bytes are, relative to the hub; ends an hour from now."""
    expiry = int(clock.now().timestamp()) + GOOD_FOR_S
    return f"channels/web/files/{file.secret}/{expiry}.{_sign(file.secret, expiry)}/{quote(file.name, safe='')}"


def check(secret: str, stamp: str) -> None:
    """Refuses an address that is not ours or is over with `NotAllowed`."""
    expiry, _, signature = stamp.partition(".")
    is_number = expiry.isascii() and expiry.isdigit() and len(expiry) < 12
    if not is_number or not hmac.compare_digest(signature.encode(), _sign(secret, int(expiry)).encode()):
        raise NotAllowed("This is no address of a file. Open it from the chat.")
    if int(expiry) < clock.now().timestamp():
        raise NotAllowed("This address was good for an hour. Open the file from the chat again.")


def shown(file: Attachment) -> dict[str, Any]:
    """A file as the customer's page shows it; `url` only while its bytes are here."""
    is_here = file.state == AttachmentState.STORED
    return {
        "id": file.id,
        "name": file.name,
        "kind": file.kind,
        "size_bytes": file.size_bytes,
        "state": file.state,
        "reason": file.reason,
        "url": address(file) if is_here else None,
    }


def _sign(secret: str, expiry: int) -> str:
    return hmac.new(settings().secret_key.encode(), f"file:{secret}:{expiry}".encode(), hashlib.sha256).hexdigest()
