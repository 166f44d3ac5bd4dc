"""What one message or one event adds to the effort of a case. Reads only; `effort` keeps the lines.

The rules, as docs/cases.md tells them:

- A **contact** is a sitting. It begins with a customer's message before which nobody said a word about this case in
  that conversation for `TELLONCE_CONTACT_GAP_HOURS`, or ever. A chat that moves to another channel with everything in
  it goes on; one that has to be begun anew does not. Answering a question we came with ourselves is no contact.
- A **transfer** is from team to team or from agent to agent. From the assistant to the first person is none: the
  package goes along and nobody asks again. A repeat would show if it did not.
- A **repeat** is an identifier told again to somebody else, in another conversation, or more than one exchange after
  it was stored; or a question for one that is known.
- **Waited** is from the oldest word that somebody owes an answer to until theirs. Once people have been called, the
  assistant's words are no answer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from handoff import facts
from handoff.models import Case, CaseEvent, Conversation, EffortKind, Fact, FollowUp, Handover, Message, Survey
from handoff.package import Reason
from handoff.ports import Audience, Author
from handoff.settings import settings
from words import identifiers

HELPERS = (Author.ASSISTANT, Author.AGENT)
SAID_AGAIN_FREELY = frozenset({"date", "amount", "item", "reference"})
"""Nobody minds saying these twice: they are what sentences are made of, not what one looks up on a bill."""
MOVES = frozenset({"transferred", "team_changed", "escalated"})
MEETINGS = frozenset({"accepted", "assigned"})


@dataclass(frozen=True)
class Line:
    """One line of the ledger. `cause` is what it was counted from; `amount` is seconds for what was waited."""

    kind: EffortKind
    cause: str
    at: datetime
    amount: int = 1
    detail: str | None = None


async def in_message(session: AsyncSession, case: Case, message: Message) -> list[Line]:
    """What these words cost, or what had to be waited for them. Notes and the hub's own words cost nothing."""
    if message.audience != Audience.EVERYONE:
        return []
    if message.author == Author.CUSTOMER:
        channel = Line(EffortKind.CHANNEL, f"{case.id}:{message.channel}", message.created_at, detail=message.channel)
        return [channel, *await contact(session, case, message), *await _told_again(session, case, message)]
    if message.author in HELPERS:
        return [*await _waited(session, case, message), *await _asked_again(session, case, message)]
    return []


async def contact(session: AsyncSession, case: Case, message: Message) -> list[Line]:
    """One line when a sitting begins with this message."""
    before = _words_before(message).where(Message.author.in_((Author.CUSTOMER, *HELPERS)))
    last = await session.scalar(before.where(Message.case_id == case.id))
    gap = timedelta(hours=settings().contact_gap_hours)
    if last and message.created_at - last.created_at < gap:
        return []
    asked = await session.scalar(_words_before(message).where(Message.author.in_(HELPERS)))
    if asked and await _is_our_question(session, case, asked):
        return []
    return [Line(EffortKind.CONTACT, message.id, message.created_at, detail=message.channel)]


async def _is_our_question(session: AsyncSession, case: Case, message: Message) -> bool:
    for kind in (FollowUp, Survey):
        asked = select(kind.id).where(kind.message_id == message.id, kind.case_id == case.id)
        if await session.scalar(asked.limit(1)):
            return True
    return False


async def _told_again(session: AsyncSession, case: Case, message: Message) -> list[Line]:
    """A pressed button tells nothing: its words are ours."""
    if message.payload:
        return []
    conversation = await session.get_one(Conversation, message.conversation_id)
    told = await facts.told_in(session, conversation, message)
    names = {
        (one.name, identifiers.normalize(one.name, one.value)) for one in told if one.name not in SAID_AGAIN_FREELY
    }
    if not names:
        return []
    first = aliased(Message)
    known = await session.execute(
        select(Fact.name, Fact.normalized, first)
        .join(first, first.id == Fact.source_message_id)
        .where(or_(Fact.case_id == case.id, Fact.conversation_id == message.conversation_id))
        .where(Fact.name.in_({name for name, _ in names}), first.created_at < message.created_at)
    )
    again = {
        name
        for name, normalized, source in known
        if (name, normalized) in names and await _is_far(session, source, message)
    }
    return [
        Line(EffortKind.REPEATED_FACT, f"{message.id}:{name}", message.created_at, detail=name)
        for name in sorted(again)
    ]


async def _is_far(session: AsyncSession, source: Message, message: Message) -> bool:
    """Told elsewhere, to somebody else, or more than one exchange ago."""
    if source.conversation_id != message.conversation_id or source.epoch != message.epoch:
        return True
    between = select(Message.id).where(
        Message.conversation_id == message.conversation_id,
        Message.author == Author.CUSTOMER,
        Message.seq > source.seq,
        Message.seq < message.seq,
    )
    return await session.scalar(between.limit(1)) is not None


