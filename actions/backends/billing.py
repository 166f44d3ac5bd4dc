"""The billing system: what is owed and why, payments, disputes and instalments. Amounts are dollars as `Decimal`."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from actions.backends.client import at, company
from actions.backends.results import Amount, Result


class Payment(Result):
    """`failure` and `next_try_on` are set for a failed payment only."""

    payment_id: str
    account_number: str
    amount: Amount
    paid_on: date
    method: str
    status: Literal["paid", "failed", "pending"]
    failure: str | None = None
    next_try_on: date | None = None


class Payments(Result):
    payments: tuple[Payment, ...]


class Balance(Result):
    account_number: str
    amount_due: Amount
    due_on: date | None
    is_overdue: bool
    is_autopay: bool
    last_payment: Payment | None


class BillLine(Result):
    """`reason` explains a line that is new or changed against the month before."""

    line_id: str
    kind: Literal["plan", "equipment", "discount", "late_fee", "pro_rata", "tax", "one_off", "credit"]
    label: str
    amount: Amount
    reason: str | None = None


class Bill(Result):
    bill_number: str
    account_number: str
    period: str
    issued_on: date
    due_on: date
    total: Amount
    status: Literal["open", "paid", "overdue"]
    lines: tuple[BillLine, ...]


class Bills(Result):
    bills: tuple[Bill, ...]


class BillChange(Result):
    """One line that differs. `line_id` is the newer bill's line, none when the line has gone."""

    label: str
    before: Amount
    after: Amount
    difference: Amount
    reason: str
    line_id: str | None


class Comparison(Result):
    """`changes` add up to `difference`; the largest comes first."""

    account_number: str
    newer: Bill
    older: Bill
    difference: Amount
    changes: tuple[BillChange, ...]


class Dispute(Result):
    dispute_number: str
    bill_number: str
    line_id: str
    amount: Amount
    outcome: Literal["credited"]
    sentence: str


class PayLink(Result):
    url: str
    amount: Amount
    expires_at: datetime


class InstalmentOption(Result):
    option_code: str
    months: int
    monthly_amount: Amount
    fee: Amount
    first_on: date


class InstalmentOptions(Result):
    amount_due: Amount
    options: tuple[InstalmentOption, ...]


class Instalment(Result):
    on: date
    amount: Amount


class InstalmentPlan(Result):
    plan_number: str
    account_number: str
    months: int
    total: Amount
    schedule: tuple[Instalment, ...]


class BillCopy(Result):
    bill_number: str
    url: str
    expires_at: datetime


def balance(account_number: str) -> Balance:
    return company("billing").get(at("balances", account_number), Balance)


def bills(account_number: str, *, months: int = 3) -> tuple[Bill, ...]:
    """Newest first."""
    return company("billing").get("/bills", Bills, {"account_number": account_number, "months": months}).bills


def bill(bill_number: str) -> Bill:
    return company("billing").get(at("bills", bill_number), Bill)


def compare(account_number: str, *, newer: str | None = None, older: str | None = None) -> Comparison:
    """Two periods (`2026-11`) line by line; by default the last bill against the one before."""
    query = {"account_number": account_number, "newer": newer, "older": older}
    return company("billing").get("/bill-comparisons", Comparison, query)


def dispute(bill_number: str, line_id: str, *, reason: str, key: str) -> Dispute:
    """Credited at once when small and the first; otherwise `Refused` with code `needs_person`."""
    path = at("bills", bill_number, "lines", line_id, "disputes")
    return company("billing").post(path, Dispute, {"reason": reason}, key=key)


def pay_link(account_number: str, *, key: str, amount: Decimal | None = None) -> PayLink:
    """The whole balance when no amount is given; refused when nothing is owed."""
    body = {"account_number": account_number, "amount": f"{amount:.2f}" if amount is not None else None}
    return company("billing").post("/payment-links", PayLink, body, key=key)


def instalment_options(account_number: str) -> InstalmentOptions:
    """What the rules allow; `Refused` with the reason when they allow nothing."""
    return company("billing").get("/instalment-options", InstalmentOptions, {"account_number": account_number})


def start_instalments(account_number: str, *, option_code: str, key: str) -> InstalmentPlan:
    body = {"account_number": account_number, "option_code": option_code}
    return company("billing").post("/instalment-plans", InstalmentPlan, body, key=key)


def payments(account_number: str, *, status: str | None = None) -> tuple[Payment, ...]:
    """Newest first."""
    query = {"account_number": account_number, "status": status}
    return company("billing").get("/payments", Payments, query).payments


def retry_payment(payment_id: str, *, key: str) -> Payment:
    return company("billing").post(at("payments", payment_id, "retry"), Payment, {}, key=key)


def copy_bill(bill_number: str, *, key: str) -> BillCopy:
    return company("billing").post(at("bills", bill_number, "copies"), BillCopy, {}, key=key)
