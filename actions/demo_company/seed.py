"""Fills an empty database from `data/demo/*.yml`; dates lie as far from today as the files say.

What was loaded once stays, so that a return made yesterday is still there today. Only incidents are dated anew at
every start: an outage that is two weeks old would convince nobody.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from actions.demo_company import rules
from actions.demo_company.money import cents
from actions.demo_company.tables import (
    Account,
    Bill,
    BillLine,
    Credit,
    DropOffPoint,
    Equipment,
    Incident,
    Order,
    Payment,
    Refund,
    Table,
)

Row = dict[str, Any]


def seed(engine: Engine, now: datetime | None = None) -> bool:
    """Create what is missing; true when the database was empty before."""
    now = now or datetime.now(UTC)
    Table.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        is_empty = session.scalar(select(Account.number).limit(1)) is None
        if is_empty:
            _fill(session, now.date())
        for row in rules.read("incidents"):
            session.merge(_incident(row, now))
    return is_empty


def _fill(session: Session, today: date) -> None:
    customers = rules.read("customers")
    bills, lines = _bills(customers, today)
    for table, rows in [
        (Account, [_account(row, today) for row in customers]),
        (Equipment, [_device(row, item, today) for row in customers for item in row["equipment"]]),
        (Order, [_order(row, today) for row in rules.read("orders")]),
        (Refund, [_refund(row, today) for row in rules.read("refunds")]),
        (DropOffPoint, [_point(row) for row in rules.read("places")["drop_off_points"]]),
        (Bill, bills),
        (BillLine, lines),
        (Payment, _payments(bills, lines, today)),
        (Credit, [_earlier_dispute(number, today) for number in rules.read("bills")["earlier_disputes"]]),
    ]:
        session.execute(insert(table), rows)


def _account(row: Row, today: date) -> Row:
    left, changed = row.get("contract_left_days"), row.get("plan_changed_days")
    return {
        "number": row["number"],
        "name": row["name"],
        "other_name": row.get("other_name"),
        "email": row["email"],
        "phone": row["phone"],
        **row["address"],
        "plan_code": row["plan"],
        "since_on": _ago(today, row["since_days"]),
        "contract_until_on": _ago(today, -left) if left else None,
        "plan_changed_on": _ago(today, changed) if changed else None,
        "is_autopay": row.get("is_autopay", False),
        "line_state": row.get("line_state", "ok"),
    }


def _device(customer: Row, item: Row, today: date) -> Row:
    return {
        "serial": item["serial"],
        "account_number": customer["number"],
        "device": item["device"],
        "is_rented": item["held"] == "rented",
        "received_on": _ago(today, item["days"]),
        "order_number": item.get("order"),
    }


def _order(row: Row, today: date) -> Row:
    return {
        "number": row["number"],
        "account_number": row["account"],
        "placed_on": _ago(today, row["placed"]),
        "status": row["status"],
        "carrier": row.get("carrier"),
        "tracking": row.get("tracking"),
        "expected_on": _ago(today, row["expected"]) if "expected" in row else None,
        "delivered_on": _ago(today, row["delivered"]) if "delivered" in row else None,
        "devices": row["devices"],
    }


def _refund(row: Row, today: date) -> Row:
    return {
        "account_number": row["account"],
        "amount_cents": cents(row["amount"]),
        "status": row["status"],
        "reason": row["reason"],
        "requested_on": _ago(today, row["requested"]),
        "expected_on": _ago(today, row["expected"]),
        "order_number": row["order"],
    }


def _point(row: Row) -> Row:
    x_km, y_km = rules.spot(row["postcode"])
    city = rules.read("places")["areas"][row["postcode"]]["city"]
    return {**row, "city": city, "x_km": x_km, "y_km": y_km}


def _incident(row: Row, now: datetime) -> Incident:
    def ago(name: str) -> datetime | None:
        return now - timedelta(hours=row[name]) if name in row else None

    updates = [
        {"at": (now - timedelta(hours=update["hours_ago"])).isoformat(), "text": update["text"]}
        for update in row["updates"]
    ]
    return Incident(
        **{name: row[name] for name in ("id", "title", "cause", "status", "services", "postcodes")},
        started_at=ago("started_hours_ago"),
        estimate_at=ago("estimate_hours_ago"),
        resolved_at=ago("resolved_hours_ago"),
        updates=updates,
    )


def _bills(customers: list[Row], today: date) -> tuple[list[Row], list[Row]]:
    """Three bills for everybody, the newest issued this month."""
    unpaid, late = rules.read("bills")["unpaid"], rules.read("bills")["late"]
    bills, lines = [], []
    for customer in customers:
        account = customer["number"]
        for back in (2, 1, 0):
            first = _month_back(today, back)
            due_on = first + timedelta(days=20)
            if back == 0:
                due_on = today + timedelta(days=-6 if account in late else 9)
            is_paid = account in unpaid["newest_paid"] if back == 0 else not (back == 1 and account in unpaid["older"])
            number = f"B-{first:%y%m}-{account}"
            bills.append(
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
    return bills, lines


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


def _payments(bills: list[Row], lines: list[Row], today: date) -> list[Row]:
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
            f"P-{number[2:]}-F", row["account"], totals[number], _ago(today, row["days"]), method, "failed"
        )
        failed["failure"] = row["failure"]
        failed["next_try_on"] = _ago(today, row["next_try"]) if "next_try" in row else None
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


def _earlier_dispute(account: str, today: date) -> Row:
    return {
        "account_number": account,
        "kind": "dispute",
        "source": "an earlier bill",
        "amount_cents": 950,
        "given_at": datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(days=70),
        "reason": "Late fee taken back",
    }


def _ago(today: date, days: int) -> date:
    return today - timedelta(days=days)


def _month_back(today: date, months: int) -> date:
    first = today.replace(day=1)
    for _ in range(months):
        earlier = first - timedelta(days=1)
        first = earlier - timedelta(days=monthrange(earlier.year, earlier.month)[1] - 1)
    return first
