"""What a case cost the customer, what they were promised, and whether it is really solved."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id, one_of


class EffortKind(StrEnum):
    CONTACT = "contact"
    """The customer had to come again about it."""
    CHANNEL = "channel"
    TRANSFER = "transfer"
    REPEATED_FACT = "repeated_fact"
    REPEATED_QUESTION = "repeated_question"
    WAITED = "waited"
    """`amount` is seconds they waited for a word."""


class Effort(Base):
    """One line of the effort ledger. `cause` is what it was counted from, so that it counts once."""

    __tablename__ = "effort"
    __table_args__ = (
        UniqueConstraint("cause", "kind"),
        CheckConstraint(one_of("kind", EffortKind), name="kind"),
        Index("ix_effort_customer", "customer_id", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"))
    kind: Mapped[str] = mapped_column(String(20))
    amount: Mapped[int] = mapped_column(default=1)
    detail: Mapped[str | None] = mapped_column(String(200))
    cause: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]


class PromiseState(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    BROKEN = "broken"
    """Its time passed; it can still be kept, late."""
    WITHDRAWN = "withdrawn"


class Promise(Base):
    """Something the customer was told would happen by a time. Somebody is reminded before it."""

    __tablename__ = "promises"
    __table_args__ = (CheckConstraint(one_of("state", PromiseState), name="state"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    text: Mapped[str] = mapped_column(String(300))
    due_at: Mapped[datetime] = mapped_column(index=True)
    made_by: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    """None for the assistant's."""
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"), index=True)
    """Who is reminded; None for whoever has the case then."""
    message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id"))
    state: Mapped[str] = mapped_column(String(10))
    reminded_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class AskedState(StrEnum):
    PLANNED = "planned"
    ASKED = "asked"
    ANSWERED = "answered"
    DROPPED = "dropped"
    """Never asked, or never answered; `detail` says why."""


class FollowUp(Base):
    """A question some time after, such as "did the pickup go well?", asked through the assistant."""

    __tablename__ = "follow_ups"
    __table_args__ = (CheckConstraint(one_of("state", AskedState), name="state"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    question: Mapped[str] = mapped_column(String(300))
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id"), index=True)
    went_well: Mapped[bool | None]
    words: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(String(200))
    cause: Mapped[str | None] = mapped_column(String(80), unique=True)
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]


class Survey(Base):
    """Solved, how easy from 1 to 5, and words. One for a case, ever."""

    __tablename__ = "surveys"
    __table_args__ = (
        CheckConstraint(one_of("state", AskedState), name="state"),
        CheckConstraint("ease IS NULL OR ease BETWEEN 1 AND 5", name="ease"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), unique=True)
    due_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id"), index=True)
    is_solved: Mapped[bool | None]
    ease: Mapped[int | None]
    words: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
