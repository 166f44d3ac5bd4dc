"""Why a case is where it is, for its page: what routing said, and who moved it since. One statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.desk import wording
from handoff.desk.beside import Beside
from handoff.models import CaseEvent

MOVES = {"team_changed": "moved it to", "transferred": "passed it on to", "escalated": "escalated it to"}
LOOK_BACK = 30


@dataclass(frozen=True)
class Reason:
    """One decision: the sentences it was made with, in their order."""

    sentences: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class RoutingPanel:
    """`reasons` oldest first: the team, moves by people since, whom it was offered to last."""

    reasons: tuple[Reason, ...]
    is_mine: bool


async def panel(session: AsyncSession, beside: Beside) -> RoutingPanel | None:
    """None for a case that nothing was decided about, such as one from before there were routes."""
    kinds = select(CaseEvent).where(CaseEvent.case_id == beside.case.id, CaseEvent.kind.in_(("routed", *MOVES)))
    newest = list(await session.scalars(kinds.order_by(CaseEvent.seq.desc()).limit(LOOK_BACK)))
    told = _told(newest)
    return RoutingPanel(told, beside.case.assignee_id == beside.reader.id) if told else None


def _told(newest: Sequence[CaseEvent]) -> tuple[Reason, ...]:
    by_rule = next((one for one in newest if one.kind == "routed" and "handover_id" not in one.data), None)
    offered = next((one for one in newest if one.kind == "routed" and "handover_id" in one.data), None)
    since = by_rule.seq if by_rule else 0
    moved = [one for one in newest if one.kind in MOVES and one.seq > since and one.data.get("team")][:3]
    found = [one for one in (by_rule, *moved, offered) if one is not None]
    return tuple(Reason(_sentences(one), one.created_at) for one in sorted(found, key=lambda one: one.seq))


def _sentences(event: CaseEvent) -> tuple[str, ...]:
    if event.kind == "routed":
        return tuple(str(one) for one in event.data.get("because", ()))
    who, to = event.actor_name or event.actor.capitalize(), wording.team(event.data["team"])
    why = str(event.data.get("reason") or event.data.get("note") or "").strip()
    return (f"{who} {MOVES[event.kind]} {to}{': ' + why if why else '.'}",)
