"""The settings pages of teams, of skills and of the people of the desk."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Form
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import agents, staff
from handoff.desk.settings_forms import AgentForm, NewAgentForm, TeamForm
from handoff.desk.settings_pages import draw_section
from handoff.desk.visit import Supervisor, SupervisorActor, Visit
from handoff.invitations import Invitation
from handoff.routers import Router
from handoff.routing import calendars, closing, looking, skills, teams

router = Router(prefix="/desk/settings")
Name = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True)
class Page:
    """`rows` of the section and what they can be made of."""

    rows: Any
    choices: Any = ()
    more: Any = ()


async def _draw_teams(visit: Visit, said: str | None = None) -> HTMLResponse:
    async def look(session: AsyncSession) -> Page:
        return Page(await looking.team_views(session), await calendars.all_of(session))

    return draw_section("teams", await visit.read(look), visit.me, said)


@router.get("/teams")
async def team_page(visit: Supervisor) -> HTMLResponse:
    return await _draw_teams(visit)


@router.post("/teams")
async def add_team(visit: SupervisorActor, form: TeamForm) -> HTMLResponse:
    made = await visit.write(
        lambda session: teams.put(
            session, None, name=form.name, calendar_id=form.calendar_id, is_default=form.is_default
        )
    )
    return await _draw_teams(visit, f"{made.name} is a team now. Give it agents and a route.")


@router.post("/teams/{team_id}")
async def change_team(visit: SupervisorActor, team_id: str, form: TeamForm) -> HTMLResponse:
    made = await visit.write(
        lambda session: teams.put(
            session, team_id, name=form.name, calendar_id=form.calendar_id, is_default=form.is_default
        )
    )
    return await _draw_teams(visit, f"{made.name} is saved.")


@router.post("/teams/{team_id}/deactivate")
async def deactivate_team(
    visit: SupervisorActor, team_id: str, move_to: Annotated[str, Form(max_length=40)] = ""
) -> HTMLResponse:
    team = await visit.write(lambda session: closing.deactivate(session, team_id, visit.agent, move_to or None))
    return await _draw_teams(visit, f"{team.name} takes nothing new from now on.")


@router.post("/teams/{team_id}/activate")
async def activate_team(visit: SupervisorActor, team_id: str) -> HTMLResponse:
    team = await visit.write(lambda session: closing.activate(session, team_id))
    return await _draw_teams(visit, f"{team.name} takes cases again.")


async def _draw_skills(visit: Visit, said: str | None = None) -> HTMLResponse:
    async def look(session: AsyncSession) -> Page:
        return Page(await skills.all_of(session), await staff.all_of(session))

    return draw_section("skills", await visit.read(look), visit.me, said)


@router.get("/skills")
async def skill_page(visit: Supervisor) -> HTMLResponse:
    return await _draw_skills(visit)


@router.post("/skills")
async def add_skill(visit: SupervisorActor, name: Name) -> HTMLResponse:
    made = await visit.write(lambda session: skills.add(session, name))
    return await _draw_skills(visit, f"{made.name} is a skill now. Give it to agents and ask for it in a route.")


@router.post("/skills/{skill_id}")
async def rename_skill(visit: SupervisorActor, skill_id: str, name: Name) -> HTMLResponse:
    made = await visit.write(lambda session: skills.rename(session, skill_id, name))
    return await _draw_skills(visit, f"{made.name} is saved.")


@router.post("/skills/{skill_id}/remove")
async def remove_skill(visit: SupervisorActor, skill_id: str) -> HTMLResponse:
    await visit.write(lambda session: skills.remove(session, skill_id))
    return await _draw_skills(visit, "The skill is removed, also from who had it.")


async def _draw_agents(visit: Visit, said: str | None = None, invitation: Invitation | None = None) -> HTMLResponse:
    async def look(session: AsyncSession) -> Page:
        return Page(await staff.all_of(session), await teams.all_of(session), await skills.all_of(session))

    return draw_section("agents", await visit.read(look), visit.me, said, invitation=invitation)


@router.get("/agents")
async def agent_page(visit: Supervisor) -> HTMLResponse:
    return await _draw_agents(visit)


@router.post("/agents")
async def add_agent(visit: SupervisorActor, form: NewAgentForm) -> HTMLResponse:
    hashed = await agents.unknown_password()
    made = await visit.write(
        lambda session: staff.add(
            session,
            visit.agent,
            email=form.email,
            name=form.name,
            role=form.role,
            teams=form.teams,
            password_hash=hashed,
        )
    )
    return await _draw_agents(visit, f"{made.agent.name} is at the desk once they set a password with the link.", made)


@router.post("/agents/{agent_id}/invite")
async def invite_agent(visit: SupervisorActor, agent_id: str) -> HTMLResponse:
    made = await visit.write(lambda session: staff.invite(session, visit.agent, agent_id))
    return await _draw_agents(visit, f"{made.agent.name} sets a new password with the link.", made)


@router.post("/agents/{agent_id}")
async def change_agent(visit: SupervisorActor, agent_id: str, form: AgentForm) -> HTMLResponse:
    made = await visit.write(
        lambda session: staff.change(
            session,
            visit.agent,
            agent_id,
            role=form.role,
            teams=form.teams,
            skills=form.skills,
            languages=form.languages.split(","),
            capacity=form.capacity,
        )
    )
    return await _draw_agents(visit, f"{made.name} is saved. It counts from the next offer on.")


@router.post("/agents/{agent_id}/deactivate")
async def deactivate_agent(visit: SupervisorActor, agent_id: str) -> HTMLResponse:
    made = await visit.write(lambda session: staff.deactivate(session, visit.agent, agent_id))
    return await _draw_agents(visit, f"{made.name} is signed out everywhere and gets nothing new.")


@router.post("/agents/{agent_id}/activate")
async def activate_agent(visit: SupervisorActor, agent_id: str) -> HTMLResponse:
    made = await visit.write(lambda session: staff.activate(session, visit.agent, agent_id))
    return await _draw_agents(visit, f"{made.name} can sign in again.")
