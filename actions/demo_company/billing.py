"""Billing: what is owed and why, disputes, payments and instalments."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from fastapi import APIRouter, Query
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from actions.backends import billing as answers
from actions.demo_company import asked, rules, tables
from actions.demo_company.accounts import find_account
from actions.demo_company.db import Db
from actions.demo_company.money import amount, cents
from actions.demo_company.pages import add_page, page_url
from actions.demo_company.problems import invalid, needs_person, not_found, refused

router = APIRouter(tags=["billing"])


def _bills(db: Session, account_number: str) -> Sequence[tables.Bill]:
    query = select(tables.Bill).where(tables.Bill.account_number == account_number)
    return db.scalars(query.order_by(tables.Bill.period.desc())).all()


def _find_bill(db: Session, number: str) -> tables.Bill:
    bill = db.get(tables.Bill, number.strip().upper())
    if bill is None:
        raise not_found(f"There is no bill {number}.")
    return bill


def _total(bill: tables.Bill) -> int:
    return sum(line.amount_cents for line in bill.lines)


def _shown(bill: tables.Bill) -> answers.Bill:
    unpaid = "overdue" if bill.due_on < _today() else "open"
    return answers.Bill(
        bill_number=bill.number,
        account_number=bill.account_number,
        period=bill.period,
        issued_on=bill.issued_on,
        due_on=bill.due_on,
        total=amount(_total(bill)),
        status="paid" if bill.is_paid else unpaid,
        lines=tuple(
            answers.BillLine(
                line_id=line.id, kind=line.kind, label=line.label, amount=amount(line.amount_cents), reason=line.reason
            )
            for line in bill.lines
        ),
    )


def _due_cents(db: Session, account_number: str) -> int:
    """Unpaid bills less what was credited since the oldest of them was issued."""
    unpaid = [bill for bill in _bills(db, account_number) if not bill.is_paid]
    if not unpaid:
        return 0
    credited = db.scalar(
        select(func.coalesce(func.sum(tables.Credit.amount_cents), 0)).where(
            tables.Credit.account_number == account_number,
            tables.Credit.given_at >= datetime.combine(unpaid[-1].issued_on, datetime.min.time(), UTC),
        )
    )
    return max(0, sum(_total(bill) for bill in unpaid) - (credited or 0))


@router.get("/balances/{account_number}", operation_id="billing.balance")
def balance(db: Db, account_number: str) -> answers.Balance:
    account = find_account(db, account_number)
    unpaid = [bill for bill in _bills(db, account.number) if not bill.is_paid]
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


@router.get("/bills", operation_id="billing.bills")
def bills(db: Db, account_number: str, months: int = Query(3, ge=1, le=24)) -> answers.Bills:
    find_account(db, account_number)
    return answers.Bills(bills=tuple(_shown(bill) for bill in _bills(db, account_number)[:months]))


@router.get("/bills/{bill_number}", operation_id="billing.bill")
def bill(db: Db, bill_number: str) -> answers.Bill:
    return _shown(_find_bill(db, bill_number))


@router.get("/bill-comparisons", operation_id="billing.compare")
def compare(db: Db, account_number: str, newer: str | None = None, older: str | None = None) -> answers.Comparison:
    find_account(db, account_number)
    known = _bills(db, account_number)
    new = _of_period(known, newer) if newer else known[0]
    earlier = [bill for bill in known if bill.period < new.period]
    if not older and not earlier:
        raise not_found(f"There is no bill before {new.period} to compare with.")
    old = _of_period(known, older) if older else earlier[0]
    return answers.Comparison(
        account_number=account_number,
        newer=_shown(new),
        older=_shown(old),
        difference=amount(_total(new) - _total(old)),
        changes=_changes(new, old),
    )


def _of_period(known: Sequence[tables.Bill], period: str) -> tables.Bill:
    for bill in known:
        if bill.period == period:
            return bill
    raise not_found(f"There is no bill for {period}.")


def _changes(new: tables.Bill, old: tables.Bill) -> tuple[answers.BillChange, ...]:
    """Lines are the same line when kind and label agree; what differs is explained by the bill that knows why."""
    after = {(line.kind, line.label): line for line in new.lines}
    before = {(line.kind, line.label): line for line in old.lines}
    found = [_change(after.get(name), before.get(name)) for name in dict.fromkeys([*after, *before])]
    differing = [change for change in found if change.difference]
    return tuple(sorted(differing, key=lambda change: -abs(change.difference)))


def _change(new: tables.BillLine | None, old: tables.BillLine | None) -> answers.BillChange:
    line = new or old
    assert line is not None, "a change has at least one side"
    before, after = old.amount_cents if old else 0, new.amount_cents if new else 0
    reason = (new.reason if new else line.end_reason) or ("New on this bill." if not old else "No longer on this bill.")
    return answers.BillChange(
        label=line.label,
        before=amount(before),
        after=amount(after),
        difference=amount(after - before),
        reason=reason,
        line_id=new.id if new else None,
    )


@router.post("/bills/{bill_number}/lines/{line_id}/disputes", operation_id="billing.dispute")
def dispute(db: Db, bill_number: str, line_id: str, why: asked.Reason) -> answers.Dispute:
    """Small, the first, and of a kind that people get wrong for us: credited at once. Else a person decides."""
    bill = _find_bill(db, bill_number)
    line = next((line for line in bill.lines if line.id == line_id.strip().upper()), None)
    if line is None:
        raise not_found(f"Bill {bill.number} has no line {line_id}.")
    _refuse_dispute(db, bill, line)
    credit = tables.Credit(
        account_number=bill.account_number,
        kind="dispute",
        source=line.id,
        amount_cents=line.amount_cents,
        given_at=datetime.now(UTC),
        reason=why.reason,
    )
    db.add(credit)
    db.flush()
    return answers.Dispute(
        dispute_number=f"DS-{10000 + credit.id}",
        bill_number=bill.number,
        line_id=line.id,
        amount=amount(credit.amount_cents),
        outcome="credited",
        sentence=f'${amount(credit.amount_cents)} for "{line.label}" was taken off your bill.',
    )


def _refuse_dispute(db: Session, bill: tables.Bill, line: tables.BillLine) -> None:
    rule = rules.policy("disputes")
    limit = cents(rule["limit"])
    numbers = {"amount": str(amount(line.amount_cents)), "limit": str(amount(limit))}
    earlier = db.scalars(
        select(tables.Credit).where(
            tables.Credit.account_number == bill.account_number, tables.Credit.kind == "dispute"
        )
    ).all()
    if any(credit.source == line.id for credit in earlier):
        raise refused(f'"{line.label}" was credited already.')
    if line.amount_cents <= 0:
        raise refused(f'"{line.label}" is in your favour, so there is nothing to take off.')
    if line.kind not in rule["kinds"]:
        raise needs_person(f'"{line.label}" is part of what you subscribe to; a colleague looks at it.', **numbers)
    if line.amount_cents > limit:
        raise needs_person(f"Above ${amount(limit)} a colleague decides about a charge.", **numbers)
    if earlier:
        raise needs_person("One charge was credited before, so a colleague looks at this one.", **numbers)


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


@router.post("/bills/{bill_number}/copies", operation_id="billing.copy_bill")
def copy_bill(db: Db, bill_number: str, _: asked.Nothing) -> answers.BillCopy:
    bill = _find_bill(db, bill_number)
    page = add_page(db, "bill-copies", bill.account_number, _total(bill), bill.number)
    url = page_url("bill-copies", page.token)
    return answers.BillCopy(bill_number=bill.number, url=url, expires_at=page.expires_at)


def _today() -> date:
    return datetime.now(UTC).date()
