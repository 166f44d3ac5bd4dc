"""The shapes on the widget's socket (contract 4 in docs/architecture.md)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from handoff import attachments
from handoff.channels.web.files import shown as shown_file
from handoff.masking import CardFree
from handoff.models import Attachment, Conversation, Message
from handoff.package import HandoverAnswer
from handoff.ports import Author, Floor
from handoff.settings import settings
from handoff.storable import checked

ClientRef = Annotated[str, Field(min_length=8, max_length=64)]

REMOVED = "This message was removed."


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _can_be_stored(cls, given: Any) -> Any:
        return checked(given)


class Hello(_Frame):
    type: Literal["hello"]
    session: str | None = Field(default=None, max_length=200)
    login: str | None = Field(default=None, max_length=4000)
    """The site's word for who this is (`handoff/logins.py`)."""
    go_on: str | None = Field(default=None, alias="continue", max_length=64)
    """A token by which a conversation from another channel goes on here."""
    after: int = Field(default=0, ge=0)
    page_url: CardFree | None = Field(default=None, max_length=2000)
    timezone: str | None = Field(default=None, max_length=60)
    locale: str = Field(default="en", max_length=20)


class Say(_Frame):
    type: Literal["say"]
    client_ref: ClientRef
    text: str
    attachments: list[Annotated[str, Field(max_length=26)]] = Field(default=[], max_length=50)
    """Ids of files uploaded before; with files the words may be empty."""


class Renew(_Frame):
    """The addresses of files are about to end: messages that have any come again."""

    type: Literal["renew"]


class Press(_Frame):
    type: Literal["press"]
    client_ref: ClientRef
    message_id: str = Field(max_length=40)
    index: int = Field(ge=0, le=50)


class Human(_Frame):
    type: Literal["human"]
    client_ref: ClientRef


class Withdraw(_Frame):
    """No longer waiting for a person."""

    type: Literal["withdraw"]


class SeenByCustomer(_Frame):
    type: Literal["seen"]
    seq: int = Field(ge=0)


class TypingNow(_Frame):
    type: Literal["typing"]


class GoElsewhere(_Frame):
    """Ask for a way to another channel; answered with `way`."""

    type: Literal["continue"]
    channel: Literal["telegram"]


class Logout(_Frame):
    """Whoever comes to this browser next must not see this conversation."""

    type: Literal["logout"]


class Ping(_Frame):
    type: Literal["ping"]


Frame = Hello | Say | Renew | Press | Human | Withdraw | SeenByCustomer | TypingNow | GoElsewhere | Logout | Ping
FRAME: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


def message(row: Message, files: Sequence[Attachment] = ()) -> dict[str, Any]:
    """A message as the customer may see it: no payloads, no desk-only fields, nothing of what was withdrawn."""
    shown: dict[str, Any] = {
        "id": row.id,
        "seq": row.seq,
        "author": row.author,
        "name": row.name,
        "text": row.words,
        "buttons": [{"title": button["title"]} for button in row.buttons],
        "link": row.link,
        "image": row.image,
        "attachments": [shown_file(one) for one in files],
        "is_edited": row.edited_at is not None,
        "created_at": row.created_at.isoformat(),
    }
    if row.withdrawn_at:
        nothing: dict[str, Any] = {"text": "", "buttons": [], "link": None, "image": None, "attachments": []}
        shown |= {**nothing, "is_withdrawn": True}
    if row.redacted_at:
        shown |= {"text": REMOVED, "is_redacted": True, "attachments": []}
    if row.author == Author.CUSTOMER and row.client_ref:
        shown["client_ref"] = row.client_ref
    return {"type": "message", "message": shown}


def who(floor: str, agent_name: str | None) -> dict[str, str | None]:
    """Who answers now."""
    if floor == Floor.AGENT:
        return {"kind": "agent", "name": agent_name}
    return {"kind": "assistant", "name": settings().assistant_name}


def queue(answer: HandoverAnswer | None) -> dict[str, Any] | None:
    """Place and honest range, or None when nobody is being waited for."""
    if answer is None or answer.state != "queued":
        return None
    wait_s = answer.wait_s.model_dump() if answer.wait_s else None
    return {"position": answer.queue_position, "wait_s": wait_s, "is_staffed": answer.is_staffed}


def welcome(
    token: str,
    conversation: Conversation | None,
    agent_name: str | None,
    waiting: HandoverAnswer | None,
    *,
    ways: Sequence[str] = (),
    afresh: bool = False,
) -> dict[str, Any]:
    """`ways` are the channels one may continue on; `afresh` drops what the page shows, all of it is sent again."""
    floor = conversation.floor if conversation else Floor.BOT
    return {
        "type": "welcome",
        "session": token,
        "conversation_id": conversation.id if conversation else None,
        "floor": floor,
        "who": who(floor, agent_name),
        "last_seq": conversation.last_seq if conversation else 0,
        "seen_seq": conversation.desk_seen_seq if conversation else 0,
        "queue": queue(waiting),
        "ways": list(ways),
        "afresh": afresh,
        "files": {
            "largest_bytes": settings().attachment_max_mb * attachments.MB,
            "most": settings().attachments_per_message,
        },
    }


def error(shape: Mapping[str, object], client_ref: str | None = None) -> dict[str, Any]:
    return {"type": "error", **shape, **({"client_ref": client_ref} if client_ref else {})}
