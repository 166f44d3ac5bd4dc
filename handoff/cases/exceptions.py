"""Exceptions: a person grants what policy refused, within limits by role; the company's own system carries it out.

Within the limit of who asks it is granted at once, above it waits for somebody with more authority. A granted one is
an order in the lane `company`, sent by `CarryingOut` outside any transaction under its own id as the idempotency key:
however often it is tried, the company does it once. How it ended, and what came of it, is on the case.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, events, facts, floor, masking, outbox
from handoff.cases import exception_kinds, telling
from handoff.cases.actors import SYSTEM, Actor
from handoff.cases.changes import must_be_live
from handoff.cases.exception_kinds import Kind, kind_of
from handoff.cases.log import by_key, record
from handoff.cases.looking import conversation_ids, facts_of, hold, leads_to
from handoff.cases.rights import must_work_on
from handoff.db import announce
from handoff.errors import BadInput, IllegalMove, NotAllowed, NotFound
from handoff.models import Agent, Case, CaseException, Customer, ExceptionState, Fact, Handover
from handoff.package import Reason
from handoff.ports import CompanyResult, ExceptionOrder
from words import identifiers

JOB = "carry_out_exception"
MOST_CENTS = 100_000_00
LONGEST_DETAIL = 200


async def ask_exception(
    session: AsyncSession,
    ref: str,
    agent: Agent,
    kind: str,
    reason: str,
    *,
    amount_cents: int | None = None,
    refused_by: str | None = None,
    details: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> CaseException:
    """Grant what policy refused, or ask for it when it is above the limit of this agent.

    `details` are what the company needs (`exception_kinds.KINDS`); what is left out is taken from the facts of the
    case. `refused_by` is what said no; left out, it is the refusal the assistant met.
    """
    chosen = kind_of(kind)
    if not reason.strip():
        raise BadInput("Say why this customer should have it; the company and whoever decides read it.")
    case = await hold(session, ref)
    if idempotency_key and (known := await by_key(session, case.id, idempotency_key, "exception_asked")):
        return await session.get_one(CaseException, known.data["exception_id"])
    await must_work_on(agent, case)
    must_be_live(case)
    amount_cents = _amount(chosen, amount_cents)
    known_details = await _details(session, case, chosen, details or {})
    refused_by = (refused_by or "").strip() or (await refusal_of(session, case.id)) or None
    made = CaseException(
        case_id=case.id,
        kind=chosen.name,
        amount_cents=amount_cents,
        reason=masking.mask(reason.strip()).text[:1000],
        refused_by=refused_by[:300] if refused_by else None,
        details=known_details,
        state=ExceptionState.ASKED,
        asked_by=agent.id,
        created_at=clock.now(),
    )
    session.add(made)
    await session.flush()
    await record(session, case, "exception_asked", Actor.of(agent), _told(made), idempotency_key)
    if await exception_kinds.may_grant(session, agent.role, chosen, amount_cents):
        await _grant(session, case, made, agent, "")
    else:
        await _offer(session, case, chosen, made, agent)
    return made


async def _offer(session: AsyncSession, case: Case, kind: Kind, made: CaseException, agent: Agent) -> None:
    """Everybody at the desk who may decide it is told."""
    known, may = await exception_kinds.limits(session), exception_kinds.allows
    at_desk = await session.scalars(select(Agent).where(Agent.is_active, Agent.id != agent.id))
    ids = tuple(one.id for one in at_desk if may(known, one.role, kind, made.amount_cents))
    for conversation_id in list(await conversation_ids(session, case))[:1]:
        announce(session, events.ExceptionAsked(conversation_id, case.ref, kind.label, agent.name, ids))


async def decide_exception(
    session: AsyncSession, exception_id: str, agent: Agent, grant: bool, note: str
) -> CaseException:
    """Grant or deny what somebody else asked for. A no needs a sentence. `NotAllowed` above the decider's own limit."""
    made = await _hold(session, exception_id)
    case = await session.get_one(Case, made.case_id, with_for_update=True)
    await must_work_on(agent, case)
    kind = kind_of(made.kind)
    if not await exception_kinds.may_grant(session, agent.role, kind, made.amount_cents):
        raise NotAllowed(f"“{kind.label}” is above what you may decide. Ask a supervisor or an admin.")
    if made.state != ExceptionState.ASKED:
        raise IllegalMove("This was decided already. Look at the case for how it went.")
    if grant:
        must_be_live(case)
        await _grant(session, case, made, agent, note)
        return made
    if not note.strip():
        raise BadInput("Say why not; whoever asked has to explain it to the customer.")
    made.state, made.decided_by, made.decided_at = ExceptionState.DENIED, agent.id, clock.now()
    made.result = note.strip()[:500]
    await record(session, case, "exception_denied", Actor.of(agent), {**_told(made), "note": made.result})
    return made


