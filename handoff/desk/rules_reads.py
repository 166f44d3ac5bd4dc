"""What the settings pages of clocks and triggers show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.desk.clocks_reads import LABELS, spelled
from handoff.models import ClockKind, Priority, Trigger
from handoff.routing import teams
from handoff.rules import actions, built_in, clocks, conditions, dry_runs, targets, triggers
from handoff.rules.actions import Action, Choices
from handoff.rules.conditions import Condition
from handoff.rules.dry_runs import DryRun
from handoff.rules.fields import Field
from handoff.rules.happenings import EVENTS, SINCES, TIME

REPORTED = timedelta(days=30)


@dataclass(frozen=True)
class TargetRow:
    id: str
    kind: str
    team_id: str | None
    team: str
    priority: str | None
    target_min: int
    warn_min: int


@dataclass(frozen=True)
class KeptRow:
    team: str
    label: str
    met: int
    breached: int
    median: str
    p90: str


@dataclass(frozen=True)
class ClocksPage:
    """`built_in` holds, by kind and priority, where nothing was written down."""

    targets: Sequence[TargetRow]
    built_in: Sequence[tuple[str, Sequence[tuple[str, str]]]]
    kept: Sequence[KeptRow]
    teams: Mapping[str, str]
    labels: Mapping[str, str]


async def clocks_page(session: AsyncSession) -> ClocksPage:
    names = await teams.names(session, active_only=False)
    rows = [
        TargetRow(
            id=row.id,
            kind=row.kind,
            team_id=row.team_id,
            team=names.get(row.team_id, row.team_id) if row.team_id else "Every team",
            priority=row.priority,
            target_min=row.target_s // 60,
            warn_min=row.warn_s // 60,
        )
        for row in await targets.all_of(session)
    ]
    kept = [
        KeptRow(names.get(o.team, o.team), LABELS[o.kind], o.met, o.breached, _took(o.median_s), _took(o.p90_s))
        for o in await clocks.report(session, clock.now() - REPORTED)
    ]
    given = [
        (LABELS[kind], [(one, spelled(targets.BUILT_IN[kind, one].target_s)) for one in Priority]) for kind in ClockKind
    ]
    return ClocksPage(rows, given, kept, names, LABELS)


def _took(seconds: int | None) -> str:
    return "" if seconds is None else spelled(seconds)


@dataclass(frozen=True)
class TriggerRow:
    """`when` and `does` as people read them. `version` is what a dry run of it must name to switch it on."""

    id: str
    name: str
    event: str
    since: str
    minutes: int
    conditions: Sequence[Condition]
    actions: Sequence[Action]
    when: str
    said: Sequence[str]
    does: Sequence[str]
    is_on: bool
    is_built_in: bool
    updated_at: datetime


@dataclass(frozen=True)
class TriggersPage:
    """`tried` is the dry run of the trigger with the id `tried_id`, if one was asked for."""

    rows: Sequence[TriggerRow]
    fields: Mapping[str, Field]
    offered: Choices
    tried_id: str | None = None
    tried: DryRun | None = None


async def triggers_page(session: AsyncSession, try_id: str | None = None) -> TriggersPage:
    fields, offered = await conditions.known(session), await actions.choices(session)
    rows = [_row(row, fields, offered) for row in await triggers.all_of(session)]
    tried = None
    if try_id:
        draft = triggers.draft_of(await triggers.get(session, try_id))
        tried = await dry_runs.try_out(session, draft, clock.now() - dry_runs.LAST_WEEK)
    return TriggersPage(rows, fields, offered, try_id, tried)


def _row(row: Trigger, fields: Mapping[str, Field], offered: Choices) -> TriggerRow:
    draft = triggers.draft_of(row)
    when = EVENTS[row.event]
    if row.event == TIME:
        when = f"{spelled(draft.minutes * 60)} after {SINCES[draft.since or 'created']}"
    return TriggerRow(
        id=row.id,
        name=row.name,
        event=row.event,
        since=str(draft.since or ""),
        minutes=draft.minutes,
        conditions=draft.conditions,
        actions=draft.actions,
        when=when,
        said=[conditions.spoken(one, fields) for one in draft.conditions],
        does=[actions.spoken(one, offered) for one in draft.actions],
        is_on=row.is_on,
        is_built_in=built_in.is_one(row.id),
        updated_at=row.updated_at,
    )
