"""The pages and moves of cases."""

from typing import Annotated

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.cases import Actor as CaseActor
from handoff.desk import case_reads, reads
from handoff.desk.case_pages import CaseFilter
from handoff.desk.drawing import draw
from handoff.desk.visit import Actor, Reader, Visit
from handoff.errors import BadInput
from handoff.models import Priority

router = APIRouter(prefix="/desk/cases")
Words = Annotated[str, Form(max_length=2000)]


@router.get("")
async def listed(
    visit: Reader,
    status: Annotated[str, Query(pattern="^(open|waiting|resolved|any)$")] = "open",
    team: Annotated[str, Query(max_length=40)] = "",
    priority: Annotated[str, Query(max_length=10)] = "",
    assignee: Annotated[str, Query(pattern="^(me|nobody|)$")] = "",
    search: Annotated[str, Query(max_length=100)] = "",
) -> HTMLResponse:
    chosen = CaseFilter(status, team, priority, search, assignee)
    page = await visit.read(lambda session: case_reads.listed(session, visit.me, chosen))
    return draw("cases.html", page, visit.me)


@router.get("/{ref}")
async def one(visit: Reader, ref: str) -> HTMLResponse:
    return await _page(visit, ref, "case.html")


async def _page(visit: Visit, ref: str, template: str = "_case.html") -> HTMLResponse:
    page = await visit.read(lambda session: case_reads.one(session, ref))
    return draw(template, page, visit.me)


@router.post("/{ref}/notes")
async def note(visit: Actor, ref: str, text: Words) -> HTMLResponse:
    await visit.write(lambda session: cases.add_note(session, ref, CaseActor.of(visit.agent), text))
    return await _page(visit, ref)


@router.post("/{ref}/assignee")
async def assign(visit: Actor, ref: str, agent_id: Annotated[str, Form(max_length=26)] = "") -> HTMLResponse:
    async def step(session: AsyncSession) -> None:
        await cases.assign(session, ref, CaseActor.of(visit.agent), await reads.agent(session, agent_id or None))

    await visit.write(step)
    return await _page(visit, ref)


@router.post("/{ref}/priority")
async def priority(visit: Actor, ref: str, priority: Annotated[Priority, Form()]) -> HTMLResponse:
    await visit.write(lambda session: cases.set_priority(session, ref, CaseActor.of(visit.agent), priority))
    return await _page(visit, ref)


@router.post("/{ref}/team")
async def team(visit: Actor, ref: str, team: Annotated[str, Form(max_length=40)]) -> HTMLResponse:
    if team not in cases.TEAMS:
        raise BadInput("There is no such team.")
    await visit.write(lambda session: cases.set_team(session, ref, CaseActor.of(visit.agent), team))
    return await _page(visit, ref)


@router.post("/{ref}/resolve")
async def resolve(visit: Actor, ref: str, resolution: Words) -> HTMLResponse:
    await visit.write(lambda session: cases.resolve(session, ref, CaseActor.of(visit.agent), resolution))
    return await _page(visit, ref)


@router.post("/{ref}/reopen")
async def reopen(visit: Actor, ref: str, reason: Words) -> HTMLResponse:
    await visit.write(lambda session: cases.reopen(session, ref, CaseActor.of(visit.agent), reason))
    return await _page(visit, ref)
