"""Lists of cases: one page of them, and how many there are.

What is read first is always an index in the order of the list, so a page costs the same whatever lies behind it: the
newest changes of each status (and team), the next clocks, or the cases of a tag. Pages go on after a row (keyset), not
after a number of rows. Counts stop at `COUNTED`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from handoff import clock
from handoff.errors import BadInput
from handoff.finding import questions, search, snippets
from handoff.finding.chosen import Chosen
from handoff.finding.snippets import Piece
from handoff.models import Agent, Case, CaseTag, CaseText, CaseWatcher, Clock, Customer

ROWS = 50
MANY_CONTACTS = 3
HAS_MANY_CONTACTS = Case.contacts >= literal_column(str(MANY_CONTACTS))
"""Written out, for only so do the databases see that the index of those few cases will do."""
COUNTED = 99
"""Read for every view on every page of the list; a longer count would cost more the more cases there are."""


@dataclass(frozen=True)
class Looker:
    """Whose list it is: what `me` and `mine` mean."""

    agent_id: str
    teams: tuple[str, ...]

    @staticmethod
    def of(agent: Agent) -> "Looker":
        return Looker(agent.id, tuple(agent.teams))


@dataclass(frozen=True)
class CaseRow:
    ref: str
    title: str
    topic: str
    status: str
    waiting_for: str | None
    priority: str
    team: str
    assignee: str | None
    customer: str | None
    tags: tuple[str, ...]
    contacts: int
    transfers: int
    repeats: int
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime
    snippet: tuple[Piece, ...] = ()


@dataclass(frozen=True)
class CasePageOf:
    """`after` is where the next page begins, None on the last. `is_cut`: more fitted the words than were looked at."""

    rows: tuple[CaseRow, ...]
    after: str | None = None
    is_cut: bool = False


async def page(session: AsyncSession, who: Looker, chosen: Chosen, after: str = "", limit: int = ROWS) -> CasePageOf:
    """One page of the list. One statement, and one or two more for words."""
    if chosen.search:
        return await _found(session, who, chosen, limit)
    keys = _keys(who, chosen, _Cursor.read(after, chosen) if after else None, limit + 1).subquery("keys")
    order = [(column.asc() if _rises(chosen) else column.desc()) for column in (keys.c.first, keys.c.second)]
    query = _whole(keys.c.first, keys.c.second).join(keys, keys.c.case_id == Case.id).order_by(*order)
    rows = (await session.execute(query)).all()
    following = _Cursor(*rows[limit - 1][-2:]).spelled() if len(rows) > limit else None
    return CasePageOf(tuple(_row(*row[:5]) for row in rows[:limit]), following)


async def counts(session: AsyncSession, who: Looker, views: Sequence[Chosen]) -> list[int]:
    """How many cases each of these lists has, at most `COUNTED` + 1, which means more. One statement."""
    if not views:
        return []
    each = [_all_of(who, view, literal(1)).limit(COUNTED + 1).subquery() for view in views]
    sums = [select(func.count()).select_from(one).scalar_subquery() for one in each]
    return [int(number) for number in (await session.execute(select(*sums))).one()]


@dataclass(frozen=True)
class _Cursor:
    """The last row of a page by what the list is ordered by. Travels in addresses, so anything may come back."""

    first: Any
    second: str

    def spelled(self) -> str:
        return f"{self.first.isoformat() if isinstance(self.first, datetime) else self.first}~{self.second}"

    @staticmethod
    def read(text: str, chosen: Chosen) -> "_Cursor":
        first, tilde, second = text.partition("~")
        try:
            moment = first if _is_by_case(chosen) else datetime.fromisoformat(first)
            if not tilde or (isinstance(moment, datetime) and moment.tzinfo is None):
                raise ValueError
        except ValueError as error:
            raise BadInput("This page of the list cannot be found. Open the list again.") from error
        return _Cursor(moment, second[:26])


def _is_by_case(chosen: Chosen) -> bool:
    """Lists of a tag or of what is watched are read from there, the newest case first."""
    return bool(chosen.tag) or chosen.watched


def _is_by_clock(chosen: Chosen) -> bool:
    return not _is_by_case(chosen) and (bool(chosen.due) or chosen.sort == "due")


def _rises(chosen: Chosen) -> bool:
    return not _is_by_case(chosen) and (_is_by_clock(chosen) or chosen.sort == "unchanged")


def _keys(who: Looker, chosen: Chosen, after: _Cursor | None, limit: int) -> Select[Any]:
    """`case_id`, `first`, `second` of the rows of a page and one more."""
    if _is_by_case(chosen):
        return _page_of(_all_of(who, chosen, Case.id.label("case_id"), Case.id, Case.id), chosen, after, limit)
    if _is_by_clock(chosen):
        return _page_of(_all_of(who, chosen, Case.id.label("case_id"), Clock.due_at, Clock.id), chosen, after, limit)
    # Each of these is one stretch of an index; a list over several of them is put together from the heads of all.
    teams = _teams(who, chosen)
    runs = [
        _page_of(
            select(Case.id.label("case_id"), Case.updated_at, Case.id).where(Case.status == status, *team, *rest),
            chosen,
            after,
            limit,
        ).subquery()
        for rest in [_rest(who, chosen)]
        for status, team in product(chosen.statuses, [[Case.team == one] for one in teams] if teams else [[]])
    ]
    together = union_all(*(select(run.c.case_id, run.c.first, run.c.second) for run in runs)).subquery()
    return _ordered(select(together.c.case_id, together.c.first, together.c.second), chosen).limit(limit)


def _page_of(query: Any, chosen: Chosen, after: _Cursor | None, limit: int) -> Select[Any]:
    """Of a query for a case's id and two columns: named, in order, after the cursor."""
    case_id, first, second = query.selected_columns
    query = query.with_only_columns(case_id, first.label("first"), second.label("second"))
    if after:
        here = tuple_(first, second)
        there = tuple_(literal(after.first, first.type), literal(after.second, second.type))
        query = query.where(here > there if _rises(chosen) else here < there)
    return _ordered(query, chosen).limit(limit)


