"""Network: incidents, line tests, faults and credit for downtime."""

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session

from actions.backends import network as answers
from actions.demo_company import asked, rules, tables
from actions.demo_company.accounts import find_account
from actions.demo_company.db import Db
from actions.demo_company.money import amount, cents
from actions.demo_company.numbers import row_of
from actions.demo_company.problems import invalid, not_found, refused

router = APIRouter(tags=["network"])
KEPT_DAYS = 30


LINES: dict[str, tuple[str, float | None, tuple[str, ...]]] = {
    "ok": (
        "Your line is fine up to the modem.",
        38.5,
        ("Restart the router.", "Move closer to the router and try again."),
    ),
    "weak_signal": (
        "The signal on your line is weak.",
        12.0,
        ("Check that the cable at the modem is screwed in tightly.", "Take out any splitter between wall and modem."),
    ),
    "no_signal": ("No signal reaches your modem; a technician has to look at the line.", None, ()),
    "router_offline": (
        "Your line is fine, but the router does not answer.",
        37.0,
        ("Unplug the router for thirty seconds and plug it in again.", "Check that its power light is on."),
    ),
}


def find_incident(db: Session, incident_id: str) -> tables.Incident:
    incident = db.get(tables.Incident, incident_id.strip().upper())
    if incident is None:
        raise not_found(f"There is no incident {incident_id}.")
    return incident


def _shown(incident: tables.Incident) -> answers.Incident:
    return answers.Incident(
        incident_id=incident.id,
        title=incident.title,
        cause=incident.cause,
        status=incident.status,
        services=tuple(incident.services),
        postcodes=tuple(incident.postcodes),
        started_at=incident.started_at,
        estimate_at=incident.estimate_at,
        resolved_at=incident.resolved_at,
        updates=tuple(answers.IncidentUpdate(**update) for update in incident.updates),
    )


@router.get("/incidents", operation_id="network.incidents")
def incidents(
    db: Db,
    postcode: asked.Postcode | None = None,
    account_number: str | None = None,
    with_resolved: bool = False,
) -> answers.Incidents:
    if account_number:
        postcode = find_account(db, account_number).postcode
    if not postcode:
        raise invalid("Please give a postcode or an account number.")
    oldest = datetime.now(UTC) - timedelta(days=KEPT_DAYS)
    found = db.scalars(select(tables.Incident).order_by(tables.Incident.started_at.desc()))
    return answers.Incidents(
        incidents=tuple(
            _shown(row)
            for row in found
            if postcode in row.postcodes and (row.status != "resolved" or (with_resolved and row.started_at > oldest))
        )
    )


@router.get("/incidents/{incident_id}", operation_id="network.incident")
def incident(db: Db, incident_id: str) -> answers.Incident:
    return _shown(find_incident(db, incident_id))


@router.post("/incidents/{incident_id}/subscriptions", operation_id="network.subscribe")
def subscribe(db: Db, incident_id: str, wish: asked.SubscriptionWish) -> answers.Subscription:
    incident = find_incident(db, incident_id)
    if incident.status == "resolved":
        raise refused("That outage is over; there are no more updates to send.")
    query = select(tables.Subscription).where(
        tables.Subscription.incident_id == incident.id, tables.Subscription.notify_to == wish.notify_to
    )
    kept = db.scalar(query)
    if kept is None:
        kept = tables.Subscription(incident_id=incident.id, **wish.model_dump())
        db.add(kept)
        db.flush()
    return answers.Subscription(
        subscription_id=f"SB-{10000 + kept.id}", incident_id=incident.id, notify_to=kept.notify_to
    )


@router.post("/line-tests", operation_id="network.test_line")
def test_line(db: Db, wish: asked.AccountOnly) -> answers.LineTest:
    account = find_account(db, wish.account_number)
    sentence, signal_db, steps = LINES[account.line_state]
    test = tables.LineTest(account_number=account.number, outcome=account.line_state, tested_at=datetime.now(UTC))
    db.add(test)
    db.flush()
    return answers.LineTest(
        test_id=f"LT-{10000 + test.id}",
        account_number=account.number,
        outcome=account.line_state,
        sentence=sentence,
        signal_db=signal_db,
        steps=steps,
        needs_technician=account.line_state == "no_signal",
        tested_at=test.tested_at,
    )


@router.post("/faults", operation_id="network.report_fault")
def report_fault(db: Db, wish: asked.FaultWish) -> answers.Fault:
    account = find_account(db, wish.account_number)
    test = _find_test(db, account.number, wish.line_test_id) if wish.line_test_id else None
    visit = bool(test and test.outcome == "no_signal")
    now = datetime.now(UTC)
    fault = tables.Fault(
        account_number=account.number,
        description=wish.description,
        status="technician_booked" if visit else "open",
        reported_at=now,
        visit_starts_at=_next_visit(now) if visit else None,
        line_test_id=test.id if test else None,
    )
    db.add(fault)
    db.flush()
    return _fault(fault)


