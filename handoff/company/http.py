"""The company over HTTP, as `actions/backends/openapi.yml` says: `POST /return-exceptions` and `/billing-exceptions`.

A refusal is final and its sentence is shown; whatever else goes wrong is tried again under the same key.
"""

from decimal import Decimal
from typing import Any

import httpx
from pydantic import BaseModel, ValidationError

from handoff.errors import PermanentDeliveryError, TemporaryDeliveryError
from handoff.ports import CompanyResult, ExceptionOrder, FoundFact
from handoff.settings import Settings

PATHS = {"orders": "/return-exceptions", "billing": "/billing-exceptions"}
FINAL = (400, 404, 405, 409, 410, 422)
RETRY_AFTER_S = 5.0
LONGEST_BODY = 100_000


class _Fact(BaseModel):
    name: str
    value: str


class _Done(BaseModel):
    exception_number: str
    sentence: str
    facts: list[_Fact] = []


class _Problem(BaseModel):
    code: str
    message: str


class HttpCompany:
    """`async with HttpCompany(settings)`; one client for the life of the hub."""

    def __init__(self, config: Settings) -> None:
        self._systems = {
            "orders": (config.orders_url.rstrip("/"), config.orders_token),
            "billing": (config.billing_url.rstrip("/"), config.billing_token),
        }
        # Nobody waits at a page for this: it may take three times as long as a question of the assistant's.
        self._client = httpx.AsyncClient(timeout=config.company_timeout_s * 3, trust_env=False, follow_redirects=False)

    async def __aenter__(self) -> "HttpCompany":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def make_exception(self, order: ExceptionOrder) -> CompanyResult:
        url, token = self._systems[order.system]
        headers = {"Idempotency-Key": order.key, **({"Authorization": f"Bearer {token}"} if token else {})}
        try:
            answer = await self._client.post(url + PATHS[order.system], json=_wish(order), headers=headers)
        except httpx.HTTPError as error:
            raise TemporaryDeliveryError(
                f"The company's {order.system} system does not answer ({type(error).__name__}).", RETRY_AFTER_S
            ) from None
        return _read(answer, order.system)


def _wish(order: ExceptionOrder) -> dict[str, Any]:
    """The body of the call; details that make an address travel as one."""
    details = dict(order.details)
    body: dict[str, Any] = {
        "account_number": order.account_number,
        "kind": order.kind,
        "reason": order.reason,
        "approved_by": order.approved_by,
        "case_ref": order.case_ref,
    }
    if order.amount_cents is not None:
        body["amount"] = f"{Decimal(order.amount_cents) / 100:.2f}"
    if "line1" in details:
        body["address"] = {name: details.pop(name, "") for name in ("line1", "city", "postcode")}
    return body | details


def _read(answer: httpx.Response, system: str) -> CompanyResult:
    if answer.status_code in (200, 201):
        try:
            done = _Done.model_validate_json(answer.content[:LONGEST_BODY])
        except ValidationError:
            raise TemporaryDeliveryError(f"The company's {system} system answered what cannot be read.") from None
        number = FoundFact("exception_number", done.exception_number, validated=True)
        told = tuple(FoundFact(one.name[:60], one.value[:500], validated=True) for one in done.facts)
        return CompanyResult(done.sentence, (number, *told))
    if answer.status_code in FINAL:
        raise PermanentDeliveryError(_sentence(answer.content, system))
    raise TemporaryDeliveryError(f"The company's {system} system answered {answer.status_code}.", RETRY_AFTER_S)


def _sentence(body: bytes, system: str) -> str:
    try:
        return _Problem.model_validate_json(body[:LONGEST_BODY]).message[:500]
    except ValidationError:
        return f"The company's {system} system refused without saying why."
