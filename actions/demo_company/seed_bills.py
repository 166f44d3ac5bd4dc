"""Three months of bills and payments for everybody, from plans, rented devices and `data/demo/bills.yml`."""

from datetime import date, timedelta
from typing import Any

from actions.demo_company import rules
from actions.demo_company.money import cents

Row = dict[str, Any]


def bills(customers: list[Row], today: date) -> tuple[list[Row], list[Row]]:
    """Three bills for everybody, the newest issued this month."""
    unpaid, late = rules.read("bills")["unpaid"], rules.read("bills")["late"]
    made, lines = [], []
    for customer in customers:
        account = customer["number"]
        for back in (2, 1, 0):
            first = _month_back(today, back)
            due_on = first + timedelta(days=20)
            if back == 0:
                due_on = today + timedelta(days=-6 if account in late else 9)
            is_paid = account in unpaid["newest_paid"] if back == 0 else not (back == 1 and account in unpaid["older"])
            number = f"B-{first:%y%m}-{account}"
            made.append(
                {
                    "number": number,
                    "account_number": account,
                    "period": f"{first:%Y-%m}",
                    "issued_on": min(first, due_on - timedelta(days=14)),
                    "due_on": due_on,
                    "is_paid": is_paid,
                }
            )
            for position, line in enumerate(_lines(customer, back), start=1):
                lines.append({"id": f"{number}-{position}", "bill_number": number, **line})
    return made, lines


def _lines(customer: Row, back: int) -> list[Row]:
    data, account = rules.read("bills"), customer["number"]
    plan = rules.plans()[customer["plan"]]
    newer_price = _applying(data["plan_prices"], account, back)
    older_price = _applying(data["plan_prices"], account, back + 1)
    changed = older_price["reason"] if older_price and not newer_price else None
    price = newer_price["amount"] if newer_price else plan["price_month"]
    lines = [_line("plan", plan["name"], price, changed)]
    for item in customer["equipment"]:
        if item["held"] == "rented":
            lines += _rent(data["rent_free"], account, item, back)
    for row in data["lines"]:
        if row["account"] == account and back in row["months"]:
            ends = row.get("end_reason") if back - 1 not in row["months"] else None
            lines.append(_line(row["kind"], row["label"], row["amount"], row.get("reason"), ends))
    return lines


def _rent(limits: list[Row], account: str, item: Row, back: int) -> list[Row]:
    device = rules.device(item["device"])
    limit = next((row for row in limits if (row["account"], row["device"]) == (account, item["device"])), None)
    if limit and back not in limit["months"]:
        return []
    return [_line("equipment", f"{device['name']} rent", device["rent"], limit["reason"] if limit else None)]


def _line(kind: str, label: str, amount: float, reason: str | None, end_reason: str | None = None) -> Row:
    return {
        "kind": kind,
        "label": label,
        "amount_cents": cents(amount),
        "reason": reason,
        "end_reason": end_reason,
    }


def _applying(rows: list[Row], account: str, back: int) -> Row | None:
    return next((row for row in rows if row["account"] == account and back in row["months"]), None)


def payments(bills: list[Row], lines: list[Row], today: date) -> list[Row]:
    totals: dict[str, int] = {}
    for line in lines:
        totals[line["bill_number"]] = totals.get(line["bill_number"], 0) + line["amount_cents"]
    paid = [
        _payment(f"P-{bill['number'][2:]}", bill["account_number"], totals[bill["number"]], paid_on, "card", "paid")
        for bill in bills
        if bill["is_paid"] and (paid_on := min(bill["due_on"], today - timedelta(days=1)))
    ]
    newest = {bill["account_number"]: bill["number"] for bill in bills}
    for row in rules.read("bills")["failed_payments"]:
        number, method = newest[row["account"]], row["method"]
        failed = _payment(
            f"P-{number[2:]}-F", row["account"], totals[number], days_ago(today, row["days"]), method, "failed"
        )
        failed["failure"] = row["failure"]
        failed["next_try_on"] = days_ago(today, row["next_try"]) if "next_try" in row else None
        paid.append(failed)
    return paid


def _payment(id: str, account: str, amount_cents: int, paid_on: date, method: str, status: str) -> Row:
    return {
        "id": id,
        "account_number": account,
        "amount_cents": amount_cents,
        "paid_on": paid_on,
        "method": method,
        "status": status,
        "failure": None,
        "next_try_on": None,
    }


def days_ago(today: date, days: int) -> date:
    return today - timedelta(days=days)


def _month_back(today: date, months: int) -> date:
    """The first day of the month that many months ago."""
    first = today.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return first
