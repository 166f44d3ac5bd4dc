"""Where work goes: teams, their hours, what agents can do, and rules that send a case somewhere."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id


class Calendar(Base):
    """When people work. `hours` is written as the setting `opening_hours`.

    `holidays` is `[{"day": "2026-12-25", "name": "Christmas Day"}]`.
    """

    __tablename__ = "calendars"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    time_zone: Mapped[str] = mapped_column(String(60))
    hours: Mapped[str] = mapped_column(String(300))
    holidays: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime]


class Team(Base):
    """`id` is the word used everywhere, such as `returns`; `name` is what people read."""

    __tablename__ = "teams"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    calendar_id: Mapped[str | None] = mapped_column(ForeignKey("calendars.id"))
    is_default: Mapped[bool] = mapped_column(default=False)
    """Where a case goes when nothing else is said; exactly one team is."""
    is_active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)


class Skill(Base):
    __tablename__ = "skills"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


class Route(Base):
    """A rule: cases of this shape go to this team. The first that fits, by `position`, decides."""

    __tablename__ = "routes"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100))
    conditions: Mapped[list[Any]] = mapped_column(default=list)
    """[{field, op, value}], all of which must hold; fields and operators as in `handoff/conditions.py`."""
    team_id: Mapped[str] = mapped_column(ForeignKey("teams.id"))
    skills: Mapped[list[Any]] = mapped_column(default=list)
    priority: Mapped[str | None] = mapped_column(String(10))
    is_on: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
