"""What open pages are told, after the commit that made it true. Names are past tense; values are small.

A page that missed one reads the state afresh: an event says *what changed*, never carries the only copy of it.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    conversation_id: str


@dataclass(frozen=True)
class MessageStored(Event):
    """`audience` lets a channel skip what the customer must not see without reading it."""

    message_id: str
    seq: int
    audience: str
    author: str


@dataclass(frozen=True)
class AttachmentChanged(Event):
    """A file of a message has arrived or cannot be had."""

    message_id: str | None
    attachment_id: str


@dataclass(frozen=True)
class MessageChanged(Event):
    """A message was edited, withdrawn, or its delivery went well or wrong."""

    message_id: str
    seq: int
    audience: str


@dataclass(frozen=True)
class FloorChanged(Event):
    floor: str
    epoch: int
    agent_id: str | None
    agent_name: str | None


@dataclass(frozen=True)
class ReplyChannelChanged(Event):
    """The customer went on elsewhere; `channel` is where words go from now on."""

    channel: str


@dataclass(frozen=True)
class PersonChanged(Event):
    """A handle was joined to the customer of this conversation, verified, or taken away again."""

    identity_id: str


@dataclass(frozen=True)
class WordsMoved(Event):
    """Words left this conversation or came into it: whoever shows it reads it from the start."""


@dataclass(frozen=True)
class QueueChanged(Event):
    """Somebody's place in a queue may have moved. `conversation_id` is the one that caused it."""

    team: str


@dataclass(frozen=True)
class HandoverOffered(Event):
    handover_id: str
    agent_id: str | None
    team: str


@dataclass(frozen=True)
class FactsChanged(Event):
    names: tuple[str, ...]


@dataclass(frozen=True)
class TurnFinished(Event):
    turn_id: str
    status: str


@dataclass(frozen=True)
class CaseChanged(Event):
    case_id: str
    ref: str


@dataclass(frozen=True)
class CaseEscalated(Event):
    """A case was passed on to a team or, with `agent_id`, to one person. `by` is the name of who did it."""

    ref: str
    team: str
    agent_id: str | None
    by: str


@dataclass(frozen=True)
class ExceptionAsked(Event):
    """Somebody asks for what is above their own limit; `agent_ids` may decide it."""

    ref: str
    label: str
    by: str
    agent_ids: tuple[str, ...]


@dataclass(frozen=True)
class ShareChanged(Event):
    """What a partner sees of a case changed, or they may see it no longer."""

    share_id: str
    ref: str


@dataclass(frozen=True)
class ClockRang(Event):
    """A clock of a case is about to be breached, or was. `agent_ids` have it or watch it; nobody: its team."""

    ref: str
    team: str
    agent_ids: tuple[str, ...]
    clock: str
    is_breached: bool


@dataclass(frozen=True)
class Typing(Event):
    """Not stored. `who` is customer, assistant or agent; a reader lets it fade after six seconds."""

    who: str
    name: str | None
    agent_id: str | None = None
    is_slow: bool = False
    """The assistant has been at it for longer than usual: say "still working"."""


@dataclass(frozen=True)
class Viewing(Event):
    """Not stored: an agent has the conversation open (or closed it)."""

    agent_id: str
    name: str
    is_here: bool


@dataclass(frozen=True)
class Seen(Event):
    """`by` is customer or desk."""

    by: str
    seq: int


def as_dict(event: Event) -> dict[str, Any]:
    """`{"type": "MessageStored", ...}` for a socket."""
    return {"type": type(event).__name__, **vars(event)}
