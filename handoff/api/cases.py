"""Cases: open, look, note, change, resolve, reopen."""

from typing import Literal

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, floor
from handoff.api.auth import AgentCaller, AnyCaller, DatabaseOf
from handoff.api.shapes import (
    CaseChange,
    CaseEventShape,
    CaseOpened,
    CaseResolved,
    CaseShape,
    CaseWithHistory,
    Noted,
    PartnerPart,
    Reopened,
)
from handoff.cases import Actor
from handoff.errors import NotFound
from handoff.models import Agent, Case, CaseStatus, Priority
from handoff.partners import progress
from handoff.routers import Router
from handoff.tokens import Caller, Scope

router = Router(prefix="/cases", tags=["cases"])


def _actor(caller: Caller) -> Actor:
    return Actor.of(caller.agent) if caller.agent else cases.ASSISTANT


@router.get("")
async def of_customer(
    caller: AnyCaller, database: DatabaseOf, customer_id: str = Query(max_length=26)
) -> list[CaseShape]:
    """The cases of one customer, newest first."""
    async with database.read() as session:
        return [CaseShape.model_validate(case) for case in await cases.of_customer(session, customer_id)]


@router.post("", status_code=201)
async def open_case(body: CaseOpened, caller: AnyCaller, database: DatabaseOf) -> CaseShape:
    """A new case about a conversation; a repeated `idempotency_key` gives back the first."""
    caller.must_have(Scope.ASSISTANT, Scope.AGENT)

    async def step(session: AsyncSession) -> Case:
        conversation = await floor.hold(session, body.conversation_id)
        case = await cases.open_case(
            session,
            conversation,
            title=body.title,
            topic=body.topic,
            team=body.team,
            priority=body.priority,
            actor=_actor(caller),
            idempotency_key=body.idempotency_key,
        )
        if body.note:
            await cases.add_note(session, case.ref, _actor(caller), body.note, f"{body.idempotency_key[:95]}:note")
        return case

    return CaseShape.model_validate(await database.write(step))


@router.get("/{ref}")
async def show(ref: str, caller: AnyCaller, database: DatabaseOf) -> CaseWithHistory:
    """One case with everything that happened to it. The reference may be typed with or without dashes."""
    async with database.read() as session:
        case = await cases.get(session, ref)
        history = await cases.history(session, case.id)
        conversation_ids = await cases.conversation_ids(session, case)
        joined_into = await cases.leads_to(session, case)
        said = (await progress.of_cases(session, [case.id])).get(case.id)
    return CaseWithHistory(
        **CaseShape.model_validate(case).model_dump(),
        history=[CaseEventShape.model_validate(event) for event in history],
        conversation_ids=list(conversation_ids),
        joined_into=joined_into.ref if joined_into is not case else None,
        partner=PartnerPart.model_validate(said) if said else None,
    )


@router.post("/{ref}/notes", status_code=201)
async def add_note(ref: str, body: Noted, caller: AnyCaller, database: DatabaseOf) -> CaseEventShape:
    caller.must_have(Scope.ASSISTANT, Scope.AGENT)
    event = await database.write(
        lambda session: cases.add_note(session, ref, _actor(caller), body.text, body.idempotency_key)
    )
    return CaseEventShape.model_validate(event)


@router.post("/{ref}/reopen")
async def reopen(ref: str, body: Reopened, caller: AnyCaller, database: DatabaseOf) -> CaseShape:
    """Not solved after all: the case that goes on, which may be another one.

    What was resolved lately is opened again; after `TELLONCE_REOPEN_WITHIN_DAYS` a follow-up case is made with what is
    known and linked. An open case stays as it is. A reference that became part of another case means that one.
    """
    caller.must_have(Scope.ASSISTANT, Scope.AGENT)
    case = await database.write(
        lambda session: cases.reopen_or_follow_up(session, ref, _actor(caller), body.reason, body.idempotency_key)
    )
    return CaseShape.model_validate(case)


@router.post("/{ref}/resolve")
async def resolve(ref: str, body: CaseResolved, caller: AgentCaller, database: DatabaseOf) -> CaseShape:
    """Done, in words for the customer, who reads them. 409 `illegal_move` when it is resolved already, or while cases
    below it are open and `children` is `ask`."""

    async def step(session: AsyncSession) -> Case:
        case = await cases.get(session, ref)
        await cases.must_work_on(caller.as_agent, case)
        if body.children == "resolve" and await cases.open_children(session, case.id):
            await cases.resolve_children(session, ref, caller.as_agent, body.resolution)
        children: Literal["ask", "leave"] = "leave" if body.children == "leave" else "ask"
        return await cases.resolve(session, ref, _actor(caller), body.resolution, children=children)

    return CaseShape.model_validate(await database.write(step))


@router.patch("/{ref}")
async def change(ref: str, body: CaseChange, caller: AgentCaller, database: DatabaseOf) -> CaseShape:
    """Priority, team, status, assignee (an empty `assignee_id` means nobody)."""
    actor = _actor(caller)

    async def step(session: AsyncSession) -> Case:
        case = await cases.hold(session, ref)
        await cases.must_work_on(caller.as_agent, case)
        if body.priority:
            await cases.set_priority(session, ref, actor, Priority(body.priority))
        if body.team:
            await cases.set_team(session, ref, actor, body.team)
        if body.status:
            await cases.set_status(session, ref, actor, CaseStatus(body.status))
        if body.assignee_id is not None:
            assignee = await session.get(Agent, body.assignee_id) if body.assignee_id else None
            if body.assignee_id and (assignee is None or not assignee.is_active):
                raise NotFound("There is no such agent.")
            await cases.assign(session, ref, actor, assignee)
        return case

    return CaseShape.model_validate(await database.write(step))
