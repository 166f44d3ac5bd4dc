"""Work that must happen after a commit, at least once: ask, deliver, follow cases, let time pass."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id


class OutboxItem(Base):
    """Claimed per subject and kind with a lease; items of one lane run strictly one after another.

    `subject_id` is what the lane belongs to: a conversation, a case, or an address that is told of events. `lane` is
    `turn`, `deliver`, `fetch` (files from a channel), `case` (what follows from words and events of a case), `company`
    (orders to the company's systems), `webhook` or `timer`. A row is deleted when done, kept as `dead` when given up.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("lane IN ('turn', 'deliver', 'fetch', 'case', 'company', 'webhook', 'timer')", name="lane"),
        Index("ix_outbox_due", "is_dead", "due_at"),
        Index("ix_outbox_lane", "subject_id", "lane", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    subject_id: Mapped[str] = mapped_column(Id)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"), index=True)
    """The conversation, where that is the subject."""
    lane: Mapped[str] = mapped_column(String(10))
    job: Mapped[str] = mapped_column(String(40))
    body: Mapped[dict[str, Any]] = mapped_column(default=dict)
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    is_dead: Mapped[bool] = mapped_column(default=False)
    last_error: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime]
