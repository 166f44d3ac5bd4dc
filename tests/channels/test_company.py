"""The hub's client of the company, against the demo company itself: every kind of exception there is."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from handoff.cases.exception_kinds import KINDS
from handoff.company.http import HttpCompany
from handoff.errors import PermanentDeliveryError, TemporaryDeliveryError
from handoff.ports import ExceptionOrder
from handoff.settings import Settings
from tests.actions.backends.fernway import running_company

OF_MAYA = {
    "serial": "SELECT serial FROM equipment WHERE account_number = '10042' AND device LIKE '%box%' LIMIT 1",
    "order_number": "SELECT number FROM orders WHERE account_number = '10042' LIMIT 1",
    "line_id": "SELECT l.id FROM bill_lines l JOIN bills b ON b.number = l.bill_number "
    "WHERE b.account_number = '10042' AND l.amount_cents >= 500 LIMIT 1",
}
ADDRESS = {"line1": "14 Elm Street", "city": "Alder Falls", "postcode": "48106"}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A company that answers, with a device, an order and a bill line of account 10042."""
    path: Path = tmp_path_factory.mktemp("exceptions") / "company.db"
    with running_company(path) as url:
        engine = create_engine(f"sqlite:///{path}")
        with engine.connect() as connection:
            found = {name: connection.scalar(text(query)) for name, query in OF_MAYA.items()}
        engine.dispose()
        yield {"url": url, **found}


@pytest.fixture
async def company(known: dict[str, Any]) -> AsyncIterator[HttpCompany]:
    async with HttpCompany(Settings(orders_url=known["url"], billing_url=known["url"])) as company:
        yield company


def _order(kind: str, known: dict[str, Any], key: str, **changed: Any) -> ExceptionOrder:
    named = {"pickup_anywhere": {"serial": known["serial"], **ADDRESS}, "credit": {}}
    named |= {
        "waived_fee": {"line_id": known["line_id"]},
        "refund_above_limit": {"order_number": known["order_number"]},
    }
    parts: dict[str, Any] = {
        "key": key,
        "kind": kind,
        "system": KINDS[kind].system,
        "account_number": "10042",
        "amount_cents": 500 if KINDS[kind].has_amount else None,
        "reason": "Nine calls about one box.",
        "approved_by": "Dana Reyes",
        "case_ref": "C-482-917-4",
        "details": named.get(kind, {"serial": known["serial"]}),
    }
    return ExceptionOrder(**(parts | changed))


@pytest.mark.parametrize(
    ("kind", "fact"),
    [
        ("pickup_anywhere", "pickup_window"),
        ("heavier_label", "label_weight"),
        ("late_return", "return_number"),
        ("free_replacement", "order_number"),
        ("refund_above_limit", "refund_number"),
        ("credit", "credit_number"),
        ("waived_fee", "credit_number"),
    ],
)
async def test_the_company_does_what_was_granted_once(
    kind: str, fact: str, known: dict[str, Any], company: HttpCompany
) -> None:
    order = _order(kind, known, f"{kind}-{datetime.now(UTC).timestamp()}")
    done = await company.make_exception(order)
    facts = {one.name: one.value for one in done.facts}
    assert done.sentence
    assert facts["exception_number"].startswith("XC-")
    assert facts[fact]
    assert await company.make_exception(order) == done


def test_every_kind_is_tried() -> None:
    tried = test_the_company_does_what_was_granted_once.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {kind for kind, _ in tried} == set(KINDS)


async def test_the_companys_no_is_its_own_sentence(known: dict[str, Any], company: HttpCompany) -> None:
    with pytest.raises(PermanentDeliveryError, match="There is no account"):
        await company.make_exception(_order("credit", known, "nobody", account_number="99999"))
    with pytest.raises(PermanentDeliveryError, match="more than that cannot be waived"):
        await company.make_exception(_order("waived_fee", known, "too-much", amount_cents=99_999))


async def test_a_company_that_is_away_is_asked_again_later(known: dict[str, Any]) -> None:
    async with HttpCompany(Settings(orders_url="http://127.0.0.1:9", billing_url="http://127.0.0.1:9")) as nobody:
        with pytest.raises(TemporaryDeliveryError):
            await nobody.make_exception(_order("credit", known, "away"))
