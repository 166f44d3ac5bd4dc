"""How a case ends, and how it begins again."""

from collections.abc import Sequence
from typing import Literal, cast

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.cases import telling
from handoff.cases.actors import Actor
from handoff.cases.changes import WaitedFor, must_be_live, must_not_be_erased, wait_for
from handoff.cases.links import open_children
from handoff.cases.log import by_key, record
from handoff.cases.looking import get, hold, hold_conversations
from handoff.cases.opening import stop_talking_of, talk_of_again
from handoff.cases.rights import must_work_on
from handoff.errors import BadInput, IllegalMove
from handoff.models import Agent, Case, CaseStatus


async def resolve(
    session: AsyncSession,
    ref: str,
    actor: Actor,
    resolution: str,
    *,
    told: str | None = None,
    children: Literal["ask", "leave"] = "leave",
) -> Case:
    """Done: `resolution` says what was done, in words for the customer. Resolving twice is refused.

    The customer reads it, once, where the case was talked about last; unless an agent has that conversation, who says
    it with the handback. `told` is said instead of the usual sentence. Cases below this one stay open and are named in
    the event; with `children="ask"` they are a reason to refuse (`IllegalMove`).
    """
    if not resolution.strip():
        raise BadInput("Say in a sentence what was done; the customer will read it.")
    talking = await hold_conversations(session, [(await get(session, ref)).id])
    case = await hold(session, ref)
    if case.status == CaseStatus.RESOLVED:
        raise IllegalMove(f"{case.ref} is resolved already.")
    must_be_live(case)
    below = await _below(session, case, children)
    case.status, case.resolution, case.resolved_at = CaseStatus.RESOLVED, resolution.strip(), clock.now()
    case.waiting_for = None
    await session.flush()
    if talking:
        await telling.tell_where_it_was_talked_about(session, case, told or telling.solved(case))
    await stop_talking_of(session, case)
    data = {"resolution": case.resolution, "status": case.status, "waiting_for": None}
    await record(session, case, "resolved", actor, {**data, **({"left_open": below} if below else {})})
    return case


async def _below(session: AsyncSession, case: Case, children: str) -> list[str]:
    refs = [child.ref for child in await open_children(session, case.id)]
    if refs and children == "ask":
        named = ", ".join(refs[:5]) + (" and others" if len(refs) > 5 else "")
        raise IllegalMove(
            f"{case.ref} has {len(refs)} open {'case' if len(refs) == 1 else 'cases'} below it: {named}. "
            "Resolve them together with it, or say that they stay open."
        )
    return refs


async def resolve_children(session: AsyncSession, ref: str, agent: Agent, resolution: str) -> Sequence[Case]:
    """Resolve every open case below this one with the same words; each customer reads them where they talk.

    All of them or none: `NotAllowed` unless `agent` may work on every one, `IllegalMove` when there is none.
    """
    parent = await get(session, ref)
    await must_work_on(agent, parent)
    children = await open_children(session, parent.id)
    if not children:
        raise IllegalMove(f"No case below {parent.ref} is open.")
    await must_work_on(agent, *children)
    done = [await resolve(session, child.ref, Actor.of(agent), resolution) for child in children]
    held = await hold(session, ref)
    told = {"refs": [child.ref for child in done], "resolution": resolution.strip()}
    await record(session, held, "children_resolved", Actor.of(agent), told)
    return done


async def reopen(
    session: AsyncSession, ref: str, actor: Actor, reason: str, idempotency_key: str | None = None
) -> Case:
    """It is not solved after all. A case that is open stays as it is; `reopen_or_follow_up` is for customers.

    A repeated `idempotency_key` opens nothing that was solved since.

    `IllegalMove` when its customer was erased.
    """
    case = await hold(session, ref)
    if case.status != CaseStatus.RESOLVED:
        return case
    if idempotency_key and await by_key(session, case.id, idempotency_key, "reopened"):
        return case
    await must_not_be_erased(session, case)
    case.status, case.resolved_at = CaseStatus.OPEN, None
    await talk_of_again(session, case)
    await record(session, case, "reopened", actor, {"reason": reason[:2000], "status": case.status}, idempotency_key)
    return case


async def take_back_resolving(session: AsyncSession, ref: str, agent: Agent, waiting_for: str = "") -> Case:
    """It was resolved by mistake: open again, or waiting as it was before; whoever read that it is solved reads that it
    is not."""
    by = Actor.of(agent)
    case = await reopen(session, ref, by, "It was resolved by mistake.")
    case.resolution = None
    if waiting_for:
        await wait_for(session, ref, by, cast("WaitedFor", waiting_for))
    await telling.tell_where_it_was_talked_about(session, case, telling.not_solved(case))
    return case
