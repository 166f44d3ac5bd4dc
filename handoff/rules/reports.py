"""How well clocks were kept, for each team: met in time, breached, and how long it took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.models import Case, Clock


@dataclass(frozen=True)
class Kept:
    """One kind of clock of one team. `met` ended in time; `breached` came late or is late now; seconds of opening of
    those that ended, `median_s` and `p90_s` being the nearest value at or above that share."""

    team: str
    kind: str
    met: int
    breached: int
    median_s: int | None
    p90_s: int | None


async def report(session: AsyncSession, since: datetime) -> Sequence[Kept]:
    """Of the clocks that ended since then or are late now. Two statements, whatever they count."""
    counts = await session.execute(
        select(Case.team, Clock.kind, _count(Clock.breached_at.is_(None)), _count(Clock.breached_at.is_not(None)))
        .join(Case, Case.id == Clock.case_id)
        .where(Clock.cancelled_at.is_(None))
        .where(or_(Clock.met_at >= since, Clock.met_at.is_(None) & Clock.breached_at.is_not(None)))
        .group_by(Case.team, Clock.kind)
        .order_by(Case.team, Clock.kind)
    )
    took = await _shares(session, since)
    return [
        Kept(team, kind, met or 0, breached or 0, *took.get((team, kind), (None, None)))
        for team, kind, met, breached in counts
    ]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


async def _shares(session: AsyncSession, since: datetime) -> dict[tuple[str, str], tuple[int, int]]:
    """The elapsed time below which half, and nine tenths, of the ended clocks of a team and kind lie."""
    group = (Case.team, Clock.kind)
    ranked = (
        select(
            Case.team.label("team"),
            Clock.kind.label("kind"),
            Clock.elapsed_s.label("took"),
            func.row_number().over(partition_by=group, order_by=Clock.elapsed_s).label("place"),
            func.count().over(partition_by=group).label("many"),
        )
        .join(Case, Case.id == Clock.case_id)
        .where(Clock.met_at >= since)
        .subquery()
    )
    half, most = (
        func.min(case((ranked.c.place * 100 >= ranked.c.many * share, ranked.c.took))).label(f"p{share}")
        for share in (50, 90)
    )
    rows = await session.execute(
        select(ranked.c.team, ranked.c.kind, half, most).group_by(ranked.c.team, ranked.c.kind)
    )
    return {(team, kind): (median, p90) for team, kind, median, p90 in rows}