def _ordered(query: Any, chosen: Chosen) -> Select[Any]:
    _, first, second = query.selected_columns
    found: Select[Any] = query.order_by(
        *((first.asc(), second.asc()) if _rises(chosen) else (first.desc(), second.desc()))
    )
    return found


def _all_of(who: Looker, chosen: Chosen, *columns: Any) -> Select[Any]:
    """Every case of the list, read from where it is shortest to read."""
    by_cases = not (_is_by_case(chosen) or _is_by_clock(chosen))
    query = select(*columns).where(_column(Case.status, by_cases).in_(chosen.statuses), *_rest(who, chosen, by_cases))
    if teams := _teams(who, chosen):
        query = query.where(_column(Case.team, by_cases).in_(teams))
    if chosen.tag:
        return query.select_from(CaseTag).join(Case, Case.id == CaseTag.case_id).where(CaseTag.tag == chosen.tag)
    if chosen.watched:
        query = query.select_from(CaseWatcher).join(Case, Case.id == CaseWatcher.case_id)
        return query.where(CaseWatcher.agent_id == who.agent_id)
    if _is_by_clock(chosen):
        earlier = aliased(Clock)
        sooner = tuple_(earlier.due_at, earlier.id) < tuple_(Clock.due_at, Clock.id)
        is_first = ~exists().where(earlier.case_id == Clock.case_id, runs(earlier), sooner)
        return query.select_from(Clock).join(Case, Case.id == Clock.case_id).where(runs(Clock), _due(chosen), is_first)
    return query.select_from(Case)


def runs(one: Any) -> ColumnElement[bool]:
    """That a clock counts now. `due_at` is set only then."""
    return and_(one.due_at.is_not(None), one.met_at.is_(None), one.cancelled_at.is_(None))


def _due(chosen: Chosen) -> ColumnElement[bool]:
    if not chosen.due:
        return true()
    return Clock.due_at < clock.now() + (timedelta(0) if chosen.due == "overdue" else timedelta(hours=24))


def _teams(who: Looker, chosen: Chosen) -> tuple[str, ...]:
    """The teams a list is narrowed to; none when it is not. Somebody in no team has none: no team has that name."""
    if chosen.team == "mine":
        return who.teams or ("",)
    return (chosen.team,) if chosen.team else ()


def _column(column: Any, by_cases: bool = True) -> Any:
    """A column of a case. Where the list is read from clocks, tags or words, its index is hidden.

    SQLite, which counts no rows, would read every open case by it and sort them all to find the next fifty clocks.
    """
    return column if by_cases else func.coalesce(column, "")


