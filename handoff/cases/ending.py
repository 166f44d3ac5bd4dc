"""How a case ends, and how it begins again."""

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.cases.actors import Actor
from handoff.cases.changes import must_be_live
from handoff.cases.log import record
from handoff.cases.looking import hold
from handoff.cases.opening import stop_talking_of, talk_of_again
from handoff.errors import BadInput, IllegalMove
from handoff.models import Case, CaseStatus


async def resolve(session: AsyncSession, ref: str, actor: Actor, resolution: str) -> Case:
    """Done: `resolution` says what was done, in words for the customer. Resolving twice is refused."""
    case = await hold(session, ref)
    if case.status == CaseStatus.RESOLVED:
        raise IllegalMove(f"{case.ref} is resolved already.")
    must_be_live(case)
    if not resolution.strip():
        raise BadInput("Say in a sentence what was done; the customer will read it.")
    case.status, case.resolution, case.resolved_at = CaseStatus.RESOLVED, resolution.strip(), clock.now()
    case.waiting_for = None
    await session.flush()
    await stop_talking_of(session, case)
    await record(session, case, "resolved", actor, {"resolution": case.resolution, "status": case.status})
    return case


async def reopen(
    session: AsyncSession, ref: str, actor: Actor, reason: str, idempotency_key: str | None = None
) -> Case:
    """It is not solved after all. A case that is open stays as it is."""
    case = await hold(session, ref)
    if case.status != CaseStatus.RESOLVED:
        return case
    case.status, case.resolved_at = CaseStatus.OPEN, None
    await talk_of_again(session, case)
    await record(session, case, "reopened", actor, {"reason": reason[:2000], "status": case.status}, idempotency_key)
    return case
