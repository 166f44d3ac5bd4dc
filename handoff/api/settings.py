"""The settings of the desk for programs: teams, skills, agents, calendars and canned answers. Supervisors only."""

from handoff import agents, canned, staff
from handoff.api.auth import DatabaseOf
from handoff.api.partners import SupervisorCaller
from handoff.api.settings_shapes import (
    AgentAdded,
    AgentPut,
    AgentShape,
    CalendarPut,
    CalendarShape,
    CannedPut,
    CannedShape,
    InvitationShape,
    MovedTo,
    SkillPut,
    SkillShape,
    TeamPut,
    TeamShape,
)
from handoff.routers import Router
from handoff.routing import calendars, closing, looking, skills, teams

router = Router(prefix="/settings", tags=["settings"])


@router.get("/teams")
async def all_teams(caller: SupervisorCaller, database: DatabaseOf) -> list[TeamShape]:
    async with database.read() as session:
        return [TeamShape.model_validate(one) for one in await teams.all_of(session, active_only=False)]


@router.post("/teams", status_code=201)
async def add_team(body: TeamPut, caller: SupervisorCaller, database: DatabaseOf) -> TeamShape:
    """A name is taken once, so a repeated request is refused and makes nothing."""
    made = await database.write(lambda session: teams.put(session, None, **body.model_dump()))
    return TeamShape.model_validate(made)


@router.put("/teams/{team_id}")
async def change_team(team_id: str, body: TeamPut, caller: SupervisorCaller, database: DatabaseOf) -> TeamShape:
    made = await database.write(lambda session: teams.put(session, team_id, **body.model_dump()))
    return TeamShape.model_validate(made)


@router.post("/teams/{team_id}/deactivate")
async def deactivate_team(team_id: str, body: MovedTo, caller: SupervisorCaller, database: DatabaseOf) -> TeamShape:
    """409 while the team has open cases or routes and `move_to` names nobody who takes them."""
    agent = caller.as_agent
    team = await database.write(lambda session: closing.deactivate(session, team_id, agent, body.move_to))
    return TeamShape.model_validate(team)


@router.post("/teams/{team_id}/activate")
async def activate_team(team_id: str, caller: SupervisorCaller, database: DatabaseOf) -> TeamShape:
    return TeamShape.model_validate(await database.write(lambda session: closing.activate(session, team_id)))


@router.get("/skills")
async def all_skills(caller: SupervisorCaller, database: DatabaseOf) -> list[SkillShape]:
    async with database.read() as session:
        return [SkillShape.model_validate(one) for one in await skills.all_of(session)]


@router.post("/skills", status_code=201)
async def add_skill(body: SkillPut, caller: SupervisorCaller, database: DatabaseOf) -> SkillShape:
    return SkillShape.model_validate(await database.write(lambda session: skills.add(session, body.name)))


@router.put("/skills/{skill_id}")
async def rename_skill(skill_id: str, body: SkillPut, caller: SupervisorCaller, database: DatabaseOf) -> SkillShape:
    made = await database.write(lambda session: skills.rename(session, skill_id, body.name))
    return SkillShape.model_validate(made)


@router.delete("/skills/{skill_id}", status_code=204)
async def remove_skill(skill_id: str, caller: SupervisorCaller, database: DatabaseOf) -> None:
    """Nobody has it any more. 409 while a route asks for it."""
    await database.write(lambda session: skills.remove(session, skill_id))


@router.get("/agents")
async def all_agents(caller: SupervisorCaller, database: DatabaseOf) -> list[AgentShape]:
    async with database.read() as session:
        return [AgentShape.model_validate(one) for one in await staff.all_of(session)]


@router.post("/agents", status_code=201)
async def add_agent(body: AgentAdded, caller: SupervisorCaller, database: DatabaseOf) -> InvitationShape:
    """Nobody can sign in as them before they set a password with the link. An e-mail is taken once: 409."""
    by, hashed = caller.as_agent, await agents.unknown_password()
    made = await database.write(lambda session: staff.add(session, by, password_hash=hashed, **dict(body)))
    return InvitationShape.model_validate(made)


