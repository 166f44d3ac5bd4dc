"""Finding cases: search, lists, views, tags, fields, articles, and one change to many cases."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.api.auth import AgentCaller, DatabaseOf, Reader
from handoff.api.finding_shapes import (
    ArticleHitShape,
    ArticleShape,
    ArticleWritten,
    CaseFieldShape,
    CaseHitShape,
    CaseListShape,
    FieldDefined,
    FieldsGiven,
    ManyChanged,
    ManyTakenBack,
    OutcomeShape,
    RefusedShape,
    Tagged,
    TagRenamed,
    UndoShape,
    ViewSaved,
    ViewShape,
)
from handoff.cases import Actor
from handoff.errors import NotAllowed
from handoff.finding import articles, bulk, case_fields, lists, search, tags, views
from handoff.finding import chosen as filters
from handoff.finding.bulk import Change, Outcome, Undo
from handoff.finding.lists import Looker
from handoff.models import Agent
from handoff.tokens import Caller

router = APIRouter(tags=["finding"])
Words = Annotated[str, Query(max_length=10_000)]


def _agent(caller: Caller) -> Agent:
    if caller.agent is None:
        raise NotAllowed("This needs an agent's token: make one with `tellonce token --agent`.")
    return caller.agent


@router.get("/cases/search")
async def find(
    caller: Reader, database: DatabaseOf, text: Words, limit: int = Query(25, ge=1, le=100)
) -> list[CaseHitShape]:
    """Cases by their words, best first. Any text may be asked; `"as it stands"`, `begin*` and `-without` are read."""
    async with database.read() as session:
        return [
            CaseHitShape.model_validate(_without_id(asdict(hit))) for hit in await search.find(session, text, limit)
        ]


def _without_id(hit: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in hit.items() if name != "case_id"}


@router.get("/cases/list")
async def listed(
    caller: Reader,
    database: DatabaseOf,
    request: Request,
    after: Annotated[str, Query(max_length=200)] = "",
    limit: int = Query(lists.ROWS, ge=1, le=200),
) -> CaseListShape:
    """One page of a list. Filters, each at most once: status (live, open, waiting, resolved, joined, any), team (or
    mine), assignee (an id, me, nobody), priority, topic, tag, due (overdue, today), contacts, watched, search, sort
    (changed, unchanged, due)."""
    given = {name: value for name, value in request.query_params.items() if name not in ("after", "limit")}
    chosen = filters.read(given)
    who = Looker.of(caller.agent) if caller.agent else Looker("", ())
    async with database.read() as session:
        page = await lists.page(session, who, chosen, after, limit)
    return CaseListShape.model_validate(asdict(page))


@router.post("/cases/bulk")
async def change_many(body: ManyChanged, caller: AgentCaller, database: DatabaseOf) -> OutcomeShape:
    """One change to many cases, each checked and reported for itself. `undo` takes it back, where that is cheap."""
    agent, change = _agent(caller), Change(body.do, body.value)
    return _outcome(await database.write(lambda session: bulk.apply(session, body.refs, agent, change)))


@router.post("/cases/bulk/undo")
async def take_many_back(body: ManyTakenBack, caller: AgentCaller, database: DatabaseOf) -> OutcomeShape:
    agent = _agent(caller)
    undo = [Undo(one.ref, Change(one.change.do, one.change.value), one.now) for one in body.undo]
    return _outcome(await database.write(lambda session: bulk.take_back(session, agent, undo)))


def _outcome(outcome: Outcome) -> OutcomeShape:
    return OutcomeShape(
        changed=list(outcome.changed),
        refused=[RefusedShape(ref=ref, message=message) for ref, message in outcome.refused],
        undo=[UndoShape.model_validate(asdict(one)) for one in outcome.undo],
    )


@router.put("/cases/{ref}/tags")
async def set_tags(ref: str, body: Tagged, caller: AgentCaller, database: DatabaseOf) -> list[str]:
    """Exactly these tags; an empty list takes all away."""
    actor = Actor.of(_agent(caller))
    return list(await database.write(lambda session: tags.set_of(session, ref, actor, body.tags)))


@router.put("/cases/{ref}/fields")
async def set_fields(ref: str, body: FieldsGiven, caller: AgentCaller, database: DatabaseOf) -> dict[str, Any]:
    """Only what is given changes; the answer holds every value the case has."""
    actor = Actor.of(_agent(caller))
    return await database.write(lambda session: case_fields.put(session, ref, actor, body.values))


@router.get("/tags")
async def known_tags(
    caller: Reader, database: DatabaseOf, beginning: Annotated[str, Query(max_length=40)] = ""
) -> list[str]:
    """Tags that are used and begin so, twenty at most."""
    async with database.read() as session:
        return list(await tags.known(session, beginning))


@router.post("/tags/rename")
async def rename_tag(body: TagRenamed, caller: AgentCaller, database: DatabaseOf) -> dict[str, int]:
    """Everywhere; where the new one is there already they become one. Supervisors only."""
    agent = _agent(caller)
    return {"cases": await database.write(lambda session: tags.rename(session, agent, body.old, body.new))}


@router.get("/fields")
async def fields(caller: Reader, database: DatabaseOf) -> list[CaseFieldShape]:
    async with database.read() as session:
        return [CaseFieldShape.model_validate(one) for one in await case_fields.every(session)]


@router.post("/fields", status_code=201)
async def define_field(body: FieldDefined, caller: AgentCaller, database: DatabaseOf) -> CaseFieldShape:
    """A new field for the cases of a topic (its first word), or of all with `*`. Supervisors only."""
    agent = _agent(caller)
    made = await database.write(lambda session: case_fields.define(session, agent, **body.model_dump()))
    return CaseFieldShape.model_validate(made)


@router.delete("/fields/{field_id}", status_code=204)
async def remove_field(field_id: str, caller: AgentCaller, database: DatabaseOf) -> Response:
    agent = _agent(caller)
    await database.write(lambda session: case_fields.remove(session, agent, field_id))
    return Response(status_code=204)


@router.get("/views")
async def known_views(caller: AgentCaller, database: DatabaseOf) -> list[ViewShape]:
    """The product's, everybody's and one's own."""
    async with database.read() as session:
        return [_view(one) for one in await views.of(session, _agent(caller).id)]


