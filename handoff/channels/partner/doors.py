"""Who may come in: the link says which case, the form's own token that our page asks, a throttle how often.

The page sends no referrer, so a browser posts its forms with the origin `null`: their own token is what counts.
"""

import hashlib
import hmac
from urllib.parse import urlsplit

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import HTTPConnection

from handoff.errors import NotAllowed, NotFound, TooMany
from handoff.settings import settings

LOOKS, WRITES, STRANGERS = RateLimitItemPerMinute(240), RateLimitItemPerMinute(30), RateLimitItemPerMinute(30)
RELOAD = "This page is out of date. Reload it and try again."


class Rates:
    """Counts by link and, for links that lead nowhere, by address. One per process."""

    def __init__(self) -> None:
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def look(self, token: str, address: str) -> None:
        if not self._window.test(STRANGERS, address) or not self._window.hit(LOOKS, _short(token)):
            raise TooMany("That is too often. Wait a minute, then open the link again.", retry_after_s=60)

    def write(self, token: str) -> None:
        if not self._window.hit(WRITES, _short(token), "write"):
            raise TooMany("That is too much at once. Wait a minute, then send it again.", retry_after_s=60)

    def missed(self, address: str) -> None:
        self._window.hit(STRANGERS, address)


def rates_of(connection: HTTPConnection) -> Rates:
    state = connection.app.state
    if not hasattr(state, "partner_rates"):
        state.partner_rates = Rates()
    found: Rates = state.partner_rates
    return found


def address_of(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else "unknown"


def form_token(token: str) -> str:
    """What our own page puts into its forms."""
    return hmac.new(settings().secret_key.encode(), f"partner:{token}".encode(), hashlib.sha256).hexdigest()


def must_be_our_form(connection: HTTPConnection, token: str, given: str) -> None:
    """Refuses (`NotAllowed`) what does not come from our page."""
    is_theirs = connection.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if is_theirs or not hmac.compare_digest(given.encode(), form_token(token).encode()):
        raise NotAllowed(RELOAD)
    origin = connection.headers.get("origin")
    if origin not in (None, "null") and not is_ours(connection):
        raise NotAllowed(RELOAD)


def is_ours(connection: HTTPConnection) -> bool:
    """Whether a page of our own opens the socket."""
    origin = connection.headers.get("origin")
    ours = {connection.headers.get("host", ""), urlsplit(settings().public_url).netloc}
    return bool(origin) and urlsplit(str(origin)).netloc in ours


def known(connection: HTTPConnection, error: NotFound) -> NotFound:
    """A link that leads nowhere counts against whoever tries it."""
    rates_of(connection).missed(address_of(connection))
    return error


def _short(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16]
