"""A link that must travel in a stored webhook: kept sealed with the hub's own key, opened only while it is sent.

The database alone therefore opens no share; only hashes of tokens and sealed links are in it.
"""

import hashlib

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from handoff.settings import settings

MARK = "sealed:"
_HEADER = {"alg": "dir", "enc": "A256GCM"}


def seal(text: str) -> str:
    return MARK + jwe.encrypt_compact(_HEADER, text.encode(), _key())


def unseal(sealed: str) -> str | None:
    """What was sealed, or None when the key is another one by now."""
    try:
        opened = jwe.decrypt_compact(sealed.removeprefix(MARK), _key())
    except (JoseError, ValueError):
        return None
    return (opened.plaintext or b"").decode()


def _key() -> OctKey:
    return OctKey.import_key(hashlib.sha256(b"sealed links:" + settings().secret_key.encode()).digest())
