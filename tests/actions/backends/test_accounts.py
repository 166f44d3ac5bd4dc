from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from actions.backends import accounts, errors

pytestmark = pytest.mark.usefixtures("company")
MAYA = "10042"


def in_days(days: int) -> date:
    return datetime.now(UTC).date() + timedelta(days=days)


@pytest.mark.parametrize(
    "told",
    [
        {"account_number": MAYA},
        {"email": "Maya.Okafor@Example.com"},
        {"phone": "(312) 555-0142"},
        {"phone": "+1 312 555 0142"},
        {"phone": "555-0142"},
        {"name": "maya okafor", "postcode": "48104"},
        {"name": "Jonas Lindqvist", "postcode": "48104"},
    ],
)
def test_a_customer_is_found_by_whatever_they_tell(told: dict[str, str]) -> None:
    found = accounts.find(**told)
    assert [account.account_number for account in found] == [MAYA]
    assert str(found[0].address) == "27 Harbor Lane Apt 3B, Alder Falls 48104"


@pytest.mark.parametrize(
    "told",
    [
        {"account_number": "99999"},
        {"email": "nobody@example.com"},
        {"phone": "42"},
        {"name": "Maya Okafor", "postcode": "48101"},
        {"account_number": MAYA, "email": "tomas.novak@example.com"},
    ],
)
def test_who_does_not_match_everything_is_not_found(told: dict[str, str]) -> None:
    assert accounts.find(**told) == ()


def test_a_name_alone_identifies_nobody() -> None:
    with pytest.raises(errors.Invalid, match="name with a postcode"):
        accounts.find(name="Maya Okafor")


def test_an_unknown_account_is_said_to_be_unknown() -> None:
    with pytest.raises(errors.NotFound, match="There is no account 99999"):
        accounts.get("99999")


def test_contact_data_changes_and_the_rest_stays(key: str) -> None:
    before = accounts.get("10032")
    after = accounts.change_contact("10032", phone="312-555-0199", key=key)
    assert after == before.model_copy(update={"phone": "312-555-0199"})
    assert accounts.get("10032") == after


def test_an_email_of_somebody_else_is_refused(key: str) -> None:
    with pytest.raises(errors.Refused, match="another account"):
        accounts.change_contact("10032", email="maya.okafor@example.com", key=key)


def test_an_email_without_an_at_sign_is_named_as_the_fault(key: str) -> None:
    with pytest.raises(errors.Invalid, match="email"):
        accounts.change_contact("10032", email="nonsense", key=key)


def test_a_move_says_what_happens_to_each_device(key: str) -> None:
    move = accounts.move(
        "10004", line1="5 Church Rise", city="Corran Hill", postcode="48305", move_on=in_days(20), key=key
    )
    assert move.is_serviceable
    assert {item.name: item.action for item in move.equipment}["Fiber modem F2"] == "return"
    assert "take_along" in {item.action for item in move.equipment}


def test_a_move_out_of_the_area_brings_everything_rented_back(key: str) -> None:
    move = accounts.move(
        "10004", line1="1 Far Street", city="Elsewhere", postcode="90001", move_on=in_days(20), key=key
    )
    assert not move.is_serviceable
    assert {item.action for item in move.equipment} == {"return"}


def test_a_move_tomorrow_is_refused_with_the_earliest_day(key: str) -> None:
    with pytest.raises(errors.Refused, match="the earliest day is"):
        accounts.move("10004", line1="5 Mill Street", city="Alder Falls", postcode="48101", move_on=in_days(1), key=key)


def test_a_password_link_goes_by_mail_and_the_address_stays_masked(key: str) -> None:
    reset = accounts.reset_password(MAYA, key=key)
    assert reset.sent_to == "m…@example.com"
    assert reset.expires_at > datetime.now(UTC)


def test_leaving_early_names_its_price(key: str) -> None:
    wish = accounts.request_cancel("10009", reason="moving abroad", key=key)
    assert wish.early_fee == Decimal("40.00")
    assert "$40.00" in wish.sentence
    assert accounts.request_cancel(MAYA, reason="too expensive", key=key).early_fee == 0


def test_plans_show_the_difference_and_leave_out_fiber_where_there_is_none() -> None:
    plans = {plan.code: plan for plan in accounts.plans("10010")}
    assert plans["cable_250"].is_current
    assert plans["cable_100"].difference == Decimal("-10.00")
    assert "fiber_300" not in plans


def test_a_plan_changes_from_the_first_of_next_month_and_then_rests(key: str) -> None:
    changed = accounts.change_plan("10031", plan_code="cable_100", key=key)
    assert (changed.plan.is_current, changed.effective_on.day) == (True, 1)
    assert accounts.get("10031").plan_name == "Cable 100"
    with pytest.raises(errors.Refused, match="once in 30 days"):
        accounts.change_plan("10031", plan_code="family_tv", key=f"{key}-again")


@pytest.mark.parametrize(
    ("account", "plan", "why"),
    [("10010", "fiber_300", "needs fiber"), ("10042", "fiber_1000", "already have"), ("10015", "cable_100", "once in")],
)
def test_a_plan_that_cannot_be_had_is_refused_with_the_reason(account: str, plan: str, why: str, key: str) -> None:
    with pytest.raises(errors.Refused, match=why):
        accounts.change_plan(account, plan_code=plan, key=key)
