"""What cases cost their customers, by team and topic, over a period: of the cases that began in it."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from statistics import mean, median

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.models import Case, Effort, EffortKind, Promise, PromiseState, Survey

MOST_CASES = 100_000
"""The newest of a period are reported when there are more."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
Group = tuple[str, str]


@dataclass(frozen=True)
class Line:
    """One team and topic. Shares are from 0 to 1; None where nothing was counted or nobody answered.

    `effort` is the median over cases of contacts beyond the first, transfers and repeats together: 0 is told once.
    """

    team: str
    topic: str
    cases: int
    effort: float
    one_contact_share: float
    contacts: float
    transfers: float
    repeats: float
    waited_s: float
    most_asked_twice: str | None
    broken_promises: int
    solved_share: float | None
    ease: float | None


@dataclass(frozen=True)
class _Cost:
    contacts: int
    transfers: int
    repeats: int
    waited_s: int

    @property
    def effort(self) -> int:
        return max(0, self.contacts - 1) + self.transfers + self.repeats


async def by_team_and_topic(session: AsyncSession, since: datetime, until: datetime) -> list[Line]:
    """One line for each pair that had cases, by team, then the costliest topic first."""
    costs: dict[Group, list[_Cost]] = defaultdict(list)
    rows = await session.execute(
        select(Case.team, Case.topic, Case.contacts, Case.transfers, Case.repeats, Case.waited_s)
        .where(Case.created_at >= since, Case.created_at < until, Case.contacts > 0)
        .order_by(Case.created_at.desc())
        .limit(MOST_CASES)
    )
    for team, topic, *cost in rows:
        costs[team, topic].append(_Cost(*cost))
    asked = await _asked_twice(session, since, until)
    broken = await _broken(session, since, until)
    answers = await _answers(session, since, until)
    lines = [
        _line(group, found, asked.get(group), broken.get(group, 0), answers.get(group, ()))
        for group, found in costs.items()
    ]
    return sorted(lines, key=lambda line: (line.team, -line.effort, -line.cases, line.topic))


def _line(
    group: Group,
    found: Sequence[_Cost],
    asked: str | None,
    broken: int,
    answers: Sequence[tuple[bool | None, int | None]],
) -> Line:
    solved = [is_solved for is_solved, _ in answers if is_solved is not None]
    eases = [ease for _, ease in answers if ease is not None]
    return Line(
        team=group[0],
        topic=group[1],
        cases=len(found),
        effort=median(one.effort for one in found),
        one_contact_share=sum(one.contacts == 1 for one in found) / len(found),
        contacts=median(one.contacts for one in found),
        transfers=mean(one.transfers for one in found),
        repeats=mean(one.repeats for one in found),
        waited_s=median(one.waited_s for one in found),
        most_asked_twice=asked,
        broken_promises=broken,
        solved_share=sum(solved) / len(solved) if solved else None,
        ease=mean(eases) if eases else None,
    )


async def _asked_twice(session: AsyncSession, since: datetime, until: datetime) -> dict[Group, str]:
    """What was asked again most, where anything was."""
    rows = await session.execute(
        select(Case.team, Case.topic, Effort.detail, func.count())
        .join(Effort, Effort.case_id == Case.id)
        .where(Case.created_at >= since, Case.created_at < until, Effort.kind == EffortKind.REPEATED_QUESTION)
        .group_by(Case.team, Case.topic, Effort.detail)
    )
    counts: dict[Group, Counter[str]] = defaultdict(Counter)
    for team, topic, name, count in rows:
        counts[team, topic][name or ""] += count
    return {group: _most(found) for group, found in counts.items()}


def _most(found: Counter[str]) -> str:
    return min(found, key=lambda name: (-found[name], name))


async def _broken(session: AsyncSession, since: datetime, until: datetime) -> dict[Group, int]:
    rows = await session.execute(
        select(Case.team, Case.topic, func.count())
        .join(Promise, Promise.case_id == Case.id)
        .where(Case.created_at >= since, Case.created_at < until, Promise.state == PromiseState.BROKEN)
        .group_by(Case.team, Case.topic)
    )
    return {(team, topic): count for team, topic, count in rows}


async def _answers(
    session: AsyncSession, since: datetime, until: datetime
) -> dict[Group, list[tuple[bool | None, int | None]]]:
    rows = await session.execute(
        select(Case.team, Case.topic, Survey.is_solved, Survey.ease)
        .join(Survey, Survey.case_id == Case.id)
        .where(Case.created_at >= since, Case.created_at < until, Survey.answered_at.is_not(None))
    )
    found: dict[Group, list[tuple[bool | None, int | None]]] = defaultdict(list)
    for team, topic, is_solved, ease in rows:
        found[team, topic].append((is_solved, ease))
    return found


def as_csv(lines: Iterable[Line]) -> str:
    """With a head. A cell that a spreadsheet would take for a formula gets an apostrophe before it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(field.name for field in fields(Line))
    for line in lines:
        writer.writerow(_cell(value) for value in asdict(line).values())
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
