"""What the routes about people take and give."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from handoff.api.shapes import Shape


class HandleShape(Shape):
    """`method` says what proved it: link, code, login or agent; null while it is only claimed."""

    id: str
    channel: str
    name: str | None
    verified_at: datetime | None
    method: str | None
    unreachable_reason: str | None
    is_here: bool
    is_reply: bool
    can_reply: bool


class JoinShape(Shape):
    """`moved` when a handle went on in another conversation by it; else two customers are shown together."""

    id: str
    channel: str
    method: str
    by: str | None
    moved: bool
    created_at: datetime


class SuggestionShape(Shape):
    customer_id: str
    name: str | None
    account_number: str | None
    because: str
    conversation_id: str | None
    channel: str | None


class AddressShape(Shape):
    """Where a code could be sent; `value` is as the customer or our systems told it."""

    via: str
    value: str
    shown: str
    account_number: str | None


class PersonShape(Shape):
    customer_id: str
    name: str | None
    account_number: str | None
    conversation_ids: list[str]
    handles: list[HandleShape]
    joins: list[JoinShape]
    suggestions: list[SuggestionShape]
    addresses: list[AddressShape]


class Confirmed(Shape):
    """`one_conversation`: the handles of the other's live conversation go on in this one, too."""

    customer_id: str = Field(max_length=26)
    one_conversation: bool = False


class ReplyTo(Shape):
    identity_id: str = Field(max_length=26)


class CodeWanted(Shape):
    via: Literal["email", "phone"]
    address: str = Field(min_length=3, max_length=200)
    account_number: str | None = Field(default=None, max_length=40)


class CodeSent(Shape):
    """`sent_to` is masked and may be said in the chat; `already` when one was sent a moment ago."""

    sent_to: str
    expires_at: datetime
    already: bool
