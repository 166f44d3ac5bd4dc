"""POSTs to addresses of others, which may be slow, wrong or hostile.

The name is resolved here and the address that was looked at is the one connected to, so that a name cannot point
elsewhere between the look and the connection. Certificates are still checked against the name.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx

from handoff import clock
from handoff.errors import PermanentDeliveryError, TemporaryDeliveryError
from handoff.ports import HookAnswer

TIMEOUT_S = 15.0
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
NAT64 = ipaddress.ip_network("64:ff9b::/96")


class HttpHooks:
    """One per process. `allows_private` is for demonstrations, tests and closed networks."""

    def __init__(self, *, allows_private: bool = False, timeout_s: float = TIMEOUT_S) -> None:
        self._allows_private, self._timeout_s = allows_private, timeout_s

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HookAnswer:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(httpx.URL(url), headers, body)
        except TimeoutError:
            raise TemporaryDeliveryError(f"No answer within {self._timeout_s:g} seconds.") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TemporaryDeliveryError(f"The connection failed: {type(error).__name__}.") from None

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> HookAnswer:
        address = await self._address_of(url)
        host = url.raw_host.decode("ascii")
        pinned = url.copy_with(host=str(address))
        named = {**headers, "host": url.netloc.decode("ascii"), "user-agent": "Tellonce-Webhooks/1"}
        async with (
            httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=self._timeout_s) as client,
            client.stream("POST", pinned, headers=named, content=body, extensions={"sni_hostname": host}) as answer,
        ):
            # What it says beside its status is nobody's business here: the body is never read, however long it is.
            return HookAnswer(answer.status_code, _retry_after(answer.headers.get("retry-after")))

    async def _address_of(self, url: httpx.URL) -> Address:
        """The address to connect to; refuses a name that has any address that is not on the open internet."""
        if url.scheme not in ("http", "https") or not url.host:
            raise PermanentDeliveryError("That is no web address.")
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                url.raw_host.decode("ascii").strip("[]"), port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError):
            raise TemporaryDeliveryError(f"The name {url.host} leads nowhere.") from None
        addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        if not addresses or not (self._allows_private or all(is_public(one) for one in addresses)):
            raise PermanentDeliveryError(f"{url.host} is not on the open internet; nothing is sent there.")
        return addresses[0]


def is_public(address: Address) -> bool:
    """Whether an address is on the open internet, looking through IPv6 addresses that stand for an IPv4 one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo:
            return False
        if inner is not None:
            return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _retry_after(told: str | None) -> float | None:
    """Seconds from now; it may be told as a number or as a date (RFC 9110, 10.2.3)."""
    if not told:
        return None
    if told.strip().isascii() and told.strip().isdigit():
        return float(told.strip()[:9])
    try:
        at = parsedate_to_datetime(told)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - clock.now()).total_seconds())
