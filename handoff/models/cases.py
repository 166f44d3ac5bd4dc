"""The work items, what happened to them, and the handovers that feed them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id, one_of


class CaseStatus(StrEnum):
    OPEN = "open"
    WAITING = "waiting"
    """For the customer or somebody else; not for us."""
    RESOLVED = "resolved"


class Priority(StrEnum):
    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class Case(Base):
    """Something to be solved. Separate from the conversations it is talked about in.

    `ref` can be read aloud: C, six digits and a check digit. Status is stored; replaying the events gives the same.
    """

    __tablename__ = "cases"
    __table_args__ = (
        CheckConstraint(one_of("status", CaseStatus), name="status"),
        CheckConstraint(one_of("priority", Priority), name="priority"),
        Index("ix_cases_team_status", "team", "status"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    topic: Mapped[str] = mapped_column(String(60))
    team: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(12), default=CaseStatus.OPEN)
    priority: Mapped[str] = mapped_column(String(10), default=Priority.NORMAL)
    assignee_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"), index=True)
    resolution: Mapped[str | None] = mapped_column(Text)
    promised_at: Mapped[datetime | None]
    idempotency_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    last_event_seq: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]


class CaseConversation(Base):
    """A case is talked about in these conversations, from `first_seq` on."""

    __tablename__ = "case_conversations"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), primary_key=True, index=True)
    first_seq: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class CaseEvent(Base):
    """Who did what to a case, when and why. Append-only."""

    __tablename__ = "case_events"
    __table_args__ = (UniqueConstraint("case_id", "seq"), UniqueConstraint("case_id", "idempotency_key"))

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(30))
    """opened, noted, assigned, status_changed, priority_changed, team_changed, handed_over, accepted, declined,
    transferred, given_back, resolved, reopened, conversation_joined."""
    actor: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[str | None] = mapped_column(Id)
    actor_name: Mapped[str | None] = mapped_column(String(200))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    idempotency_key: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[datetime]


class HandoverState(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    FINISHED = "finished"
    """Given back, resolved, or withdrawn by the customer."""
    OUT_OF_HOURS = "out_of_hours"


class Handover(Base):
    """One passing of the floor to people. `package` is written once and never changed; `schema_version` says its shape."""

    __tablename__ = "handovers"
    __table_args__ = (
        CheckConstraint(one_of("state", HandoverState), name="state"),
        Index("ix_handovers_state", "state", "team", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    team: Mapped[str] = mapped_column(String(40))
    priority: Mapped[str] = mapped_column(String(10))
    reason_code: Mapped[str] = mapped_column(String(40))
    reason_text: Mapped[str] = mapped_column(Text)
    package: Mapped[dict[str, Any]]
    schema_version: Mapped[int] = mapped_column(default=1)
    idempotency_key: Mapped[str] = mapped_column(String(100), unique=True)
    offered_to: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    offered_at: Mapped[datetime | None]
    declined_by: Mapped[list[Any]] = mapped_column(default=list)
    accepted_by: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    accepted_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    handback: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
