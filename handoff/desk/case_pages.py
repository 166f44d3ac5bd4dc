"""What the case pages show, as frozen values."""

from dataclasses import dataclass
from datetime import datetime

from handoff.desk.pages import CaseLine, FileView


@dataclass(frozen=True)
class CaseEventView:
    kind: str
    actor: str
    text: str | None
    changed: str | None
    created_at: datetime


@dataclass(frozen=True)
class CaseConversationView:
    id: str
    channel: str
    floor: str
    holder: str | None
    last_message_at: datetime
    snippet: str


@dataclass(frozen=True)
class CasePage:
    case: CaseLine
    customer_id: str
    account_number: str | None
    events: tuple[CaseEventView, ...]
    conversations: tuple[CaseConversationView, ...]
    files: tuple[FileView, ...]
    agents: tuple[tuple[str, str], ...] = ()
    assignee_id: str | None = None


@dataclass(frozen=True)
class CaseFilter:
    status: str = "open"
    team: str = ""
    priority: str = ""
    search: str = ""
    assignee: str = ""


@dataclass(frozen=True)
class CasesPage:
    cases: tuple[CaseLine, ...]
    chosen: CaseFilter
    teams: tuple[str, ...]
    more: bool = False
