"""What the case pages show, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from handoff.desk.pages import CaseLine, FactView, MessageView


@dataclass(frozen=True)
class CaseEventView:
    """One line of what happened. `move_id` is set where it can be taken back from here."""

    kind: str
    actor: str
    text: str | None
    changed: str | None
    created_at: datetime
    move_id: str | None = None


@dataclass(frozen=True)
class CaseConversationView:
    id: str
    channel: str
    floor: str
    holder: str | None
    holder_id: str | None
    last_message_at: datetime
    snippet: str


@dataclass(frozen=True)
class OtherCase:
    """Another case this one is tied to."""

    ref: str
    title: str
    status: str


@dataclass(frozen=True)
class LinkView:
    id: str
    says: str
    """How the other one stands to this one, such as `Child` or `Split off`."""
    other: OtherCase
    is_by_hand: bool = False
    """Whether it may be taken off again; what says where a case came from stays."""


@dataclass(frozen=True)
class MoveView:
    """Words that went from or to another case. `is_from` when they left this one."""

    id: str
    kind: str
    is_from: bool
    other: OtherCase
    created_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True)
class NextClock:
    label: str
    due_at: datetime
    is_warned: bool
    breached_at: datetime | None


@dataclass(frozen=True)
class Pressing:
    """What decides what somebody does next and therefore never comes late. A promise stands open or is broken."""

    clock: NextClock | None = None
    promise_due_at: datetime | None = None
    is_broken: bool = False
    exceptions_asked: int = 0


@dataclass(frozen=True)
class PanelsPage:
    """What stands beside a case, with what its dialogs need."""

    case: OtherCase
    may_work: bool
    agents: tuple[tuple[str, str], ...]
    panels: Mapping[str, Any]


@dataclass(frozen=True)
class CasePage:
    """`words` is the thread of the case over all its conversations, in the order of time.

    `panels` is None while they are still to be asked for; the template is the same for a `PanelsPage`.
    """

    case: CaseLine
    id: str
    customer_id: str
    account_number: str | None
    waiting_for: str | None
    joined_into: OtherCase | None
    effort: tuple[str, ...]
    words: tuple[MessageView, ...]
    words_in_all: int
    facts: tuple[FactView, ...]
    events: tuple[CaseEventView, ...]
    conversations: tuple[CaseConversationView, ...]
    links: tuple[LinkView, ...]
    moves: tuple[MoveView, ...]
    agents: tuple[tuple[str, str], ...]
    watchers: tuple[str, ...]
    assignee_id: str | None
    may_work: bool
    is_mine: bool
    is_watching: bool
    pressing: Pressing
    panels: Mapping[str, Any] | None = None
    key: str = ""
    """What a split or join of this page is stored under, so that a second press does nothing."""

    @property
    def is_live(self) -> bool:
        return self.case.status in ("open", "waiting")

    @property
    def can_work(self) -> bool:
        return self.is_live and self.may_work

    @property
    def channels(self) -> int:
        return len({message.channel for message in self.words})
