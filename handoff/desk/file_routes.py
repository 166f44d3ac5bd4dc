"""Files at the desk: opened by whoever is signed in, sent ahead of an agent's words, taken back before they went."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse

from handoff import attachments, downloads, floor, uploads
from handoff.api.streams import arriving, sent
from handoff.desk.drawing import HEADERS
from handoff.desk.visit import Actor, Reader
from handoff.desk.wording import file_address

router = APIRouter(prefix="/desk")


@router.get("/files/{secret}/{name}")
async def show(
    visit: Reader, secret: str, name: str, wanted: Annotated[str | None, Header(alias="Range")] = None
) -> Response:
    """The bytes. The sign-in is looked at every time: an address alone opens nothing."""
    file = await visit.read(lambda session: attachments.by_secret(session, secret))
    answered = sent(await downloads.answer(visit.hub.store, file, wanted))
    answered.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answered


@router.post("/c/{conversation_id}/attachments")
async def upload(
    request: Request, visit: Actor, conversation_id: str, name: Annotated[str, Query(min_length=1, max_length=300)]
) -> Response:
    """Take a file in for words that are being written; the body is the file."""
    kept = await uploads.take(
        visit.hub.database,
        visit.hub.store,
        lambda session: floor.hold(session, conversation_id),
        arriving(request, name),
    )
    told = {"id": kept.id, "name": kept.name, "kind": kept.kind, "size_bytes": kept.size_bytes}
    return JSONResponse({**told, "url": file_address(kept.secret, kept.name)}, 201, headers=HEADERS)


@router.delete("/c/{conversation_id}/attachments/{attachment_id}")
async def remove(visit: Actor, conversation_id: str, attachment_id: str) -> Response:
    await visit.write(lambda session: uploads.remove(session, conversation_id, attachment_id))
    return Response(status_code=204)
