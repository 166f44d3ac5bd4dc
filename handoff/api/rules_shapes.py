"""What the API takes and gives for clocks and triggers."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from handoff.api.shapes import Shape

KindOfClock = Literal["first_reply", "next_reply", "resolution"]
Priorities = Literal["urgent", "high", "normal", "low"]


class ClockShape(Shape):
    """One clock of a case, in seconds of opening hours. `elapsed_s` is what was counted up to `running_since`, or in
    all while it stands still. `due_at` is when it will be breached if it goes on running."""

    kind: KindOfClock
    target_s: int
    warn_s: int
    elapsed_s: int
    started_at: datetime
    running_since: datetime | None
    due_at: datetime | None
    warned_at: datetime | None
    breached_at: datetime | None
    met_at: datetime | None
    cancelled_at: datetime | None


class KeptShape(Shape):
    """How one kind of clock of one team was kept. Seconds of opening hours of those that ended."""

    team: str
    kind: KindOfClock
    met: int
    breached: int
    median_s: int | None
    p90_s: int | None


class TargetPut(Shape):
    """`team_id` null: every team; `priority` null: every priority. `warn_s` 0: nobody is warned."""

    kind: KindOfClock
    team_id: str | None = Field(default=None, max_length=40)
    priority: Priorities | None = None
    target_s: int
    warn_s: int = 0


class TargetShape(TargetPut):
    id: str


class TriggerPut(Shape):
    """`after` ({since, minutes}) is for the event `time`; conditions are {field, op, value}, actions {do, value}."""

    name: str = Field(max_length=200)
    event: str = Field(max_length=40)
    after: dict[str, Any] = Field(default={}, max_length=4)
    conditions: list[dict[str, Any]] = Field(default=[], max_length=50)
    actions: list[dict[str, Any]] = Field(max_length=50)


class TriggerMade(TriggerPut):
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=100)


class TriggerShape(Shape):
    id: str
    name: str
    event: str
    after: dict[str, Any]
    conditions: list[Any]
    actions: list[Any]
    is_on: bool
    position: int
    updated_at: datetime


class Switched(Shape):
    """`tried` is the `version` a dry run of it gave back; needed to switch it on."""

    is_on: bool
    tried: str = Field(default="", max_length=40)


class FiredShape(Shape):
    case_ref: str
    title: str
    at: datetime
    actions: list[str]


class DryRunShape(Shape):
    """What it would have done, newest first. `looked_at`: how many things happened that it waits for."""

    version: str
    looked_at: int
    is_cut: bool
    fired: list[FiredShape]
