"""The customer's part of a conversation's details: who they are, everywhere, and what an agent may do about it."""

from typing import Annotated

from fastapi import Form
from fastapi.responses import HTMLResponse

from handoff import codes, joins, persons
from handoff.desk.drawing import draw
from handoff.desk.visit import Actor, Reader, Visit
from handoff.errors import BadInput
from handoff.routers import Router

router = Router(prefix="/desk/c/{conversation_id}")


@router.get("/person")
async def person(visit: Reader, conversation_id: str) -> HTMLResponse:
    return await _draw(visit, conversation_id)


async def _draw(visit: Visit, conversation_id: str, said: str | None = None) -> HTMLResponse:
    found = await visit.read(lambda session: persons.look(session, conversation_id))
    return draw("_person.html", found, visit.me, conversation_id=conversation_id, said=said)


@router.post("/joins")
async def confirm(
    visit: Actor,
    conversation_id: str,
    customer_id: Annotated[str, Form(max_length=26)],
    one_conversation: Annotated[bool, Form()] = False,
) -> HTMLResponse:
    await visit.write(
        lambda session: joins.confirm(
            session, conversation_id, customer_id, visit.agent, one_conversation=one_conversation
        )
    )
    return await _draw(visit, conversation_id)


@router.post("/joins/{join_id}/undo")
async def undo(visit: Actor, conversation_id: str, join_id: str) -> HTMLResponse:
    await visit.write(lambda session: joins.undo(session, join_id, visit.agent))
    return await _draw(visit, conversation_id)


@router.post("/reply-to")
async def reply_to(
    visit: Actor, conversation_id: str, identity_id: Annotated[str, Form(max_length=26)]
) -> HTMLResponse:
    await visit.write(lambda session: persons.reply_to(session, conversation_id, visit.agent, identity_id))
    return await _draw(visit, conversation_id)


@router.post("/codes")
async def send_code(visit: Actor, conversation_id: str, to: Annotated[str, Form(max_length=220)]) -> HTMLResponse:
    """`to` is one of the addresses the panel offers, as `via:address`."""
    via, _, address = to.partition(":")
    found = await visit.read(lambda session: persons.look(session, conversation_id))
    known = next((one for one in found.addresses if (one.via, one.value) == (via, address)), None)
    if known is None:
        raise BadInput("That address is not among those the customer is known by.")
    sent = await codes.send(
        visit.hub.database,
        visit.hub.code_sender,
        conversation_id,
        via,
        address,
        account_number=known.account_number,
        agent=visit.agent,
    )
    return await _draw(visit, conversation_id, f"A code is on its way to {sent.to}.")