async def try_exception_again(session: AsyncSession, exception_id: str, agent: Agent) -> CaseException:
    """Send one that failed once more, with the same key: what the company did already it does not do again."""
    made = await _hold(session, exception_id)
    case = await session.get_one(Case, made.case_id, with_for_update=True)
    await must_work_on(agent, case)
    if made.state != ExceptionState.FAILED:
        raise IllegalMove("Only an exception that failed can be tried again.")
    must_be_live(case)
    await _grant(session, case, made, agent, "Tried again")
    return made


async def exceptions_of(session: AsyncSession, case_id: str) -> Sequence[CaseException]:
    """Of one case, oldest first."""
    query = select(CaseException).where(CaseException.case_id == case_id).order_by(CaseException.id)
    return list(await session.scalars(query))


async def asked_exceptions(session: AsyncSession, agent: Agent) -> Sequence[CaseException]:
    """What waits for a decision this agent may make, oldest first."""
    query = select(CaseException).where(CaseException.state == ExceptionState.ASKED).order_by(CaseException.id)
    waiting = list(await session.scalars(query.limit(200)))
    known, may = await exception_kinds.limits(session), exception_kinds.allows
    return [one for one in waiting if may(known, agent.role, kind_of(one.kind), one.amount_cents)]


async def refusal_of(session: AsyncSession, case_id: str) -> str | None:
    """What policy said when the assistant tried: the sentence it left in the newest package, or what it tried."""
    query = select(Handover).where(Handover.case_id == case_id).order_by(Handover.id.desc()).limit(5)
    for handover in await session.scalars(query):
        if handover.reason_code == Reason.POLICY_EXCEPTION and handover.reason_text.strip():
            return handover.reason_text.strip()[:300]
        for one in reversed(handover.package.get("actions_tried", [])):
            if one.get("outcome") == "refused":
                return f"{one['name']} was refused{': ' + one['error_code'] if one.get('error_code') else ''}"[:300]
    return None


async def known_of(session: AsyncSession, case: Case, facts: Sequence[Fact]) -> Mapping[str, str]:
    """What holds of a case, by the name of the fact; the account is the customer's own where they have one."""
    customer = await session.get(Customer, case.customer_id)
    known = {fact.name: fact.value for fact in reversed(facts)}
    if customer and customer.account_number:
        known["account_number"] = customer.account_number
    return known


def prefilled(known: Mapping[str, str], kind: Kind) -> dict[str, str]:
    """What `known_of` a case answers of what the company needs, by the name of the detail."""
    answered = {one.name: next((known[name] for name in one.facts if name in known), None) for one in kind.details}
    return {name: value for name, value in answered.items() if value}


async def order_of(session: AsyncSession, exception_id: str) -> ExceptionOrder | None:
    """What the company is asked to do; None when it needs doing no longer."""
    made = await session.get(CaseException, exception_id)
    if made is None or made.state != ExceptionState.GRANTED:
        return None
    case = await session.get_one(Case, made.case_id)
    decider = await session.get(Agent, made.decided_by) if made.decided_by else None
    details = {name: str(value) for name, value in made.details.items()}
    return ExceptionOrder(
        key=made.id,
        kind=made.kind,
        system=kind_of(made.kind).system,
        account_number=details.pop("account_number", ""),
        amount_cents=made.amount_cents,
        reason=made.reason[:500],
        approved_by=decider.name if decider else "",
        case_ref=case.ref,
        details=details,
    )


