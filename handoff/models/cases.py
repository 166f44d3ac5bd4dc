"""The work items, what happened to them, and the handovers that feed them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id, one_of


class CaseStatus(StrEnum):
    OPEN = "open"
    WAITING = "waiting"
    """For the customer or somebody else; not for us."""
    RESOLVED = "resolved"
    JOINED = "joined"
    """Became part of another case; `Case.joined_into_id` says of which."""


LIVE = (CaseStatus.OPEN, CaseStatus.WAITING)


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
        CheckConstraint("(status = 'joined') = (joined_into_id IS NOT NULL)", name="joined_into"),
        CheckConstraint("waiting_for IS NULL OR waiting_for IN ('customer', 'partner')", name="waiting_for"),
        Index("ix_cases_team_status", "team", "status", "updated_at"),
        Index("ix_cases_status", "status", "updated_at"),
        Index("ix_cases_priority_status", "priority", "status", "updated_at"),
        Index("ix_cases_assignee_status", "assignee_id", "status", "updated_at"),
        Index("ix_cases_customer", "customer_id", "created_at"),
        Index(
            "ix_cases_contacts",
            "status",
            "updated_at",
            "contacts",
            sqlite_where=text("contacts >= 3"),
            postgresql_where=text("contacts >= 3"),
        ),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    ref: Mapped[str] = mapped_column(String(16), unique=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    title: Mapped[str] = mapped_column(String(200))
    topic: Mapped[str] = mapped_column(String(60))
    team: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(12), default=CaseStatus.OPEN)
    priority: Mapped[str] = mapped_column(String(10), default=Priority.NORMAL)
    assignee_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    waiting_for: Mapped[str | None] = mapped_column(String(10))
    """Who is waited for while the status is `waiting`: the customer or a partner. Clocks stand still meanwhile."""
    joined_into_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)
    language: Mapped[str] = mapped_column(String(20), default="en")
    skills: Mapped[list[Any]] = mapped_column(default=list)
    """What whoever takes it should be able to do; keys of `Skill`."""
    fields: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Values of the custom fields of its topic, by their name."""
    contacts: Mapped[int] = mapped_column(default=0)
    transfers: Mapped[int] = mapped_column(default=0)
    repeats: Mapped[int] = mapped_column(default=0)
    waited_s: Mapped[int] = mapped_column(default=0)
    """Sums of the effort ledger, kept here so that lists, reports and triggers need not add them up."""
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
    __table_args__ = (
        UniqueConstraint("case_id", "seq"),
        UniqueConstraint("case_id", "idempotency_key"),
        Index("ix_case_events_created", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(30))
    """One of the names in docs/cases.md, where each says what its `data` holds."""
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
    """One passing of the floor to people. `package` is written once; only a redaction ever changes it."""

    __tablename__ = "handovers"
    __table_args__ = (
        CheckConstraint(one_of("state", HandoverState), name="state"),
        Index("ix_handovers_state", "state", "team", "created_at"),
        Index("ix_handovers_team_accepted", "team", "accepted_at"),
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


class MoveKind(StrEnum):
    SPLIT = "split"
    JOIN = "join"


class CaseMove(Base):
    """Words and what hangs on them went from one case to another. Holds what taking it back needs.

    `moved` lists what went, by kind: `{"messages": [ids], "facts": [ids], "promises": [ids], …}`; `before` is how both
    cases were: `{"from": {...}, "to": {...}}`.
    """

    __tablename__ = "case_moves"
    __table_args__ = (CheckConstraint(one_of("kind", MoveKind), name="kind"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(10))
    from_case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    to_case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    moved: Mapped[dict[str, Any]] = mapped_column(default=dict)
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    idempotency_key: Mapped[str | None] = mapped_column(String(100), unique=True)
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))


class LinkKind(StrEnum):
    RELATED = "related"
    PARENT = "parent"
    """`from` is the parent, such as an incident; `to` its child."""
    DUPLICATE = "duplicate"
    """`from` repeats `to`."""
    SPLIT = "split"
    """`to` was split off `from`."""
    FOLLOW_UP = "follow_up"
    """`to` goes on where `from` was resolved too long ago to be reopened."""


class CaseLink(Base):
    __tablename__ = "case_links"
    __table_args__ = (
        CheckConstraint(one_of("kind", LinkKind), name="kind"),
        UniqueConstraint("from_case_id", "to_case_id", "kind"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    from_case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    to_case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    created_at: Mapped[datetime]


class CaseWatcher(Base):
    """An agent who wants to know what becomes of a case that is somebody else's."""

    __tablename__ = "case_watchers"

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id"), primary_key=True, index=True)
    created_at: Mapped[datetime]


class ExceptionState(StrEnum):
    ASKED = "asked"
    """Above the limits of who asked; waits for somebody with more authority."""
    GRANTED = "granted"
    """Allowed; the company's system has not confirmed it yet."""
    DONE = "done"
    FAILED = "failed"
    DENIED = "denied"


class CaseException(Base):
    """Something policy refused and a person with authority allowed. Carried out by the company's own system."""

    __tablename__ = "case_exceptions"
    __table_args__ = (CheckConstraint(one_of("state", ExceptionState), name="state"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    amount_cents: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(1000))
    refused_by: Mapped[str | None] = mapped_column(String(300))
    """What said no before, such as the policy's own sentence."""
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10))
    asked_by: Mapped[str] = mapped_column(ForeignKey("agents.id"))
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    result: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class ExceptionLimit(Base):
    """How far a role may go on its own with one kind of exception. No row: not at all."""

    __tablename__ = "exception_limits"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    role: Mapped[str] = mapped_column(String(12), primary_key=True)
    amount_cents: Mapped[int | None]
    """The most at once; None where the kind has no amount or no limit."""
