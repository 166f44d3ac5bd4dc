"""The clocks of a case as its page shows them: what is due when, what stands still and why, what was missed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.desk.beside import Beside
from handoff.models import Case, CaseStatus, Clock
from handoff.opening_hours import OpeningHours as Hours
from handoff.routing import teams
from handoff.rules import clocks, counting

LABELS = {"first_reply": "First reply", "next_reply": "Next reply", "resolution": "Solution"}
SHOWN = 8


@dataclass(frozen=True)
class ClockLine:
    """`state` is running, closed (running, outside opening hours), standing, met or cancelled. `is_late` for a breach,
    ended or not. `counted` and `target` as people read them."""

    label: str
    state: str
    is_late: bool
    is_warned: bool
    counted: str
    target: str
    why: str
    due_at: datetime | None
    breached_at: datetime | None


@dataclass(frozen=True)
class ClocksPanel:
    """`open` ones as they fall due, then the `ended`, newest first."""

    open: tuple[ClockLine, ...]
    ended: tuple[ClockLine, ...]


async def panel(session: AsyncSession, beside: Beside) -> ClocksPanel | None:
    rows = await clocks.of_case(session, beside.case.id)
    if not rows:
        return None
    hours = {one: await teams.hours_of_calendar(session, one) for one in {row.calendar_id for row in rows}}
    lines = [(row, _line(beside.case, row, hours[row.calendar_id])) for row in rows]
    standing = [line for row, line in lines if not counting.is_over(row)]
    ended = [line for row, line in reversed(lines) if counting.is_over(row)]
    return ClocksPanel(tuple(sorted(standing, key=_when_due)), tuple(ended[:SHOWN]))


def _when_due(line: ClockLine) -> tuple[bool, str]:
    return (line.due_at is None, line.due_at.isoformat() if line.due_at else "")


def _line(case: Case, row: Clock, hours: Hours) -> ClockLine:
    now = clock.now()
    state = _state(row, hours.is_open(now))
    return ClockLine(
        label=LABELS[row.kind],
        state=state,
        is_late=row.breached_at is not None,
        is_warned=row.warned_at is not None,
        counted=spelled(counting.counted(row, hours, now)),
        target=spelled(row.target_s),
        why=_why(case, row, state),
        due_at=row.due_at,
        breached_at=row.breached_at,
    )


def _state(row: Clock, is_open: bool) -> str:
    if row.cancelled_at:
        return "cancelled"
    if row.met_at:
        return "met"
    if row.running_since is None:
        return "standing"
    return "running" if is_open else "closed"


def _why(case: Case, row: Clock, state: str) -> str:
    if state == "standing" and case.status == CaseStatus.WAITING:
        return "we wait for a partner" if case.waiting_for == "partner" else "we wait for the customer"
    if state == "cancelled":
        return "part of another case" if row.kind == "resolution" else "back with the assistant"
    return "the team is not there now" if state == "closed" else ""


def spelled(seconds: int) -> str:
    """`45s`, `12m`, `1h 05`, `36h`: opening time, which is never days."""
    if seconds < 60:
        return f"{seconds}s"
    hours, minutes = divmod(seconds // 60, 60)
    if not hours:
        return f"{minutes}m"
    return f"{hours}h {minutes:02d}" if minutes else f"{hours}h"