def _find_test(db: Session, account_number: str, test_id: str) -> tables.LineTest:
    test = db.get(tables.LineTest, row_of(test_id, "LT-", 10000))
    if test is None or test.account_number != account_number:
        raise not_found(f"There is no line test {test_id} for account {account_number}.")
    return test


def _next_visit(now: datetime) -> datetime:
    """The morning after next; technicians do not come on Sundays."""
    day = now + timedelta(days=2)
    if day.weekday() == 6:
        day += timedelta(days=1)
    return day.replace(hour=8, minute=0, second=0, microsecond=0)


def _fault(fault: tables.Fault) -> answers.Fault:
    starts_at = fault.visit_starts_at
    ends_at = starts_at + timedelta(hours=4) if starts_at else None
    return answers.Fault(
        fault_number=f"FR-{10000 + fault.id}",
        account_number=fault.account_number,
        description=fault.description,
        status=fault.status,
        reported_at=fault.reported_at,
        visit_starts_at=starts_at,
        visit_ends_at=ends_at,
        visit_label=f"{starts_at:%A %-d %B, %H:%M} to {ends_at:%H:%M}" if starts_at and ends_at else None,
        line_test_id=f"LT-{10000 + fault.line_test_id}" if fault.line_test_id else None,
    )


@router.get("/faults", operation_id="network.faults")
def faults(db: Db, account_number: str) -> answers.Faults:
    find_account(db, account_number)
    query = select(tables.Fault).where(tables.Fault.account_number == account_number)
    found = db.scalars(query.order_by(tables.Fault.id.desc()))
    return answers.Faults(faults=tuple(_fault(row) for row in found))


@router.get("/faults/{fault_number}", operation_id="network.fault")
def fault(db: Db, fault_number: str) -> answers.Fault:
    found = db.get(tables.Fault, row_of(fault_number, "FR-", 10000))
    if found is None:
        raise not_found(f"There is no fault report {fault_number}.")
    return _fault(found)


@router.get("/downtime-quotes", operation_id="network.quote_credit")
def quote_credit(db: Db, account_number: str, incident_id: str) -> answers.CreditQuote:
    return _quote(db, account_number, incident_id)


def _quote(db: Session, account_number: str, incident_id: str) -> answers.CreditQuote:
    account, incident = find_account(db, account_number), find_incident(db, incident_id)
    rule = rules.policy("downtime")
    lasted = (incident.resolved_at or datetime.now(UTC)) - incident.started_at
    hours = -int(-lasted.total_seconds() // 3600)
    due, limit = cents(rule["per_hour"]) * hours, cents(rule["limit"])
    given = db.scalar(
        select(tables.Credit).where(tables.Credit.account_number == account.number, tables.Credit.source == incident.id)
    )
    sentence = f"For {hours} hours without service we credit ${amount(due)}."
    is_allowed = False
    if account.postcode not in incident.postcodes:
        sentence, due = f"The outage {incident.id} did not reach your address.", 0
    elif given:
        sentence, due = f"${amount(given.amount_cents)} was credited for this outage already.", 0
    elif hours < rule["from_hours"]:
        sentence, due = f"We credit outages from {rule['from_hours']} hours; this one lasted less.", 0
    elif due > limit:
        sentence = f"For {hours} hours ${amount(due)} would be due; above ${amount(limit)} a colleague decides."
    else:
        is_allowed = True
    return answers.CreditQuote(
        account_number=account.number,
        incident_id=incident.id,
        hours=hours,
        amount=amount(due),
        limit=amount(limit),
        is_allowed=is_allowed,
        sentence=sentence,
    )


@router.post("/downtime-credits", operation_id="network.credit_downtime")
def credit_downtime(db: Db, wish: asked.CreditWish) -> answers.Credit:
    quote = _quote(db, wish.account_number, wish.incident_id)
    if not quote.is_allowed:
        raise refused(quote.sentence, amount=str(quote.amount), limit=str(quote.limit))
    credit = tables.Credit(
        account_number=quote.account_number,
        kind="downtime",
        source=quote.incident_id,
        amount_cents=cents(quote.amount),
        given_at=datetime.now(UTC),
        reason=f"{quote.hours} hours without service",
    )
    db.add(credit)
    db.flush()
    return answers.Credit(
        credit_number=f"CR-{10000 + credit.id}",
        account_number=quote.account_number,
        incident_id=quote.incident_id,
        hours=quote.hours,
        amount=quote.amount,
        sentence=f"${quote.amount} for {quote.hours} hours without service will be taken off your bill.",
    )
