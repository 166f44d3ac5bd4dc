"""How long things take: clocks of a case, what they are held against, and what happens by rule."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id, one_of


class ClockKind(StrEnum):
    FIRST_REPLY = "first_reply"
    NEXT_REPLY = "next_reply"
    RESOLUTION = "resolution"


class ClockTarget(Base):
    """How long a reply or a resolution may take, in seconds of the team's own hours. `team_id` None: every team."""

    __tablename__ = "clock_targets"
    __table_args__ = (
        UniqueConstraint("kind", "team_id", "priority"),
        CheckConstraint(one_of("kind", ClockKind), name="kind"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12))
    team_id: Mapped[str | None] = mapped_column(ForeignKey("teams.id"))
    priority: Mapped[str | None] = mapped_column(String(10))
    target_s: Mapped[int]
    warn_s: Mapped[int] = mapped_column(default=0)
    """How long before the breach somebody is warned, in seconds of the same hours."""


RUNNING = "due_at IS NOT NULL AND met_at IS NULL AND cancelled_at IS NULL"
"""What `finding.lists` asks of a clock; of the others there are ever more."""


class Clock(Base):
    """One measured span of a case. `elapsed_s` is what was counted up to `running_since`, or in all while
    it stands still.

    `due_at` is when it will be breached if it goes on running; None while it stands still. Exactly one of `met_at`,
    `breached_at` followed by `met_at`, or `cancelled_at` ends it.
    """

    __tablename__ = "clocks"
    __table_args__ = (
        CheckConstraint(one_of("kind", ClockKind), name="kind"),
        Index("ix_clocks_due", "due_at", "id", sqlite_where=text(RUNNING), postgresql_where=text(RUNNING)),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    calendar_id: Mapped[str | None] = mapped_column(ForeignKey("calendars.id"))
    target_s: Mapped[int]
    warn_s: Mapped[int] = mapped_column(default=0)
    elapsed_s: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    running_since: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]
    met_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class Trigger(Base):
    """When this happens and these conditions hold, do these things. Typed fields only, never code."""

    __tablename__ = "triggers"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100))
    event: Mapped[str] = mapped_column(String(40))
    """A kind of case event, `message` (words of a customer), or `time` (looked at as `after` says)."""
    after: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """For `time`: {"since": "created|updated|waiting|resolved", "minutes": 120}."""
    conditions: Mapped[list[Any]] = mapped_column(default=list)
    actions: Mapped[list[Any]] = mapped_column(default=list)
    """[{do: assign|team|priority|tag|reply|note|webhook|survey|follow_up, …}]"""
    is_on: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TriggerFiring(Base):
    """A trigger that fired, once for each cause."""

    __tablename__ = "trigger_firings"
    __table_args__ = (UniqueConstraint("trigger_id", "case_id", "cause"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    trigger_id: Mapped[str] = mapped_column(ForeignKey("triggers.id"))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    cause: Mapped[str] = mapped_column(String(60))
    """The event or message that did it, or the moment a `time` trigger looked at."""
    outcome: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime]
