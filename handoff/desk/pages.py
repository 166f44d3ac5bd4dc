"""What each page of the desk shows, as frozen values: templates read these and nothing else.

`reads` fills them from the database. A template that wants more gets a new field here, never a query.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Queue(StrEnum):
    """The views of the list. `nobody` cannot be hidden: it is how a forgotten customer is found."""

    NOBODY = "nobody"
    MINE = "mine"
    TEAM = "team"
    ALL = "all"
    CLOSED = "closed"


QUEUE_LABELS = {
    Queue.NOBODY: "Nobody owns this",
    Queue.MINE: "Mine",
    Queue.TEAM: "My teams",
    Queue.ALL: "All open",
    Queue.CLOSED: "Closed",
}


@dataclass(frozen=True)
class Me:
    """The agent reading the page."""

    id: str
    name: str
    role: str
    teams: tuple[str, ...]
    presence: str
    capacity: int
    csrf_token: str

    @property
    def is_supervisor(self) -> bool:
        return self.role != "agent"


@dataclass(frozen=True)
class Row:
    """One conversation in the list."""

    id: str
    customer: str
    channel: str
    floor: str
    topic: str | None
    team: str | None
    priority: str
    snippet: str
    snippet_author: str | None
    unread: int
    waiting_since: datetime | None
    last_message_at: datetime
    holder: str | None
    offered_to: str | None
    is_mine: bool
    is_out_of_hours: bool
    case_ref: str | None
    queued_at: datetime | None

    @property
    def is_unowned(self) -> bool:
        return self.floor == "queue" or (self.is_out_of_hours and self.holder is None)


@dataclass(frozen=True)
class ListPage:
    queue: Queue
    search: str
    counts: dict[Queue, int]
    rows: tuple[Row, ...]
    selected: str | None = None
    more: bool = False


@dataclass(frozen=True)
class FileView:
    """A file of a message. `url` is None while its bytes are not here; `reason` says why."""

    id: str
    name: str
    kind: str
    size_bytes: int
    state: str
    reason: str | None
    url: str | None


@dataclass(frozen=True)
class MessageView:
    """One message as everybody at the desk sees it. `is_stale` marks assistant words that came too late to be sent.

    `text` is what holds now; what it said before is read on demand when `is_edited`.
    """

    id: str
    conversation_id: str
    seq: int
    author: str
    name: str
    is_note: bool
    is_stale: bool
    is_masked: bool
    text: str
    buttons: tuple[str, ...]
    link_title: str | None
    link_url: str | None
    channel: str
    created_at: datetime
    client_ref: str | None = None
    is_continued: bool = False
    """Same author as the message above, shortly after: the name is not repeated."""
    is_seen: bool = False
    state: str = "sent"
    files: tuple[FileView, ...] = ()
    is_edited: bool = False
    is_withdrawn: bool = False
    is_redacted: bool = False
    agent_id: str | None = None
    case_ref: str | None = None
    """The case these words belong to."""


@dataclass(frozen=True)
class Version:
    """What a message said at some time."""

    text: str
    at: datetime


@dataclass(frozen=True)
class FactView:
    name: str
    value: str
    set_by: str
    is_validated: bool
    is_sensitive: bool
    message_id: str | None
    seq: int | None
    stated_at: datetime
    before: tuple["FactView", ...] = ()
    """What was said under this name earlier and no longer holds, the latest of it first."""


@dataclass(frozen=True)
class IntentView:
    name: str
    confidence: float
    message_id: str | None
    seq: int | None


@dataclass(frozen=True)
class AlsoView:
    """A wish that waits until the topic before it is done."""

    name: str
    text: str


@dataclass(frozen=True)
class TriedView:
    name: str
    outcome: str
    ms: int | None
    error_code: str | None
    result_ref: str | None
    message_id: str | None


@dataclass(frozen=True)
class AnsweredSlot:
    name: str
    value: str | None


@dataclass(frozen=True)
class FormView:
    name: str
    requested: str | None
    answered: tuple[AnsweredSlot, ...]
    missing: tuple[str, ...]

    @property
    def total(self) -> int:
        return len(self.answered) + len(self.missing)


@dataclass(frozen=True)
class Promise:
    text: str
    due_at: str | None = None


@dataclass(frozen=True)
class HandoverView:
    id: str
    state: str
    team: str
    priority: str
    reason_code: str
    reason_text: str
    title: str | None
    summary: str | None
    offered_to: str | None
    created_at: datetime
    accepted_at: datetime | None
    transcript_count: int | None
    open_questions: tuple[str, ...] = ()
    promises: tuple[Promise, ...] = ()
    handback: str | None = None


@dataclass(frozen=True)
class CaseLine:
    """A case in a list."""

    ref: str
    title: str
    topic: str
    status: str
    priority: str
    team: str
    assignee: str | None
    customer: str
    created_at: datetime
    updated_at: datetime
    promised_at: datetime | None
    resolution: str | None
    is_current: bool = False


@dataclass(frozen=True)
class CustomerView:
    id: str
    name: str
    account_number: str | None
    channel: str
    identity_verified: bool
    since: datetime
    page_url: str | None
    timezone: str | None
    locale: str


@dataclass(frozen=True)
class ConversationPage:
    id: str
    me: Me
    queue: Queue
    floor: str
    epoch: int
    holder: str | None
    holder_id: str | None
    waiting_since: datetime | None
    last_seq: int
    customer_seen_seq: int
    customer: CustomerView
    handover: HandoverView | None
    messages: tuple[MessageView, ...]
    earlier_than: int | None
    facts: tuple[FactView, ...]
    intents: tuple[IntentView, ...]
    alternatives: tuple[IntentView, ...]
    also: tuple[AlsoView, ...]
    tried: tuple[TriedView, ...]
    form: FormView | None
    cases: tuple[CaseLine, ...]
    assistant: str = "Assistant"
    largest_file_bytes: int = 0
    most_files: int = 0
    key: str = ""
    """What a split of this page is stored under, so that a second press does nothing."""

    @property
    def about(self) -> tuple[CaseLine, ...]:
        """What it can be about from here on: the customer's cases that are not over."""
        return tuple(case for case in self.cases if case.status in ("open", "waiting"))

    @property
    def case(self) -> CaseLine | None:
        return next((case for case in self.cases if case.is_current), None)

    @property
    def is_mine(self) -> bool:
        return self.floor == "agent" and self.holder_id == self.me.id

    @property
    def can_accept(self) -> bool:
        return self.floor == "queue"


@dataclass(frozen=True)
class StaleWarning:
    """What arrived since the agent last looked, shown before their words may go."""

    conversation_id: str
    messages: tuple[MessageView, ...]
    seen_seq: int
    last_seq: int


@dataclass(frozen=True)
class AnsweredWarning:
    facts: tuple[FactView, ...] = field(default=())
