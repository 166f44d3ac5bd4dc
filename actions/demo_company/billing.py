"""Billing: bills, why they differ, and disputed lines."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

from fastapi import APIRouter, Query
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backends import billing as answers
from actions.demo_company import asked, rules, tables
from actions.demo_company.accounts import find_account
from actions.demo_company.db import Db
from actions.demo_company.money import amount, cents
from actions.demo_company.pages import add_page, page_url
from actions.demo_company.problems import needs_person, not_found, refused

router = APIRouter(tags=["billing"])


def bills_of(db: Session, account_number: str) -> Sequence[tables.Bill]:
    query = select(tables.Bill).where(tables.Bill.account_number == account_number)
    return db.scalars(query.order_by(tables.Bill.period.desc())).all()


def _find_bill(db: Session, number: str) -> tables.Bill:
    bill = db.get(tables.Bill, number.strip().upper())
    if bill is None:
        raise not_found(f"There is no bill {number}.")
    return bill


def total_cents(bill: tables.Bill) -> int:
    return sum(line.amount_cents for line in bill.lines)


def _shown(bill: tables.Bill) -> answers.Bill:
    unpaid = "overdue" if bill.due_on < _today() else "open"
    return answers.Bill(
        bill_number=bill.number,
        account_number=bill.account_number,
        period=bill.period,
        issued_on=bill.issued_on,
        due_on=bill.due_on,
        total=amount(total_cents(bill)),
        status="paid" if bill.is_paid else unpaid,
        lines=tuple(
            answers.BillLine(
                line_id=line.id, kind=line.kind, label=line.label, amount=amount(line.amount_cents), reason=line.reason
            )
            for line in bill.lines
        ),
    )


@router.get("/bills", operation_id="billing.bills")
def bills(db: Db, account_number: str, months: int = Query(3, ge=1, le=24)) -> answers.Bills:
    find_account(db, account_number)
    return answers.Bills(bills=tuple(_shown(bill) for bill in bills_of(db, account_number)[:months]))


@router.get("/bills/{bill_number}", operation_id="billing.bill")
def bill(db: Db, bill_number: str) -> answers.Bill:
    return _shown(_find_bill(db, bill_number))


@router.get("/bill-comparisons", operation_id="billing.compare")
def compare(db: Db, account_number: str, newer: str | None = None, older: str | None = None) -> answers.Comparison:
    find_account(db, account_number)
    known = bills_of(db, account_number)
    new = _of_period(known, newer) if newer else known[0]
    earlier = [bill for bill in known if bill.period < new.period]
    if not older and not earlier:
        raise not_found(f"There is no bill before {new.period} to compare with.")
    old = _of_period(known, older) if older else earlier[0]
    return answers.Comparison(
        account_number=account_number,
        newer=_shown(new),
        older=_shown(old),
        difference=amount(total_cents(new) - total_cents(old)),
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
    names = dict.fromkeys([*after, *before])
    found = [_change(name[1], after.get(name), before.get(name)) for name in names]
    differing = [change for change in found if change.difference]
    return tuple(sorted(differing, key=lambda change: -abs(change.difference)))


def _change(label: str, new: tables.BillLine | None, old: tables.BillLine | None) -> answers.BillChange:
    before, after = old.amount_cents if old else 0, new.amount_cents if new else 0
    return answers.BillChange(
        label=label,
        before=amount(before),
        after=amount(after),
        difference=amount(after - before),
        reason=_reason(new, old),
        line_id=new.id if new else None,
    )


def _reason(new: tables.BillLine | None, old: tables.BillLine | None) -> str:
    if new and old:
        return new.reason or "The amount has changed."
    if new:
        return new.reason or "New on this bill."
    return (old.end_reason if old else None) or "No longer on this bill."


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


@router.post("/bills/{bill_number}/copies", operation_id="billing.copy_bill")
def copy_bill(db: Db, bill_number: str, _: asked.Nothing) -> answers.BillCopy:
    bill = _find_bill(db, bill_number)
    page = add_page(db, "bill-copies", bill.account_number, total_cents(bill), bill.number)
    url = page_url("bill-copies", page.token)
    return answers.BillCopy(bill_number=bill.number, url=url, expires_at=page.expires_at)


def _today() -> date:
    return datetime.now(UTC).date()
