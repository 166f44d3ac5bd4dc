"""A dry run: what a trigger would have done lately, when, and for which cases. Changes nothing.

What happened is read from the events and words there are. A case is looked at with the status, priority, team and
assignee its events give for that moment; its other fields as they are today. What the trigger would have changed is
not carried on to what happened next.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock
from handoff.models import Case, CaseEvent, Message
from handoff.ports import Audience, Author
from handoff.rules import actions, conditions, time_triggers
from handoff.rules.conditions import CaseView
from handoff.rules.happenings import MESSAGE, TIME, Since
from handoff.rules.triggers import Draft

MOST_LOOKED_AT = 500
LAST_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Fired:
    """What one firing would have been. `actions` as people read them."""

    case_ref: str
    title: str
    at: datetime
    actions: tuple[str, ...]


@dataclass(frozen=True)
class DryRun:
    """Newest first. `looked_at` things happened that the trigger waits for; with `is_cut` there were more.

    `version` names what was tried: switching the trigger on asks for it.
    """

    fired: tuple[Fired, ...]
    looked_at: int
    is_cut: bool
    version: str


@dataclass(frozen=True)
class _Moment:
    """When it would have been looked at, and the last event it would have known."""

    case_id: str
    at: datetime


async def dry_run(session: AsyncSession, draft: Draft, since: datetime) -> Sequence[Fired]:
    return (await try_out(session, draft, since)).fired


async def try_out(session: AsyncSession, draft: Draft, since: datetime) -> DryRun:
    """Against everything that happened since then, the newest `MOST_LOOKED_AT`. Six statements."""
    moments = await _moments(session, draft, since)
    found = {one.id: one for one in await _cases(session, moments)}
    histories = await _histories(session, tuple(found))
    views = await conditions.views_of(session, list(found.values()))
    offered = await actions.choices(session)
    done = tuple(actions.spoken(action, offered) for action in draft.actions)
    fired = [
        Fired(found[one.case_id].ref, found[one.case_id].title, one.at, done)
        for one in moments[:MOST_LOOKED_AT]
        if conditions.holds(draft.conditions, _as_it_was(views[one.case_id], histories[one.case_id], one.at))
    ]
    return DryRun(tuple(fired), len(moments[:MOST_LOOKED_AT]), len(moments) > MOST_LOOKED_AT, draft.version)


async def _moments(session: AsyncSession, draft: Draft, since: datetime) -> Sequence[_Moment]:
    if draft.event == TIME:
        return await _moments_of_time(session, draft, since)
    if draft.event == MESSAGE:
        said = select(Message.case_id, Message.created_at).where(
            Message.author == Author.CUSTOMER,
            Message.audience == Audience.EVERYONE,
            Message.created_at >= since,
            Message.case_id.is_not(None),
        )
        rows = await session.execute(said.order_by(Message.id.desc()).limit(MOST_LOOKED_AT + 1))
    else:
        was = select(CaseEvent.case_id, CaseEvent.created_at).where(CaseEvent.created_at >= since)
        was = was.where(CaseEvent.kind == draft.event).order_by(CaseEvent.created_at.desc())
        rows = await session.execute(was.limit(MOST_LOOKED_AT + 1))
    return [_Moment(str(case_id), at) for case_id, at in rows]


async def _moments_of_time(session: AsyncSession, draft: Draft, since: datetime) -> Sequence[_Moment]:
    """What lasted so long, and was reached between then and now."""
    wait = timedelta(minutes=draft.minutes)
    kinds = {Since.CREATED: "opened", Since.WAITING: "status_changed", Since.RESOLVED: "resolved"}
    began = select(CaseEvent).where(CaseEvent.created_at > since - wait, CaseEvent.created_at <= clock.now() - wait)
    if draft.since != Since.UPDATED:
        began = began.where(CaseEvent.kind == kinds[draft.since or Since.CREATED])
    began = began.order_by(CaseEvent.created_at.desc()).limit(MOST_LOOKED_AT + 1)
    events = list(await session.scalars(began))
    histories = await _histories(session, tuple({event.case_id for event in events}))
    return [
        _Moment(event.case_id, event.created_at + wait)
        for event in events
        if time_triggers.is_still_so(str(draft.since), event, _between(histories[event.case_id], event, wait))
    ]


def _between(history: Sequence[CaseEvent], event: CaseEvent, wait: timedelta) -> Sequence[CaseEvent]:
    return [one for one in history if one.seq > event.seq and one.created_at <= event.created_at + wait]


async def _cases(session: AsyncSession, moments: Sequence[_Moment]) -> Sequence[Case]:
    ids = {one.case_id for one in moments[:MOST_LOOKED_AT]}
    return list(await session.scalars(select(Case).where(Case.id.in_(ids))))


async def _histories(session: AsyncSession, case_ids: Sequence[str]) -> dict[str, list[CaseEvent]]:
    histories: dict[str, list[CaseEvent]] = defaultdict(list)
    rows = select(CaseEvent).where(CaseEvent.case_id.in_(case_ids)).order_by(CaseEvent.case_id, CaseEvent.seq)
    for event in await session.scalars(rows):
        histories[event.case_id].append(event)
    return histories


def _as_it_was(view: CaseView, history: Sequence[CaseEvent], at: datetime) -> CaseView:
    was = cases.replay([event for event in history if event.created_at <= at])
    return replace(
        view,
        status=str(was["status"]),
        priority=was["priority"] or view.priority,
        team=was["team"] or view.team,
        assignee=was["assignee_id"],
    )
