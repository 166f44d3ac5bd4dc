"""Removing for good: a message, a file, a person. And what is kept of a person, for them to have."""

from typing import Any

from fastapi import APIRouter

from handoff import cases
from handoff.api.auth import AgentCaller, DatabaseOf
from handoff.api.exceptions_shapes import ErasedShape, RedactedShape
from handoff.api.partners import SupervisorCaller
from handoff.cases import export

router = APIRouter(tags=["removals"])


@router.post("/messages/{message_id}/redact")
async def redact_message(message_id: str, caller: AgentCaller, database: DatabaseOf) -> RedactedShape:
    """Its words and all versions of them are gone for good, wherever they were carried. It cannot be taken back."""
    done = await database.write(lambda session: cases.redact_message(session, message_id, caller.as_agent))
    return RedactedShape(message_id=done.message_id, repeated_in=list(done.repeated_in))


@router.post("/attachments/{attachment_id}/redact")
async def redact_file(attachment_id: str, caller: AgentCaller, database: DatabaseOf) -> RedactedShape:
    """Its bytes and its name are gone for good. It cannot be taken back."""
    done = await database.write(lambda session: cases.redact_file(session, attachment_id, caller.as_agent))
    return RedactedShape(message_id=done.message_id, repeated_in=list(done.repeated_in))


@router.post("/customers/{customer_id}/erase")
async def erase(customer_id: str, caller: SupervisorCaller, database: DatabaseOf) -> ErasedShape:
    """Forget a person everywhere. What stays are numbers without a person. It cannot be taken back."""
    done = await database.write(lambda session: cases.erase_customer(session, customer_id, caller.as_agent))
    return ErasedShape(**vars(done))


@router.get("/customers/{customer_id}/export")
async def export_customer(customer_id: str, caller: SupervisorCaller, database: DatabaseOf) -> dict[str, Any]:
    """Everything that is kept of one person, as described in docs/cases.md."""
    async with database.read() as session:
        return await export.customer(session, customer_id, caller.as_agent)
