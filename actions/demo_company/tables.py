"""What Fernway knows, as tables. Money is whole cents; times are UTC."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, DateTime, Dialect, ForeignKey, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Utc(TypeDecorator[datetime]):
    """SQLite forgets the time zone; what comes out is UTC again."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class Table(DeclarativeBase):
    type_annotation_map = {datetime: Utc, dict[str, Any]: JSON, list[str]: JSON, list[dict[str, Any]]: JSON}


class Account(Table):
    __tablename__ = "accounts"
    number: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    other_name: Mapped[str | None]
    email: Mapped[str] = mapped_column(unique=True)
    phone: Mapped[str]
    line1: Mapped[str]
    city: Mapped[str]
    postcode: Mapped[str] = mapped_column(index=True)
    plan_code: Mapped[str]
    since_on: Mapped[date]
    contract_until_on: Mapped[date | None]
    plan_changed_on: Mapped[date | None]
    is_autopay: Mapped[bool] = mapped_column(default=False)
    line_state: Mapped[str] = mapped_column(default="ok")


class Equipment(Table):
    __tablename__ = "equipment"
    serial: Mapped[str] = mapped_column(primary_key=True)
    account_number: Mapped[str] = mapped_column(ForeignKey("accounts.number"), index=True)
    device: Mapped[str]
    is_rented: Mapped[bool]
    received_on: Mapped[date]
    order_number: Mapped[str | None]


class Order(Table):
    __tablename__ = "orders"
    number: Mapped[str] = mapped_column(primary_key=True)
    account_number: Mapped[str] = mapped_column(ForeignKey("accounts.number"), index=True)
    placed_on: Mapped[date]
    status: Mapped[str]
    carrier: Mapped[str | None]
    tracking: Mapped[str | None]
    expected_on: Mapped[date | None]
    delivered_on: Mapped[date | None]
    devices: Mapped[list[str]]


class Return(Table):
    __tablename__ = "returns"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_number: Mapped[str] = mapped_column(ForeignKey("accounts.number"), index=True)
    serial: Mapped[str] = mapped_column(ForeignKey("equipment.serial"))
    reason: Mapped[str]
    condition: Mapped[str]
    status: Mapped[str] = mapped_column(default="created")
    method: Mapped[str]
    line1: Mapped[str | None]
    city: Mapped[str | None]
    postcode: Mapped[str | None]
    window_id: Mapped[str | None]
    point_id: Mapped[str | None]
    label_token: Mapped[str] = mapped_column(unique=True)
    fee_cents: Mapped[int]
    refund_cents: Mapped[int]
    created_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    case_ref: Mapped[str | None]
    events: Mapped[list[dict[str, Any]]]


class Refund(Table):
    __tablename__ = "refunds"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_number: Mapped[str] = mapped_column(ForeignKey("accounts.number"), index=True)
    amount_cents: Mapped[int] = mapped_column(CheckConstraint("amount_cents > 0"))
    status: Mapped[str]
    reason: Mapped[str]
    requested_on: Mapped[date]
    expected_on: Mapped[date]
    order_number: Mapped[str | None]
    return_id: Mapped[int | None]


class DropOffPoint(Table):
    __tablename__ = "drop_off_points"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    line1: Mapped[str]
    city: Mapped[str]
    postcode: Mapped[str]
    hours: Mapped[str]
    max_weight_kg: Mapped[float]
    x_km: Mapped[float]
    y_km: Mapped[float]


class Request(Table):
    """Moves, cancel requests, password resets, plan changes and exchanges: asked for, kept, carried out elsewhere."""

    __tablename__ = "requests"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_number: Mapped[str] = mapped_column(ForeignKey("accounts.number"), index=True)
    kind: Mapped[str]
    asked_at: Mapped[datetime]
    details: Mapped[dict[str, Any]]


class Incident(Table):
    __tablename__ = "incidents"
    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    cause: Mapped[str]
    status: Mapped[str]
    services: Mapped[list[str]]
    postcodes: Mapped[list[str]]
    started_at: Mapped[datetime]
    estimate_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    updates: Mapped[list[dict[str, Any]]]


class Subscription(Table):
    __tablename__ = "subscriptions"
    __table_args__ = (UniqueConstraint("incident_id", "notify_to"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[str]
    notify_to: Mapped[str]
    account_number: Mapped[str | None]


class LineTest(Table):
    __tablename__ = "line_tests"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_number: Mapped[str] = mapped_column(ForeignKey("accounts.number"))
    outcome: Mapped[str]
    tested_at: Mapped[datetime]


class Fault(Table):
    __tablename__ = "faults"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_number: Mapped[str] = mapped_column(ForeignKey("accounts.number"), index=True)
    description: Mapped[str]
    status: Mapped[str]
    reported_at: Mapped[datetime]
    visit_starts_at: Mapped[datetime | None]
    line_test_id: Mapped[int | None]


class Credit(Table):
    """Money given back on the account; taken off what is due. `source` is an incident or a bill line, once each."""

    __tablename__ = "credits"
    __table_args__ = (UniqueConstraint("account_number", "source"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    account_number: Mapped[str] = mapped_column(ForeignKey("accounts.number"), index=True)
    kind: Mapped[str]
    source: Mapped[str]
    amount_cents: Mapped[int] = mapped_column(CheckConstraint("amount_cents > 0"))
    given_at: Mapped[datetime]
    reason: Mapped[str]


class Bill(Table):
    __tablename__ = "bills"
    number: Mapped[str] = mapped_column(primary_key=True)
    account_number: Mapped[str] = mapped_column(ForeignKey("accounts.number"), index=True)
    period: Mapped[str]
    issued_on: Mapped[date]
    due_on: Mapped[date]
    is_paid: Mapped[bool]
    lines: Mapped[list["BillLine"]] = relationship(order_by="BillLine.id", lazy="selectin")


class BillLine(Table):
    """`reason` tells why the line is new or changed, `end_reason` why it is missing from the next bill."""

    __tablename__ = "bill_lines"
    id: Mapped[str] = mapped_column(primary_key=True)
    bill_number: Mapped[str] = mapped_column(ForeignKey("bills.number"), index=True)
    kind: Mapped[str]
    label: Mapped[str]
    amount_cents: Mapped[int]
    reason: Mapped[str | None]
    end_reason: Mapped[str | None]


class Payment(Table):
    __tablename__ = "payments"
    id: Mapped[str] = mapped_column(primary_key=True)
    account_number: Mapped[str] = mapped_column(ForeignKey("accounts.number"), index=True)
    amount_cents: Mapped[int]
    paid_on: Mapped[date]
    method: Mapped[str]
    status: Mapped[str]
    failure: Mapped[str | None]
    next_try_on: Mapped[date | None]


class InstalmentPlan(Table):
    __tablename__ = "instalment_plans"
    id: Mapped[int] = mapped_column(primary_key=True)
    account_number: Mapped[str] = mapped_column(ForeignKey("accounts.number"), unique=True)
    months: Mapped[int]
    total_cents: Mapped[int]
    first_on: Mapped[date]


class Page(Table):
    """A link handed to a customer: to pay, or to read a bill."""

    __tablename__ = "pages"
    token: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    account_number: Mapped[str] = mapped_column(ForeignKey("accounts.number"))
    bill_number: Mapped[str | None]
    amount_cents: Mapped[int]
    expires_at: Mapped[datetime]


class Answer(Table):
    """What was answered under an idempotency key, so that the same call gives the same answer."""

    __tablename__ = "answers"
    key: Mapped[str] = mapped_column(primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[str]
    status: Mapped[int]
    body: Mapped[bytes]
