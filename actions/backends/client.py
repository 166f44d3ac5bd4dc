"""One HTTP conversation with one company system: time limit, retries, idempotency keys, errors.

The modules beside this one say which calls there are; this one says how a call is made. Safe calls are repeated after
a broken connection or an answer of 500 and above, with back-off and jitter. Calls that change something are sent once:
their `Idempotency-Key` lets the same customer message be worked on again without doing anything twice. A
system that is merely slow is not asked again, for that would only add to its load.
"""

import random
import time
from collections.abc import Mapping
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import requests
import urllib3
from pydantic import ValidationError
from requests.adapters import HTTPAdapter

from actions.backends.errors import CompanyConfused, CompanyDown, CompanyError, CompanySlow, Invalid, NotFound, Refused
from actions.backends.results import Result
from handoff.settings import settings

CONNECT_TIMEOUT_S = 1.0
PAUSES_S = (0.1, 0.4)
LONGEST_BODY = 1_000_000
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

R = TypeVar("R", bound=Result)


class ErrorAnswer(Result):
    """How every company system says no."""

    code: str
    message: str
    details: dict[str, Any] = {}


class _Bearer(requests.auth.AuthBase):
    """Sets the token itself: with plain headers, requests would let a `.netrc` entry replace it."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Client:
    """Shared by threads: the session keeps connections, and nothing about anybody (no cookies)."""

    def __init__(self, system: str, url: str, token: str, timeout_s: float) -> None:
        self.system = system
        self.url = url.rstrip("/")
        self.timeout_s = timeout_s
        self.session = requests.Session()
        self.session.auth = _Bearer(token)
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.session.trust_env = urlsplit(url).hostname not in LOOPBACK
        for scheme in ("http://", "https://"):
            self.session.mount(scheme, HTTPAdapter(pool_maxsize=32))

    def get(self, path: str, answer: type[R], query: Mapping[str, Any] | None = None) -> R:
        deadline = time.monotonic() + self.timeout_s
        for pause_s in PAUSES_S:
            try:
                return self._ask("GET", path, answer, deadline, params=_given(query or {}))
            except CompanyDown:
                pause_s *= random.uniform(0.5, 1.5)  # noqa: S311 - spreads retries, hides nothing
                if time.monotonic() + pause_s >= deadline:
                    raise
                time.sleep(pause_s)
        return self._ask("GET", path, answer, deadline, params=_given(query or {}))

    def post(self, path: str, answer: type[R], body: Mapping[str, Any], *, key: str) -> R:
        return self._change("POST", path, answer, body, key)

    def patch(self, path: str, answer: type[R], body: Mapping[str, Any], *, key: str) -> R:
        return self._change("PATCH", path, answer, body, key)

    def _change(self, method: str, path: str, answer: type[R], body: Mapping[str, Any], key: str) -> R:
        deadline = time.monotonic() + self.timeout_s
        headers = {"Idempotency-Key": key}
        return self._ask(method, path, answer, deadline, json=_given(body), headers=headers)

    def _ask(self, method: str, path: str, answer: type[R], deadline: float, **request: Any) -> R:
        left_s = deadline - time.monotonic()
        timeout = (min(CONNECT_TIMEOUT_S, left_s), left_s)
        try:
            with self.session.request(
                method, self.url + path, timeout=timeout, stream=True, allow_redirects=False, **request
            ) as response:
                return self._read(response.status_code, _body(response, deadline), answer)
        except requests.ConnectTimeout as error:
            raise CompanyDown(self.system) from error
        except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError) as error:
            raise CompanySlow(self.system) from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise CompanyDown(self.system) from error

    def _read(self, status: int, body: bytes, answer: type[R]) -> R:
        if status not in (200, 201):
            raise self._error(status, body)
        try:
            return answer.model_validate_json(body)
        except ValidationError as error:
            raise CompanyConfused(self.system) from error

    def _error(self, status: int, body: bytes) -> CompanyError:
        if status >= 500:
            return CompanyDown(self.system)
        try:
            said = ErrorAnswer.model_validate_json(body)
        except ValidationError:
            return CompanyConfused(self.system)
        if status == 409:
            return Refused(said.code, said.message, system=self.system, details=said.details)
        if status == 404:
            return NotFound(said.message, system=self.system, code=said.code)
        if status == 422:
            return Invalid(said.message, system=self.system, code=said.code)
        return CompanyConfused(self.system, code=said.code)


def company(system: str) -> Client:
    """The client of `accounts`, `orders`, `network` or `billing`, as the settings say now."""
    now = settings()
    return _client(system, getattr(now, f"{system}_url"), getattr(now, f"{system}_token"), now.company_timeout_s)


@lru_cache
def _client(system: str, url: str, token: str, timeout_s: float) -> Client:
    return Client(system, url, token, timeout_s)


def at(*segments: str) -> str:
    """A path of these segments. What a customer typed may be in one, so none can climb to another path."""
    for segment in segments:
        if not segment.strip(". "):
            raise Invalid("That number is not complete.")
    return "".join("/" + quote(segment, safe="") for segment in segments)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _body(response: requests.Response, deadline: float) -> bytes:
    """The whole body, or `TimeoutError`: a system that sends one byte a second must not hold us longer."""
    parts = bytearray()
    while True:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        if (connection := response.raw.connection) and connection.sock:
            connection.sock.settimeout(left_s)
        part = response.raw.read1(65_536, decode_content=True)
        parts += part
        if not part:
            return bytes(parts)
        if len(parts) > LONGEST_BODY:
            raise urllib3.exceptions.HTTPError("The answer is too long.")
