"""Updates of a channel, kept before they are understood, and what became of each delivery to one."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id, one_of


class ChannelUpdate(Base):
    """One update exactly as a channel sent it, card numbers masked, stored before the channel is told that we have it.

    A channel may number its updates from lower down again, so the same number with other content is another update.
    `thread` orders the work: updates of one thread are applied one after another in the order of their ids.
    `message_id` is what it became, or None for what is no utterance; `note` says in words what was made of it.
    """

    __tablename__ = "channel_updates"
    __table_args__ = (
        UniqueConstraint("channel", "account", "number", "digest"),
        Index("ix_channel_updates_waiting", "channel", "applied_at", "id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(40))
    """Which of our own handles there received it, such as a bot's id."""
    number: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    thread: Mapped[str] = mapped_column(String(120), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    body: Mapped[dict[str, Any]]
    message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id"))
    note: Mapped[str | None] = mapped_column(String(300))
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]


class DeliveryState(StrEnum):
    SENT = "sent"
    FAILED = "failed"


class Delivery(Base):
    """One part of one message at a channel that cannot replay: long words travel in several parts.

    `external_ref` is the channel's own id of the part, by which it can be edited, deleted and answered to.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("message_id", "part"),
        CheckConstraint(one_of("state", DeliveryState), name="state"),
        Index("ix_deliveries_external_ref", "identity_id", "external_ref"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    identity_id: Mapped[str] = mapped_column(ForeignKey("identities.id"))
    part: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    external_ref: Mapped[str | None] = mapped_column(String(60))
    reason: Mapped[str | None] = mapped_column(String(300))
    created_at: Mapped[datetime]
