"""What only the demo company does: seeding, keys, tokens, and failing on request."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from actions.backends import accounts, billing, errors, network, orders, returns
from actions.demo_company.db import open_database
from actions.demo_company.seed import seed
from actions.demo_company.tables import Account, Bill, BillLine, Incident, Table
from tests.actions.backends.fernway import running_company, systems_at


@pytest.fixture
def engine(tmp_path: Path):  # type: ignore[no-untyped-def]
    engine = open_database(tmp_path / "company.db")
    yield engine
    engine.dispose()


def counted(engine: Engine) -> dict[str, int]:
    with Session(engine) as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Table.metadata.sorted_tables
        }


def test_seeding_twice_adds_nothing(engine: Engine) -> None:
    assert seed(engine) is True
    first = counted(engine)
    assert seed(engine) is False
    assert counted(engine) == first
    assert (first["accounts"], first["bills"]) == (40, 120)


def test_an_open_outage_is_young_at_every_start(engine: Engine) -> None:
    now = datetime(2026, 3, 31, 9, tzinfo=UTC)
    seed(engine, now)
    seed(engine, now + timedelta(days=40))
    with Session(engine) as session:
        assert session.get_one(Incident, "INC-301").started_at == now + timedelta(days=40) - timedelta(hours=5)


@pytest.mark.parametrize("day", [(2026, 1, 1), (2026, 3, 31), (2028, 2, 29), (2026, 12, 31)])
def test_bills_are_one_for_each_of_three_months_on_any_day(engine: Engine, day: tuple[int, int, int]) -> None:
    seed(engine, datetime(*day, tzinfo=UTC))
    with Session(engine) as session:
        periods = session.scalars(select(Bill.period).where(Bill.account_number == "10042")).all()
        assert len(set(periods)) == 3
        assert max(periods) == f"{day[0]}-{day[1]:02d}"
        assert session.scalar(select(func.count()).where(Bill.due_on < Bill.issued_on)) == 0


def test_every_invented_customer_is_plainly_invented(engine: Engine) -> None:
    seed(engine)
    with Session(engine) as session:
        for account in session.scalars(select(Account)):
            assert account.email.endswith("@example.com")
            assert "-555-01" in account.phone
            assert len(account.postcode) == 5
        assert session.scalar(select(func.count()).where(BillLine.amount_cents == 0)) == 0


def test_a_return_outlives_a_restart(tmp_path: Path, key: str) -> None:
    with running_company(tmp_path / "company.db") as url, systems_at(url):
        device = orders.equipment("10042")[0].serial
        made = returns.create("10042", serial=device, reason="spare", method="shipping", key=key)
    with running_company(tmp_path / "company.db") as url, systems_at(url):
        assert returns.get(made.return_number).status == "created"
        again = returns.create("10042", serial=device, reason="spare", method="shipping", key=key)
        assert again.return_number == made.return_number


@pytest.mark.usefixtures("company")
def test_the_same_key_at_the_same_moment_acts_once(key: str) -> None:
    device = orders.equipment("10040")[0].serial

    def create(_: int) -> returns.Return:
        return returns.create("10040", serial=device, reason="spare", method="shipping", key=key)

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(create, range(8)))
    assert len(made) == 1
    assert len(returns.of_account("10040")) == 1


@pytest.mark.usefixtures("company")
def test_a_refusal_is_repeated_word_for_word_under_its_key(key: str) -> None:
    said = []
    for _ in range(2):
        with pytest.raises(errors.Refused) as caught:
            orders.cancel("F-20425", reason="changed my mind", key=key)
        said.append(caught.value.sentence)
    assert said[0] == said[1]


@pytest.mark.usefixtures("company")
def test_a_key_is_not_lent_to_another_wish(key: str) -> None:
    accounts.change_contact("10039", phone="312-555-0197", key=key)
    with pytest.raises(errors.Invalid) as caught:
        accounts.change_contact("10039", phone="312-555-0196", key=key)
    assert caught.value.code == "idempotency_key_reused"


def test_a_change_without_a_key_is_turned_away(company: str) -> None:
    answer = requests.post(f"{company}/accounts/10042/password-resets", json={}, timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_misspelt_field_is_noticed(company: str, key: str) -> None:
    answer = requests.patch(
        f"{company}/accounts/10042", json={"fone": "1"}, headers={"Idempotency-Key": key}, timeout=5
    )
    assert answer.status_code == 422
    assert "fone" in answer.json()["message"]


@pytest.mark.parametrize("path", ["/nothing/here", "/accounts/10042/nothing", "/labels/unknown", "/pay/unknown"])
def test_every_error_has_one_shape(company: str, path: str) -> None:
    answer = requests.get(company + path, timeout=5)
    assert answer.status_code == 404
    assert {"code", "message"} <= set(answer.json())


def test_one_system_is_down_while_the_others_answer(company: str) -> None:
    _fault(company, system="billing", mode="down")
    with pytest.raises(errors.CompanyDown, match="billing system is not answering"):
        billing.balance("10042")
    assert accounts.get("10042").name == "Maya Okafor"
    _fault(company, system="billing", mode="ok")
    assert billing.balance("10042").account_number == "10042"


def test_a_slow_system_is_given_up(company: str) -> None:
    _fault(company, system="network", mode="slow", delay_s=2)
    with systems_at(company, company_timeout_s="0.3"), pytest.raises(errors.CompanySlow):
        network.incidents(postcode="48103")


def test_a_fault_ends_by_itself(company: str) -> None:
    _fault(company, system="orders", mode="down", seconds=0.05)
    for _ in range(50):
        try:
            assert orders.of_account("10042")
        except errors.CompanyDown:
            continue
        return
    raise AssertionError("the fault did not end")


def test_a_failure_under_a_key_is_not_what_the_next_try_gets(company: str, key: str) -> None:
    _fault(company, system="accounts", mode="down")
    with pytest.raises(errors.CompanyDown):
        accounts.reset_password("10042", key=key)
    _fault(company, system="accounts", mode="ok")
    assert accounts.reset_password("10042", key=key).sent_to == "m…@example.com"


def test_where_a_token_is_set_nobody_asks_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELLONCE_BILLING_TOKEN", "s3cret")
    with running_company(tmp_path / "company.db") as url, systems_at(url):
        assert billing.balance("10042").account_number == "10042"
        assert accounts.get("10042").account_number == "10042"
        with systems_at(url, billing_token="wrong"), pytest.raises(errors.CompanyConfused) as caught:
            billing.balance("10042")
        assert caught.value.code == "unauthorized"


def _fault(company: str, **fault: object) -> None:
    requests.post(f"{company}/demo/faults", json=fault, timeout=5).raise_for_status()


def test_a_return_that_has_arrived_is_refunded(company: str, key: str) -> None:
    extender = next(item.serial for item in orders.equipment("10042") if not item.is_rented)
    made = returns.create("10042", serial=extender, reason="not needed", method="shipping", key=key)
    where = f"{company}/demo/returns/{made.return_number}/progress"
    requests.post(where, json={"status": "in_transit"}, timeout=5).raise_for_status()
    with pytest.raises(errors.Refused, match="on its way"):
        returns.cancel(made.return_number, key=f"{key}-cancel")
    requests.post(where, json={"status": "refunded"}, timeout=5).raise_for_status()
    assert requests.post(where, json={"status": "received"}, timeout=5).status_code == 409
    after = returns.get(made.return_number)
    (refund,) = orders.refunds(return_number=made.return_number)
    assert (after.status, after.refund_number) == ("refunded", refund.refund_number)
    assert refund.amount == made.refund_estimate
    assert [event.text for event in after.events][1:] == [
        "The courier has the parcel.",
        "The parcel has arrived at our depot.",
        "The device was checked and the return is closed.",
    ]