def _rest(who: Looker, chosen: Chosen, by_cases: bool = True) -> list[ColumnElement[bool]]:
    """What is neither status nor team nor where the list is read from."""
    fits: list[ColumnElement[bool]] = []
    if chosen.priority:
        fits.append(_column(Case.priority, by_cases) == chosen.priority)
    if chosen.assignee == "nobody":
        fits.append(_column(Case.assignee_id, by_cases) == "" if not by_cases else Case.assignee_id.is_(None))
    elif chosen.assignee:
        fits.append(
            _column(Case.assignee_id, by_cases) == (who.agent_id if chosen.assignee == "me" else chosen.assignee)
        )
    if chosen.topic:
        fits.append(or_(Case.topic == chosen.topic, Case.topic.startswith(chosen.topic + "_", autoescape=True)))
    if chosen.contacts:
        fits.append(Case.contacts >= chosen.contacts)
    if chosen.contacts >= MANY_CONTACTS:
        fits.append(HAS_MANY_CONTACTS)
    if chosen.tag and chosen.watched:
        fits.append(exists().where(CaseWatcher.case_id == Case.id, CaseWatcher.agent_id == who.agent_id))
    if chosen.due and not _is_by_clock(chosen):
        fits.append(exists().where(Clock.case_id == Case.id, runs(Clock), _due(chosen)))
    return fits


def _whole(*more: Any) -> Select[Any]:
    tags = select(func.aggregate_strings(CaseTag.tag, "\n")).where(CaseTag.case_id == Case.id).scalar_subquery()
    due = select(func.min(Clock.due_at)).where(Clock.case_id == Case.id, runs(Clock)).scalar_subquery()
    return (
        select(Case, Agent.name, Customer.name, tags, due, *more)
        .join(Customer, Customer.id == Case.customer_id)
        .outerjoin(Agent, Agent.id == Case.assignee_id)
    )


async def _found(session: AsyncSession, who: Looker, chosen: Chosen, limit: int) -> CasePageOf:
    """By words: those the words name first, then what changed last."""
    question = questions.read(chosen.search)
    found = await search.numbers(session, question, typed=chosen.search)
    if not found:
        return CasePageOf(())
    fits = [_column(Case.status, False).in_(chosen.statuses), *_rest(who, chosen, by_cases=False)]
    if teams := _teams(who, chosen):
        fits.append(_column(Case.team, False).in_(teams))
    if chosen.tag:
        fits.append(exists().where(CaseTag.case_id == Case.id, CaseTag.tag == chosen.tag))
    if chosen.watched:
        fits.append(exists().where(CaseWatcher.case_id == Case.id, CaseWatcher.agent_id == who.agent_id))
    # What is shown is read for the rows of the page only, not for everything that has to be put in order.
    best = search.ranked(select(Case.id), found).where(*fits).limit(limit + 1)
    texts = _whole(search.told()).join(CaseText, CaseText.case_id == Case.id)
    query = search.ordered(texts, found).where(Case.id.in_(best))
    rows = (await session.execute(query)).all()
    shown = tuple(replace(_row(*row[:5]), snippet=snippets.of(row[5], question)) for row in rows[:limit])
    return CasePageOf(shown, is_cut=len(rows) > limit or len(found) >= search.LOOKED_AT)


def _row(case: Case, assignee: str | None, customer: str | None, tags: str | None, due_at: datetime | None) -> CaseRow:
    return CaseRow(
        ref=case.ref,
        title=case.title,
        topic=case.topic,
        status=case.status,
        waiting_for=case.waiting_for,
        priority=case.priority,
        team=case.team,
        assignee=assignee,
        customer=customer,
        tags=tuple(sorted(tags.split("\n"))) if tags else (),
        contacts=case.contacts,
        transfers=case.transfers,
        repeats=case.repeats,
        due_at=due_at,
        created_at=case.created_at,
        updated_at=case.updated_at,
    )


async def people(session: AsyncSession) -> Sequence[tuple[str, str]]:
    """Ids and names of everybody a case may be given to."""
    query = select(Agent.id, Agent.name).where(Agent.is_active.is_(True)).order_by(Agent.name)
    return [(agent_id, name) for agent_id, name in await session.execute(query)]
