"""What the routes that split, join, link and end cases take and give."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from handoff.api.shapes import CaseShape, Shape
from handoff.masking import CardFree

Id = Annotated[str, Field(max_length=26)]
Ref = Annotated[str, Field(min_length=1, max_length=40)]
Key = Annotated[str | None, Field(min_length=1, max_length=100)]


class Splitting(Shape):
    """`message_ids` become a new case. Without `topic` or `team` it has those of the old one."""

    message_ids: list[Id] = Field(max_length=2000)
    title: CardFree = Field(max_length=200)
    topic: str | None = Field(default=None, max_length=60)
    team: str | None = Field(default=None, max_length=40)
    idempotency_key: Key = None


class Joining(Shape):
    """The case becomes part of `into`."""

    into: Ref
    reason: CardFree = Field(default="", max_length=1000)
    idempotency_key: Key = None


class MoveShape(Shape):
    """A split or a join. `undone_at` is None while it stands."""

    id: str
    kind: Literal["split", "join"]
    from_ref: str
    to_ref: str
    messages: int
    created_at: datetime
    undone_at: datetime | None


class SideShape(Shape):
    ref: str
    title: str
    status: str
    messages: int
    notes: int
    files: int
    facts: int
    channels: list[str]


class ConflictingShape(Shape):
    """Both cases know the fact differently; `joined` is the value that holds afterwards."""

    name: str
    label: str
    in_from: str
    in_into: str
    joined: str


class JoinPreviewShape(Shape):
    """What a join would do. `partners` name who sees something of either case, and will see no more."""

    source: SideShape
    target: SideShape
    conflicts: list[ConflictingShape]
    partners: list[str]
    sentences: list[str]


class Linking(Shape):
    """This case is `parent` of `other`, its `duplicate`, or `related` to it."""

    other: Ref
    kind: Literal["related", "parent", "duplicate"]


class LinkShape(Shape):
    """As seen from the case that was asked about: it is `word` (such as "child of") the case `ref`."""

    link_id: str
    kind: str
    word: str
    ref: str
    title: str
    status: str


class WaitingFor(Shape):
    whom: Literal["customer", "partner"]


class ChildrenResolved(Shape):
    resolution: CardFree = Field(min_length=1, max_length=2000)


class ChildrenDone(Shape):
    resolved: list[CaseShape]
