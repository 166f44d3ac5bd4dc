"""Fills an empty database from `data/demo/*.yml`; dates lie as far from today as the files say.

What was loaded once stays, so that a return made yesterday is still there today. Only incidents are dated anew at
every start: an outage that is two weeks old would convince nobody.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from actions.demo_company import rules, seed_bills
from actions.demo_company.money import cents
from actions.demo_company.seed_bills import days_ago
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
    bills, lines = seed_bills.bills(customers, today)
    for table, rows in [
        (Account, [_account(row, today) for row in customers]),
        (Equipment, [_device(row, item, today) for row in customers for item in row["equipment"]]),
        (Order, [_order(row, today) for row in rules.read("orders")]),
        (Refund, [_refund(row, today) for row in rules.read("refunds")]),
        (DropOffPoint, [_point(row) for row in rules.read("places")["drop_off_points"]]),
        (Bill, bills),
        (BillLine, lines),
        (Payment, seed_bills.payments(bills, lines, today)),
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
        "since_on": days_ago(today, row["since_days"]),
        "contract_until_on": days_ago(today, -left) if left else None,
        "plan_changed_on": days_ago(today, changed) if changed else None,
        "is_autopay": row.get("is_autopay", False),
        "line_state": row.get("line_state", "ok"),
    }


def _device(customer: Row, item: Row, today: date) -> Row:
    return {
        "serial": item["serial"],
        "account_number": customer["number"],
        "device": item["device"],
        "is_rented": item["held"] == "rented",
        "received_on": days_ago(today, item["days"]),
        "order_number": item.get("order"),
    }


def _order(row: Row, today: date) -> Row:
    return {
        "number": row["number"],
        "account_number": row["account"],
        "placed_on": days_ago(today, row["placed"]),
        "status": row["status"],
        "carrier": row.get("carrier"),
        "tracking": row.get("tracking"),
        "expected_on": days_ago(today, row["expected"]) if "expected" in row else None,
        "delivered_on": days_ago(today, row["delivered"]) if "delivered" in row else None,
        "devices": row["devices"],
    }


def _refund(row: Row, today: date) -> Row:
    return {
        "account_number": row["account"],
        "amount_cents": cents(row["amount"]),
        "status": row["status"],
        "reason": row["reason"],
        "requested_on": days_ago(today, row["requested"]),
        "expected_on": days_ago(today, row["expected"]),
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


def _earlier_dispute(account: str, today: date) -> Row:
    return {
        "account_number": account,
        "kind": "dispute",
        "source": "an earlier bill",
        "amount_cents": 950,
        "given_at": datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(days=70),
        "reason": "Late fee taken back",
    }
