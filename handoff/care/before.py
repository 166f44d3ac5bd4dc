"""What stood before a message, by which its cost is counted: who spoke last, what was told, what was owed.

A statement for each question, put together once: that costs as much as asking. Changes nothing; what it means for the
effort of a case is told in `counting`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from handoff.models import Case, CaseEvent, Conversation, Effort, EffortKind, Fact, Handover, Message
from handoff.package import Reason
from handoff.ports import HELPERS, Audience, Author

SAID_AGAIN_FREELY = frozenset({"date", "amount", "item", "reference"})
"""Nobody minds saying these twice: they are what sentences are made of, not what one looks up on a bill."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_case_id = bindparam("case_id", type_=Case.id.type)
_conversation_id = bindparam("conversation_id", type_=Conversation.id.type)
_seq, _at = bindparam("seq", type_=Message.seq.type), bindparam("at", type_=Message.created_at.type)


def _last(column: Any, authors: tuple[str, ...], *more: ColumnElement[bool]) -> Select[Any]:
    """Of the newest word these said for everyone in the conversation before `seq`."""
    return (
        select(column)
        .where(Message.conversation_id == _conversation_id, Message.seq < _seq)
        .where(Message.audience == Audience.EVERYONE, Message.author.in_(authors), *more)
        .order_by(Message.seq.desc())
        .limit(1)
        .correlate(None)
    )


STANDING = select(
    select(Effort.id)
    .join(Message, Message.id == Effort.cause)
    .where(Effort.case_id == _case_id, Effort.kind == EffortKind.CONTACT, Message.conversation_id == _conversation_id)
    .exists(),
    select(Effort.id).where(Effort.kind == EffortKind.CHANNEL, Effort.cause == bindparam("channel")).exists(),
    _last(Message.created_at, (Author.CUSTOMER, *HELPERS), Message.case_id == _case_id).scalar_subquery(),
)
"""See `Standing`."""
HELPED_LAST = _last(Message.id, HELPERS)

_first = aliased(Message)
KNOWN = (
    select(Fact.name, Fact.normalized, _first.conversation_id, _first.epoch, _first.seq)
    .join(_first, _first.id == Fact.source_message_id)
    .where(or_(Fact.case_id == _case_id, Fact.conversation_id == _conversation_id))
    .where(Fact.name.not_in(SAID_AGAIN_FREELY), _first.created_at < _at)
)
"""What was told before, each with where."""


def _owed(answered_by: tuple[str, ...], *, is_person: bool) -> Select[Any]:
    """When these last answered; then the earliest moments since which their words may be owed."""
    last_seq = _last(Message.seq, answered_by).scalar_subquery()
    last_at = _last(Message.created_at, answered_by).scalar_subquery()
    called_at = _called().scalar_subquery()
    unanswered = (
        select(func.min(Message.created_at))
        .where(Message.conversation_id == _conversation_id, Message.case_id == _case_id)
        .where(Message.author == Author.CUSTOMER, Message.seq > func.coalesce(last_seq, 0), Message.seq < _seq)
        .correlate(None)
    )
    if not is_person:
        return select(last_at, unanswered.scalar_subquery())
    long_ago = literal(LONG_AGO, Message.created_at.type)
    # What was said before people were called was the assistant's to answer.
    unanswered = unanswered.where(Message.created_at >= func.coalesce(called_at, long_ago))
    passed_on = (
        select(func.min(CaseEvent.created_at))
        .where(CaseEvent.case_id == _case_id, CaseEvent.kind == "transferred", called_at.is_not(None))
        .where(CaseEvent.created_at <= _at, CaseEvent.created_at > func.coalesce(last_at, long_ago))
    )
    return select(last_at, unanswered.scalar_subquery(), called_at, passed_on.scalar_subquery())


def _called() -> Select[Any]:
    """When the handover of an agent's words was made. Whoever stepped in by themselves was not waited for."""
    return (
        select(Handover.created_at)
        .where(Handover.conversation_id == _conversation_id, Handover.created_at <= _at)
        .where(Handover.reason_code != Reason.TAKEN_OVER)
        .order_by(Handover.id.desc())
        .limit(1)
        .correlate(None)
    )


OWED_BY_PERSON, OWED_BY_ANY = _owed((Author.AGENT,), is_person=True), _owed(HELPERS, is_person=False)


@dataclass(frozen=True)
class Standing:
    """How a case stood before a customer's words: whether a contact was counted in their conversation and a line for
    their channel, and when anybody last said a word about it there."""

    is_counted: bool
    has_channel: bool
    last_at: datetime | None


async def standing(session: AsyncSession, case: Case, message: Message) -> Standing:
    """One statement."""
    asking = {**_asking(case, message), "channel": channel_of(case, message)}
    return Standing(*(await session.execute(STANDING, asking)).one())


def _asking(case: Case, message: Message) -> dict[str, Any]:
    here = {"conversation_id": message.conversation_id, "seq": message.seq, "at": message.created_at}
    return {"case_id": case.id, **here}


def channel_of(case: Case, message: Message) -> str:
    """What the line for the channel of a message is counted from."""
    return f"{case.id}:{message.channel}"


@dataclass(frozen=True)
class Known:
    """A fact, and where it was told first."""

    name: str
    normalized: str
    conversation_id: str
    epoch: int
    seq: int


async def known(session: AsyncSession, case: Case, message: Message) -> Sequence[Known]:
    """What was told before these words, about the case or in their conversation. One statement."""
    return [Known(*row) for row in await session.execute(KNOWN, _asking(case, message))]


async def helped_last(session: AsyncSession, message: Message) -> str | None:
    """The newest word of a helper before this message in its conversation."""
    found: str | None = await session.scalar(
        HELPED_LAST, {"conversation_id": message.conversation_id, "seq": message.seq}
    )
    return found


async def owed_since(session: AsyncSession, case: Case, message: Message) -> datetime | None:
    """By a person: since the first words they have not answered, people were called, or passed the customer on."""
    query = OWED_BY_PERSON if message.author == Author.AGENT else OWED_BY_ANY
    last_at, *since = (await session.execute(query, _asking(case, message))).one()
    return min((at for at in since if at and (last_at is None or at > last_at)), default=None)
