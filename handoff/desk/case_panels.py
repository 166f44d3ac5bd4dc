"""The panels beside a case, asked for once its page is there, and what presses, which comes with the page.

Each area reads its own panel and registers it here; `templates/case/_<name>.html` draws it.

The template finds what was read as `panel`, next to `page` and `me`. One more template is drawn when it is there:
`case/_<name>_dialogs.html` after the panels (native dialogs, opened by `data-opens`). A panel that has nothing to show
is read as None and drawn nowhere. What decides what is done next stands in the head of the page: `pressing`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.desk import (
    beside,
    care_reads,
    clocks_reads,
    exceptions_reads,
    finding_reads,
    partners_reads,
    removals_reads,
    routing_reads,
)
from handoff.desk.beside import Beside
from handoff.desk.case_pages import NextClock, OtherCase, PanelsPage, Pressing
from handoff.desk.pages import Me
from handoff.models import Case, CaseException, Clock, ExceptionState, Promise, PromiseState

Read = Callable[[AsyncSession, Beside], Awaitable[Any]]

PANELS: tuple[tuple[str, Read], ...] = (
    ("clocks", clocks_reads.panel),
    *care_reads.PANELS,
    ("exceptions", exceptions_reads.panel),
    ("partners", partners_reads.panel),
    ("routing", routing_reads.panel),
    ("fields", finding_reads.panel),
    ("removals", removals_reads.panel),
)
"""In the order they stand in. Each is a `panel(session, beside)` of `desk/<area>_reads.py`."""


async def read_all(session: AsyncSession, given: Beside) -> Mapping[str, Any]:
    found = {name: await read(session, given) for name, read in PANELS}
    return {name: panel for name, panel in found.items() if panel is not None}


async def one(session: AsyncSession, me: Me, ref: str) -> PanelsPage:
    """All panels of one case, or `NotFound`."""
    case = await cases.get(session, ref)
    given = await beside.of(session, case, me.id)
    return PanelsPage(
        case=OtherCase(case.ref, case.title, case.status),
        may_work=given.may_work,
        agents=tuple((agent.id, agent.name) for agent in given.agents),
        panels=await read_all(session, given),
    )


async def pressing(session: AsyncSession, case: Case) -> Pressing:
    """The clock that is due next, the first promise that stands, exceptions nobody decided. One statement."""
    standing = select(func.min(Promise.due_at)).where(Promise.case_id == case.id)
    asked = select(func.count()).where(CaseException.case_id == case.id, CaseException.state == ExceptionState.ASKED)
    runs = (
        (Clock.case_id == Case.id) & Clock.due_at.is_not(None) & Clock.met_at.is_(None) & Clock.cancelled_at.is_(None)
    )
    row = (
        await session.execute(
            select(
                Clock,
                standing.where(Promise.state == PromiseState.OPEN).scalar_subquery(),
                standing.where(Promise.state == PromiseState.BROKEN).scalar_subquery(),
                asked.scalar_subquery(),
            )
            .select_from(Case)
            .outerjoin(Clock, runs)
            .where(Case.id == case.id)
            .order_by(Clock.due_at)
            .limit(1)
        )
    ).one()
    clock, opened, broken, waiting = row
    return Pressing(_next(clock), broken or opened, broken is not None, waiting)


def _next(clock: Clock | None) -> NextClock | None:
    if clock is None or clock.due_at is None:
        return None
    return NextClock(clocks_reads.LABELS[clock.kind], clock.due_at, clock.warned_at is not None, clock.breached_at)
