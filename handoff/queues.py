"""Queues: who waits for whom, how long it will take, and who gets the next one.

Numbers shown to customers come from what really happened: position from the handovers ahead, the range from how long
the last ones of the team waited. With too little to go on there is no estimate rather than a guess.
"""

from collections.abc import Sequence

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents
from handoff.models import Agent, Handover, HandoverState
from handoff.package import WaitEstimate
from handoff.routing import choosing

STANDING = (HandoverState.WAITING, HandoverState.OFFERED)
SITTING = (*STANDING, HandoverState.ACCEPTED)
ENOUGH_TO_ESTIMATE = 3
LOOK_BACK = 20

RANK = case({"urgent": 0, "high": 1, "normal": 2, "low": 3}, value=Handover.priority, else_=2)


async def standing(session: AsyncSession, team: str | None = None) -> Sequence[Handover]:
    """Handovers nobody has accepted, in the order they will be served: priority, then age."""
    query = select(Handover).where(Handover.state.in_(STANDING)).order_by(RANK, Handover.created_at, Handover.id)
    if team:
        query = query.where(Handover.team == team)
    return list(await session.scalars(query))


async def sitting(session: AsyncSession, conversation_id: str) -> Handover | None:
    """The handover a conversation is in the middle of: waiting for, or with, a person."""
    found: Handover | None = await session.scalar(
        select(Handover)
        .where(Handover.conversation_id == conversation_id, Handover.state.in_(SITTING))
        .order_by(Handover.id.desc())
        .limit(1)
    )
    return found


async def promised(session: AsyncSession, conversation_id: str) -> Handover | None:
    """The handover that came out of hours and that nobody has taken up yet."""
    found: Handover | None = await session.scalar(
        select(Handover)
        .where(Handover.conversation_id == conversation_id, Handover.state == HandoverState.OUT_OF_HOURS)
        .order_by(Handover.id.desc())
        .limit(1)
    )
    return found


async def position(session: AsyncSession, handover: Handover) -> int | None:
    """1 for the next to be served in its team; None when it no longer waits."""
    ahead = select(Handover.id).where(Handover.state.in_(STANDING), Handover.team == handover.team)
    line = list(await session.scalars(ahead.order_by(RANK, Handover.created_at, Handover.id)))
    return line.index(handover.id) + 1 if handover.id in line else None


async def wait_estimate(session: AsyncSession, team: str, place: int) -> WaitEstimate | None:
    """The middle half of the last waits of the team, scaled by the place in the line, in seconds.

    None when fewer than three have been served, or when nobody of the team is at the desk.
    """
    if not await is_staffed(session, team):
        return None
    rows = await session.execute(
        select(Handover.created_at, Handover.accepted_at)
        .where(Handover.team == team, Handover.accepted_at.is_not(None))
        .order_by(Handover.accepted_at.desc())
        .limit(LOOK_BACK)
    )
    waits = sorted((accepted - created).total_seconds() for created, accepted in rows if accepted)
    if len(waits) < ENOUGH_TO_ESTIMATE:
        return None
    low, high = waits[len(waits) // 4], waits[-1 - len(waits) // 4]
    return WaitEstimate(low=_round_up(low * place), high=_round_up(max(high * place, low * place + 30)))


def _round_up(seconds: float) -> int:
    """To half minutes, so that the range does not pretend to know more than it does."""
    return int(-(-seconds // 30) * 30)


async def next_agent(session: AsyncSession, handover: Handover) -> Agent | None:
    """Who to offer it to; why is said on the case. See `routing.choosing`."""
    return (await choosing.choose(session, handover)).agent


async def is_here(session: AsyncSession, agent_id: str) -> bool:
    """Whether this agent is at the desk now."""
    return await session.scalar(select(Agent.id).where(Agent.id == agent_id, *agents.is_here())) is not None


async def is_staffed(session: AsyncSession, team: str) -> bool:
    """Whether anybody of the team is at the desk now; without, a place in line says nothing about the wait."""
    return any(team in agent.teams for agent in await agents.at_desk(session))