@router.post("/views", status_code=201)
async def save_view(body: ViewSaved, caller: AgentCaller, database: DatabaseOf) -> ViewShape:
    """Keep a list by name; the same name again replaces it. `is_shared` is for supervisors."""
    agent, chosen = _agent(caller), filters.read(body.chosen)

    async def step(session: AsyncSession) -> views.View:
        return await views.save(session, agent, body.name, chosen, is_shared=body.is_shared)

    return _view(await database.write(step))


@router.delete("/views/{view_id}", status_code=204)
async def remove_view(view_id: str, caller: AgentCaller, database: DatabaseOf) -> Response:
    agent = _agent(caller)
    await database.write(lambda session: views.remove(session, agent, view_id))
    return Response(status_code=204)


def _view(view: views.View) -> ViewShape:
    return ViewShape(
        id=view.id, name=view.name, chosen=view.chosen.set_fields, is_shared=view.is_shared, is_own=view.is_own
    )


@router.get("/articles")
async def find_articles(caller: Reader, database: DatabaseOf, search: Words) -> list[ArticleHitShape]:
    """Published articles by their words, best first, eight at most."""
    async with database.read() as session:
        return [ArticleHitShape.model_validate(asdict(hit)) for hit in await articles.find(session, search)]


@router.post("/articles", status_code=201)
async def write_article(body: ArticleWritten, caller: AgentCaller, database: DatabaseOf) -> ArticleShape:
    """A new article; one with the same title is replaced. Supervisors only."""
    agent = _agent(caller)
    made = await database.write(lambda session: articles.write(session, agent, **body.model_dump()))
    return ArticleShape.model_validate(made)


@router.put("/articles/{article_id}")
async def rewrite_article(
    article_id: str, body: ArticleWritten, caller: AgentCaller, database: DatabaseOf
) -> ArticleShape:
    agent, told = _agent(caller), body.model_dump()
    made = await database.write(lambda session: articles.write(session, agent, article_id=article_id, **told))
    return ArticleShape.model_validate(made)


@router.delete("/articles/{article_id}", status_code=204)
async def remove_article(article_id: str, caller: AgentCaller, database: DatabaseOf) -> Response:
    agent = _agent(caller)
    await database.write(lambda session: articles.remove(session, agent, article_id))
    return Response(status_code=204)
