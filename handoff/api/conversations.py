"""Conversations, their words, their facts, what the assistant made of them."""

from collections.abc import Sequence

from fastapi import Query
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, cases, conversations, deliveries, facts, floor, handovers, ledger, turns
from handoff.api.auth import AgentCaller, DatabaseOf, Reader
from handoff.api.shapes import (
    AttachmentShape,
    ConversationShape,
    FactGiven,
    FactShape,
    HandoverShape,
    MessageShape,
    Noted,
    Reworded,
    Said,
    TurnShape,
)
from handoff.db import Database
from handoff.ledger import Speaker
from handoff.models import Attachment, Case, Message
from handoff.ports import Attached, Words
from handoff.routers import Router

router = Router(prefix="/conversations/{conversation_id}", tags=["conversations"])


@router.get("")
async def show(conversation_id: str, caller: Reader, database: DatabaseOf) -> ConversationShape:
    async with database.read() as session:
        return ConversationShape.model_validate(await conversations.get(session, conversation_id))


@router.get("/messages")
async def messages(
    conversation_id: str,
    caller: Reader,
    database: DatabaseOf,
    after: int = Query(default=0, ge=0, le=2**31),
    limit: int = Query(default=1000, ge=1, le=10_000),
) -> list[MessageShape]:
    """Messages with `seq > after`, oldest first, desk-only notes included."""
    async with database.read() as session:
        await conversations.get(session, conversation_id)
        rows = await ledger.messages(session, conversation_id, after, limit)
        files = await attachments.of_messages(session, [row.id for row in rows])
    return [_shown(row, files.get(row.id, ())) for row in rows]


async def _with_files(database: Database, message: Message) -> MessageShape:
    async with database.read() as session:
        return _shown(message, (await attachments.of_messages(session, [message.id])).get(message.id, ()))


def _shown(row: Message, files: Sequence[Attachment]) -> MessageShape:
    with_them = {"attachments": [AttachmentShape.model_validate(one) for one in files]}
    return MessageShape.model_validate(row).model_copy(update=with_them)


@router.get("/facts")
async def known(conversation_id: str, caller: Reader, database: DatabaseOf) -> list[FactShape]:
    """The facts that hold, newest first, each with the message it came from."""
    async with database.read() as session:
        await conversations.get(session, conversation_id)
        return [FactShape.model_validate(fact) for fact in await facts.current(session, conversation_id)]


@router.post("/facts", status_code=201)
async def learn(conversation_id: str, body: FactGiven, caller: AgentCaller, database: DatabaseOf) -> list[FactShape]:
    """Write down what the agent learned; gives back the facts that hold now. 403 for whoever may not work on the
    case it is about; 409 `floor_taken` where it is about none, unless the agent has the conversation."""
    agent = caller.as_agent

    async def step(session: AsyncSession) -> None:
        conversation = await floor.hold(session, conversation_id)
        case = await session.get(Case, conversation.case_id) if conversation.case_id else None
        if case is None:
            floor.must_hold(conversation, agent)
        else:
            await cases.must_work_on(agent, case)
        await facts.set_by_agent(session, conversation_id, agent, body.name, body.value)

    await database.write(step)
    return await known(conversation_id, caller, database)


@router.get("/turns")
async def understood(conversation_id: str, caller: Reader, database: DatabaseOf) -> list[TurnShape]:
    """What the assistant understood and tried, oldest first."""
    async with database.read() as session:
        await conversations.get(session, conversation_id)
        return [TurnShape.model_validate(turn) for turn in await turns.of_conversation(session, conversation_id)]


@router.get("/handover")
async def newest_handover(conversation_id: str, caller: Reader, database: DatabaseOf) -> HandoverShape | None:
    """The newest handover with its package, or null when there never was one."""
    async with database.read() as session:
        await conversations.get(session, conversation_id)
        found = await handovers.current(session, conversation_id)
    return HandoverShape.model_validate(found) if found else None


@router.post("/messages", status_code=201)
async def say(conversation_id: str, body: Said, caller: AgentCaller, database: DatabaseOf) -> MessageShape:
    """Say something to the customer. 409 `stale_view` when somebody wrote after `seen_seq`; nothing is stored then."""
    speaker = Speaker.of(caller.as_agent)
    uploaded = [Attached(one) for one in body.attachments]

    async def step(session: AsyncSession) -> MessageShape:
        message = await conversations.say(
            session,
            conversation_id,
            speaker,
            Words(body.text),
            client_ref=body.client_ref,
            seen_seq=body.seen_seq,
            files=uploaded,
        )
        return _shown(message, (await attachments.of_messages(session, [message.id])).get(message.id, ()))

    return await database.write(step)


@router.patch("/messages/{message_id}")
async def change(
    conversation_id: str, message_id: str, body: Reworded, caller: AgentCaller, database: DatabaseOf
) -> MessageShape:
    """Give your own words a new wording, here and where they arrived. 409 after 48 hours."""
    agent = caller.as_agent
    message = await database.write(lambda session: deliveries.change(session, agent, message_id, body.text))
    return await _with_files(database, message)


@router.delete("/messages/{message_id}")
async def take_back(conversation_id: str, message_id: str, caller: AgentCaller, database: DatabaseOf) -> MessageShape:
    """Take your own words back, here and where they arrived; the desk still sees that they were said."""
    agent = caller.as_agent
    message = await database.write(lambda session: deliveries.take_back(session, agent, message_id))
    return await _with_files(database, message)


@router.post("/notes", status_code=201)
async def note(conversation_id: str, body: Noted, caller: AgentCaller, database: DatabaseOf) -> MessageShape:
    """Words for the desk only."""
    speaker = Speaker.of(caller.as_agent)
    message = await database.write(
        lambda session: ledger.note(session, conversation_id, speaker, body.text, client_ref=body.idempotency_key)
    )
    return MessageShape.model_validate(message)
