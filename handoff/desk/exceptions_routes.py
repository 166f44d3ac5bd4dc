"""Escalation and exceptions on the case page, and the settings of how far whom may go."""

from decimal import Decimal, InvalidOperation
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.cases import exception_kinds
from handoff.desk import exceptions_reads
from handoff.desk.case_routes import page_of
from handoff.desk.drawing import draw
from handoff.desk.exceptions_reads import FormView
from handoff.desk.settings_pages import draw_section
from handoff.desk.visit import Actor, Reader, Supervisor, SupervisorActor, Visit
from handoff.errors import BadInput
from handoff.masking import CardFree

router = APIRouter(prefix="/desk")
Reason = Annotated[CardFree, Form(max_length=1000)]
Kind = Annotated[str, Form(max_length=40)]
Amount = Annotated[str, Form(max_length=20)]
DETAIL = "detail-"


@router.post("/cases/{ref}/escalate")
async def escalate(
    visit: Actor,
    ref: str,
    reason: Reason,
    team: Annotated[str, Form(max_length=40)] = "",
    agent_id: Annotated[str, Form(max_length=26)] = "",
) -> HTMLResponse:
    await visit.write(
        lambda session: cases.escalate(session, ref, visit.agent, reason, team=team or None, agent_id=agent_id or None)
    )
    return await page_of(visit, ref)


@router.get("/cases/{ref}/exceptions/form")
async def form(visit: Reader, ref: str, kind: Annotated[str, Query(max_length=40)]) -> HTMLResponse:
    """The fields of another kind, while one is being asked for."""

    async def read(session: AsyncSession) -> FormView:
        case = await cases.get(session, ref)
        offer = await cases.offer_of(session, case, visit.agent, await cases.facts_of(session, case.id))
        return exceptions_reads.form(offer, kind)

    return draw("case/_exception_fields.html", await visit.read(read), visit.me, at=f"/desk/cases/{ref}")


@router.post("/cases/{ref}/exceptions")
async def ask(
    request: Request, visit: Actor, ref: str, kind: Kind, reason: Reason, amount: Amount = ""
) -> HTMLResponse:
    """Fields of the kind are named `detail-…`."""
    sent = await request.form()
    details = {name.removeprefix(DETAIL): str(value) for name, value in sent.items() if name.startswith(DETAIL)}
    cents = in_cents(amount)
    await visit.write(
        lambda session: cases.ask_exception(
            session, ref, visit.agent, kind, reason, amount_cents=cents, details=details
        )
    )
    return await page_of(visit, ref)


@router.post("/cases/{ref}/exceptions/{exception_id}/grant")
async def grant(
    visit: Actor, ref: str, exception_id: str, note: Annotated[CardFree, Form(max_length=500)] = ""
) -> HTMLResponse:
    await visit.write(lambda session: cases.decide_exception(session, exception_id, visit.agent, True, note))
    return await page_of(visit, ref)


@router.post("/cases/{ref}/exceptions/{exception_id}/deny")
async def deny(
    visit: Actor, ref: str, exception_id: str, note: Annotated[CardFree, Form(max_length=500)]
) -> HTMLResponse:
    await visit.write(lambda session: cases.decide_exception(session, exception_id, visit.agent, False, note))
    return await page_of(visit, ref)


@router.post("/cases/{ref}/exceptions/{exception_id}/retry")
async def retry(visit: Actor, ref: str, exception_id: str) -> HTMLResponse:
    await visit.write(lambda session: cases.try_exception_again(session, exception_id, visit.agent))
    return await page_of(visit, ref)


@router.get("/settings/exceptions")
async def settings(visit: Supervisor) -> HTMLResponse:
    return await _settings(visit)


@router.post("/settings/exceptions")
async def set_limit(
    visit: SupervisorActor,
    kind: Kind,
    role: Annotated[str, Form(max_length=12)],
    may: Annotated[bool, Form()] = False,
    amount: Amount = "",
) -> HTMLResponse:
    """An empty amount is no limit."""
    cents = in_cents(amount)
    await visit.write(lambda session: exception_kinds.set_limit(session, kind, role, may=may, amount_cents=cents))
    label = exception_kinds.kind_of(kind).label
    return await _settings(visit, f"“{label}” is set for every {role}.")


async def _settings(visit: Visit, said: str | None = None) -> HTMLResponse:
    return draw_section("exceptions", tuple(await visit.read(exceptions_reads.limits)), visit.me, said)


def in_cents(typed: str) -> int | None:
    """`$1,204.50` is 120450; nothing is None."""
    plain = typed.strip().removeprefix("$").replace(",", "")
    if not plain:
        return None
    try:
        cents = Decimal(plain) * 100
    except InvalidOperation:
        raise BadInput("The amount is a number such as 25 or 12.50.") from None
    if not cents.is_finite() or cents != int(cents) or not 0 <= cents <= 2_000_000_000:
        raise BadInput("The amount is a number such as 25 or 12.50.")
    return int(cents)
