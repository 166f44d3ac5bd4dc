"""What an agent does with a case to find it again: tags, custom fields. And articles to answer with."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse

from handoff.cases import Actor as CaseActor
from handoff.desk.case_routes import page_of
from handoff.desk.drawing import HEADERS
from handoff.desk.visit import Actor, Reader
from handoff.finding import articles, case_fields, tags

router = APIRouter(prefix="/desk")


@router.post("/cases/{ref}/tags")
async def set_tags(
    visit: Actor, ref: str, given: Annotated[str, Form(alias="tags", max_length=1000)] = ""
) -> HTMLResponse:
    """Written with commas between them; what is not written any more is taken away."""
    wanted = [tag for tag in given.split(",") if tag.strip()]
    await visit.write(lambda session: tags.set_of(session, ref, CaseActor.of(visit.agent), wanted))
    return await page_of(visit, ref)


@router.post("/cases/{ref}/fields")
async def set_fields(visit: Actor, ref: str, request: Request) -> HTMLResponse:
    """One value for each field of the topic, by its name; empty ones are taken away."""
    form = await request.form()
    values = {name: str(value)[:1000] for name, value in form.items()}
    await visit.write(lambda session: case_fields.put(session, ref, CaseActor.of(visit.agent), values))
    return await page_of(visit, ref)


@router.get("/tags")
async def known_tags(visit: Reader, beginning: Annotated[str, Query(max_length=40)] = "") -> JSONResponse:
    return JSONResponse(list(await visit.read(lambda session: tags.known(session, beginning))), headers=HEADERS)


@router.get("/articles")
async def find_articles(visit: Reader, search: Annotated[str, Query(max_length=1000)] = "") -> JSONResponse:
    """For the message field: what to show and what to send."""
    found = await visit.read(lambda session: articles.find(session, search))
    return JSONResponse([{"title": one.title, "text": one.words} for one in found], headers=HEADERS)
