"""A case as something to keep or hand on: JSON, a page to read and print, or a vCon."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from jinja2 import Environment, FileSystemLoader
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.api.auth import DatabaseOf, Reader
from handoff.api.exceptions_shapes import ExportFormat
from handoff.cases import export, vcon
from handoff.cases.exception_kinds import KINDS
from handoff.facts import LABELS
from handoff.routing import teams
from handoff.routing.teams import BUILT_IN

router = APIRouter(prefix="/cases/{ref}", tags=["cases"])
PAGES = Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True)
PAGES.globals.update(fact_labels=LABELS, exception_labels={kind.name: kind.label for kind in KINDS.values()})
LOCKED = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
}
TYPES = {"json": "application/json", "html": "text/html; charset=utf-8", "vcon": "application/vcon+json"}
ENDS = {"json": "json", "html": "html", "vcon": "vcon.json"}


@router.get(
    "/export",
    response_class=Response,
    responses={200: {"content": {kind.split(";")[0]: {"schema": {}} for kind in TYPES.values()}}},
)
async def export_case(
    ref: str,
    caller: Reader,
    database: DatabaseOf,
    wanted: Annotated[ExportFormat, Query(alias="format")] = "json",
) -> Response:
    """The whole case. What was redacted stays redacted; files are named by address and hash."""
    async with database.read() as session:
        return await answer(session, ref, wanted)


async def answer(session: AsyncSession, ref: str, wanted: ExportFormat) -> Response:
    """A case as a download that runs nothing and is kept by no shared computer."""
    exported = await export.case(session, ref)
    called = await teams.names(session, active_only=False)
    name = f"{exported['case']['ref']}.{ENDS[wanted]}"
    headers = {**LOCKED, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(written(exported, wanted, called), headers=headers, media_type=TYPES[wanted])


def written(exported: dict[str, Any], wanted: ExportFormat, called: Mapping[str, str] = BUILT_IN) -> str:
    """An exported case in one of the formats; the page says what teams are `called`."""
    if wanted == "html":
        return PAGES.get_template("case_export.html").render(exported, teams=called)
    return json.dumps(vcon.of(exported) if wanted == "vcon" else exported, ensure_ascii=False, indent=2)
