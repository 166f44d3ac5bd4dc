"""What a list of cases is narrowed to: every filter is a field of a known kind. Saved views keep exactly this."""

from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from handoff.errors import BadInput
from handoff.models import LIVE, CaseStatus

Sort = Literal["changed", "unchanged", "due"]
SORTS: Mapping[str, str] = {"changed": "Changed last", "unchanged": "Left alone longest", "due": "Next clock"}
STATUSES: Mapping[str, tuple[str, ...]] = {
    "live": tuple(LIVE),
    "open": (CaseStatus.OPEN,),
    "waiting": (CaseStatus.WAITING,),
    "resolved": (CaseStatus.RESOLVED,),
    "joined": (CaseStatus.JOINED,),
    "any": tuple(CaseStatus),
}


class Chosen(BaseModel):
    """Empty means that the filter is not used.

    `team` is a team or `mine` (any of the reader's), `assignee` an agent's id, `me` or `nobody`; `due` is `overdue` or
    `today` (within 24 hours); `contacts` how often the customer came at least; `topic` a topic or its first word.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Literal["live", "open", "waiting", "resolved", "joined", "any"] = "live"
    team: str = Field(default="", max_length=40)
    assignee: str = Field(default="", max_length=26)
    priority: Literal["", "urgent", "high", "normal", "low"] = ""
    topic: str = Field(default="", max_length=60, pattern=r"^[a-z0-9_]*$")
    tag: str = Field(default="", max_length=40)
    due: Literal["", "overdue", "today"] = ""
    contacts: int = Field(default=0, ge=0, le=1000)
    watched: bool = False
    search: str = Field(default="", max_length=1000)
    sort: Sort = "changed"

    @property
    def statuses(self) -> tuple[str, ...]:
        return STATUSES[self.status]

    @property
    def set_fields(self) -> dict[str, Any]:
        """What differs from a list nobody narrowed; what an address and a saved view carry."""
        return self.model_dump(exclude_defaults=True)


def read(given: Mapping[str, Any]) -> Chosen:
    """What a form, an address or the API sent, or `BadInput` naming the field that is wrong."""
    try:
        return Chosen.model_validate({name: value for name, value in given.items() if value not in ("", None)})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "filter"
        known = Chosen.model_fields.get(name)
        offered = [str(one) for one in get_args(known.annotation) if one] if known else list(Chosen.model_fields)
        hint = f" Choose one of {', '.join(offered)}." if offered else ""
        raise BadInput(f"The filter '{name[:40]}' cannot be that.{hint}") from error