async def _asked_again(session: AsyncSession, case: Case, message: Message) -> list[Line]:
    """A question for what is known, as the desk warns of it. A choice of buttons or "is it still …?" asks nobody to
    tell it again."""
    names = set(facts.names_asked(message.words)) - SAID_AGAIN_FREELY
    if not names or message.buttons:
        return []
    known = await session.execute(
        select(Fact.name, Fact.value)
        .where(or_(Fact.case_id == case.id, Fact.conversation_id == message.conversation_id))
        .where(Fact.name.in_(names), Fact.created_at < message.created_at)
    )
    words = message.words.casefold()
    again = {name for name, value in known if value.casefold() not in words}
    return [
        Line(EffortKind.REPEATED_QUESTION, f"{message.id}:{name}", message.created_at, detail=name)
        for name in sorted(again)
    ]


async def _waited(session: AsyncSession, case: Case, message: Message) -> list[Line]:
    """Seconds since the customer was first owed these words."""
    since = await _owed_since(session, case, message)
    seconds = int((message.created_at - since).total_seconds()) if since else 0
    return [Line(EffortKind.WAITED, message.id, message.created_at, amount=seconds)] if seconds > 0 else []


async def _owed_since(session: AsyncSession, case: Case, message: Message) -> datetime | None:
    """By a person: since the first words they have not answered, people were called, or passed the customer on."""
    is_person = message.author == Author.AGENT
    answered_by = (Author.AGENT,) if is_person else HELPERS
    last = await session.scalar(_words_before(message).where(Message.author.in_(answered_by)))
    handover = await _called(session, case, message) if is_person else None
    since = [await _first_unanswered(session, case, message, last, handover)]
    if handover:
        since.append(handover.created_at)
        since.append(await _passed_on(session, case, last, message))
    earlier = [at for at in since if at and (last is None or at > last.created_at)]
    return min(earlier, default=None)


async def _first_unanswered(
    session: AsyncSession, case: Case, message: Message, last: Message | None, handover: Handover | None
) -> datetime | None:
    """What was said before people were called was the assistant's to answer."""
    words = select(func.min(Message.created_at)).where(
        Message.conversation_id == message.conversation_id,
        Message.case_id == case.id,
        Message.author == Author.CUSTOMER,
        Message.seq > (last.seq if last else 0),
        Message.seq < message.seq,
    )
    if handover:
        words = words.where(Message.created_at >= handover.created_at)
    found: datetime | None = await session.scalar(words)
    return found


async def _called(session: AsyncSession, case: Case, message: Message) -> Handover | None:
    """The handover this agent's words belong to. Whoever stepped in by themselves was not waited for."""
    called = (
        select(Handover)
        .where(Handover.conversation_id == message.conversation_id, Handover.created_at <= message.created_at)
        .where(Handover.reason_code != Reason.TAKEN_OVER)
        .order_by(Handover.id.desc())
        .limit(1)
    )
    found: Handover | None = await session.scalar(called)
    return found


async def _passed_on(session: AsyncSession, case: Case, last: Message | None, message: Message) -> datetime | None:
    passed = select(func.min(CaseEvent.created_at)).where(
        CaseEvent.case_id == case.id, CaseEvent.kind == "transferred", CaseEvent.created_at <= message.created_at
    )
    if last:
        passed = passed.where(CaseEvent.created_at > last.created_at)
    found: datetime | None = await session.scalar(passed)
    return found


def _words_before(message: Message):  # type: ignore[no-untyped-def]
    """The newest word for everyone before this one in its conversation."""
    return (
        select(Message)
        .where(Message.conversation_id == message.conversation_id, Message.seq < message.seq)
        .where(Message.audience == Audience.EVERYONE)
        .order_by(Message.seq.desc())
        .limit(1)
    )


async def in_event(session: AsyncSession, case: Case, event: CaseEvent) -> list[Line]:
    """A transfer, when this event is one."""
    if event.kind not in MOVES | MEETINGS:
        return []
    told = await session.scalars(
        select(CaseEvent)
        .where(CaseEvent.case_id == case.id, CaseEvent.seq <= event.seq, CaseEvent.kind.in_(MOVES | MEETINGS))
        .order_by(CaseEvent.seq)
    )
    return [line for line in transfers(list(told)) if line.cause == event.id]


def transfers(told: list[CaseEvent]) -> list[Line]:
    """Every transfer in a case's events, oldest first. Pure.

    Moving a case before any person met the customer is sorting, and sorting costs nobody anything. Being passed to
    a team and then met by one of its people is one transfer, not two.
    """
    found: list[Line] = []
    holder: str | None = None
    for event in told:
        if event.kind in MOVES:
            is_transfer, holder = holder is not None, None
            detail = f"to {event.data.get('team') or 'somebody else'}"
        else:
            meets = event.data.get("agent_id")
            is_transfer = bool(holder and meets and meets != holder)
            holder = meets if meets and (holder or event.kind == "accepted") else holder
            detail = "to another agent"
        if is_transfer:
            found.append(Line(EffortKind.TRANSFER, event.id, event.created_at, detail=detail))
    return found
