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

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import facts
from handoff.care import before
from handoff.care.before import SAID_AGAIN_FREELY, Known, Standing
from handoff.models import Case, CaseEvent, Conversation, EffortKind, Fact, FollowUp, Message, Survey
from handoff.ports import HELPERS, Audience, Author
from handoff.settings import settings
from words import identifiers

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


async def in_message(session: AsyncSession, case: Case, message: Message, stood: Standing | None = None) -> list[Line]:
    """What these words cost, or what had to be waited for them. Notes and the hub's own words cost nothing."""
    if message.audience != Audience.EVERYONE:
        return []
    if message.author == Author.CUSTOMER:
        stood = stood or await before.standing(session, case, message)
        channel = Line(EffortKind.CHANNEL, before.channel_of(case, message), message.created_at, detail=message.channel)
        is_new = [] if stood.has_channel else [channel]
        return [*is_new, *await contact(session, case, message, stood), *await _told_again(session, case, message)]
    if message.author in HELPERS:
        return [*await _waited(session, case, message), *await _asked_again(session, case, message)]
    return []


async def contact(session: AsyncSession, case: Case, message: Message, stood: Standing | None = None) -> list[Line]:
    """One line when a sitting begins with this message."""
    stood = stood or await before.standing(session, case, message)
    gap = timedelta(hours=settings().contact_gap_hours)
    if stood.last_at and message.created_at - stood.last_at < gap:
        return []
    asked = await before.helped_last(session, message)
    if asked and await _is_our_question(session, case, asked):
        return []
    return [Line(EffortKind.CONTACT, message.id, message.created_at, detail=message.channel)]


async def _is_our_question(session: AsyncSession, case: Case, message_id: str) -> bool:
    for kind in (FollowUp, Survey):
        asked = select(kind.id).where(kind.message_id == message_id, kind.case_id == case.id)
        if await session.scalar(asked.limit(1)):
            return True
    return False


async def _told_again(session: AsyncSession, case: Case, message: Message) -> list[Line]:
    """A pressed button tells nothing: its words are ours."""
    if message.payload:
        return []
    known = await before.known(session, case, message)
    if not any(_may_be_in(message.words, one.name, one.normalized) for one in known):
        return []
    conversation = await session.get_one(Conversation, message.conversation_id)
    told = await facts.told_in(session, conversation, message)
    names = {(one.name, identifiers.normalize(one.name, one.value)) for one in told}
    again = {one.name for one in known if (one.name, one.normalized) in names and await _is_far(session, one, message)}
    return [
        Line(EffortKind.REPEATED_FACT, f"{message.id}:{name}", message.created_at, detail=name)
        for name in sorted(again)
    ]


def _may_be_in(words: str, name: str, normalized: str) -> bool:
    """Whether it is worth looking for an identifier in these words: its letters and digits are there, in a row. Only
    a phone number may be spelled in other ones."""
    return name == "phone" or _bare(normalized) in _bare(words)


def _bare(text: str) -> str:
    return re.sub(r"[^0-9a-z]", "", text.lower())


async def _is_far(session: AsyncSession, source: Known, message: Message) -> bool:
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
    since = await before.owed_since(session, case, message)
    seconds = int((message.created_at - since).total_seconds()) if since else 0
    return [Line(EffortKind.WAITED, message.id, message.created_at, amount=seconds)] if seconds > 0 else []


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
