"""The handover package and the handback: what travels when the floor changes hands. Version 1.

The JSON Schema of `HandoverPackage` is published at `/api/v1/schemas/handover-package`. A stored package is never
changed; a new shape gets a new `schema_version`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from handoff.masking import CardFree, FactValue
from handoff.storable import checked

SCHEMA_VERSION = 1


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _can_be_stored(cls, given: Any) -> Any:
        return checked(given)


class Reason(StrEnum):
    ASKED = "asked"
    FALLBACK = "fallback"
    EMPTY_TURNS = "empty_turns"
    POLICY_EXCEPTION = "policy_exception"
    HIGH_VALUE = "high_value"
    FRUSTRATION = "frustration"
    COMPANY_DOWN = "company_down"
    ASSISTANT_DOWN = "assistant_down"
    CANCEL_SERVICE = "cancel_service"
    SECURITY = "security"
    TAKEN_OVER = "taken_over"
    THIRD_CONTACT = "third_contact"
    """The customer had to come for the third time about one thing."""
    NOT_SOLVED = "not_solved"
    """Asked afterwards, they said it is not."""


class Issue(Part):
    title: CardFree = Field(max_length=200)
    type: str = Field(default="general", max_length=60)
    summary_for_customer: CardFree = Field(default="", max_length=2000)
    summary_for_agent: CardFree = Field(default="", max_length=4000)
    summary_confirmed_by_customer_at: datetime | None = None


class Guess(Part):
    name: str
    confidence: float


class Nlu(Part):
    latest_text: CardFree = ""
    intent_ranking: list[Guess] = []
    entities: list[dict[str, Any]] = []
    fallback_count: int = 0


class PackedFact(Part):
    name: str
    value: FactValue
    source_message_id: str | None = None
    set_by: str = "customer"
    validated: bool = False
    sensitive: bool = False


class FormState(Part):
    name: str
    requested_slot: str | None = None
    answered: list[str] = []
    missing: list[str] = []


class ActionTried(Part):
    name: str
    started_at: datetime | None = None
    ms: int | None = None
    outcome: str
    error_code: str | None = None
    result_ref: str | None = None


class Promise(Part):
    text: CardFree
    due_at: datetime | None = None


class HandoverRequest(Part):
    """What the assistant sends; the hub adds transcript, control, routing and customer. See contract 3."""

    conversation_id: str
    turn_id: str | None = None
    idempotency_key: str = Field(min_length=1, max_length=100)
    reason_code: Reason
    reason_text: CardFree = Field(default="", max_length=2000)
    issue: Issue
    team: str = Field(default="care", max_length=40)
    priority: Literal["urgent", "high", "normal", "low"] = "normal"
    skills_required: list[str] = []
    nlu: Nlu = Nlu()
    form: FormState | None = None
    facts: list[PackedFact] = []
    actions_tried: list[ActionTried] = []
    promises: list[Promise] = []
    open_questions: list[CardFree] = []
    metadata: dict[str, Any] = {}


class WaitEstimate(Part):
    """An honest range in seconds."""

    low: int
    high: int


class HandoverAnswer(Part):
    """All that may be said to the customer about the transfer."""

    handover_id: str
    case_ref: str
    state: Literal["queued", "out_of_hours", "with_agent"]
    queue_position: int | None = None
    wait_s: WaitEstimate | None = None
    is_staffed: bool = True
    opens_at: datetime | None = None
    promised_at: datetime | None = None
    agent_name: str | None = None
    already: bool = False


class PackedConversation(Part):
    id: str
    channel: str
    locale: str
    can_reply: bool = True
    reply_window_until: datetime | None = None


class Control(Part):
    """`from_holder` and `to_holder` are floors; `epoch` is the one the handover began."""

    epoch: int
    from_holder: str
    to_holder: str
    verb: str
    reason_code: str
    reason_text: str


class Routing(Part):
    team: str
    skills_required: list[str]
    priority: str
    business_hours_state: Literal["open", "closed"]
    queue_position: int | None
    eta_s: WaitEstimate | None


class VerifiedIdentity(Part):
    type: str
    value: str
    verified_at: datetime | None
    method: str | None


class PackedCustomer(Part):
    id: str
    names: list[str]
    account_number: str | None
    verified_identities: list[VerifiedIdentity]
    consent: dict[str, Any] = {}


class Transcript(Part):
    """`sha256` is over `ledger.digest`; `count` messages lie between `first_seq` and `last_seq`, both included."""

    count: int
    first_seq: int
    last_seq: int
    sha256: str
    full_url: str


class PackedAttachment(Part):
    """A file of the conversation. `url` gives its bytes to a reader of the API once `state` is stored."""

    id: str
    message_id: str
    name: str
    kind: str
    media_type: str
    size_bytes: int
    state: str
    url: str


class ClientInfo(Part):
    page_url: str | None = None
    user_agent: str | None = None
    timezone: str | None = None


class HandoverPackage(Part):
    package_id: str
    idempotency_key: str
    schema_version: int = SCHEMA_VERSION
    created_at: datetime
    conversation: PackedConversation
    control: Control
    routing: Routing
    customer: PackedCustomer
    case_refs: list[str]
    issue: Issue
    nlu: Nlu
    facts: list[PackedFact]
    form: FormState | None
    actions_tried: list[ActionTried]
    promises: list[Promise]
    open_questions: list[str]
    transcript: Transcript
    attachments: list[PackedAttachment] = []
    client: ClientInfo
    metadata: dict[str, Any]


class Resume(StrEnum):
    START = "start"
    FORM = "form"
    CLOSE = "close"


class LearnedFact(Part):
    name: str = Field(max_length=60)
    value: FactValue = Field(max_length=500)


class Handback(Part):
    """What a person leaves for the assistant. `outcome` is one of resolved, partly, unresolved."""

    outcome: Literal["resolved", "partly", "unresolved"] = "resolved"
    summary: CardFree = Field(min_length=1, max_length=2000)
    resolution_code: str | None = Field(default=None, max_length=60)
    facts_learned: list[LearnedFact] = []
    promises: list[Promise] = []
    resume_at: Resume = Resume.START
