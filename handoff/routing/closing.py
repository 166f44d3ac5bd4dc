"""Switching a team off and on. What it has goes to another team first, so that nothing is left with nobody."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import floor, offers, queues
from handoff.cases import actors, changes
from handoff.errors import BadInput, Conflict
from handoff.models import LIVE, Agent, Case, Handover, HandoverState, Route, Team
from handoff.routing import teams


async def deactivate(session: AsyncSession, team_id: str, agent: Agent, move_to: str | None = None) -> Team:
    """Nothing new goes to the team. `Conflict` while it has open cases or routes and `move_to` names no other team."""
    await teams.write_down(session)
    team = await teams.get(session, team_id)
    if team.is_default:
        raise BadInput(f"{team.name} is the default team. Make another team the default first.")
    count = await open_cases(session, team_id)
    routes = list(await session.scalars(select(Route).where(Route.team_id == team_id)))
    if (count or routes) and not move_to:
        raise Conflict(f"{team.name} has {count} open cases and {len(routes)} routes. Say which team takes them.")
    if move_to:
        if move_to == team_id:
            raise BadInput(f"{team.name} cannot take its own cases. Choose another team.")
        await _move(session, team, await teams.checked(session, move_to), agent, routes)
    team.is_active = False
    return team


async def activate(session: AsyncSession, team_id: str) -> Team:
    await teams.write_down(session)
    team = await teams.get(session, team_id)
    team.is_active = True
    return team


async def open_cases(session: AsyncSession, team_id: str) -> int:
    """How many cases of the team are not over."""
    count = select(func.count()).select_from(Case).where(Case.team == team_id, Case.status.in_(LIVE))
    return await session.scalar(count) or 0


async def _move(session: AsyncSession, team: Team, to: str, agent: Agent, routes: list[Route]) -> None:
    """Cases with who has them, handovers with their place in time, and the routes that led here."""
    by, why = actors.Actor.of(agent), f"{team.name} is no longer a team."
    for case in await session.scalars(select(Case).where(Case.team == team.id, Case.status.in_(LIVE))):
        holder = await session.get(Agent, case.assignee_id) if case.assignee_id else None
        await changes.set_team(session, case.ref, by, to, why)
        if holder:
            await changes.assign(session, case.ref, by, holder)
    for route in routes:
        route.team_id = to
    unfinished = (*queues.SITTING, HandoverState.OUT_OF_HOURS)
    found = select(Handover).where(Handover.state.in_(unfinished), Handover.team == team.id).order_by(Handover.id)
    for handover in list(await session.scalars(found)):
        await floor.hold(session, handover.conversation_id)
        await session.refresh(handover)
        handover.team = to
        if handover.state in queues.STANDING:
            handover.declined_by = []
            await offers.make(session, handover)
