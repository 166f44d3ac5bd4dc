"""Files that came with a message or go out with one. The bytes are in the attachment store, never here."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id, one_of


class AttachmentKind(StrEnum):
    """How a page shows it. Decided from the content, never from a name or a claim."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"


class AttachmentState(StrEnum):
    AWAITED = "awaited"
    """The channel has it and we have not fetched it yet."""
    STORED = "stored"
    REFUSED = "refused"
    """Too large, too many or of a kind we do not take; `reason` says it in a sentence."""
    LOST = "lost"
    """The channel could not give it to us any more."""
    REDACTED = "redacted"


class Attachment(Base):
    """One file of one message. `message_id` is None between an upload and the words it is sent with.

    `secret` is what an address of it is made of; it says nothing and cannot be guessed. `source` is how its channel
    names it (a Telegram `file_id`), `store_key` how the store does.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint(one_of("kind", AttachmentKind), name="kind"),
        CheckConstraint(one_of("state", AttachmentState), name="state"),
        CheckConstraint("(state = 'stored') = (store_key IS NOT NULL)", name="stored_has_key"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    secret: Mapped[str] = mapped_column(String(43), unique=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(10))
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(Integer, default=0)
    sha256: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(String(300))
    store_key: Mapped[str | None] = mapped_column(String(200))
    source: Mapped[str | None] = mapped_column(String(300))
    redacted_at: Mapped[datetime | None]
    """When its bytes were removed for good; what is left says that there was a file."""
    created_at: Mapped[datetime]