@router.post("/agents/{agent_id}/invite", status_code=201)
async def invite_agent(agent_id: str, caller: SupervisorCaller, database: DatabaseOf) -> InvitationShape:
    """A link to set a new password; the old one holds until then."""
    by = caller.as_agent
    return InvitationShape.model_validate(await database.write(lambda session: staff.invite(session, by, agent_id)))


@router.put("/agents/{agent_id}")
async def change_agent(agent_id: str, body: AgentPut, caller: SupervisorCaller, database: DatabaseOf) -> AgentShape:
    by = caller.as_agent
    made = await database.write(lambda session: staff.change(session, by, agent_id, **dict(body)))
    return AgentShape.model_validate(made)


@router.post("/agents/{agent_id}/deactivate")
async def deactivate_agent(agent_id: str, caller: SupervisorCaller, database: DatabaseOf) -> AgentShape:
    """Signed out everywhere at once."""
    by = caller.as_agent
    return AgentShape.model_validate(await database.write(lambda session: staff.deactivate(session, by, agent_id)))


@router.post("/agents/{agent_id}/activate")
async def activate_agent(agent_id: str, caller: SupervisorCaller, database: DatabaseOf) -> AgentShape:
    by = caller.as_agent
    return AgentShape.model_validate(await database.write(lambda session: staff.activate(session, by, agent_id)))


@router.get("/calendars")
async def all_calendars(caller: SupervisorCaller, database: DatabaseOf) -> list[CalendarShape]:
    """With the next moments each opens and closes."""
    async with database.read() as session:
        return [CalendarShape.model_validate(one) for one in await looking.calendar_views(session)]


@router.post("/calendars", status_code=201)
async def add_calendar(body: CalendarPut, caller: SupervisorCaller, database: DatabaseOf) -> CalendarShape:
    told = body.model_dump(mode="json")
    made = await database.write(lambda session: calendars.put(session, None, **told))
    return CalendarShape.model_validate(looking.calendar_view(made))


@router.put("/calendars/{calendar_id}")
async def change_calendar(
    calendar_id: str, body: CalendarPut, caller: SupervisorCaller, database: DatabaseOf
) -> CalendarShape:
    told = body.model_dump(mode="json")
    made = await database.write(lambda session: calendars.put(session, calendar_id, **told))
    return CalendarShape.model_validate(looking.calendar_view(made))


@router.delete("/calendars/{calendar_id}", status_code=204)
async def remove_calendar(calendar_id: str, caller: SupervisorCaller, database: DatabaseOf) -> None:
    """409 while a team or a clock goes by it."""
    await database.write(lambda session: calendars.remove(session, calendar_id))


@router.get("/canned-answers")
async def all_canned(caller: SupervisorCaller, database: DatabaseOf) -> list[CannedShape]:
    async with database.read() as session:
        return [CannedShape.model_validate(one) for one in await canned.all_of(session)]


@router.post("/canned-answers", status_code=201)
async def add_canned(body: CannedPut, caller: SupervisorCaller, database: DatabaseOf) -> CannedShape:
    made = await database.write(lambda session: canned.add(session, body.shortcut, body.text))
    return CannedShape.model_validate(made)


@router.put("/canned-answers/{answer_id}")
async def change_canned(answer_id: str, body: CannedPut, caller: SupervisorCaller, database: DatabaseOf) -> CannedShape:
    made = await database.write(lambda session: canned.change(session, answer_id, body.shortcut, body.text))
    return CannedShape.model_validate(made)


@router.delete("/canned-answers/{answer_id}", status_code=204)
async def remove_canned(answer_id: str, caller: SupervisorCaller, database: DatabaseOf) -> None:
    await database.write(lambda session: canned.remove(session, answer_id))
