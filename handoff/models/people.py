"""How several handles turn out to be one person, and how that is taken back."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id


class Join(Base):
    """An identity that was found to be a known customer's. Holds what undoing it needs.

    With `to_conversation_id` the handle went on in that conversation; without, nothing moved and the two customers are
    one person from here on: their cases and handles are shown together.

    `method` says what proved it: `link` (a token passed between channels), `code` (sent to what is on file), `login`
    (the site vouched for them), `agent` (a person at the desk confirmed a suggestion).
    """

    __tablename__ = "joins"
    __table_args__ = (CheckConstraint("method IN ('link', 'code', 'login', 'agent')", name="method"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    identity_id: Mapped[str] = mapped_column(ForeignKey("identities.id"), index=True)
    method: Mapped[str] = mapped_column(String(10))
    from_customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    to_customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    from_conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    to_conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id"))
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))


class ContinueLink(Base):
    """A way from one channel to another, for one use and a short time. Only the hash of its token is stored."""

    __tablename__ = "continue_links"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    identity_id: Mapped[str] = mapped_column(ForeignKey("identities.id"))
    """The handle that asked for it."""
    to_channel: Mapped[str] = mapped_column(String(20))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by_identity_id: Mapped[str | None] = mapped_column(ForeignKey("identities.id"))
    created_at: Mapped[datetime]


class Code(Base):
    """A number sent to an e-mail address or phone on file; whoever reads it back has that handle."""

    __tablename__ = "codes"
    __table_args__ = (CheckConstraint("handle IN ('email', 'phone')", name="handle"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    identity_id: Mapped[str] = mapped_column(ForeignKey("identities.id"))
    handle: Mapped[str] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(String(200))
    account_number: Mapped[str | None] = mapped_column(String(40))
    """Whose file the address is from; None when it proves the address alone."""
    code_hash: Mapped[str] = mapped_column(String(64))
    attempts: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
