"""Who the customer is: handles, joins and suggestions, codes that prove a handle, and where replies go."""

from fastapi import APIRouter, Request

from handoff import codes, joins, persons
from handoff.api.auth import AgentCaller, DatabaseOf, HelpingCaller, Reader
from handoff.api.people_shapes import CodeSent, CodeWanted, Confirmed, PersonShape, ReplyTo

router = APIRouter(tags=["people"])
THREAD = "/conversations/{conversation_id}"


@router.get(f"{THREAD}/person")
async def person(conversation_id: str, caller: Reader, database: DatabaseOf) -> PersonShape:
    """Who is in a conversation, on every channel, and who else they may be."""
    async with database.read() as session:
        return PersonShape.model_validate(await persons.look(session, conversation_id))


@router.post(f"{THREAD}/joins", status_code=201)
async def confirm(conversation_id: str, body: Confirmed, caller: AgentCaller, database: DatabaseOf) -> PersonShape:
    """A suggested customer is the one in this conversation. 403 without access to the other side, 422 when nothing
    suggests it."""
    agent = caller.as_agent
    await database.write(
        lambda session: joins.confirm(
            session, conversation_id, body.customer_id, agent, one_conversation=body.one_conversation
        )
    )
    return await person(conversation_id, caller, database)


@router.post("/joins/{join_id}/undo", status_code=204)
async def undo(join_id: str, caller: AgentCaller, database: DatabaseOf) -> None:
    """Take a join back; each side keeps its own words. 409 while a later join rests on it."""
    agent = caller.as_agent
    await database.write(lambda session: joins.undo(session, join_id, agent))


@router.post(f"{THREAD}/reply-to")
async def reply_to(conversation_id: str, body: ReplyTo, caller: AgentCaller, database: DatabaseOf) -> PersonShape:
    """Send what is said from here on to another handle of the customer, until they write again."""
    agent = caller.as_agent
    await database.write(lambda session: persons.reply_to(session, conversation_id, agent, body.identity_id))
    return await person(conversation_id, caller, database)


@router.post(f"{THREAD}/codes", status_code=201)
async def send_code(
    conversation_id: str, body: CodeWanted, caller: HelpingCaller, database: DatabaseOf, request: Request
) -> CodeSent:
    """Send six digits to an e-mail address or phone on file. The customer reads them back in the chat.

    The address is never given back whole. `account_number` counts only from the assistant, whose actions read it with
    the address from the accounts system.
    """
    account_number = body.account_number if caller.agent is None else None
    if caller.agent is not None:
        async with database.read() as session:
            account_number = await persons.account_of(session, conversation_id, body.via, body.address)
    sent = await codes.send(
        database,
        request.app.state.hub.code_sender,
        conversation_id,
        body.via,
        body.address,
        account_number=account_number,
        agent=caller.agent,
    )
    return CodeSent(sent_to=sent.to, expires_at=sent.expires_at, already=sent.already)
