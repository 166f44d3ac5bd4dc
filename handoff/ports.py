"""The values and interfaces that cross an edge: channels, assistants and the nouns meet only here."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Author(StrEnum):
    CUSTOMER = "customer"
    ASSISTANT = "assistant"
    AGENT = "agent"
    PARTNER = "partner"
    SYSTEM = "system"


HELPERS = (Author.ASSISTANT, Author.AGENT)
"""Whose words are an answer to a customer's, and may ask for something."""


class Audience(StrEnum):
    EVERYONE = "everyone"
    DESK = "desk"


class Floor(StrEnum):
    """Who may speak to the customer."""

    BOT = "bot"
    QUEUE = "queue"
    AGENT = "agent"
    CLOSED = "closed"


class Wish(StrEnum):
    """What a customer can always ask for with one press or command, whatever is being talked about."""

    PERSON = "person"
    HELP = "help"
    STOP = "stop"
    HELLO = "hello"


@dataclass(frozen=True)
class Client:
    """What the customer's device says of itself."""

    page_url: str | None = None
    user_agent: str | None = None
    timezone: str | None = None
    locale: str = "en"


@dataclass(frozen=True)
class FoundFact:
    name: str
    value: str
    validated: bool = False
    sensitive: bool = False


@dataclass(frozen=True)
class Attached:
    """A file that comes with words: `attachment_id` of one uploaded before, or `source`, by which its channel has it.

    `name`, `media_type` and `size_bytes` are what the channel claims; what counts is read from the content later.
    """

    attachment_id: str | None = None
    source: str | None = None
    name: str = "file"
    media_type: str = "application/octet-stream"
    size_bytes: int = 0


@dataclass(frozen=True)
class Inbound:
    """One utterance as a channel understood it. `client_ref` is the channel's own id of it, unique in a conversation.

    `pressed` names a button by the message it stood under and its place there; its words and payload come from the
    ledger, never from the wire. `wish` is a button or command that is always there. `known` are facts the channel
    itself vouches for, such as the phone of a shared contact card. Words may be empty when files come along.
    """

    channel: str
    identity: str
    client_ref: str
    text: str = ""
    pressed: tuple[str, int] | None = None
    wish: Wish | None = None
    attachments: tuple[Attached, ...] = ()
    known: tuple[FoundFact, ...] = ()
    name: str | None = None
    client: Client = field(default_factory=Client)


@dataclass(frozen=True)
class Button:
    title: str
    payload: str


@dataclass(frozen=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True)
class Words:
    """What is said to the customer in one message."""

    text: str
    buttons: tuple[Button, ...] = ()
    link: Link | None = None
    image: str | None = None


@dataclass(frozen=True)
class TurnRequest:
    """One customer message for the assistant. `text` is already masked and escaped."""

    sender: str
    message_id: str
    text: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class TurnResult:
    """What the assistant said, understood, asked and tried. See contract 1 in docs/architecture.md."""

    messages: tuple[Words, ...]
    understood: Mapping[str, Any]
    slots: Mapping[str, Any]
    form: Mapping[str, Any] | None
    tried: tuple[Mapping[str, Any], ...]
    facts: tuple[FoundFact, ...]
    question: str | None
    actions: tuple[str, ...]
    failures: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not any(words.text.strip() or words.image for words in self.messages)


class Assistant(Protocol):
    """Answers one turn or raises `AssistantFailed`; never returns late and never raises anything else."""

    async def answer(self, request: TurnRequest) -> TurnResult: ...

    async def forget(self, sender: str) -> None:
        """Delete a session and everything said in it, or raise `TemporaryDeliveryError`. Unknown ones are fine."""


@dataclass(frozen=True)
class OutboundFile:
    """A file in the attachment store that goes with words."""

    name: str
    kind: str
    media_type: str
    store_key: str


@dataclass(frozen=True)
class Outbound:
    """One stored message on its way to a customer through a channel.

    `speaker` is the agent who says it; None for the assistant and the hub. `parts_sent` are the parts that arrived
    when it was tried before.
    """

    conversation_id: str
    message_id: str
    seq: int
    identity: str
    words: Words
    speaker: str | None = None
    files: tuple[OutboundFile, ...] = ()
    parts_sent: frozenset[int] = frozenset()


Sent = Callable[[int, str], Awaitable[None]]
"""Told after each part: its number and the channel's own id of it."""


class Channel(Protocol):
    """Takes a message to the customer, or raises Temporary- or PermanentDeliveryError."""

    name: str

    async def deliver(self, outbound: Outbound, sent: Sent) -> None: ...


class CodeSender(Protocol):
    """Takes a code to an e-mail address (`via="email"`) or phone (`via="phone"`), or raises `DeliveryError`."""

    async def send(self, via: str, address: str, text: str) -> None: ...


class Fetching(Protocol):
    """A channel whose files we fetch ourselves."""

    async def fetch(self, identity: str, source: str) -> bytes: ...


class Editing(Protocol):
    """A channel where words can be changed and taken back after they arrived."""

    async def edit(
        self, identity: str, external_ref: str, words: Words, speaker: str | None, *, has_file: bool
    ) -> None: ...

    async def withdraw(self, identity: str, external_ref: str) -> None: ...


@dataclass(frozen=True)
class HookAnswer:
    """What an address answered. `retry_after_s` is when it wants to be asked again, if it says so."""

    status: int
    retry_after_s: float | None = None


class Hooks(Protocol):
    """POSTs `body` to an address of somebody else's, or raises `DeliveryError` when no answer comes.

    Follows no redirects, reads no bodies, waits a bounded time, and connects to no address inside our own network
    unless the settings allow it.
    """

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HookAnswer: ...


@dataclass(frozen=True)
class ExceptionOrder:
    """What policy refused and a person granted. `key` is the idempotency key: under it the company does it once."""

    key: str
    kind: str
    system: str
    account_number: str
    amount_cents: int | None
    reason: str
    approved_by: str
    case_ref: str
    details: Mapping[str, str]


@dataclass(frozen=True)
class CompanyResult:
    """What the company did, in a sentence, and what it is known by: a label, a pickup, a credit."""

    sentence: str
    facts: tuple[FoundFact, ...] = ()


class Company(Protocol):
    """Carries an order out, or raises `PermanentDeliveryError` (its no) or `TemporaryDeliveryError` (it is away)."""

    async def make_exception(self, order: ExceptionOrder) -> CompanyResult: ...