async def was_done(session: AsyncSession, exception_id: str, result: CompanyResult) -> None:
    """The company did it: what came of it are facts of the case. Told twice, it counts once."""
    made, case = await _where_it_is_now(session, exception_id)
    if made is None or case is None or made.state != ExceptionState.GRANTED:
        return
    made.state, made.result, made.done_at = ExceptionState.DONE, result.sentence[:500], clock.now()
    named = {one.name: one.value for one in result.facts}
    await _keep_facts(session, case, result)
    await record(session, case, "exception_done", SYSTEM, {**_told(made), "result": made.result, "facts": named})


async def has_failed(session: AsyncSession, exception_id: str, sentence: str) -> None:
    """The company said no for good, or could not be reached for as long as we try."""
    made, case = await _where_it_is_now(session, exception_id)
    if made is None or case is None or made.state != ExceptionState.GRANTED:
        return
    made.state, made.result = ExceptionState.FAILED, sentence[:500]
    await record(session, case, "exception_failed", SYSTEM, {**_told(made), "result": made.result})


async def _where_it_is_now(session: AsyncSession, exception_id: str) -> tuple[CaseException | None, Case | None]:
    """It goes along when its case joins another one."""
    made = await session.get(CaseException, exception_id)
    if made is None:
        return None, None
    case = await leads_to(session, await session.get_one(Case, made.case_id))
    talking = await telling.newest_of(session, case)
    if talking:
        await floor.hold(session, talking.id)
    return await _hold(session, exception_id), await session.get_one(Case, case.id, with_for_update=True)


async def _keep_facts(session: AsyncSession, case: Case, result: CompanyResult) -> None:
    """Facts live in a conversation; these belong to this case, whatever is talked about there now."""
    talking = await telling.newest_of(session, case)
    if talking is None or not result.facts:
        return
    await facts.put(session, talking, result.facts, set_by="action")
    keys = {(one.name, identifiers.normalize(one.name, one.value)) for one in result.facts}
    for fact in await session.scalars(select(Fact).where(Fact.conversation_id == talking.id)):
        if (fact.name, fact.normalized) in keys and fact.set_by == "action":
            fact.case_id = case.id
    await session.flush()


async def _grant(session: AsyncSession, case: Case, made: CaseException, agent: Agent, note: str) -> None:
    made.state, made.decided_by, made.decided_at = ExceptionState.GRANTED, agent.id, clock.now()
    made.result = None
    await record(session, case, "exception_granted", Actor.of(agent), {**_told(made), "note": note.strip()[:500]})
    outbox.add_for(session, made.id, "company", JOB, {"exception_id": made.id, "case_id": case.id})


def _told(made: CaseException) -> dict[str, Any]:
    told = {"exception_id": made.id, "kind": made.kind, "amount_cents": made.amount_cents}
    return {**told, "reason": made.reason, "refused_by": made.refused_by}


def _amount(kind: Kind, amount_cents: int | None) -> int | None:
    if not kind.has_amount:
        return None
    if amount_cents is None or not 0 < amount_cents <= MOST_CENTS:
        raise BadInput(f"“{kind.label}” needs an amount above 0 and up to {MOST_CENTS // 100}.")
    return amount_cents


async def _details(session: AsyncSession, case: Case, kind: Kind, given: Mapping[str, str]) -> dict[str, str]:
    """Everything the company needs, from what was typed and what the case knows; names what is missing."""
    names = {one.name for one in kind.details}
    if unknown := sorted(set(given) - names):
        raise BadInput(f"“{kind.label}” has no '{unknown[0][:40]}'. It takes {', '.join(sorted(names))}.")
    told = {name: masking.without_sure_cards(str(value).strip()) for name, value in given.items()}
    typed = {name: value[:LONGEST_DETAIL] for name, value in told.items() if value}
    known = {**prefilled(await known_of(session, case, await facts_of(session, case.id)), kind), **typed}
    if left := exception_kinds.missing(kind, known):
        raise BadInput(f"The company needs more for this: {', '.join(one.label.lower() for one in left)}.")
    return known


async def _hold(session: AsyncSession, exception_id: str) -> CaseException:
    query = select(CaseException).where(CaseException.id == exception_id).with_for_update()
    found = await session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound("There is no such exception.")
    return found
