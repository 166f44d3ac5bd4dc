"""Passing on, and everything an agent may do with a conversation."""

from typing import Any

from fastapi import APIRouter, Response

from handoff import handbacks, handovers, queues
from handoff.api.auth import AgentCaller, AssistantCaller, DatabaseOf, Reader
from handoff.api.shapes import ConversationShape, HandoverShape, Resolved, Transferred, WaitingShape
from handoff.models import Conversation
from handoff.package import Handback, HandoverAnswer, HandoverPackage, HandoverRequest

router = APIRouter(tags=["handovers"])


@router.post("/handovers", status_code=201, responses={200: {"model": HandoverAnswer}})
async def hand_over(
    body: HandoverRequest, caller: AssistantCaller, database: DatabaseOf, response: Response
) -> HandoverAnswer:
    """Pass a conversation to people. 200 instead of 201 when it was passed already."""
    answer = await database.write(lambda session: handovers.hand_over(session, body))
    response.status_code = 200 if answer.already else 201
    return answer


@router.get("/handovers")
async def waiting(caller: Reader, database: DatabaseOf, team: str | None = None) -> list[WaitingShape]:
    """Who waits, in the order they will be served."""
    async with database.read() as session:
        rows = await queues.standing(session, team)
    return [WaitingShape(handover_id=row.id, **_some(row)) for row in rows]


def _some(row: Any) -> dict[str, Any]:
    names = ("conversation_id", "team", "priority", "reason_code", "state", "offered_to", "created_at")
    return {name: getattr(row, name) for name in names}


@router.get("/handovers/{handover_id}")
async def show(handover_id: str, caller: Reader, database: DatabaseOf) -> HandoverShape:
    async with database.read() as session:
        return HandoverShape.model_validate(await handovers.get(session, handover_id))


@router.get("/schemas/handover-package")
async def schema() -> dict[str, Any]:
    """The JSON Schema of the package, version 1."""
    return HandoverPackage.model_json_schema()


@router.post("/conversations/{conversation_id}/accept")
async def accept(conversation_id: str, caller: AgentCaller, database: DatabaseOf) -> ConversationShape:
    """Take a waiting conversation. The first one wins; 409 `floor_taken` names who has it."""
    agent = caller.as_agent
    return _shown(await database.write(lambda session: handovers.accept(session, conversation_id, agent)))


@router.post("/conversations/{conversation_id}/take-over")
async def take_over(conversation_id: str, caller: AgentCaller, database: DatabaseOf) -> ConversationShape:
    """Step in while the assistant talks."""
    agent = caller.as_agent
    return _shown(await database.write(lambda session: handovers.take_over(session, conversation_id, agent)))


@router.post("/conversations/{conversation_id}/decline", status_code=204)
async def decline(conversation_id: str, caller: AgentCaller, database: DatabaseOf) -> None:
    """Not me: the next agent is offered it."""
    agent = caller.as_agent
    await database.write(lambda session: handovers.decline(session, conversation_id, agent))


@router.post("/conversations/{conversation_id}/transfer")
async def transfer(
    conversation_id: str, body: Transferred, caller: AgentCaller, database: DatabaseOf
) -> ConversationShape:
    """To a team, with a note for whoever takes it."""
    agent = caller.as_agent
    return _shown(
        await database.write(lambda session: handovers.transfer(session, conversation_id, agent, body.team, body.note))
    )


@router.post("/conversations/{conversation_id}/resolve")
async def resolve(conversation_id: str, body: Resolved, caller: AgentCaller, database: DatabaseOf) -> ConversationShape:
    """Done: the customer reads what was done, the case is resolved."""
    agent = caller.as_agent
    return _shown(
        await database.write(lambda session: handbacks.resolve(session, conversation_id, agent, body.resolution))
    )


@router.post("/conversations/{conversation_id}/give-back")
async def give_back(
    conversation_id: str, body: Handback, caller: AgentCaller, database: DatabaseOf
) -> ConversationShape:
    """To the assistant, with outcome, facts learned, promises and where to resume."""
    agent = caller.as_agent
    return _shown(await database.write(lambda session: handbacks.give_back(session, conversation_id, agent, body)))


def _shown(conversation: Conversation) -> ConversationShape:
    return ConversationShape.model_validate(conversation)
