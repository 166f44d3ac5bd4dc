"""What may be returned, until when, and for what fee."""

from datetime import UTC, date, datetime, timedelta

from fastapi import APIRouter
from sqlalchemy.orm import Session

from actions.backends import returns as answers
from actions.demo_company import rules, tables
from actions.demo_company.accounts import find_account
from actions.demo_company.db import Db
from actions.demo_company.money import amount, cents
from actions.demo_company.problems import not_found

router = APIRouter(tags=["orders"])
METHODS: tuple[answers.Method, ...] = ("pickup", "drop_off", "shipping")


def find_item(db: Session, account_number: str, serial: str) -> tables.Equipment:
    item = db.get(tables.Equipment, serial.strip().upper())
    if item is None or item.account_number != account_number:
        raise not_found(f"Account {account_number} has no device with the serial number {serial}.")
    return item


@router.get("/return-policy", operation_id="returns.check_policy")
def check_policy(
    db: Db, account_number: str, serial: str, condition: answers.Condition = "good"
) -> answers.PolicyCheck:
    find_account(db, account_number)
    return judge(find_item(db, account_number, serial), condition)


def judge(item: tables.Equipment, condition: answers.Condition) -> answers.PolicyCheck:
    rule, name = rules.policy("returns"), rules.device(item.device)["name"]
    if item.is_rented:
        fee = cents(rule["damaged_rented_fee"]) if condition == "damaged" else 0
        said = f"The {name} is rented, so it can come back at any time"
        said += f"; for the damage we charge ${amount(fee)}." if fee else ", at no charge."
        return _check(item, condition, said, None, fee, 0)
    days = rule["faulty_window_days"] if condition == "faulty" else rule["bought_window_days"]
    if condition == "damaged":
        said = f"A damaged {name} that was bought cannot be returned under our rules."
        return _check(item, condition, said, days, 0, 0, is_allowed=False)
    last_day_on = item.received_on + timedelta(days=days)
    if _today() > last_day_on:
        said = f"The {name} could be returned until {last_day_on:%-d %B %Y}, {days} days after it arrived."
        return _check(item, condition, said, days, 0, 0, is_allowed=False)
    price = cents(rules.device(item.device)["price"])
    is_late = (_today() - item.received_on).days > rule["restocking_after_days"]
    fee = price * rule["restocking_percent"] // 100 if is_late and condition == "good" else 0
    said = f"The {name} can be returned until {last_day_on:%-d %B %Y}"
    said += f"; after {rule['restocking_after_days']} days we keep ${amount(fee)} for restocking." if fee else "."
    return _check(item, condition, said, days, fee, price - fee)


def _check(
    item: tables.Equipment,
    condition: answers.Condition,
    sentence: str,
    window_days: int | None,
    fee_cents: int,
    refund_cents: int,
    *,
    is_allowed: bool = True,
) -> answers.PolicyCheck:
    return answers.PolicyCheck(
        serial=item.serial,
        is_allowed=is_allowed,
        sentence=sentence,
        condition=condition,
        window_days=window_days,
        last_day_on=item.received_on + timedelta(days=window_days) if window_days else None,
        fee=amount(fee_cents),
        refund_estimate=amount(refund_cents),
        methods=METHODS if is_allowed else (),
    )


def _today() -> date:
    return datetime.now(UTC).date()
