"""Files: what is known of one, its bytes, and uploads for words an agent is about to say."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from handoff import attachments, downloads, floor, uploads
from handoff.api.auth import AgentCaller, DatabaseOf, Reader, StoreOf
from handoff.api.shapes import AttachmentShape, ErrorShape
from handoff.api.streams import arriving, sent

router = APIRouter(tags=["attachments"])
AS_BYTES: dict[str, Any] = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
REFUSED: dict[str, Any] = {"model": ErrorShape}


@router.get("/attachments/{attachment_id}")
async def show(attachment_id: str, caller: Reader, database: DatabaseOf) -> AttachmentShape:
    """What is known of a file, whether its bytes are here or not."""
    async with database.read() as session:
        return AttachmentShape.model_validate(await attachments.get(session, attachment_id))


@router.get(
    "/attachments/{attachment_id}/content",
    response_class=StreamingResponse,
    responses={200: {"content": AS_BYTES}, 206: {"content": AS_BYTES}, 416: REFUSED, 503: REFUSED},
)
async def content(
    attachment_id: str,
    caller: Reader,
    database: DatabaseOf,
    store: StoreOf,
    wanted: Annotated[str | None, Header(alias="Range")] = None,
) -> StreamingResponse:
    """Its bytes, or the range of them that is asked for. 404 while they are awaited, or when they cannot be had."""
    async with database.read() as session:
        found = attachments.stored(await attachments.get(session, attachment_id))
    return sent(await downloads.answer(store, found, wanted))


@router.post(
    "/conversations/{conversation_id}/attachments",
    status_code=201,
    responses={413: REFUSED, 503: REFUSED},
    openapi_extra={"requestBody": {"required": True, "content": AS_BYTES}},
)
async def upload(
    conversation_id: str,
    request: Request,
    caller: AgentCaller,
    database: DatabaseOf,
    store: StoreOf,
    name: Annotated[str, Query(min_length=1, max_length=300)],
) -> AttachmentShape:
    """Send a file ahead: the body is the file. Name it in the `attachments` of a message within a day."""
    kept = await uploads.take(
        database, store, lambda session: floor.hold(session, conversation_id), arriving(request, name)
    )
    return AttachmentShape.model_validate(kept)


@router.delete("/conversations/{conversation_id}/attachments/{attachment_id}", status_code=204)
async def remove(conversation_id: str, attachment_id: str, caller: AgentCaller, database: DatabaseOf) -> None:
    """Take back a file that was not sent yet."""
    await database.write(lambda session: uploads.remove(session, conversation_id, attachment_id))
