"""What helps to find and sort cases: tags, fields of a topic, saved views, and articles to answer with."""

from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from handoff.models import words
from handoff.models.base import Base, Id, new_id, one_of


class CaseTag(Base):
    __tablename__ = "case_tags"
    __table_args__ = (Index("ix_case_tags_tag", "tag", "case_id"),)

    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(40), primary_key=True)


class FieldKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes_no"


class CaseField(Base):
    """A custom field of the cases of a topic. `topic` is the first word of a case's topic, or `*` for all."""

    __tablename__ = "case_fields"
    __table_args__ = (UniqueConstraint("topic", "name"), CheckConstraint(one_of("kind", FieldKind), name="kind"))

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    topic: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10))
    options: Mapped[list[Any]] = mapped_column(default=list)
    position: Mapped[int] = mapped_column(default=0)


class SavedView(Base):
    """A list of cases by name. `agent_id` None: everybody's, made by a supervisor."""

    __tablename__ = "saved_views"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100))
    agent_id: Mapped[str | None] = mapped_column(ForeignKey("agents.id"), index=True)
    chosen: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What the filters of the list are set to."""
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]


class Article(Base):
    """Something to answer with: found by its words, sent as text with a link. `text` is Markdown."""

    __tablename__ = "articles"

    number: Mapped[int] = mapped_column(primary_key=True)
    """What the word indexes know it by."""
    id: Mapped[str] = mapped_column(Id, unique=True, default=new_id)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(String(500))
    is_published: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CaseText(Base):
    """What a case is found by. `number` grows with each case, so that newer cases are found first.

    `head` is what names it: reference, title, customer, tags; `body` is that and everything said and told in it.
    """

    __tablename__ = "case_texts"

    number: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), unique=True)
    head: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]


words.follow(cast("Table", CaseText.__table__))
words.follow(cast("Table", Article.__table__))
