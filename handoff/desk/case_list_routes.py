"""The list of cases: looking, searching, views, changing many at once, and taking a list away as a sheet."""

import json
from typing import Annotated, Any

from fastapi import Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from handoff.desk import case_list_reads
from handoff.desk.case_list_pages import Said
from handoff.desk.drawing import HEADERS, draw
from handoff.desk.visit import Actor, Reader, Visit
from handoff.errors import BadInput
from handoff.finding import bulk, search, sheets, views
from handoff.finding.bulk import Change, Outcome, Undo
from handoff.masking import mask
from handoff.routers import Router

router = Router(prefix="/desk/cases")
Address = Annotated[str, Form(max_length=3000)]


@router.get("")
async def listed(visit: Reader, request: Request) -> Response:
    """The page, or only its list for htmx. Enter in the search field goes to the one case a reference names."""
    address = dict(request.query_params)
    is_part = "hx-request" in request.headers
    if address.get("jump") and not is_part:
        meant = await visit.read(lambda session: search.jump(session, address.get("search", "")))
        if meant:
            return RedirectResponse(f"/desk/cases/{meant}", 303)
    return await _draw(visit, address, "_case_list.html" if is_part else "cases.html")


async def _draw(visit: Visit, address: dict[str, str], template: str, said: Said | None = None) -> HTMLResponse:
    page = await visit.read(lambda session: case_list_reads.listed(session, visit.me, address, said))
    return draw(template, page, visit.me)


async def _redraw(visit: Visit, address: str, said: Said) -> HTMLResponse:
    return await _draw(visit, case_list_reads.redraw_address(address), "_case_list.html", said)


@router.get("/export.csv")
async def export(visit: Reader, request: Request) -> Response:
    chosen = case_list_reads.chosen_in(dict(request.query_params))
    sheet = await visit.read(lambda session: sheets.written(session, case_list_reads.looker(visit.me), chosen))
    headers = {**HEADERS, "Content-Disposition": 'attachment; filename="cases.csv"'}
    return Response(sheet, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/bulk")
async def bulk_field(visit: Reader, do: Annotated[str, Query(max_length=10)] = "") -> HTMLResponse:
    field = await visit.read(lambda session: case_list_reads.bulk_field(session, do))
    return draw("_bulk_field.html", field, visit.me)


@router.post("/bulk")
async def change_many(
    visit: Actor,
    do: Annotated[str, Form(max_length=10)],
    ref: Annotated[list[str], Form(max_length=300)] = [],  # noqa: B006, FastAPI copies it
    value: Annotated[str, Form(max_length=2000)] = "",
    address: Address = "",
) -> HTMLResponse:
    words = mask(value).text if do == "resolve" else value
    change = Change(do, words)  # type: ignore[arg-type]  # what it may be is checked where it is done
    outcome = await visit.write(lambda session: bulk.apply(session, ref, visit.agent, change))
    return await _redraw(visit, address, _said(outcome))


@router.post("/bulk/undo")
async def take_back(
    visit: Actor, undo: Annotated[str, Form(max_length=100_000)], address: Address = ""
) -> HTMLResponse:
    wanted = _undo_of(undo)
    outcome = await visit.write(lambda session: bulk.take_back(session, visit.agent, wanted))
    return await _redraw(visit, address, Said(f"Taken back: {outcome.sentence}", outcome.refused))


def _said(outcome: Outcome) -> Said:
    back = [{"ref": one.ref, "do": one.change.do, "value": one.change.value, "now": one.now} for one in outcome.undo]
    return Said(outcome.sentence, outcome.refused, json.dumps(back) if back else None)


def _undo_of(raw: str) -> list[Undo]:
    """What the page was given to take a change back; every case's rights are checked again, whatever is in it."""
    try:
        found: list[dict[str, Any]] = json.loads(raw)
        return [Undo(str(one["ref"]), Change(one["do"], str(one["value"])), str(one["now"])) for one in found]
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput("This cannot be taken back from here. Open the cases and change them there.") from error


@router.post("/views")
async def save_view(
    visit: Actor,
    name: Annotated[str, Form(max_length=100)],
    is_shared: Annotated[bool, Form()] = False,
    address: Address = "",
) -> HTMLResponse:
    asked = case_list_reads.redraw_address(address)
    chosen = case_list_reads.chosen_in(asked)
    made = await visit.write(lambda session: views.save(session, visit.agent, name, chosen, is_shared=is_shared))
    return await _draw(visit, {**asked, "view": made.id}, "_case_list.html", Said(f"'{made.name}' is a view now."))


@router.post("/views/{view_id}/remove")
async def remove_view(visit: Actor, view_id: str, address: Address = "") -> HTMLResponse:
    await visit.write(lambda session: views.remove(session, visit.agent, view_id))
    asked = {name: value for name, value in case_list_reads.redraw_address(address).items() if name != "view"}
    return await _draw(visit, asked, "_case_list.html", Said("The view is gone; its cases are where they were."))
