"""The settings pages of calendars and of routes, with the trial of the routes on a case."""

from typing import Annotated, Literal

from fastapi import Form
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.desk.settings_forms import CalendarForm, RouteForm
from handoff.desk.settings_pages import draw_section
from handoff.desk.team_routes import Page
from handoff.desk.visit import Supervisor, SupervisorActor, Visit
from handoff.models import Calendar, Route
from handoff.routers import Router
from handoff.routing import calendars, looking, routes
from handoff.routing.looking import Trial
from handoff.rules.fields import LABELS

router = Router(prefix="/desk/settings")


async def _draw_calendars(visit: Visit, said: str | None = None) -> HTMLResponse:
    page = await visit.read(looking.calendar_views)
    return draw_section("calendars", Page(page), visit.me, said)


@router.get("/calendars")
async def calendar_page(visit: Supervisor) -> HTMLResponse:
    return await _draw_calendars(visit)


async def _put_calendar(visit: Visit, calendar_id: str | None, form: CalendarForm) -> HTMLResponse:
    async def step(session: AsyncSession) -> Calendar:
        return await calendars.put(
            session,
            calendar_id,
            name=form.name,
            time_zone=form.time_zone,
            hours=form.hours,
            holidays=calendars.holidays_in(form.holidays),
        )

    made = await visit.write(step)
    return await _draw_calendars(visit, f"{made.name} is saved. Check below when it opens and closes next.")


@router.post("/calendars")
async def add_calendar(visit: SupervisorActor, form: CalendarForm) -> HTMLResponse:
    return await _put_calendar(visit, None, form)


@router.post("/calendars/{calendar_id}")
async def change_calendar(visit: SupervisorActor, calendar_id: str, form: CalendarForm) -> HTMLResponse:
    return await _put_calendar(visit, calendar_id, form)


@router.post("/calendars/{calendar_id}/remove")
async def remove_calendar(visit: SupervisorActor, calendar_id: str) -> HTMLResponse:
    await visit.write(lambda session: calendars.remove(session, calendar_id))
    return await _draw_calendars(visit, "The calendar is removed.")


async def _draw_routes(visit: Visit, said: str | None = None, trial: Trial | None = None) -> HTMLResponse:
    async def look(session: AsyncSession) -> Page:
        return Page(await looking.route_views(session), await looking.choices(session), trial)

    return draw_section("routes", await visit.read(look), visit.me, said, labels=LABELS)


@router.get("/routes")
async def route_page(visit: Supervisor) -> HTMLResponse:
    return await _draw_routes(visit)


async def _put_route(visit: Visit, route_id: str | None, form: RouteForm) -> Route:
    async def step(session: AsyncSession) -> Route:
        return await routes.put(
            session,
            route_id,
            name=form.name,
            team=form.team,
            raw_conditions=form.raw_conditions,
            needs=form.skills,
            priority=form.priority or None,
        )

    return await visit.write(step)


@router.post("/routes")
async def add_route(visit: SupervisorActor, form: RouteForm) -> HTMLResponse:
    made = await _put_route(visit, None, form)
    return await _draw_routes(visit, f"{made.name} is on and is tried last. Try it on a case below.")


@router.post("/routes/trial")
async def try_routes(visit: SupervisorActor, ref: Annotated[str, Form(max_length=40)]) -> HTMLResponse:
    """Changes nothing; a post only so that the page's own form asks."""
    return await _draw_routes(visit, trial=await visit.read(lambda session: looking.trial(session, ref)))


@router.post("/routes/{route_id}")
async def change_route(visit: SupervisorActor, route_id: str, form: RouteForm) -> HTMLResponse:
    made = await _put_route(visit, route_id, form)
    return await _draw_routes(visit, f"{made.name} is saved.")


@router.post("/routes/{route_id}/switch")
async def switch_route(visit: SupervisorActor, route_id: str, is_on: Annotated[bool, Form()]) -> HTMLResponse:
    made = await visit.write(lambda session: routes.switch(session, route_id, is_on=is_on))
    return await _draw_routes(visit, f"{made.name} is {'on' if made.is_on else 'off'}.")


@router.post("/routes/{route_id}/move")
async def move_route(
    visit: SupervisorActor, route_id: str, where: Annotated[Literal["up", "down"], Form()]
) -> HTMLResponse:
    made = await visit.write(lambda session: routes.move(session, route_id, where))
    return await _draw_routes(visit, f"{made.name} is tried {'earlier' if where == 'up' else 'later'}.")


@router.post("/routes/{route_id}/remove")
async def remove_route(visit: SupervisorActor, route_id: str) -> HTMLResponse:
    await visit.write(lambda session: routes.remove(session, route_id))
    return await _draw_routes(visit, "The route is removed.")
