"""Offers: a waiting handover is put before one agent at a time, with a clock, so that somebody feels asked.

Anyone of the desk may still accept it. `handovers` makes offers, the outbox lets them expire, and an agent who comes
to the desk or has room again is offered what waits.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, events, floor, outbox, queues
from handoff.db import announce
from handoff.models import Agent, Handover, HandoverState
from handoff.settings import settings


async def make(session: AsyncSession, handover: Handover) -> None:
    """Offer to the next agent with room, for `offer_timeout_s`; with nobody there it waits for everyone to see."""
    agent = await queues.next_agent(session, handover)
    if agent is None and handover.declined_by:
        handover.declined_by = []
    handover.state = HandoverState.OFFERED if agent else HandoverState.WAITING
    handover.offered_to, handover.offered_at = (agent.id, clock.now()) if agent else (None, None)
    await outbox.drop(session, handover.conversation_id, "timer", "offer_expired")
    body = {"handover_id": handover.id, "agent_id": agent.id if agent else None}
    await outbox.add(
        session, handover.conversation_id, "timer", "offer_expired", body, after_s=settings().offer_timeout_s
    )
    announce(
        session,
        events.HandoverOffered(handover.conversation_id, handover.id, agent.id if agent else None, handover.team),
        events.QueueChanged(handover.conversation_id, handover.team),
    )


async def expire(session: AsyncSession, handover_id: str, agent_id: str | None) -> None:
    """The clock of an offer ran out: on to the next agent. Nothing happens when it was answered meanwhile."""
    found = await session.get(Handover, handover_id)
    if found is None:
        return
    await floor.hold(session, found.conversation_id)
    await session.refresh(found)
    if found.state not in queues.STANDING or found.offered_to != agent_id:
        return
    if agent_id:
        found.declined_by = [*found.declined_by, agent_id]
    await make(session, found)


async def make_waiting(session: AsyncSession, agent: Agent) -> None:
    """An agent came to the desk or has room again: offer what waits, most urgent first."""
    for handover in await queues.standing(session):
        if handover.state == HandoverState.WAITING and handover.team in agent.teams:
            await floor.hold(session, handover.conversation_id)
            await session.refresh(handover)
            if handover.state == HandoverState.WAITING:
                await make(session, handover)
