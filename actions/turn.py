"""What the hub said about the customer's message: who they are, what is already known, what is open.

Every action reads it through `turn(tracker)` and nothing else of the metadata. Facts are the hub's truth; slots are
only a form's working copy of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rasa_sdk import Tracker


@dataclass(frozen=True)
class Fact:
    """One thing known about the customer, with the message it came from."""

    value: str
    is_validated: bool = False
    source_message_id: str | None = None


@dataclass(frozen=True)
class Customer:
    """`account_number` is there only when the hub is sure whose it is; `is_verified` when this very handle proved it,
    by a code sent to what is on file or by the site's sign-in."""

    id: str | None = None
    name: str | None = None
    account_number: str | None = None
    is_verified: bool = False


@dataclass(frozen=True)
class Promise:
    """Still to be done; `is_broken` when its time has passed."""

    text: str
    due_at: datetime | None = None
    is_broken: bool = False


@dataclass(frozen=True)
class PartnerSays:
    """How far a partner, such as a courier, says the work is. `label` is how people say it."""

    name: str
    label: str
    at: datetime | None = None


@dataclass(frozen=True)
class OpenCase:
    ref: str
    title: str
    status: str
    promises: tuple[Promise, ...] = ()
    partner: PartnerSays | None = None


@dataclass(frozen=True)
class Asking:
    """What the hub asked last, of its own accord. `kind` is `follow_up` or `survey`; `step` is what these words may
    answer: `went_well`, `solved`, `ease` or `words`."""

    kind: str
    id: str
    step: str
    case_ref: str = ""
    question: str = ""


@dataclass(frozen=True)
class Handback:
    """What a person leaves for the assistant. `resume_at` is `start`, `form` or `close`; `topic` an intent's name."""

    by: str = ""
    topic: str = ""
    case_ref: str = ""
    outcome: str = ""
    summary: str = ""
    facts_learned: tuple[Mapping[str, Any], ...] = ()
    promises: tuple[Any, ...] = ()
    resume_at: str = "start"
    form: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Turn:
    """`message_id` is the idempotency key of everything this turn causes."""

    conversation_id: str
    turn_id: str
    message_id: str
    channel: str = "web"
    customer: Customer = Customer()
    facts: Mapping[str, Fact] = field(default_factory=dict)
    open_cases: tuple[OpenCase, ...] = ()
    handback: Handback | None = None
    asking: Asking | None = None

    def fact(self, *names: str) -> str | None:
        """The value of the first of these facts that is known."""
        return next((self.facts[name].value for name in names if name in self.facts), None)

    def said_now(self, *names: str) -> str | None:
        """Like `fact`, but only what this very message told."""
        for name in names:
            known = self.facts.get(name)
            if known and known.source_message_id == self.message_id:
                return known.value
        return None

    def key(self, purpose: str) -> str:
        """An idempotency key: the same message asking for the same thing gives the same key."""
        return f"{self.message_id}:{purpose}"


def turn(tracker: Tracker) -> Turn:
    data = (tracker.latest_message or {}).get("metadata") or {}
    return Turn(
        conversation_id=data.get("conversation_id") or tracker.sender_id,
        turn_id=data.get("turn_id") or "",
        message_id=data.get("message_id") or (tracker.latest_message or {}).get("message_id") or "",
        channel=data.get("channel") or "web",
        customer=_customer(data.get("customer") or {}),
        facts={name: _fact(known) for name, known in (data.get("facts") or {}).items()},
        open_cases=tuple(_open_case(case) for case in data.get("open_cases") or ()),
        handback=_handback(data.get("handback")),
        asking=_asking(data.get("asking")),
    )


def _customer(said: Mapping[str, Any]) -> Customer:
    return Customer(said.get("id"), said.get("name"), said.get("account_number"), bool(said.get("is_verified")))


def _fact(said: Mapping[str, Any]) -> Fact:
    return Fact(str(said.get("value", "")), bool(said.get("validated")), said.get("source_message_id"))


def _open_case(said: Mapping[str, Any]) -> OpenCase:
    promised = tuple(_promise(one) for one in said.get("promises") or ())
    return OpenCase(
        said.get("ref", ""), said.get("title", ""), said.get("status", "open"), promised, _partner(said.get("partner"))
    )


def _partner(said: Mapping[str, Any] | None) -> PartnerSays | None:
    if not said:
        return None
    at = said.get("at")
    return PartnerSays(said["name"], said["label"], datetime.fromisoformat(at) if at else None)


def _promise(said: Mapping[str, Any]) -> Promise:
    due = said.get("due_at")
    return Promise(said.get("text", ""), datetime.fromisoformat(due) if due else None, bool(said.get("is_broken")))


def _asking(said: Mapping[str, Any] | None) -> Asking | None:
    if said is None:
        return None
    return Asking(said["kind"], said["id"], said["step"], said.get("case_ref") or "", said.get("question") or "")


def _handback(said: Mapping[str, Any] | None) -> Handback | None:
    if said is None:
        return None
    return Handback(
        by=(said.get("released_by") or {}).get("name") or "",
        topic=said.get("topic") or "",
        case_ref=said.get("case_ref") or "",
        outcome=said.get("outcome") or "",
        summary=said.get("summary") or "",
        facts_learned=tuple(said.get("facts_learned") or ()),
        promises=tuple(said.get("promises") or ()),
        resume_at=said.get("resume_at") or "start",
        form=said.get("form"),
    )
