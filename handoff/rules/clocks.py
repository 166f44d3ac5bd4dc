"""Clocks: how long a customer waits for a person's first and next word, and for the solution.

All of them count the opening seconds of the team's calendar, stand still while the case waits for the customer or a
partner, and end with the case. A reply clock runs from the moment a person is asked for (or, with a person already
asked, from the customer's first unanswered words) until a person has said something; words of the assistant or the
system do not end it. While the assistant has the floor no reply clock begins, and one that ran is cancelled when the
customer goes back to it. What happens to a case is told to `follow`, which counts up to the moment it happened, not
to the moment it hears of it. `ringing.py` warns and notices the breach.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.models import (
    LIVE,
    Case,
    CaseConversation,
    CaseEvent,
    CaseStatus,
    Clock,
    ClockKind,
    Conversation,
    Message,
)
from handoff.ports import Audience, Author, Floor
from handoff.routing import teams
from handoff.rules import counting, retargeting, ringing, targets
from handoff.rules.counting import whole
from handoff.rules.reports import Kept, report
from handoff.rules.retargeting import hours_changed, put_target, remove_target, team_changed

if TYPE_CHECKING:
    from handoff.casework import Happened

__all__ = [
    "Kept",
    "come_back",
    "follow",
    "hours_changed",
    "of_case",
    "put_target",
    "remove_target",
    "report",
    "stand_aside",
    "team_changed",
]

REPLIES = (ClockKind.FIRST_REPLY, ClockKind.NEXT_REPLY)
ASKS_A_PERSON = frozenset({"handed_over", "accepted", "transferred", "escalated"})
BACK_TO_THE_ASSISTANT = frozenset({"given_back", "withdrawn"})
BEGINS = frozenset({"opened"})
"""With these a case is there, even if it ended before we heard of it."""
WITH_PEOPLE = (Floor.QUEUE, Floor.AGENT)


async def follow(session: AsyncSession, happened: Happened) -> None:
    """Begin, stop, re-target or end the clocks of a case. Told twice of one thing, nothing changes the second time."""
    if happened.message:
        await _heard(session, happened.case, happened.message)
    elif happened.event:
        await _happened(session, happened.case, happened.event)


async def _heard(session: AsyncSession, case: Case, message: Message) -> None:
    if message.audience != Audience.EVERYONE:
        return
    if message.author == Author.AGENT:
        for row in await _open(session, case, *REPLIES):
            await ringing.end(session, case, row, message.created_at)
    elif message.author == Author.CUSTOMER and case.status in LIVE:
        conversation = await session.get(Conversation, message.conversation_id)
        if conversation and conversation.floor in WITH_PEOPLE:
            await _a_word_is_owed(session, case, message.created_at)


async def _happened(session: AsyncSession, case: Case, event: CaseEvent) -> None:
    at, status = event.created_at, event.data.get("status")
    is_new = await _begin_with_the_case(session, case, event)
    if event.kind in BACK_TO_THE_ASSISTANT:
        for row in await _open(session, case, *REPLIES):
            await ringing.cancel(session, row, at)
    if status == CaseStatus.RESOLVED:
        for row in await _open(session, case):
            await ringing.end(session, case, row, at)
    elif status in LIVE and not is_new:
        await _stand_or_run(session, case, str(status), at)
    if {"team", "priority"} & event.data.keys() and not is_new:
        await _retarget(session, case, at)
    if event.kind in ASKS_A_PERSON:
        await _a_word_is_owed(session, case, at)


async def _begin_with_the_case(session: AsyncSession, case: Case, event: CaseEvent) -> bool:
    """The first we hear of a case, which may be long after it was opened: its clocks begin. Whether it was."""
    if case.status not in LIVE and event.kind not in BEGINS:
        return False
    known = select(Clock.id).where(Clock.case_id == case.id, Clock.kind == ClockKind.RESOLUTION)
    if await session.scalar(known.limit(1)):
        return False
    await _begin(session, case, ClockKind.RESOLUTION, event.created_at)
    if await _is_with_people(session, case):
        await _a_word_is_owed(session, case, event.created_at)
    return True


async def _stand_or_run(session: AsyncSession, case: Case, status: str, at: datetime) -> None:
    """Waiting stops every clock; open lets them go on. A case that was resolved begins a new resolution clock."""
    rows = await _open(session, case)
    if not any(row.kind == ClockKind.RESOLUTION for row in rows):
        await _begin_unless_known(session, case, ClockKind.RESOLUTION, at)
    for row in rows:
        hours = await teams.hours_of_calendar(session, row.calendar_id)
        if status == CaseStatus.WAITING:
            counting.stand(row, hours, at)
        else:
            counting.run(row, hours, at)
        await ringing.wind(session, row, hours)


async def _retarget(session: AsyncSession, case: Case, at: datetime) -> None:
    """Another team or priority: what was counted stays, in the old hours; what is left counts in the new ones."""
    for row in await _open(session, case):
        await retargeting.move(session, case, row, at)


async def _a_word_is_owed(session: AsyncSession, case: Case, at: datetime) -> None:
    """Begin a reply clock unless one is open: the first one until a person has said something, the next after that."""
    if case.status not in LIVE or await _open(session, case, *REPLIES):
        return
    before = select(Clock.kind, func.max(Clock.started_at), func.max(Clock.met_at)).where(Clock.case_id == case.id)
    rows = (await session.execute(before.where(Clock.kind.in_(REPLIES)).group_by(Clock.kind))).all()
    kind = ClockKind.NEXT_REPLY if any(met_at for _, _, met_at in rows) else ClockKind.FIRST_REPLY
    if not any(one == kind and started_at >= whole(at) for one, started_at, _ in rows):
        await _begin(session, case, kind, at)


async def _begin_unless_known(session: AsyncSession, case: Case, kind: str, at: datetime) -> None:
    """Heard of twice, it begins once."""
    since = select(Clock.id).where(Clock.case_id == case.id, Clock.kind == kind, Clock.started_at >= whole(at))
    if await session.scalar(since.limit(1)) is None:
        await _begin(session, case, kind, at)


async def _begin(session: AsyncSession, case: Case, kind: str, at: datetime) -> None:
    """A new clock, running unless the case waits. Of a case joined away meanwhile: none."""
    if case.status == CaseStatus.JOINED:
        return
    target = await targets.target_for(session, kind, case.team, case.priority)
    calendar_id = await teams.calendar_id_of(session, case.team)
    hours = await teams.hours_of_calendar(session, calendar_id)
    row = Clock(
        case_id=case.id,
        kind=kind,
        calendar_id=calendar_id,
        target_s=target.target_s,
        warn_s=target.warn_s,
        elapsed_s=0,
        started_at=whole(at),
    )
    if case.status != CaseStatus.WAITING:
        counting.run(row, hours, at)
    session.add(row)
    await session.flush()
    ringing.wind_on(session, row, hours)


async def stand_aside(session: AsyncSession, case: Case) -> None:
    """The case became part of another: none of its clocks goes on. In the transaction of the join."""
    now = whole(clock.now())
    for row in await _open(session, case):
        await ringing.cancel(session, row, now)


async def come_back(session: AsyncSession, case: Case) -> None:
    """The join was undone: clocks go on where they stood. The time in between is nobody's and is not counted.

    Only a join cancels a resolution clock, so those cancelled together with the last one stood aside for it.
    """
    if case.status not in LIVE or await _open(session, case, ClockKind.RESOLUTION):
        return
    gone = select(Clock.cancelled_at).where(Clock.case_id == case.id, Clock.kind == ClockKind.RESOLUTION)
    aside_at = await session.scalar(gone.where(Clock.cancelled_at.is_not(None)).order_by(Clock.cancelled_at.desc()))
    if aside_at is None:
        return
    rows = await session.scalars(select(Clock).where(Clock.case_id == case.id, Clock.cancelled_at == aside_at))
    for row in list(rows):
        row.cancelled_at = None
        hours = await teams.hours_of_calendar(session, row.calendar_id)
        if case.status == CaseStatus.OPEN:
            counting.run(row, hours, clock.now())
        await ringing.wind(session, row, hours)


async def of_case(session: AsyncSession, case_id: str) -> Sequence[Clock]:
    """Every clock the case ever had, oldest first."""
    query = select(Clock).where(Clock.case_id == case_id).order_by(Clock.started_at, Clock.id)
    return list(await session.scalars(query))


async def _open(session: AsyncSession, case: Case, *kinds: str) -> Sequence[Clock]:
    """The clocks of a case that have not ended, of these kinds or of all, held."""
    running = select(Clock).where(Clock.case_id == case.id, Clock.met_at.is_(None), Clock.cancelled_at.is_(None))
    rows = await session.scalars(running.order_by(Clock.id).with_for_update())
    return [row for row in rows if not kinds or row.kind in kinds]


async def _is_with_people(session: AsyncSession, case: Case) -> bool:
    """Whether somebody who talks about the case waits for a person or has one."""
    query = (
        select(Conversation.id)
        .join(CaseConversation, CaseConversation.conversation_id == Conversation.id)
        .where(CaseConversation.case_id == case.id, Conversation.floor.in_(WITH_PEOPLE))
    )
    return await session.scalar(query.limit(1)) is not None
