"""Escalating a case, and granting what policy refused."""

from fastapi import APIRouter

from handoff import cases
from handoff.api.auth import AgentCaller, DatabaseOf, Reader
from handoff.api.exceptions_shapes import (
    Asking,
    Deciding,
    DetailShape,
    Escalating,
    ExceptionShape,
    KindShape,
    LimitChange,
    LimitShape,
    OfferShape,
)
from handoff.api.partners import SupervisorCaller
from handoff.api.shapes import CaseShape
from handoff.cases import exception_kinds
from handoff.cases.offers import Offered

router = APIRouter(tags=["exceptions"])


@router.post("/cases/{ref}/escalate")
async def escalate(ref: str, body: Escalating, caller: AgentCaller, database: DatabaseOf) -> CaseShape:
    """To a team or a person with more authority. Whoever had it keeps watching."""
    case = await database.write(
        lambda session: cases.escalate(
            session,
            ref,
            caller.as_agent,
            body.reason,
            team=body.team,
            agent_id=body.agent_id,
            idempotency_key=body.idempotency_key,
        )
    )
    return CaseShape.model_validate(case)


@router.get("/cases/{ref}/exceptions/offer")
async def offer(ref: str, caller: AgentCaller, database: DatabaseOf) -> OfferShape:
    """Which exceptions there are for this case, prefilled, and what refused them before."""
    async with database.read() as session:
        case = await cases.get(session, ref)
        found = await cases.offer_of(session, case, caller.as_agent, await cases.facts_of(session, case.id))
    return OfferShape(refused_by=found.refused_by, kinds=[_kind(one) for one in found.kinds])


def _kind(one: Offered) -> KindShape:
    details = [
        DetailShape(name=each.name, label=each.label, is_needed=each.is_needed, value=one.known.get(each.name))
        for each in one.kind.details
    ]
    told = {"kind": one.kind.name, "label": one.kind.label, "has_amount": one.kind.has_amount}
    return KindShape(**told, details=details, may_grant=one.may_grant, most_cents=one.most_cents)


@router.get("/cases/{ref}/exceptions")
async def of_case(ref: str, caller: Reader, database: DatabaseOf) -> list[ExceptionShape]:
    """Oldest first."""
    async with database.read() as session:
        found = await cases.exceptions_of(session, (await cases.get(session, ref)).id)
    return [ExceptionShape.model_validate(one) for one in found]


@router.post("/cases/{ref}/exceptions", status_code=201)
async def ask(ref: str, body: Asking, caller: AgentCaller, database: DatabaseOf) -> ExceptionShape:
    """Granted at once within the caller's limit, else asked of somebody with more authority."""
    made = await database.write(
        lambda session: cases.ask_exception(
            session,
            ref,
            caller.as_agent,
            body.kind,
            body.reason,
            amount_cents=body.amount_cents,
            refused_by=body.refused_by,
            details=body.details,
            idempotency_key=body.idempotency_key,
        )
    )
    return ExceptionShape.model_validate(made)


@router.get("/exceptions/asked")
async def asked(caller: AgentCaller, database: DatabaseOf) -> list[ExceptionShape]:
    """What waits for a decision the caller may make."""
    async with database.read() as session:
        found = await cases.asked_exceptions(session, caller.as_agent)
    return [ExceptionShape.model_validate(one) for one in found]


@router.post("/exceptions/{exception_id}/decide")
async def decide(exception_id: str, body: Deciding, caller: AgentCaller, database: DatabaseOf) -> ExceptionShape:
    """Grant or deny; 403 above the caller's own limit."""
    made = await database.write(
        lambda session: cases.decide_exception(session, exception_id, caller.as_agent, body.grant, body.note)
    )
    return ExceptionShape.model_validate(made)


@router.post("/exceptions/{exception_id}/retry")
async def retry(exception_id: str, caller: AgentCaller, database: DatabaseOf) -> ExceptionShape:
    """Ask the company once more about one that failed."""
    made = await database.write(lambda session: cases.try_exception_again(session, exception_id, caller.as_agent))
    return ExceptionShape.model_validate(made)


@router.get("/settings/exception-limits")
async def limits(caller: SupervisorCaller, database: DatabaseOf) -> list[LimitShape]:
    """How far each role may go alone."""
    async with database.read() as session:
        known = await exception_kinds.limits(session)
    return [LimitShape(kind=kind, role=role, amount_cents=most) for (kind, role), most in sorted(known.items())]


@router.put("/settings/exception-limits")
async def set_limit(body: LimitChange, caller: SupervisorCaller, database: DatabaseOf) -> list[LimitShape]:
    """Change one; `may: false` takes it away."""
    await database.write(
        lambda session: exception_kinds.set_limit(
            session, body.kind, body.role, may=body.may, amount_cents=body.amount_cents
        )
    )
    return await limits(caller, database)
