"""What the API takes and gives. Requests refuse unknown fields."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from handoff.masking import CardFree, FactValue
from handoff.storable import checked


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)

    @model_validator(mode="before")
    @classmethod
    def _can_be_stored(cls, given: Any) -> Any:
        return checked(given)


class ErrorShape(Shape):
    """Every refusal looks like this."""

    code: str
    message: str


class AttachmentShape(Shape):
    """A file of a message. `state` is awaited, stored, refused or lost; `reason` says why for the last two.

    `kind` is image, video, audio or document, read from the content; until a file is stored, what its channel claims.
    """

    id: str
    conversation_id: str
    message_id: str | None
    name: str
    kind: str
    media_type: str
    size_bytes: int
    sha256: str | None
    state: str
    reason: str | None
    created_at: datetime


class MessageShape(Shape):
    """`audience` desk means the customer never sees it. `seq` orders the messages of a conversation, from 1."""

    id: str
    seq: int
    author: str
    name: str | None
    audience: str
    text: str
    buttons: list[dict[str, Any]]
    link: dict[str, Any] | None
    channel: str
    in_reply_to: str | None
    is_masked: bool
    edited_text: str | None
    """The words that hold now, when they were edited; `text` stays what was said first."""
    edited_at: datetime | None
    withdrawn_at: datetime | None
    attachments: list[AttachmentShape] = []
    created_at: datetime


class FactShape(Shape):
    name: str
    value: str
    source_message_id: str | None
    set_by: str
    is_validated: bool
    is_sensitive: bool
    stated_at: datetime


class ConversationShape(Shape):
    id: str
    customer_id: str
    channel: str
    floor: str
    epoch: int
    agent_id: str | None
    last_seq: int
    waiting_since: datetime | None
    locale: str
    created_at: datetime
    last_message_at: datetime


class HandoverShape(Shape):
    """`package` is the immutable handover package; its schema is at `/api/v1/schemas/handover-package`."""

    id: str
    conversation_id: str
    state: str
    team: str
    priority: str
    reason_code: str
    reason_text: str
    package: dict[str, Any]
    schema_version: int
    offered_to: str | None
    accepted_by: str | None
    created_at: datetime
    accepted_at: datetime | None
    finished_at: datetime | None
    handback: dict[str, Any] | None


class TurnShape(Shape):
    """What the assistant made of one message. `status` is waiting, answered, stale or failed."""

    id: str
    message_id: str | None
    status: str
    intent: str | None
    confidence: float | None
    ranking: list[Any]
    entities: list[Any]
    form: dict[str, Any] | None
    question: str | None
    tried: list[Any]
    failure: str | None
    ms: int | None
    created_at: datetime


class CaseShape(Shape):
    ref: str
    title: str
    topic: str
    team: str
    status: str
    waiting_for: str | None
    """`customer` or `partner` while the status is waiting."""
    priority: str
    assignee_id: str | None
    customer_id: str
    resolution: str | None
    promised_at: datetime | None
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None


class CaseEventShape(Shape):
    seq: int
    kind: str
    actor: str
    actor_name: str | None
    data: dict[str, Any]
    created_at: datetime


class PartnerPart(Shape):
    """How far a partner says the work of a case is. `label` is how people say it."""

    partner: str
    state: str
    label: str
    at: datetime


class CaseWithHistory(CaseShape):
    """`joined_into` is the reference of the case it became part of, where everything of it is now."""

    joined_into: str | None
    partner: PartnerPart | None
    history: list[CaseEventShape]
    conversation_ids: list[str]


class WaitingShape(Shape):
    handover_id: str
    conversation_id: str
    team: str
    priority: str
    reason_code: str
    state: str
    offered_to: str | None
    created_at: datetime


class SignIn(Shape):
    email: str = Field(max_length=200)
    password: str = Field(max_length=1024)


class Signed(Shape):
    """`token` is a bearer token for that agent until `expires_at`."""

    token: str
    agent_id: str
    expires_at: datetime


class Said(Shape):
    """`client_ref` makes sending it twice harmless; `seen_seq` is the newest message the writer had read.

    `attachments` are ids of files uploaded before, in the order they are shown; with files the words may be empty.
    """

    text: str = Field(default="", max_length=4000)
    attachments: list[Annotated[str, Field(max_length=26)]] = Field(default=[], max_length=50)
    client_ref: str | None = Field(default=None, min_length=1, max_length=100)
    seen_seq: int | None = Field(default=None, ge=0, le=2**31)


class Reworded(Shape):
    text: str = Field(max_length=4000)


class Noted(Shape):
    text: CardFree = Field(min_length=1, max_length=4000)
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=100)


class Transferred(Shape):
    team: str = Field(max_length=40)
    note: CardFree = Field(min_length=1, max_length=2000)


class Resolved(Shape):
    resolution: CardFree = Field(min_length=1, max_length=2000)


class CaseResolved(Resolved):
    """`children`: what becomes of open cases below it. `ask` refuses while there are any; `resolve` ends them in the
    same words; `leave` keeps them open."""

    children: Literal["ask", "resolve", "leave"] = "ask"


class Reopened(Shape):
    reason: CardFree = Field(min_length=1, max_length=2000)
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=100)


class FactGiven(Shape):
    name: str = Field(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$")
    value: FactValue = Field(min_length=1, max_length=500)


class CaseOpened(Shape):
    conversation_id: str = Field(max_length=26)
    idempotency_key: str = Field(min_length=1, max_length=100)
    title: CardFree = Field(min_length=1, max_length=200)
    topic: str = Field(default="general", max_length=60)
    team: str = Field(default="care", max_length=40)
    priority: Literal["urgent", "high", "normal", "low"] = "normal"
    note: CardFree | None = Field(default=None, max_length=4000)


class CaseChange(Shape):
    """Only what is given changes."""

    priority: Literal["urgent", "high", "normal", "low"] | None = None
    team: str | None = Field(default=None, max_length=40)
    status: Literal["open", "waiting"] | None = None
    assignee_id: str | None = Field(default=None, max_length=26)
