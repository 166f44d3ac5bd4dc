"""What the settings take and give over the API."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from handoff.api.shapes import Shape
from handoff.models import Role


class TeamPut(Shape):
    name: str = Field(max_length=200)
    calendar_id: str | None = Field(default=None, max_length=26)
    is_default: bool = False


class TeamShape(Shape):
    """`id` is the word cases carry. `calendar_id` null: the opening hours of the settings."""

    id: str
    name: str
    calendar_id: str | None
    is_default: bool
    is_active: bool


class MovedTo(Shape):
    """`move_to` takes the open cases, what waits and the routes of the team; needed when there are any."""

    move_to: str | None = Field(default=None, max_length=40)


class SkillPut(Shape):
    name: str = Field(max_length=200)


class SkillShape(Shape):
    id: str
    name: str


class AgentPut(Shape):
    role: Role
    teams: list[str] = Field(max_length=50)
    skills: list[str] = Field(default=[], max_length=100)
    languages: list[str] = Field(default=["en"], max_length=30)
    capacity: int


class AgentAdded(Shape):
    email: str = Field(max_length=200)
    name: str = Field(max_length=200)
    role: Role = Role.AGENT
    teams: list[str] = Field(max_length=50)


class AgentShape(Shape):
    id: str
    email: str
    name: str
    role: str
    teams: list[str]
    skills: list[str]
    languages: list[str]
    capacity: int
    is_active: bool


class InvitationShape(Shape):
    """`link` opens once, until `ends_at`; the agent sets their own password there."""

    agent: AgentShape
    link: str
    ends_at: datetime


class Holiday(Shape):
    day: date
    name: str = Field(default="", max_length=100)


class CalendarPut(Shape):
    """`hours` as in `mon-fri 08:00-20:00, sat 09:00-17:00`."""

    name: str = Field(max_length=200)
    time_zone: str = Field(max_length=60)
    hours: str = Field(max_length=1000)
    holidays: list[Holiday] = Field(default=[], max_length=400)


class CalendarShape(Shape):
    """`moments` are the next openings: when each opens and closes (null: it never closes)."""

    id: str
    name: str
    time_zone: str
    hours: str
    holidays: list[Holiday]
    is_open: bool
    moments: list[tuple[datetime, datetime | None]]


class ConditionShape(Shape):
    """`GET /settings/condition-fields` says which fields there are and which operators each takes."""

    field: str = Field(max_length=60)
    op: str = Field(max_length=20)
    value: Any = None


class ConditionField(Shape):
    """`choices` are (value, label); empty when any value of the kind may be asked for."""

    name: str
    label: str
    kind: str
    operators: list[str]
    choices: list[tuple[str, str]]
    unit: str


class RoutePut(Shape):
    """All `conditions` must hold; with none the route takes everything."""

    name: str = Field(max_length=200)
    team: str = Field(max_length=40)
    conditions: list[ConditionShape] = Field(default=[], max_length=20)
    skills: list[str] = Field(default=[], max_length=50)
    priority: Literal["urgent", "high", "normal", "low"] | None = None
    is_on: bool = True


class RouteMade(RoutePut):
    idempotency_key: str | None = Field(default=None, max_length=100)


class RouteShape(Shape):
    """In the order they are tried. `said` are the conditions in words."""

    id: str
    name: str
    team_id: str
    conditions: list[ConditionShape]
    said: list[str]
    skills: list[str]
    priority: str | None
    is_on: bool


class RouteMoved(Shape):
    where: Literal["up", "down"]


class TrialShape(Shape):
    """Where a case would go if it were opened now, by names, and why."""

    ref: str
    title: str
    team: str
    would_go_to: str
    because: list[str]


class CannedPut(Shape):
    shortcut: str = Field(max_length=60)
    text: str = Field(max_length=5000)


class CannedShape(Shape):
    id: str
    shortcut: str
    text: str
