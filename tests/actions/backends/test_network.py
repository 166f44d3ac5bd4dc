from datetime import UTC, datetime
from decimal import Decimal

import pytest

from actions.backends import billing, errors, network

pytestmark = pytest.mark.usefixtures("company")


def test_an_outage_is_found_by_postcode_and_by_account() -> None:
    (incident,) = network.incidents(postcode="48103")
    assert incident.cause == "Road works on Orchard Road cut a fiber cable."
    assert incident.estimate_at is not None
    assert incident.estimate_at > datetime.now(UTC)
    assert network.incidents(account_number="10042") == (incident,)
    assert network.incident(incident.incident_id) == incident


def test_where_nothing_is_known_nothing_is_claimed() -> None:
    assert network.incidents(postcode="48101") == ()
    assert network.incidents(postcode="90210") == ()


def test_a_past_outage_is_shown_only_when_asked_for() -> None:
    assert network.incidents(postcode="48106") == ()
    (past,) = network.incidents(postcode="48106", with_resolved=True)
    assert past.status == "resolved"


def test_a_postcode_with_letters_is_named_as_the_fault() -> None:
    with pytest.raises(errors.Invalid, match="postcode"):
        network.incidents(postcode="Elm Street")


def test_subscribing_twice_is_one_subscription(key: str) -> None:
    first = network.subscribe("INC-301", notify_to="maya.okafor@example.com", key=key)
    again = network.subscribe("INC-301", notify_to="maya.okafor@example.com", key=f"{key}-later")
    assert again == first


def test_nobody_subscribes_to_an_outage_that_is_over(key: str) -> None:
    with pytest.raises(errors.Refused, match="over"):
        network.subscribe("INC-298", notify_to="maya.okafor@example.com", key=key)


@pytest.mark.parametrize(
    ("account", "outcome", "needs_technician"),
    [
        ("10042", "ok", False),
        ("10007", "weak_signal", False),
        ("10011", "router_offline", False),
        ("10014", "no_signal", True),
    ],
)
def test_a_line_test_says_what_to_try(account: str, outcome: str, needs_technician: bool, key: str) -> None:
    test = network.test_line(account, key=key)
    assert (test.outcome, test.needs_technician) == (outcome, needs_technician)
    assert bool(test.steps) is not needs_technician


def test_a_fault_after_a_dead_line_books_a_technician(key: str) -> None:
    test = network.test_line("10014", key=key)
    fault = network.report_fault("10014", description="no internet", line_test_id=test.test_id, key=key)
    assert (fault.status, fault.line_test_id) == ("technician_booked", test.test_id)
    assert fault.visit_label
    assert network.fault(fault.fault_number) == fault
    assert fault in network.faults("10014")


def test_a_fault_on_a_good_line_stays_open(key: str) -> None:
    fault = network.report_fault("10042", description="slow in the evening", key=key)
    assert (fault.status, fault.visit_starts_at) == ("open", None)


def test_downtime_is_credited_once_and_taken_off_the_bill(key: str) -> None:
    before = billing.balance("10017").amount_due
    quote = network.quote_credit("10017", incident_id="INC-298")
    assert (quote.is_allowed, quote.hours, quote.amount) == (True, 7, Decimal("7.00"))
    credit = network.credit_downtime("10017", incident_id="INC-298", key=key)
    assert credit.amount == quote.amount
    assert billing.balance("10017").amount_due == before - credit.amount
    with pytest.raises(errors.Refused, match="already"):
        network.credit_downtime("10017", incident_id="INC-298", key=f"{key}-again")


def test_above_the_limit_a_colleague_decides(key: str) -> None:
    quote = network.quote_credit("10010", incident_id="INC-299")
    assert (quote.is_allowed, quote.amount, quote.limit) == (False, Decimal("52.00"), Decimal("30.00"))
    with pytest.raises(errors.Refused, match="a colleague decides") as caught:
        network.credit_downtime("10010", incident_id="INC-299", key=key)
    assert (caught.value.code, caught.value.details) == ("policy_refused", {"amount": "52.00", "limit": "30.00"})


@pytest.mark.parametrize(("incident", "why"), [("INC-299", "did not reach your address"), ("INC-302", "did not reach")])
def test_who_was_not_affected_is_not_credited(incident: str, why: str, key: str) -> None:
    with pytest.raises(errors.Refused, match=why):
        network.credit_downtime("10042", incident_id=incident, key=key)


def test_a_short_outage_is_not_credited_yet() -> None:
    quote = network.quote_credit("10041", incident_id="INC-302")
    assert (quote.is_allowed, quote.sentence) == (False, "We credit outages from 2 hours; this one lasted less.")
