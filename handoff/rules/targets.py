"""How long a reply or a resolution may take, by team and priority, in seconds of the team's opening hours.

What supervisors wrote down holds, the most exact row first: team and priority, team, priority, neither. Without any
row for a kind of clock the built-in targets hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.errors import BadInput, NotFound
from handoff.models import ClockKind, ClockTarget, Priority, Team

MINUTE, HOUR = 60, 3600
LONGEST_S = 366 * 24 * HOUR


@dataclass(frozen=True)
class Target:
    """`warn_s`: how long before the breach somebody is warned; 0 for never."""

    target_s: int
    warn_s: int


def _warned(seconds: int) -> Target:
    return Target(seconds, seconds // 4)


BUILT_IN: Mapping[tuple[str, str], Target] = {
    (ClockKind.FIRST_REPLY, Priority.URGENT): _warned(15 * MINUTE),
    (ClockKind.FIRST_REPLY, Priority.HIGH): _warned(HOUR),
    (ClockKind.FIRST_REPLY, Priority.NORMAL): _warned(2 * HOUR),
    (ClockKind.FIRST_REPLY, Priority.LOW): _warned(8 * HOUR),
    (ClockKind.NEXT_REPLY, Priority.URGENT): _warned(30 * MINUTE),
    (ClockKind.NEXT_REPLY, Priority.HIGH): _warned(2 * HOUR),
    (ClockKind.NEXT_REPLY, Priority.NORMAL): _warned(4 * HOUR),
    (ClockKind.NEXT_REPLY, Priority.LOW): _warned(8 * HOUR),
    (ClockKind.RESOLUTION, Priority.URGENT): _warned(4 * HOUR),
    (ClockKind.RESOLUTION, Priority.HIGH): _warned(12 * HOUR),
    (ClockKind.RESOLUTION, Priority.NORMAL): _warned(36 * HOUR),
    (ClockKind.RESOLUTION, Priority.LOW): _warned(60 * HOUR),
}


async def target_for(session: AsyncSession, kind: str, team: str, priority: str) -> Target:
    """What holds for a clock of a case of this team and priority. One statement."""
    rows = await session.scalars(select(ClockTarget).where(ClockTarget.kind == kind))
    fitting = [row for row in rows if row.team_id in (None, team) and row.priority in (None, priority)]
    if not fitting:
        return BUILT_IN[(kind, priority)]
    best = max(fitting, key=lambda row: (row.team_id is not None, row.priority is not None))
    return Target(best.target_s, best.warn_s)


async def all_of(session: AsyncSession) -> Sequence[ClockTarget]:
    """What supervisors wrote down, for every team first."""
    rows = await session.scalars(select(ClockTarget))
    kinds, priorities = list(ClockKind), [None, *Priority]
    return sorted(rows, key=lambda row: (row.team_id or "", kinds.index(row.kind), priorities.index(row.priority)))  # type: ignore[arg-type]


async def put(
    session: AsyncSession, kind: str, team_id: str | None, priority: str | None, target_s: int, warn_s: int
) -> ClockTarget:
    """Write down one target, or change it."""
    _must_fit(kind, priority, target_s, warn_s)
    if team_id and await session.get(Team, team_id) is None:
        raise BadInput(f"There is no team '{team_id}' in the settings. Add it there first, or choose every team.")
    query = select(ClockTarget).where(
        ClockTarget.kind == kind,
        ClockTarget.team_id == team_id if team_id else ClockTarget.team_id.is_(None),
        ClockTarget.priority == priority if priority else ClockTarget.priority.is_(None),
    )
    row = await session.scalar(query.with_for_update())
    if row is None:
        row = ClockTarget(kind=kind, team_id=team_id or None, priority=priority or None, target_s=target_s)
        session.add(row)
    row.target_s, row.warn_s = target_s, warn_s
    await session.flush()
    return row


def _must_fit(kind: str, priority: str | None, target_s: int, warn_s: int) -> None:
    if kind not in list(ClockKind):
        raise BadInput(f"There is no clock '{kind[:20]}'. Choose one of {', '.join(ClockKind)}.")
    if priority and priority not in list(Priority):
        raise BadInput(f"There is no priority '{priority[:20]}'. Choose one of {', '.join(Priority)}.")
    if not MINUTE <= target_s <= LONGEST_S:
        raise BadInput("A target is at least one minute and at most a year of opening hours.")
    if not 0 <= warn_s < target_s:
        raise BadInput("The warning comes before the breach: it must be shorter than the target.")


async def remove(session: AsyncSession, target_id: str) -> str | None:
    """The team it was for; None for every team."""
    row = await session.get(ClockTarget, target_id)
    if row is None:
        raise NotFound("There is no such target any more. Reload the page.")
    await session.delete(row)
    await session.flush()
    return row.team_id
