"""Settings of finding: custom fields, everybody's views, tags, and support articles."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.desk.case_list_pages import in_words
from handoff.desk.settings_pages import draw_section
from handoff.desk.visit import Supervisor, SupervisorActor, Visit
from handoff.finding import articles, case_fields, lists, tags, views
from handoff.finding.views import View
from handoff.models import Article, CaseField, FieldKind
from handoff.routers import Router

router = Router(prefix="/desk/settings")
Name = Annotated[str, Form(max_length=100)]
Position = Annotated[int, Form(ge=0, le=1000)]


@dataclass(frozen=True)
class FieldsPage:
    fields: tuple[CaseField, ...]
    kinds = tuple((one.value, one.value.replace("_", " or ").capitalize()) for one in FieldKind)


@dataclass(frozen=True)
class ViewsPage:
    """`views` each with what it shows, in words."""

    views: tuple[tuple[View, tuple[str, ...]], ...]
    tags: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class ArticlesPage:
    articles: tuple[Article, ...]


async def _fields(visit: Visit, said: str | None = None) -> HTMLResponse:
    found = await visit.read(case_fields.every)
    return draw_section("fields", FieldsPage(tuple(found)), visit.me, said)


@router.get("/fields")
async def fields(visit: Supervisor) -> HTMLResponse:
    return await _fields(visit)


@router.post("/fields")
async def define(
    visit: SupervisorActor,
    name: Annotated[str, Form(max_length=40)],
    label: Name,
    kind: Annotated[str, Form(max_length=10)],
    topic: Annotated[str, Form(max_length=60)] = "",
    options: Annotated[str, Form(max_length=5000)] = "",
    position: Position = 0,
) -> HTMLResponse:
    told = {"topic": topic, "name": name, "label": label, "kind": kind, "position": position}

    async def step(session: AsyncSession) -> CaseField:
        return await case_fields.define(session, visit.agent, options=options.splitlines(), **told)  # type: ignore[arg-type]

    made = await visit.write(step)
    return await _fields(visit, f"Cases have the field '{made.label}' now.")


@router.post("/fields/{field_id}")
async def redefine(
    visit: SupervisorActor,
    field_id: str,
    label: Name,
    options: Annotated[str, Form(max_length=5000)] = "",
    position: Position = 0,
) -> HTMLResponse:
    async def step(session: AsyncSession) -> CaseField:
        now = next((one for one in await case_fields.every(session) if one.id == field_id), None)
        return await case_fields.define(
            session,
            visit.agent,
            topic="",
            name="",
            label=label,
            kind=now.kind if now else "",
            options=options.splitlines(),
            position=position,
            field_id=field_id,
        )

    made = await visit.write(step)
    return await _fields(visit, f"The field '{made.label}' is changed.")


@router.post("/fields/{field_id}/remove")
async def remove_field(visit: SupervisorActor, field_id: str) -> HTMLResponse:
    await visit.write(lambda session: case_fields.remove(session, visit.agent, field_id))
    return await _fields(visit, "The field is gone. Its values stay with their cases, unseen.")


async def _views(visit: Visit, said: str | None = None) -> HTMLResponse:
    async def look(session: AsyncSession) -> ViewsPage:
        people = dict(await lists.people(session))
        shared = (one for one in await views.of(session, visit.me.id) if one.is_shared)
        return ViewsPage(
            tuple((one, in_words(one.chosen, people)) for one in shared), tuple(await tags.counted(session))
        )

    return draw_section("views", await visit.read(look), visit.me, said)


@router.get("/views")
async def all_views(visit: Supervisor) -> HTMLResponse:
    return await _views(visit)


@router.post("/views/{view_id}")
async def change_view(visit: SupervisorActor, view_id: str, name: Name, position: Position = 0) -> HTMLResponse:
    made = await visit.write(lambda session: views.change(session, visit.agent, view_id, name=name, position=position))
    return await _views(visit, f"'{made.name}' is changed.")


@router.post("/views/{view_id}/remove")
async def remove_view(visit: SupervisorActor, view_id: str) -> HTMLResponse:
    await visit.write(lambda session: views.remove(session, visit.agent, view_id))
    return await _views(visit, "The view is gone for everybody.")


@router.post("/tags")
async def rename_tag(
    visit: SupervisorActor, old: Annotated[str, Form(max_length=60)], new: Annotated[str, Form(max_length=60)]
) -> HTMLResponse:
    number = await visit.write(lambda session: tags.rename(session, visit.agent, old, new))
    return await _views(visit, f"{number} case{'' if number == 1 else 's'} had '{old}' and have '{new}' now.")


async def _articles(visit: Visit, said: str | None = None) -> HTMLResponse:
    found = await visit.read(articles.every)
    return draw_section("articles", ArticlesPage(tuple(found)), visit.me, said)


@router.get("/articles")
async def all_articles(visit: Supervisor) -> HTMLResponse:
    return await _articles(visit)


Title = Annotated[str, Form(max_length=300)]
Text = Annotated[str, Form(max_length=30_000)]
Address = Annotated[str, Form(max_length=600)]


@router.post("/articles")
async def write_article(
    visit: SupervisorActor, title: Title, text: Text, url: Address = "", is_published: Annotated[bool, Form()] = False
) -> HTMLResponse:
    return await _write(visit, None, title, text, url, is_published)


@router.post("/articles/{article_id}")
async def rewrite_article(
    visit: SupervisorActor,
    article_id: str,
    title: Title,
    text: Text,
    url: Address = "",
    is_published: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    return await _write(visit, article_id, title, text, url, is_published)


async def _write(
    visit: Visit, article_id: str | None, title: str, text: str, url: str, is_published: bool
) -> HTMLResponse:
    async def step(session: AsyncSession) -> Article:
        return await articles.write(
            session, visit.agent, title=title, text=text, url=url, is_published=is_published, article_id=article_id
        )

    made = await visit.write(step)
    found = "Agents find it from the message field." if made.is_published else "Nobody finds it until it is published."
    return await _articles(visit, f"'{made.title}' is kept. {found}")


@router.post("/articles/{article_id}/remove")
async def remove_article(visit: SupervisorActor, article_id: str) -> HTMLResponse:
    await visit.write(lambda session: articles.remove(session, visit.agent, article_id))
    return await _articles(visit, "The article is gone.")
