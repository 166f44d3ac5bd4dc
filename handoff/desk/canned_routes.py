"""The settings page of canned answers."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse

from handoff import canned
from handoff.desk.settings_pages import draw_section
from handoff.desk.visit import Supervisor, SupervisorActor, Visit
from handoff.routers import Router

router = Router(prefix="/desk/settings/canned")
Shortcut = Annotated[str, Form(max_length=60)]
Words = Annotated[str, Form(max_length=5000)]


async def _draw(visit: Visit, said: str | None = None) -> HTMLResponse:
    return draw_section("canned", await visit.read(canned.all_of), visit.me, said)


@router.get("")
async def page(visit: Supervisor) -> HTMLResponse:
    return await _draw(visit)


@router.post("")
async def add(visit: SupervisorActor, shortcut: Shortcut, text: Words) -> HTMLResponse:
    made = await visit.write(lambda session: canned.add(session, shortcut, text))
    return await _draw(visit, f"/{made.shortcut} is there for everyone now.")


@router.post("/{answer_id}")
async def change(visit: SupervisorActor, answer_id: str, shortcut: Shortcut, text: Words) -> HTMLResponse:
    made = await visit.write(lambda session: canned.change(session, answer_id, shortcut, text))
    return await _draw(visit, f"/{made.shortcut} is changed.")


@router.post("/{answer_id}/remove")
async def remove(visit: SupervisorActor, answer_id: str) -> HTMLResponse:
    await visit.write(lambda session: canned.remove(session, answer_id))
    return await _draw(visit, "The answer is removed.")
