"""The network system: incidents, the customer's line, fault reports and credit for downtime."""

from datetime import datetime
from typing import Literal

from actions.backends.client import at, company
from actions.backends.results import Amount, Result


class IncidentUpdate(Result):
    at: datetime
    text: str


class Incident(Result):
    """An outage. `estimate_at` is when service should be back; none while nobody can say."""

    incident_id: str
    title: str
    cause: str
    status: Literal["investigating", "repairing", "resolved"]
    services: tuple[str, ...]
    postcodes: tuple[str, ...]
    started_at: datetime
    estimate_at: datetime | None = None
    resolved_at: datetime | None = None
    updates: tuple[IncidentUpdate, ...]


class Incidents(Result):
    incidents: tuple[Incident, ...]


class Subscription(Result):
    subscription_id: str
    incident_id: str
    notify_to: str


class LineTest(Result):
    """`steps` are things the customer can try, easiest first."""

    test_id: str
    account_number: str
    outcome: Literal["ok", "weak_signal", "no_signal", "router_offline"]
    sentence: str
    signal_db: float | None = None
    steps: tuple[str, ...]
    needs_technician: bool
    tested_at: datetime


class Fault(Result):
    fault_number: str
    account_number: str
    description: str
    status: Literal["open", "technician_booked", "closed"]
    reported_at: datetime
    visit_starts_at: datetime | None = None
    visit_ends_at: datetime | None = None
    visit_label: str | None = None
    line_test_id: str | None = None


class Faults(Result):
    faults: tuple[Fault, ...]


class CreditQuote(Result):
    """What the rule would credit. Above `limit` a person must decide: `is_allowed` is false, `sentence` says why."""

    account_number: str
    incident_id: str
    hours: int
    amount: Amount
    limit: Amount
    is_allowed: bool
    sentence: str


class Credit(Result):
    credit_number: str
    account_number: str
    incident_id: str
    hours: int
    amount: Amount
    sentence: str


def incidents(
    *, postcode: str | None = None, account_number: str | None = None, with_resolved: bool = False
) -> tuple[Incident, ...]:
    """Open incidents at a postcode or at the account's address; `with_resolved` adds those of the last 30 days."""
    query = {"postcode": postcode, "account_number": account_number, "with_resolved": with_resolved or None}
    return company("network").get("/incidents", Incidents, query).incidents


def incident(incident_id: str) -> Incident:
    return company("network").get(at("incidents", incident_id), Incident)


def subscribe(incident_id: str, *, notify_to: str, key: str, account_number: str | None = None) -> Subscription:
    """Updates by e-mail or text message to `notify_to`. Subscribing again gives the first subscription back."""
    body = {"notify_to": notify_to, "account_number": account_number}
    return company("network").post(at("incidents", incident_id, "subscriptions"), Subscription, body, key=key)


def test_line(account_number: str, *, key: str) -> LineTest:
    return company("network").post("/line-tests", LineTest, {"account_number": account_number}, key=key)


def report_fault(account_number: str, *, description: str, key: str, line_test_id: str | None = None) -> Fault:
    """A technician is booked when the line test asked for one."""
    body = {"account_number": account_number, "description": description, "line_test_id": line_test_id}
    return company("network").post("/faults", Fault, body, key=key)


def faults(account_number: str) -> tuple[Fault, ...]:
    return company("network").get("/faults", Faults, {"account_number": account_number}).faults


def fault(fault_number: str) -> Fault:
    return company("network").get(at("faults", fault_number), Fault)


def quote_credit(account_number: str, *, incident_id: str) -> CreditQuote:
    query = {"account_number": account_number, "incident_id": incident_id}
    return company("network").get("/downtime-quotes", CreditQuote, query)


def credit_downtime(account_number: str, *, incident_id: str, key: str) -> Credit:
    """Once per incident; refused (`policy_refused`) above the limit or when the account was not affected."""
    body = {"account_number": account_number, "incident_id": incident_id}
    return company("network").post("/downtime-credits", Credit, body, key=key)
