"""What the panels and the report of effort, promises, follow-ups and surveys show."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import facts
from handoff.care import effort, promises, reports
from handoff.care.effort import EffortView
from handoff.care.reports import Line
from handoff.desk.beside import Beside
from handoff.desk.wording import duration
from handoff.models import Case, CaseStatus, FollowUp, Promise, PromiseState, Survey


@dataclass(frozen=True)
class EffortPanel:
    """`sentence` says it all; `notes` are what somebody should do better."""

    sentence: str
    notes: tuple[str, ...]
    owed_since: datetime | None
    is_much: bool


@dataclass(frozen=True)
class PromiseView:
    id: str
    text: str
    due_at: datetime
    state: str
    by: str
    reminds: str | None
    is_late: bool

    @property
    def is_standing(self) -> bool:
        return self.state in (PromiseState.OPEN, PromiseState.BROKEN)


@dataclass(frozen=True)
class PromisesPanel:
    promises: tuple[PromiseView, ...]


@dataclass(frozen=True)
class FollowUpsPanel:
    """What the customer was or will be asked about the case. `can_survey` while they were not surveyed."""

    follow_ups: tuple[FollowUp, ...]
    survey: Survey | None
    can_survey: bool


@dataclass(frozen=True)
class ReportPage:
    """`since` and `until` are days, both in it."""

    since: date
    until: date
    lines: tuple[Line, ...]


async def effort_panel(session: AsyncSession, beside: Beside) -> EffortPanel:
    cost = await effort.of_case(session, beside.case.id)
    return EffortPanel(sentence(cost), notes(cost), cost.owed_since, cost.contacts >= effort.THIRD or cost.repeats > 0)


def sentence(cost: EffortView) -> str:
    """`2 contacts on 2 channels, 1 transfer, nothing asked twice, waited 4 min`."""
    if cost.contacts == 0:
        return "The customer had no effort with it yet."
    on = f" on {counted(len(cost.channels), 'channel')}" if len(cost.channels) > 1 else ""
    parts = [
        f"{counted(cost.contacts, 'contact')}{on}",
        counted(cost.transfers, "transfer") if cost.transfers else "no transfer",
        f"{counted(cost.repeated_questions, 'thing')} asked twice"
        if cost.repeated_questions
        else "nothing asked twice",
        *([f"{counted(cost.repeated_facts, 'thing')} told twice"] if cost.repeated_facts else []),
        f"waited {duration(cost.waited_s)}" if cost.waited_s else "no waiting",
        *([f"{cost.days_open} days"] if cost.days_open > 1 else []),
    ]
    return ", ".join(parts) + "."


def notes(cost: EffortView) -> tuple[str, ...]:
    said = []
    if cost.asked_twice:
        said.append(f"Asked again for: {_names(cost.asked_twice)}.")
    if cost.told_twice:
        said.append(f"Had to tell again: {_names(cost.told_twice)}.")
    if cost.broken_promises:
        said.append(f"{counted(cost.broken_promises, 'promise')} broken.")
    return tuple(said)


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(facts.LABELS.get(name, name.replace("_", " ")).lower() for name in names)


def counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


async def promises_panel(session: AsyncSession, beside: Beside) -> PromisesPanel:
    made = [_promise(*one) for one in await promises.of_case_with_names(session, beside.case.id)]
    return PromisesPanel(tuple(sorted(made, key=lambda one: (not one.is_standing, one.due_at))))


def _promise(one: Promise, by: str | None, reminds: str | None) -> PromiseView:
    return PromiseView(
        id=one.id,
        text=one.text,
        due_at=one.due_at,
        state=one.state,
        by=by or "the assistant",
        reminds=reminds,
        is_late=one.ended_at is not None and one.state == PromiseState.KEPT and one.ended_at > one.due_at,
    )


async def follow_ups_panel(session: AsyncSession, beside: Beside) -> FollowUpsPanel:
    """One statement for both kinds of question."""
    rows = await session.execute(
        select(Survey, FollowUp)
        .select_from(Case)
        .outerjoin(Survey, Survey.case_id == Case.id)
        .outerjoin(FollowUp, FollowUp.case_id == Case.id)
        .where(Case.id == beside.case.id)
        .order_by(FollowUp.id)
    )
    found = [(survey, follow_up) for survey, follow_up in rows]
    survey = found[0][0] if found else None
    asked = tuple(follow_up for _, follow_up in found if follow_up)
    return FollowUpsPanel(asked, survey, survey is None and beside.case.status == CaseStatus.RESOLVED)


async def report(session: AsyncSession, since: date, until: date, first: datetime, last: datetime) -> ReportPage:
    return ReportPage(since, until, tuple(await reports.by_team_and_topic(session, first, last)))


PANELS = (("effort", effort_panel), ("promises", promises_panel), ("follow_ups", follow_ups_panel))
