"""The fields of a case that conditions can look at, their kinds and operators: closed lists, and pure.

`FIELDS` are those every case has. `reading.known` fills in teams and people and adds the custom fields; a new field
is a line here and an attribute of `CaseView`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from handoff.models import LIVE, Priority

CUSTOM = "field."
"""What the name of a custom field begins with: `field.shoe_size`."""


class Kind(StrEnum):
    """What values of a field are: one of its choices, a short text, words to look for, tags, a number, yes or no, or
    a day."""

    CHOICE = "choice"
    TEXT = "text"
    WORDS = "words"
    TAGS = "tags"
    NUMBER = "number"
    YES_NO = "yes_no"
    DATE = "date"


class Op(StrEnum):
    IS = "is"
    IS_NOT = "is_not"
    ANY_OF = "any_of"
    NONE_OF = "none_of"
    STARTS_WITH = "starts_with"
    HAS_ANY = "has_any"
    HAS_ALL = "has_all"
    HAS_NONE = "has_none"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BEFORE = "before"
    AFTER = "after"
    IS_SET = "is_set"
    IS_EMPTY = "is_empty"


LABELS = {
    Op.IS: "is",
    Op.IS_NOT: "is not",
    Op.ANY_OF: "is one of",
    Op.NONE_OF: "is none of",
    Op.STARTS_WITH: "starts with",
    Op.HAS_ANY: "has any of",
    Op.HAS_ALL: "has all of",
    Op.HAS_NONE: "has none of",
    Op.AT_LEAST: "is at least",
    Op.AT_MOST: "is at most",
    Op.BEFORE: "is before",
    Op.AFTER: "is after",
    Op.IS_SET: "is set",
    Op.IS_EMPTY: "is empty",
}
LISTS = {Op.ANY_OF, Op.NONE_OF, Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE}
WITHOUT_VALUE = {Op.IS_SET, Op.IS_EMPTY}
_EITHER = (Op.IS_SET, Op.IS_EMPTY)
OPERATORS: Mapping[Kind, tuple[Op, ...]] = {
    Kind.CHOICE: (Op.IS, Op.IS_NOT, Op.ANY_OF, Op.NONE_OF, *_EITHER),
    Kind.TEXT: (Op.IS, Op.IS_NOT, Op.ANY_OF, Op.NONE_OF, Op.STARTS_WITH, *_EITHER),
    Kind.WORDS: (Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE),
    Kind.TAGS: (Op.HAS_ANY, Op.HAS_ALL, Op.HAS_NONE, *_EITHER),
    Kind.NUMBER: (Op.AT_LEAST, Op.AT_MOST, Op.IS, *_EITHER),
    Kind.YES_NO: (Op.IS,),
    Kind.DATE: (Op.BEFORE, Op.AFTER, Op.IS, *_EITHER),
}


@dataclass(frozen=True)
class Field:
    """Something conditions can look at. `choices` are (value, label); empty when any value may be asked for."""

    name: str
    label: str
    kind: Kind
    choices: tuple[tuple[str, str], ...] = ()
    unit: str = ""

    @property
    def operators(self) -> tuple[Op, ...]:
        return OPERATORS[self.kind]

    def label_of(self, value: str) -> str:
        return dict(self.choices).get(value, value)


def _same(values: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return tuple((str(value), str(value).capitalize()) for value in values)


FIELDS: Mapping[str, Field] = {
    one.name: one
    for one in (
        Field("topic", "Topic", Kind.TEXT),
        Field("title", "Title", Kind.WORDS),
        Field("team", "Team", Kind.CHOICE),
        Field("priority", "Priority", Kind.CHOICE, _same(Priority)),
        Field("status", "Status", Kind.CHOICE, _same((*LIVE, "resolved"))),
        Field(
            "channel", "Channel", Kind.CHOICE, (("web", "Web chat"), ("telegram", "Telegram"), ("console", "Console"))
        ),
        Field("language", "Language", Kind.TEXT),
        Field("tags", "Tags", Kind.TAGS),
        Field("assignee", "Assignee", Kind.CHOICE),
        Field("customer_known", "Customer is known", Kind.YES_NO),
        Field("customer_verified", "Customer is verified", Kind.YES_NO),
        Field("contacts", "Contacts", Kind.NUMBER),
        Field("transfers", "Transfers", Kind.NUMBER),
        Field("repeats", "Repeats", Kind.NUMBER),
        Field("waited_s", "Waited", Kind.NUMBER, unit="seconds"),
        Field("days_open", "Number of days open", Kind.NUMBER),
        Field("survey_ease", "Ease in the survey", Kind.NUMBER, unit="of 5"),
    )
}
"""The fields every case has. `fields.known` fills in teams and people and adds the custom fields."""


@dataclass(frozen=True)
class CaseView:
    """A case as conditions see it; attributes are named as the fields. Times are counted up to the moment it was read.

    `customer_known`: we have an account number or a name; `customer_verified`: a handle of theirs was proved.
    """

    ref: str = ""
    topic: str = "general"
    title: str = ""
    team: str = ""
    priority: str = Priority.NORMAL
    status: str = "open"
    channel: str | None = None
    language: str = "en"
    tags: frozenset[str] = frozenset()
    assignee: str | None = None
    customer_known: bool = False
    customer_verified: bool = False
    contacts: int = 0
    transfers: int = 0
    repeats: int = 0
    waited_s: int = 0
    days_open: int = 0
    survey_ease: int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """Of a field; None when the case has none."""
        return self.fields.get(name.removeprefix(CUSTOM)) if name.startswith(CUSTOM) else getattr(self, name)
