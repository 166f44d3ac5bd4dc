"""What the customer, an action or an agent told us, with the message it came from."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id


class Fact(Base):
    """A name and a value. The newest fact of a name is current; older ones stay as history.

    `name` is `reference` for an identifier nobody asked for and nothing names. `normalized` is what comparisons use.
    """

    __tablename__ = "facts"
    __table_args__ = (
        UniqueConstraint("conversation_id", "name", "normalized"),
        Index("ix_facts_name_normalized", "name", "normalized"),
        CheckConstraint("set_by IN ('customer', 'action', 'agent', 'carried')", name="set_by"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    name: Mapped[str] = mapped_column(String(60))
    value: Mapped[str] = mapped_column(String(500))
    normalized: Mapped[str] = mapped_column(String(500))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)
    """The case it was told for; None for what was told before there was one."""
    source_message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id"))
    set_by: Mapped[str] = mapped_column(String(10))
    is_validated: Mapped[bool] = mapped_column(default=False)
    is_sensitive: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    stated_at: Mapped[datetime]
    """When it was last said; a repeated fact moves this forward and becomes current again."""
