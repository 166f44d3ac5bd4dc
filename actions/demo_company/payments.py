"""Billing: what is owed, payments, links to pay, and instalments."""

from datetime import UTC, date, datetime, timedelta
from typing import Literal

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.backends import billing as answers
from actions.demo_company import asked, rules, tables
from actions.demo_company.accounts import find_account
from actions.demo_company.billing import bills_of, total_cents
from actions.demo_company.db import Db
from actions.demo_company.money import amount, cents
from actions.demo_company.pages import add_page, page_url
from actions.demo_company.problems import invalid, needs_person, not_found, refused

router = APIRouter(tags=["billing"])


def _due_cents(db: Session, account_number: str) -> int:
    """Unpaid bills less what was credited since the oldest of them was issued."""
    unpaid = [bill for bill in bills_of(db, account_number) if not bill.is_paid]
    if not unpaid:
        return 0
    credited = db.scalar(
        select(func.coalesce(func.sum(tables.Credit.amount_cents), 0)).where(
            tables.Credit.account_number == account_number,
            tables.Credit.given_at >= datetime.combine(unpaid[-1].issued_on, datetime.min.time(), UTC),
        )
    )
    return max(0, sum(total_cents(bill) for bill in unpaid) - (credited or 0))


@router.get("/balances/{account_number}", operation_id="billing.balance")
def balance(db: Db, account_number: str) -> answers.Balance:
    account = find_account(db, account_number)
    unpaid = [bill for bill in bills_of(db, account.number) if not bill.is_paid]
    query = select(tables.Payment).where(
        tables.Payment.account_number == account.number, tables.Payment.status == "paid"
    )
    last = db.scalar(query.order_by(tables.Payment.paid_on.desc()).limit(1))
    due_on = unpaid[-1].due_on if unpaid else None
    return answers.Balance(
        account_number=account.number,
        amount_due=amount(_due_cents(db, account.number)),
        due_on=due_on,
        is_overdue=bool(due_on and due_on < _today()),
        is_autopay=account.is_autopay,
        last_payment=_payment(last) if last else None,
    )


def _payment(payment: tables.Payment) -> answers.Payment:
    return answers.Payment(
        payment_id=payment.id,
        account_number=payment.account_number,
        amount=amount(payment.amount_cents),
        paid_on=payment.paid_on,
        method=payment.method,
        status=payment.status,
        failure=payment.failure,
        next_try_on=payment.next_try_on,
    )


@router.post("/payment-links", operation_id="billing.pay_link")
def pay_link(db: Db, wish: asked.PayWish) -> answers.PayLink:
    account = find_account(db, wish.account_number)
    due = _due_cents(db, account.number)
    if not due:
        raise refused("There is nothing to pay at the moment.")
    wanted = cents(wish.amount) if wish.amount else due
    if wanted > due:
        raise invalid(f"You owe ${amount(due)}; more than that cannot be paid.")
    page = add_page(db, "pay", account.number, wanted)
    return answers.PayLink(url=page_url("pay", page.token), amount=amount(wanted), expires_at=page.expires_at)


@router.get("/instalment-options", operation_id="billing.instalment_options")
def instalment_options(db: Db, account_number: str) -> answers.InstalmentOptions:
    due = _dividable(db, account_number)
    options = tuple(_option(option, due) for option in rules.policy("instalments")["options"])
    return answers.InstalmentOptions(amount_due=amount(due), options=options)


def _dividable(db: Session, account_number: str) -> int:
    find_account(db, account_number)
    rule, due = rules.policy("instalments"), _due_cents(db, account_number)
    running = db.scalar(select(tables.InstalmentPlan).where(tables.InstalmentPlan.account_number == account_number))
    if running:
        raise refused("An instalment plan is running already; there can be one at a time.")
    if due < cents(rule["from"]):
        raise refused(f"Instalments are for ${amount(cents(rule['from']))} or more; you owe ${amount(due)}.")
    if due > cents(rule["up_to"]):
        raise needs_person(f"Above ${amount(cents(rule['up_to']))} a colleague agrees the instalments with you.")
    return due


def _option(option: dict[str, str | int | float], due: int) -> answers.InstalmentOption:
    fee, months = cents(float(option["fee"])), int(option["months"])
    return answers.InstalmentOption(
        option_code=str(option["code"]),
        months=months,
        monthly_amount=amount(-(-(due + fee) // months)),
        fee=amount(fee),
        first_on=_today() + timedelta(days=14),
    )


@router.post("/instalment-plans", operation_id="billing.start_instalments")
def start_instalments(db: Db, wish: asked.InstalmentWish) -> answers.InstalmentPlan:
    due = _dividable(db, wish.account_number)
    known = {option["code"]: option for option in rules.policy("instalments")["options"]}
    if wish.option_code not in known:
        raise invalid("Please choose one of the instalment plans on offer.")
    option = _option(known[wish.option_code], due)
    total = due + cents(option.fee)
    plan = tables.InstalmentPlan(
        account_number=wish.account_number, months=option.months, total_cents=total, first_on=option.first_on
    )
    db.add(plan)
    db.flush()
    return answers.InstalmentPlan(
        plan_number=f"IP-{10000 + plan.id}",
        account_number=wish.account_number,
        months=option.months,
        total=amount(total),
        schedule=_schedule(option, total),
    )


def _schedule(option: answers.InstalmentOption, total: int) -> tuple[answers.Instalment, ...]:
    """Equal parts; the last one takes what rounding left."""
    part = cents(option.monthly_amount)
    parts = [part] * (option.months - 1) + [total - part * (option.months - 1)]
    return tuple(
        answers.Instalment(on=option.first_on + timedelta(days=30 * number), amount=amount(size))
        for number, size in enumerate(parts)
    )


@router.get("/payments", operation_id="billing.payments")
def payments(
    db: Db, account_number: str, status: Literal["paid", "failed", "pending"] | None = None
) -> answers.Payments:
    find_account(db, account_number)
    query = select(tables.Payment).where(tables.Payment.account_number == account_number)
    if status:
        query = query.where(tables.Payment.status == status)
    found = db.scalars(query.order_by(tables.Payment.paid_on.desc()))
    return answers.Payments(payments=tuple(_payment(row) for row in found))


@router.post("/payments/{payment_id}/retry", operation_id="billing.retry_payment")
def retry_payment(db: Db, payment_id: str, _: asked.Nothing) -> answers.Payment:
    payment = db.get(tables.Payment, payment_id.strip().upper())
    if payment is None:
        raise not_found(f"There is no payment {payment_id}.")
    if payment.status != "failed":
        raise refused("That payment has not failed, so there is nothing to try again.")
    if payment.next_try_on is None:
        raise refused(f"{payment.failure} Trying again would fail too; please pay another way.")
    payment.status, payment.failure, payment.next_try_on = "pending", None, None
    return _payment(payment)


def _today() -> date:
    return datetime.now(UTC).date()
