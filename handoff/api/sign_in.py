"""Agents sign in to the API as they do at the desk."""

from fastapi import APIRouter, Request
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, offers
from handoff.api.auth import AgentCaller, DatabaseOf
from handoff.api.shapes import Signed, SignIn
from handoff.models import Presence
from handoff.settings import settings

router = APIRouter(tags=["agents"])


@router.post("/sign-in", status_code=201)
async def sign_in(body: SignIn, request: Request, database: DatabaseOf) -> Signed:
    """A bearer token for an agent. The same answer, whatever was wrong."""
    address = request.client.host if request.client else "unknown"
    granted = await agents.sign_in(
        database,
        request.app.state.hub.throttle,
        body.email,
        body.password,
        address=address,
        hours=settings().agent_session_hours,
    )
    return Signed(token=granted.secret, agent_id=granted.agent_id, expires_at=granted.expires_at)


@router.post("/presence/online", status_code=204)
async def go_online(caller: AgentCaller, database: DatabaseOf) -> None:
    """The agent is at their desk; repeat it now and then, or they count as away. Waiting handovers are offered."""
    agent = caller.as_agent

    async def step(session: AsyncSession) -> None:
        await agents.set_presence(session, agent.id, Presence.ONLINE)
        await offers.make_waiting(session, agent)

    await database.write(step)


@router.post("/presence/away", status_code=204)
async def go_away(caller: AgentCaller, database: DatabaseOf) -> None:
    agent = caller.as_agent
    await database.write(lambda session: agents.set_presence(session, agent.id, Presence.AWAY))
