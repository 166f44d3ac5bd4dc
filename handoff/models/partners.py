"""Third parties who help with a case, what they may see of it, and addresses that are told of events."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id, one_of


class Partner(Base):
    __tablename__ = "partners"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    """courier, installer, … : decides which states and facts are offered."""
    states: Mapped[list[Any]] = mapped_column(default=list)
    """[{name, label, customer_text}]: what they may say of the work, and what the customer is told then."""
    facts: Mapped[list[Any]] = mapped_column(default=list)
    """Names of facts they usually need."""
    webhook_secret: Mapped[str | None] = mapped_column(String(100))
    """Signs what they send us; None until they have one."""
    is_active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Share(Base):
    """One case open to one partner through a link: named facts, the messages marked for it, nothing else."""

    __tablename__ = "shares"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    partner_id: Mapped[str] = mapped_column(ForeignKey("partners.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    task: Mapped[str] = mapped_column(String(1000))
    """What they are asked to do."""
    facts: Mapped[list[Any]] = mapped_column(default=list)
    state: Mapped[str | None] = mapped_column(String(40))
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_why: Mapped[str | None] = mapped_column(String(200))


class SharedMessage(Base):
    """A message a partner may read: marked for them, said to them, or written by them."""

    __tablename__ = "shared_messages"

    share_id: Mapped[str] = mapped_column(ForeignKey("shares.id"), primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"), primary_key=True, index=True)
    created_at: Mapped[datetime]


class Endpoint(Base):
    """An address that is told of case events, signed as Standard Webhooks say."""

    __tablename__ = "endpoints"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(100))
    events: Mapped[list[Any]] = mapped_column(default=list)
    """Kinds of case events; empty for all."""
    partner_id: Mapped[str | None] = mapped_column(ForeignKey("partners.id"), index=True)
    """Told only of cases shared with this partner, and only what they may see."""
    is_on: Mapped[bool] = mapped_column(default=True)
    off_because: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]


class WebhookState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookDelivery(Base):
    """One event for one address. `id` travels as `webhook-id`, the same at every attempt and replay."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "cause"),
        CheckConstraint(one_of("state", WebhookState), name="state"),
        Index("ix_webhook_deliveries_endpoint", "endpoint_id", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("endpoints.id"))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)
    cause: Mapped[str] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(default=0)
    last_status: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(String(300))
    next_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class WebhookSeen(Base):
    """An inbound webhook that was taken in, so that a repeated one counts once."""

    __tablename__ = "webhooks_seen"

    partner_id: Mapped[str] = mapped_column(ForeignKey("partners.id"), primary_key=True)
    webhook_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    received_at: Mapped[datetime]
