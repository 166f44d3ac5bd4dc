"""Splitting and joining cases, taking either back, and what cases have to do with each other."""

from typing import Annotated

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.api.auth import AgentCaller, DatabaseOf, Reader
from handoff.api.moves_shapes import (
    ChildrenDone,
    ChildrenResolved,
    Id,
    Joining,
    JoinPreviewShape,
    Linking,
    LinkShape,
    MoveShape,
    Splitting,
    WaitingFor,
)
from handoff.api.shapes import AttachmentShape, CaseShape, FactShape, MessageShape
from handoff.cases import Actor
from handoff.models import Case, CaseMove, LinkKind
from handoff.routers import Router

router = Router(prefix="/cases/{ref}", tags=["cases"])


@router.get("/messages")
async def words(ref: str, caller: Reader, database: DatabaseOf) -> list[MessageShape]:
    """Everything said and noted in a case, over all its conversations and channels, in the order of time."""
    async with database.read() as session:
        case = await cases.get(session, ref)
        said = await cases.words_of(session, case.id)
        files = await cases.files_of(session, case.id)
    shapes = [MessageShape.model_validate(message) for message in said]
    for shape in shapes:
        shape.attachments = [AttachmentShape.model_validate(one) for one in files if one.message_id == shape.id]
    return shapes


@router.get("/facts")
async def facts(ref: str, caller: Reader, database: DatabaseOf) -> list[FactShape]:
    """Everything told for a case, what was said last first."""
    async with database.read() as session:
        told = await cases.facts_of(session, (await cases.get(session, ref)).id)
    return [FactShape.model_validate(fact) for fact in told]


@router.post("/split", status_code=201)
async def split(ref: str, body: Splitting, caller: AgentCaller, database: DatabaseOf) -> CaseShape:
    """A new case with the chosen words, their facts and files; the customer is told once. A repeated
    `idempotency_key` gives back the first."""
    case = await database.write(
        lambda session: cases.split(
            session,
            ref,
            caller.as_agent,
            body.message_ids,
            title=body.title,
            topic=body.topic,
            team=body.team,
            idempotency_key=body.idempotency_key,
        )
    )
    return CaseShape.model_validate(case)


@router.get("/join-preview")
async def preview(
    ref: str, caller: AgentCaller, database: DatabaseOf, into: Annotated[str, Query(max_length=40)]
) -> JoinPreviewShape:
    """What joining this case into another would do, in numbers and sentences; refuses as the join would."""
    async with database.read() as session:
        seen = await cases.preview_join(session, ref, into, caller.as_agent)
    return JoinPreviewShape.model_validate(seen)


@router.post("/join", status_code=201)
async def join(ref: str, body: Joining, caller: AgentCaller, database: DatabaseOf) -> MoveShape:
    """Make this case part of another of the same customer. Rights on both are needed. It can be undone."""

    async def step(session: AsyncSession) -> MoveShape:
        made = await cases.join(
            session, ref, body.into, caller.as_agent, reason=body.reason, idempotency_key=body.idempotency_key
        )
        return await _shape(session, made)

    return await database.write(step)


@router.get("/moves")
async def moves(ref: str, caller: Reader, database: DatabaseOf) -> list[MoveShape]:
    """The splits and joins this case was part of, newest first."""
    async with database.read() as session:
        case = await cases.get(session, ref)
        return [await _shape(session, made) for made in await cases.moves_of(session, case.id)]


@router.post("/moves/{move_id}/undo")
async def undo(ref: str, move_id: Id, caller: AgentCaller, database: DatabaseOf) -> MoveShape:
    """Both cases as they were, later words where they belong. 409 while a later split or join rests on it."""

    async def step(session: AsyncSession) -> MoveShape:
        await cases.get(session, ref)
        return await _shape(session, await cases.undo(session, move_id, caller.as_agent))

    return await database.write(step)


async def _shape(session: AsyncSession, made: CaseMove) -> MoveShape:
    first, second = [await session.get_one(Case, one) for one in (made.from_case_id, made.to_case_id)]
    return MoveShape.model_validate(
        {
            "id": made.id,
            "kind": made.kind,
            "from_ref": first.ref,
            "to_ref": second.ref,
            "messages": len(made.moved["messages"]),
            "created_at": made.created_at,
            "undone_at": made.undone_at,
        }
    )


@router.get("/links")
async def links(ref: str, caller: Reader, database: DatabaseOf) -> list[LinkShape]:
    """What this case has to do with others."""
    async with database.read() as session:
        found = await cases.links_of(session, (await cases.get(session, ref)).id)
    return [LinkShape.model_validate(one) for one in found]


@router.post("/links", status_code=201)
async def link(ref: str, body: Linking, caller: AgentCaller, database: DatabaseOf) -> list[LinkShape]:
    """Link two cases and give back every link of this one. Saying it twice changes nothing."""

    async def step(session: AsyncSession) -> list[LinkShape]:
        await cases.link(session, ref, body.other, caller.as_agent, LinkKind(body.kind))
        found = await cases.links_of(session, (await cases.get(session, ref)).id)
        return [LinkShape.model_validate(one) for one in found]

    return await database.write(step)


@router.delete("/links/{link_id}", status_code=204)
async def unlink(ref: str, link_id: Id, caller: AgentCaller, database: DatabaseOf) -> None:
    await database.write(lambda session: cases.unlink(session, link_id, caller.as_agent))


@router.post("/resolve-children")
async def resolve_children(ref: str, body: ChildrenResolved, caller: AgentCaller, database: DatabaseOf) -> ChildrenDone:
    """Resolve every open case below this one in the same words; each customer is told. All of them or none."""
    done = await database.write(lambda session: cases.resolve_children(session, ref, caller.as_agent, body.resolution))
    return ChildrenDone(resolved=[CaseShape.model_validate(case) for case in done])


@router.post("/wait")
async def wait(ref: str, body: WaitingFor, caller: AgentCaller, database: DatabaseOf) -> CaseShape:
    """Nothing can be done until the customer or a partner has done something; clocks stand still meanwhile."""

    async def step(session: AsyncSession) -> Case:
        await cases.must_work_on(caller.as_agent, await cases.get(session, ref))
        return await cases.wait_for(session, ref, Actor.of(caller.as_agent), body.whom)

    return CaseShape.model_validate(await database.write(step))
