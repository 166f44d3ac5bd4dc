"""What the forms of the settings may contain; anything else is refused."""

from typing import Annotated, Any, Literal

from fastapi import Form
from pydantic import Field

from handoff.desk.forms import Filled
from handoff.models import Role

Name = Annotated[str, Field(max_length=200)]
Key = Annotated[str, Field(max_length=40)]


class TeamFilled(Filled):
    name: Name
    calendar_id: Annotated[str, Field(max_length=26)] = ""
    is_default: bool = False


class NewAgentFilled(Filled):
    email: Name
    name: Name
    role: Role
    teams: list[Key] = []


class AgentFilled(Filled):
    role: Role
    teams: list[Key] = []
    skills: list[Key] = []
    languages: Annotated[str, Field(max_length=200)] = ""
    capacity: int


class CalendarFilled(Filled):
    name: Name
    time_zone: Annotated[str, Field(max_length=60)]
    hours: Annotated[str, Field(max_length=1000)]
    holidays: Annotated[str, Field(max_length=50_000)] = ""


class ConditionsFilled(Filled):
    """Rows of conditions as `settings/_conditions.html` draws them; a row without a field is not filled in."""

    field: list[Annotated[str, Field(max_length=60)]] = []
    op: list[Annotated[str, Field(max_length=20)]] = []
    value: list[Annotated[str, Field(max_length=2000)]] = []

    @property
    def raw_conditions(self) -> list[dict[str, Any]]:
        rows = zip(self.field, self.op, self.value, strict=False)
        return [{"field": field, "op": op, "value": value} for field, op, value in rows if field]


class RouteFilled(ConditionsFilled):
    name: Name
    team: Key
    skills: list[Key] = []
    priority: Literal["", "urgent", "high", "normal", "low"] = ""


TeamForm = Annotated[TeamFilled, Form()]
NewAgentForm = Annotated[NewAgentFilled, Form()]
AgentForm = Annotated[AgentFilled, Form()]
CalendarForm = Annotated[CalendarFilled, Form()]
RouteForm = Annotated[RouteFilled, Form()]
