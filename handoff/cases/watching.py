"""Who wants to know what becomes of a case that is somebody else's. Asks for no right: reading is open to the desk."""

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.cases.looking import get
from handoff.models import Agent, CaseWatcher


async def watch(session: AsyncSession, ref: str, agent: Agent) -> None:
    """The agent watches the case from now on. Twice changes nothing."""
    case = await get(session, ref)
    if not await session.get(CaseWatcher, (case.id, agent.id)):
        session.add(CaseWatcher(case_id=case.id, agent_id=agent.id, created_at=clock.now()))


async def unwatch(session: AsyncSession, ref: str, agent: Agent) -> None:
    """The agent no longer watches it."""
    case = await get(session, ref)
    if known := await session.get(CaseWatcher, (case.id, agent.id)):
        await session.delete(known)
