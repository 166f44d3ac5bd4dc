"""The ledger: customers, the identities they write from, conversations and their messages."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id, one_of
from handoff.ports import Audience, Author, Floor


class Customer(Base):
    """A person. Everything they ever tell us hangs below."""

    __tablename__ = "customers"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str | None] = mapped_column(String(200))
    account_number: Mapped[str | None] = mapped_column(String(40), index=True)
    created_at: Mapped[datetime]


class Identity(Base):
    """One handle of a customer: a browser on the web, a chat elsewhere, an e-mail, a phone or an account.

    `verified_at` is set only by a method that proves it; a typed e-mail is a claim. `conversation_id` is where this
    handle talks now: handles that were joined share one conversation. Handles nobody can write from have none.
    """

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("channel", "external_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    external_id: Mapped[str] = mapped_column(String(200))
    verified_at: Mapped[datetime | None]
    method: Mapped[str | None] = mapped_column(String(40))
    conversation_id: Mapped[str | None] = mapped_column(
        ForeignKey("conversations.id", use_alter=True, name="fk_identities_conversation_id"), index=True
    )
    unreachable_reason: Mapped[str | None] = mapped_column(String(200))
    """Why nothing can be delivered there any more, such as a customer who blocked the bot; None while it can."""
    created_at: Mapped[datetime]


class Conversation(Base):
    """The thread with one customer; holds the floor. It may move between their identities.

    `identity_id` and `channel` say where the customer last wrote, which is where replies go.

    `epoch` grows at every change of the floor: whatever was computed under an older epoch never reaches the customer.
    `handled_seq` is the last message that belongs to a finished exchange; a new handover starts its story after it.
    `assistant_session` is the opaque id the assistant knows the conversation by; it is replaced now and then.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        CheckConstraint(one_of("floor", Floor), name="floor"),
        CheckConstraint("(floor = 'agent') = (agent_id IS NOT NULL)", name="agent_holds_floor"),
        Index("ix_conversations_agent", "agent_id", "floor"),
        Index("ix_conversations_floor_waiting", "floor", "waiting_since"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    customer_id: Mapped[str] = mapped_column(ForeignKey("customers.id"), index=True)
    identity_id: Mapped[str] = mapped_column(ForeignKey("identities.id"), index=True)
    channel: Mapped[str] = mapped_column(String(20))
    floor: Mapped[str] = mapped_column(String(10), default=Floor.BOT)
    epoch: Mapped[int] = mapped_column(default=1)
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    last_seq: Mapped[int] = mapped_column(default=0)
    handled_seq: Mapped[int] = mapped_column(default=0)
    customer_seen_seq: Mapped[int] = mapped_column(default=0)
    desk_seen_seq: Mapped[int] = mapped_column(default=0)
    waiting_since: Mapped[datetime | None]
    """When the customer's oldest unanswered message arrived; None when nobody owes them a word."""
    assistant_session: Mapped[str] = mapped_column(String(40))
    assistant_turns: Mapped[int] = mapped_column(default=0)
    empty_turns: Mapped[int] = mapped_column(default=0)
    carried: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Slots for the next assistant session."""
    case_id: Mapped[str | None] = mapped_column(
        ForeignKey("cases.id", use_alter=True, name="fk_conversations_case_id"), index=True
    )
    """The case that is talked about now: where new words belong. None while there is none."""
    locale: Mapped[str] = mapped_column(String(20), default="en")
    client: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    last_message_at: Mapped[datetime] = mapped_column(index=True)


class Message(Base):
    """One utterance, ordered by `seq` within its conversation. Its first words never change and it is never deleted.

    What was edited later stands in `edited_text`, with every version in `MessageEdit`; `words` is what holds now.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        UniqueConstraint("conversation_id", "client_ref"),
        Index("ix_messages_case_id", "case_id", "created_at", "id"),
        CheckConstraint(one_of("author", Author), name="author"),
        CheckConstraint(one_of("audience", Audience), name="audience"),
        CheckConstraint("seq > 0", name="seq"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    seq: Mapped[int] = mapped_column(Integer)
    author: Mapped[str] = mapped_column(String(12))
    name: Mapped[str | None] = mapped_column(String(200))
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    audience: Mapped[str] = mapped_column(String(10), default=Audience.EVERYONE)
    text: Mapped[str] = mapped_column(Text)
    buttons: Mapped[list[Any]] = mapped_column(default=list)
    """[{title, payload}]: what the customer may press; payloads never leave the hub."""
    link: Mapped[dict[str, Any] | None]
    image: Mapped[str | None] = mapped_column(String(500))
    payload: Mapped[str | None] = mapped_column(String(1000))
    """The payload of the button the customer pressed to say this."""
    client_ref: Mapped[str | None] = mapped_column(String(100))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id", use_alter=True, name="fk_messages_case_id"))
    """The one case these words belong to. None for what was said before there was one."""
    in_reply_to: Mapped[str | None] = mapped_column(Id)
    """The message it answers: for the assistant's words and stale notes the customer's, for a press its button's."""
    channel: Mapped[str] = mapped_column(String(20))
    identity_id: Mapped[str | None] = mapped_column(ForeignKey("identities.id"), index=True)
    """The handle it came from or goes to, whatever the conversation does later. None for notes."""
    epoch: Mapped[int]
    is_masked: Mapped[bool] = mapped_column(default=False)
    """Whether a card number was taken out before storing."""
    edited_text: Mapped[str | None] = mapped_column(Text)
    edited_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    """When its author took it back; the desk still sees it, struck through."""
    redacted_at: Mapped[datetime | None]
    """When its words were removed for good, here and wherever they were carried."""
    created_at: Mapped[datetime]

    @property
    def words(self) -> str:
        return self.text if self.edited_text is None else self.edited_text


class MessageEdit(Base):
    """One later version of a message's words. `client_ref` is the channel's own id of the edit, so it counts once."""

    __tablename__ = "message_edits"
    __table_args__ = (UniqueConstraint("message_id", "client_ref"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"))
    text: Mapped[str] = mapped_column(Text)
    is_masked: Mapped[bool] = mapped_column(default=False)
    client_ref: Mapped[str | None] = mapped_column(String(100))
    created_at: Mapped[datetime]


class Turn(Base):
    """What the assistant made of one customer message: understood, tried, asked, and how long it took."""

    __tablename__ = "turns"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id"), index=True)
    message_id: Mapped[str | None] = mapped_column(ForeignKey("messages.id"), unique=True)
    """None for the turn that carries a handback."""
    epoch: Mapped[int]
    status: Mapped[str] = mapped_column(String(12), default="waiting")
    """waiting, answered, stale (its words became a note) or failed."""
    intent: Mapped[str | None] = mapped_column(String(80))
    confidence: Mapped[float | None]
    ranking: Mapped[list[Any]] = mapped_column(default=list)
    entities: Mapped[list[Any]] = mapped_column(default=list)
    form: Mapped[dict[str, Any] | None]
    question: Mapped[str | None] = mapped_column(String(80))
    tried: Mapped[list[Any]] = mapped_column(default=list)
    actions: Mapped[list[Any]] = mapped_column(default=list)
    failure: Mapped[str | None] = mapped_column(String(300))
    handback: Mapped[dict[str, Any] | None]
    ms: Mapped[int | None]
    created_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
