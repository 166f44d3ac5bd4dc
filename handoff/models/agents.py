"""The people at the desk, where they sit, and what lets programs in."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models.base import Base, Id, new_id, one_of


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


class Presence(StrEnum):
    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class Agent(Base):
    __tablename__ = "agents"
    __table_args__ = (
        CheckConstraint(one_of("role", Role), name="role"),
        CheckConstraint(one_of("presence", Presence), name="presence"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(12), default=Role.AGENT)
    teams: Mapped[list[Any]] = mapped_column(default=list)
    skills: Mapped[list[Any]] = mapped_column(default=list)
    languages: Mapped[list[Any]] = mapped_column(default=lambda: ["en"])
    capacity: Mapped[int] = mapped_column(default=4)
    """How many conversations at once."""
    presence: Mapped[str] = mapped_column(String(10), default=Presence.OFFLINE)
    is_active: Mapped[bool] = mapped_column(default=True)
    seen_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class AgentSession(Base):
    """A signed-in browser. Only the hash of its secret is stored."""

    __tablename__ = "agent_sessions"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agents.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime]


class ApiToken(Base):
    """A bearer token. `agent_id` makes everything done with it that agent's doing."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[Any]] = mapped_column(default=list)
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"))
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class CannedAnswer(Base):
    __tablename__ = "canned_answers"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    shortcut: Mapped[str] = mapped_column(String(40), unique=True)
    text: Mapped[str] = mapped_column(Text)
