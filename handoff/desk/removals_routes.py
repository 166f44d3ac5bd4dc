"""On the case page: a copy to keep, and what is removed for good: words, a file, a whole person."""

from typing import Annotated

from fastapi import Form, Query, Response
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.api.exceptions_shapes import ExportFormat
from handoff.api.exports import LOCKED, answer
from handoff.cases import export
from handoff.desk.case_routes import page_of
from handoff.desk.visit import Actor, Reader, Supervisor, SupervisorActor
from handoff.errors import BadInput
from handoff.routers import Router

router = Router(prefix="/desk/cases/{ref}")


@router.get("/export")
async def export_case(
    visit: Reader, ref: str, wanted: Annotated[ExportFormat, Query(alias="format")] = "html"
) -> Response:
    """The case as a file to keep."""
    return await visit.read(lambda session: answer(session, ref, wanted))


@router.post("/redact")
async def redact(visit: Actor, ref: str, what: Annotated[str, Form(max_length=40)]) -> HTMLResponse:
    """`what` is `message:<id>` or `file:<id>`."""
    kind, _, found = what.partition(":")
    if kind == "message":
        await visit.write(lambda session: cases.redact_message(session, found, visit.agent))
    elif kind == "file":
        await visit.write(lambda session: cases.redact_file(session, found, visit.agent))
    else:
        raise BadInput("Choose the message or the file that is removed.")
    return await page_of(visit, ref)


@router.get("/customer-export")
async def export_customer(visit: Supervisor, ref: str) -> Response:
    """Everything that is kept of the customer of this case."""

    async def read(session: AsyncSession) -> dict[str, object]:
        case = await cases.get(session, ref)
        return await export.customer(session, case.customer_id, visit.agent)

    headers = {**LOCKED, "Content-Disposition": 'attachment; filename="customer.json"'}
    return JSONResponse(await visit.read(read), headers=headers)


@router.post("/erase")
async def erase(visit: SupervisorActor, ref: str, typed: Annotated[str, Form(max_length=20)]) -> HTMLResponse:
    """Only with the reference typed by hand: nothing brings a person back."""

    async def step(session: AsyncSession) -> None:
        case = await cases.get(session, ref)
        if cases.normal_ref(typed) != case.ref:
            raise BadInput(f"Type {case.ref} to erase this customer.")
        await cases.erase_customer(session, case.customer_id, visit.agent)

    await visit.write(step)
    return await page_of(visit, ref)
