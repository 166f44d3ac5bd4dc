"""What the API of finding takes and gives: hits, lists, views, tags, fields, articles, and changes to many cases."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from handoff.api.shapes import Shape
from handoff.finding.bulk import AT_MOST
from handoff.finding.tags import MOST
from handoff.masking import CardFree

Priority = Literal["urgent", "high", "normal", "low"]


class PieceShape(Shape):
    """A piece of a text as it is, to be escaped where it is shown; `is_found` when it is one of the words."""

    text: str
    is_found: bool


class CaseHitShape(Shape):
    """`is_named`: the words are in its reference, title, customer or tags; such cases come first."""

    ref: str
    title: str
    status: str
    priority: str
    team: str
    customer: str | None
    snippet: list[PieceShape]
    is_named: bool
    updated_at: datetime


class CaseRowShape(Shape):
    """`due_at` is when its next clock is breached; None while none counts."""

    ref: str
    title: str
    topic: str
    status: str
    waiting_for: str | None
    priority: str
    team: str
    assignee: str | None
    customer: str | None
    tags: list[str]
    contacts: int
    transfers: int
    repeats: int
    due_at: datetime | None
    created_at: datetime
    updated_at: datetime
    snippet: list[PieceShape]


class CaseListShape(Shape):
    """`after` is given back for the next page; None on the last. `is_cut`: not everything that fits was looked at."""

    rows: list[CaseRowShape]
    after: str | None
    is_cut: bool


class ManyChanged(Shape):
    """`value` is an agent's id (empty for nobody), a team, a priority, a tag or a resolution; nothing for watching."""

    refs: list[str] = Field(min_length=1, max_length=AT_MOST)
    do: Literal["assign", "team", "priority", "tag", "untag", "resolve", "watch", "unwatch"]
    value: CardFree = Field(default="", max_length=2000)


class ChangeShape(Shape):
    """`reopen` takes back a `resolve`; its `value` is who was waited for."""

    do: Literal["assign", "team", "priority", "tag", "untag", "resolve", "reopen", "watch", "unwatch"]
    value: str = Field(default="", max_length=2000)


class UndoShape(Shape):
    """One case's way back, as a change to many gave it; refused when the case is not `now` any more."""

    ref: str = Field(max_length=40)
    change: ChangeShape
    now: str = Field(max_length=2000)


class ManyTakenBack(Shape):
    undo: list[UndoShape] = Field(min_length=1, max_length=AT_MOST)


class RefusedShape(Shape):
    ref: str
    message: str


class OutcomeShape(Shape):
    changed: list[str]
    refused: list[RefusedShape]
    undo: list[UndoShape]


class Tagged(Shape):
    tags: list[str] = Field(max_length=MOST)


class TagRenamed(Shape):
    old: str = Field(min_length=1, max_length=60)
    new: str = Field(min_length=1, max_length=60)


class FieldsGiven(Shape):
    """By the names of the topic's fields; null or empty takes a value away."""

    values: dict[str, str | int | float | bool | None] = Field(max_length=50)


class CaseFieldShape(Shape):
    id: str
    topic: str
    name: str
    label: str
    kind: str
    options: list[Any]
    position: int


class FieldDefined(Shape):
    topic: str = Field(default="*", max_length=60)
    name: str = Field(min_length=1, max_length=40)
    label: str = Field(min_length=1, max_length=100)
    kind: Literal["text", "number", "date", "choice", "yes_no"]
    options: list[str] = Field(default=[], max_length=50)
    position: int = Field(default=0, ge=0, le=1000)


class ViewShape(Shape):
    """`chosen` holds the filters as `GET /api/v1/cases/list` takes them. Those of the product have words as ids."""

    id: str
    name: str
    chosen: dict[str, Any]
    is_shared: bool
    is_own: bool


class ViewSaved(Shape):
    name: str = Field(min_length=1, max_length=100)
    chosen: dict[str, str | int | bool] = Field(max_length=20)
    is_shared: bool = False


class ArticleShape(Shape):
    """`text` is Markdown."""

    id: str
    title: str
    text: str
    url: str | None
    is_published: bool
    updated_at: datetime


class ArticleHitShape(Shape):
    """`words` is what an agent sends: the text without its marks, and the address below it."""

    id: str
    title: str
    url: str | None
    words: str
    snippet: list[PieceShape]


class ArticleWritten(Shape):
    title: str = Field(min_length=1, max_length=200)
    text: str = Field(min_length=1, max_length=20_000)
    url: str = Field(default="", max_length=500)
    is_published: bool = True
