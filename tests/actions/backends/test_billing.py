from decimal import Decimal

import pytest
import requests

from actions.backends import billing, errors

pytestmark = pytest.mark.usefixtures("company")
MAYA = "10042"


def line(account: str, label: str) -> tuple[str, str]:
    bill = billing.bills(account)[0]
    return bill.bill_number, next(line.line_id for line in bill.lines if label in line.label)


def test_three_months_of_bills_whose_lines_add_up() -> None:
    for account in ("10003", "10025", MAYA):
        bills = billing.bills(account)
        assert len(bills) == 3
        assert [bill.period for bill in bills] == sorted((bill.period for bill in bills), reverse=True)
        assert all(bill.total == sum(line.amount for line in bill.lines) for bill in bills)
        assert billing.bill(bills[0].bill_number) == bills[0]


def test_why_the_bill_is_higher_is_told_line_by_line() -> None:
    compared = billing.compare(MAYA)
    assert compared.difference == sum(change.difference for change in compared.changes) == Decimal("30.50")
    assert [(change.label, change.difference) for change in compared.changes] == [
        ("Welcome discount", Decimal("15.00")),
        ("Late fee", Decimal("9.50")),
        ("TV Box Mini rent", Decimal("6.00")),
    ]
    assert "ended after its term" in compared.changes[0].reason


def test_a_price_that_rose_is_a_change_of_one_line() -> None:
    (change,) = billing.compare("10005").changes
    assert (change.before, change.after) == (Decimal("51.00"), Decimal("55.00"))
    assert "price of your plan rose" in change.reason


def test_equal_bills_have_no_changes() -> None:
    assert billing.compare("10033").changes == ()


def test_every_change_has_its_own_reason() -> None:
    for number in range(10003, 10043):
        for change in billing.compare(str(number)).changes:
            assert change.reason not in {"New on this bill.", "No longer on this bill.", "The amount has changed."}


def test_any_two_months_can_be_compared() -> None:
    newest, middle, oldest = (bill.period for bill in billing.bills("10016"))
    assert billing.compare("10016", newer=middle, older=oldest).difference == Decimal("10.00")
    assert billing.compare("10016", newer=newest, older=oldest).difference == Decimal("10.00")
    with pytest.raises(errors.NotFound, match="no bill before"):
        billing.compare("10016", newer=oldest)


def test_what_is_owed_and_until_when() -> None:
    balance = billing.balance(MAYA)
    assert balance.amount_due == billing.bills(MAYA)[0].total
    assert not balance.is_overdue
    assert balance.last_payment is not None


def test_two_unpaid_bills_are_owed_together_and_overdue() -> None:
    bills = billing.bills("10025")
    balance = billing.balance("10025")
    assert balance.amount_due == bills[0].total + bills[1].total
    assert (balance.is_overdue, balance.due_on) == (True, bills[1].due_on)


def test_a_small_first_dispute_is_credited_at_once(key: str) -> None:
    bill, line_id = line("10024", "Late fee")
    before = billing.balance("10024").amount_due
    dispute = billing.dispute(bill, line_id, reason="I paid on time", key=key)
    assert (dispute.outcome, dispute.amount) == ("credited", Decimal("9.50"))
    assert billing.balance("10024").amount_due == before - dispute.amount
    assert billing.dispute(bill, line_id, reason="I paid on time", key=key) == dispute
    with pytest.raises(errors.Refused, match="credited already"):
        billing.dispute(bill, line_id, reason="again", key=f"{key}-again")


@pytest.mark.parametrize(
    ("account", "label", "why"),
    [
        ("10006", "Late fee", "credited before"),
        ("10007", "Technician visit", "Above \\$25.00"),
        ("10027", "International calls", "Above \\$25.00"),
        (MAYA, "Fiber 1000", "part of what you subscribe to"),
    ],
)
def test_other_disputes_go_to_a_person(account: str, label: str, why: str, key: str) -> None:
    with pytest.raises(errors.Refused, match=why) as caught:
        billing.dispute(*line(account, label), reason="not right", key=key)
    assert caught.value.code == "needs_person"


def test_nobody_disputes_a_discount(key: str) -> None:
    with pytest.raises(errors.Refused, match="in your favour"):
        billing.dispute(*line("10030", "Neighbour discount"), reason="too small", key=key)


def test_a_pay_link_opens_with_the_amount_owed(key: str) -> None:
    link = billing.pay_link(MAYA, key=key)
    assert link.amount == billing.balance(MAYA).amount_due
    assert f"${link.amount}" in requests.get(link.url, timeout=5).text
    assert billing.pay_link(MAYA, amount=Decimal(20), key=f"{key}-part").amount == Decimal("20.00")


def test_more_than_is_owed_cannot_be_paid(key: str) -> None:
    with pytest.raises(errors.Invalid, match="more than that"):
        billing.pay_link(MAYA, amount=Decimal("5000.00"), key=key)
    with pytest.raises(errors.Refused, match="nothing to pay"):
        billing.pay_link("10004", key=f"{key}-nothing")


def test_instalments_add_up_to_what_is_owed(key: str) -> None:
    offered = billing.instalment_options("10011")
    assert [option.months for option in offered.options] == [2, 3, 6]
    plan = billing.start_instalments("10011", option_code="three", key=key)
    assert len(plan.schedule) == 3
    assert sum(part.amount for part in plan.schedule) == plan.total == offered.amount_due
    with pytest.raises(errors.Refused, match="running already"):
        billing.instalment_options("10011")


def test_a_small_debt_is_not_divided() -> None:
    with pytest.raises(errors.Refused, match="Instalments are for"):
        billing.instalment_options("10022")


def test_a_failed_payment_says_why_and_what_can_be_done(key: str) -> None:
    (expired,) = billing.payments("10008", status="failed")
    assert (expired.failure, expired.next_try_on) == ("The card has expired.", None)
    with pytest.raises(errors.Refused, match="pay another way"):
        billing.retry_payment(expired.payment_id, key=key)
    (short,) = billing.payments("10025", status="failed")
    assert billing.retry_payment(short.payment_id, key=f"{key}-short").status == "pending"


def test_a_copy_of_a_bill_opens_with_its_lines(key: str) -> None:
    bill = billing.bills(MAYA)[0]
    page = requests.get(billing.copy_bill(bill.bill_number, key=key).url, timeout=5).text
    assert all(line.label in page for line in bill.lines)
    assert f"${bill.total}" in page
