"""What the routes that escalate, grant, remove, erase and export take and give."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from handoff.api.shapes import Shape
from handoff.masking import CardFree

Id = Annotated[str, Field(max_length=26)]
Key = Annotated[str | None, Field(min_length=1, max_length=100)]
Cents = Annotated[int | None, Field(ge=0, le=2_000_000_000)]
Detail = Annotated[str, Field(max_length=200)]


class Escalating(Shape):
    """To a `team`, to a person (`agent_id`), or to a person for a team. `reason` is read first by whoever takes it."""

    reason: CardFree = Field(min_length=1, max_length=2000)
    team: str | None = Field(default=None, max_length=40)
    agent_id: Id | None = None
    idempotency_key: Key = None


class DetailShape(Shape):
    """Something the company needs. `value` is what the case knows of it already."""

    name: str
    label: str
    is_needed: bool
    value: str | None = None


class KindShape(Shape):
    """`may_grant` says whether the caller may grant any of it alone; `most_cents` how much, None for no limit."""

    kind: str
    label: str
    has_amount: bool
    details: list[DetailShape]
    may_grant: bool
    most_cents: int | None


class OfferShape(Shape):
    """What may be asked for, and what refused it before."""

    refused_by: str | None
    kinds: list[KindShape]


class Asking(Shape):
    """`details` are what the company needs; what is left out comes from the facts of the case."""

    kind: str = Field(max_length=40)
    reason: CardFree = Field(min_length=1, max_length=1000)
    amount_cents: Cents = None
    refused_by: CardFree | None = Field(default=None, max_length=300)
    details: dict[str, Detail] = Field(default={}, max_length=20)
    idempotency_key: Key = None


class Deciding(Shape):
    """A no needs a note."""

    grant: bool
    note: CardFree = Field(default="", max_length=500)


class ExceptionShape(Shape):
    """`state`: asked, granted, done, failed or denied. `result` is the company's sentence, or why not."""

    id: str
    kind: str
    amount_cents: int | None
    reason: str
    refused_by: str | None
    details: dict[str, Any]
    state: str
    asked_by: str
    decided_by: str | None
    result: str | None
    created_at: datetime
    decided_at: datetime | None
    done_at: datetime | None


class LimitShape(Shape):
    """A pair of kind and role that is not listed may not at all."""

    kind: str = Field(max_length=40)
    role: str = Field(max_length=12)
    amount_cents: Cents = None


class LimitChange(LimitShape):
    may: bool = True


class RedactedShape(Shape):
    """`repeated_in` are ids of other messages that still say it."""

    message_id: str
    repeated_in: list[str]


class ErasedShape(Shape):
    customers: int
    conversations: int
    messages: int
    files: int
    cases: int


ExportFormat = Literal["json", "html", "vcon"]
