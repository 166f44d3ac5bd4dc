"""The pages of cases and what is done to one by a field or a button; for splits and joins `case_moves_routes`.

Whoever adds a route about a case answers with `page_of`: the page as it is now, for `#case`.
"""

from typing import Annotated

from fastapi import Form, Query
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.cases import Actor as CaseActor
from handoff.desk import case_panels, case_reads, reads
from handoff.desk.drawing import draw
from handoff.desk.saying import Said, with_words
from handoff.desk.visit import Actor, Reader, Visit
from handoff.masking import CardFree
from handoff.models import Priority
from handoff.routers import Router

router = Router(prefix="/desk/cases")
Words = Annotated[CardFree, Form(max_length=2000)]


@router.get("/{ref}")
async def one(
    visit: Reader,
    ref: str,
    words: Annotated[str, Query(pattern="^(newest|all)$")] = "newest",
    panels: Annotated[str, Query(pattern="^(now|later)$")] = "later",
) -> HTMLResponse:
    """The page of a case. Its panels come with it for whoever has no script, and when an open page is drawn again."""
    every_word, with_panels = words == "all", panels == "now"
    return await page_of(visit, ref, template="case.html", every_word=every_word, with_panels=with_panels)


@router.get("/{ref}/panels")
async def panels_beside(visit: Reader, ref: str) -> HTMLResponse:
    """What an opened page asks for once it is there."""
    page = await visit.read(lambda session: case_panels.one(session, visit.me, ref))
    return draw("_case_panels.html", page, visit.me)


async def page_of(
    visit: Visit,
    ref: str,
    *,
    said: Said | None = None,
    template: str = "_case.html",
    every_word: bool = False,
    with_panels: bool = True,
) -> HTMLResponse:
    """The page of a case as it is now; what every move on it answers with, saying what was done."""
    name = visit.settings.assistant_name
    page = await visit.read(
        lambda session: case_reads.one(
            session, visit.me, ref, assistant=name, every_word=every_word, with_panels=with_panels
        )
    )
    drawn = draw(template, page, visit.me)
    return with_words(drawn, said) if said else drawn


@router.post("/{ref}/notes")
async def note(visit: Actor, ref: str, text: Words) -> HTMLResponse:
    await visit.write(lambda session: cases.add_note(session, ref, CaseActor.of(visit.agent), text))
    return await page_of(visit, ref)


@router.post("/{ref}/assignee")
async def assign(visit: Actor, ref: str, agent_id: Annotated[str, Form(max_length=26)] = "") -> HTMLResponse:
    async def step(session: AsyncSession) -> None:
        await _may(session, visit, ref)
        await cases.assign(session, ref, CaseActor.of(visit.agent), await reads.agent(session, agent_id or None))

    await visit.write(step)
    return await page_of(visit, ref)


async def _may(session: AsyncSession, visit: Visit, ref: str) -> None:
    await cases.must_work_on(visit.agent, await cases.get(session, ref))


@router.post("/{ref}/priority")
async def priority(visit: Actor, ref: str, priority: Annotated[Priority, Form()]) -> HTMLResponse:
    async def step(session: AsyncSession) -> None:
        await _may(session, visit, ref)
        await cases.set_priority(session, ref, CaseActor.of(visit.agent), priority)

    await visit.write(step)
    return await page_of(visit, ref)


@router.post("/{ref}/team")
async def team(visit: Actor, ref: str, team: Annotated[str, Form(max_length=40)]) -> HTMLResponse:
    async def step(session: AsyncSession) -> None:
        await _may(session, visit, ref)
        await cases.set_team(session, ref, CaseActor.of(visit.agent), team)

    await visit.write(step)
    return await page_of(visit, ref)


@router.post("/{ref}/resolve")
async def resolve(visit: Actor, ref: str, resolution: Words) -> HTMLResponse:
    async def step(session: AsyncSession) -> None:
        await _may(session, visit, ref)
        await cases.resolve(session, ref, CaseActor.of(visit.agent), resolution)

    await visit.write(step)
    return await page_of(visit, ref)


@router.post("/{ref}/reopen")
async def reopen(visit: Actor, ref: str, reason: Words) -> HTMLResponse:
    """The case that goes on: this one, or when it was too long ago a follow-up that carries what is known."""

    async def step(session: AsyncSession) -> str:
        return (await cases.reopen_or_follow_up(session, ref, CaseActor.of(visit.agent), reason)).ref

    goes_on = await visit.write(step)
    if goes_on == cases.normal_ref(ref):
        return await page_of(visit, ref)
    said = Said(f"{cases.normal_ref(ref)} was resolved too long ago to be reopened; {goes_on} goes on with it.")
    return with_words(await page_of(visit, goes_on), said, address=f"/desk/cases/{goes_on}")
