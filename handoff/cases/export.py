"""A case, or everything of one customer, as one value: what leaves the hub on somebody's word.

Redacted words and files stay redacted, sensitive facts of a case stay behind; files are named by address and hash,
their bytes are fetched by whoever may. The shapes are described in docs/cases.md; `version` grows when one changes.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, clock, customers
from handoff.cases.log import history
from handoff.cases.looking import facts_of, get, words_of
from handoff.errors import NotAllowed, NotFound
from handoff.models import (
    Agent,
    Attachment,
    Case,
    CaseException,
    CaseLink,
    CaseTag,
    Conversation,
    Customer,
    Fact,
    FollowUp,
    Handover,
    Message,
    Promise,
    Role,
    Survey,
)
from handoff.settings import settings

FORMAT, VERSION = "tellonce.case", 1
CUSTOMER_FORMAT = "tellonce.customer"
OF_CASE = (
    "ref",
    "title",
    "topic",
    "team",
    "status",
    "waiting_for",
    "priority",
    "language",
    "skills",
    "fields",
    "resolution",
    "promised_at",
    "created_at",
    "updated_at",
    "resolved_at",
    "contacts",
    "transfers",
    "repeats",
    "waited_s",
)
OF_FACT = (
    "id",
    "name",
    "value",
    "set_by",
    "is_validated",
    "is_sensitive",
    "source_message_id",
    "stated_at",
)
OF_EVENT = (
    "seq",
    "kind",
    "actor",
    "actor_name",
    "data",
    "created_at",
)
OF_EXCEPTION = (
    "id",
    "kind",
    "amount_cents",
    "reason",
    "refused_by",
    "details",
    "state",
    "result",
    "created_at",
    "decided_at",
    "done_at",
)
OF_PROMISE = (
    "text",
    "due_at",
    "state",
    "created_at",
    "ended_at",
)
OF_FOLLOW_UP = (
    "question",
    "state",
    "went_well",
    "words",
    "created_at",
    "answered_at",
)
OF_SURVEY = (
    "state",
    "is_solved",
    "ease",
    "words",
    "created_at",
    "answered_at",
)
OF_HANDOVER = (
    "id",
    "state",
    "team",
    "priority",
    "reason_code",
    "reason_text",
    "package",
    "handback",
    "created_at",
    "finished_at",
)


async def case(session: AsyncSession, ref: str) -> dict[str, Any]:
    """One case with its words, files, facts and events, ready for JSON. `NotFound` for a reference nobody has."""
    found = await get(session, ref)
    return await _case(session, found, with_sensitive=False)


async def customer(session: AsyncSession, customer_id: str, agent: Agent) -> dict[str, Any]:
    """Everything kept of one person, sensitive facts too, for the person themselves; supervisors only."""
    if agent.role not in (Role.SUPERVISOR, Role.ADMIN):
        raise NotAllowed("Only a supervisor exports a customer. Ask one.")
    if await session.get(Customer, customer_id) is None:
        raise NotFound("There is no such customer.")
    who = sorted(await customers.together(session, customer_id))
    known = await session.scalars(select(Customer).where(Customer.id.in_(who)).order_by(Customer.id))
    spoken = list(await session.scalars(select(Conversation).where(Conversation.customer_id.in_(who))))
    theirs = list(await session.scalars(select(Case).where(Case.customer_id.in_(who)).order_by(Case.created_at)))
    of_person = ("channel", "external_id", "verified_at", "method", "created_at")
    return {
        "format": CUSTOMER_FORMAT,
        "version": VERSION,
        "exported_at": _said(clock.now()),
        "customers": [_picked(one, ("id", "name", "account_number", "created_at")) for one in known],
        "handles": [_picked(one, of_person) for one in await customers.handles(session, customer_id)],
        "conversations": [await _conversation(session, one) for one in sorted(spoken, key=lambda one: one.id)],
        "cases": [await _case(session, one, with_sensitive=True) for one in theirs],
    }


async def _conversation(session: AsyncSession, one: Conversation) -> dict[str, Any]:
    rows = await session.scalars(select(Message).where(Message.conversation_id == one.id).order_by(Message.seq))
    told = await session.scalars(select(Fact).where(Fact.conversation_id == one.id).order_by(Fact.id))
    of_talk = ("id", "channel", "locale", "client", "created_at", "last_message_at")
    return {
        **_picked(one, of_talk),
        "messages": await _messages(session, list(rows)),
        "facts": [_picked(fact, OF_FACT) for fact in told],
    }


async def _case(session: AsyncSession, found: Case, *, with_sensitive: bool) -> dict[str, Any]:
    joined = await session.get(Case, found.joined_into_id) if found.joined_into_id else None
    assignee = await session.get(Agent, found.assignee_id) if found.assignee_id else None
    tags = await session.scalars(select(CaseTag.tag).where(CaseTag.case_id == found.id).order_by(CaseTag.tag))
    person = await session.get_one(Customer, found.customer_id)
    told = {**_picked(found, OF_CASE), "tags": list(tags), "assignee": assignee.name if assignee else None}
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": _said(clock.now()),
        "case": {**told, "joined_into": joined.ref if joined else None},
        "customer": _picked(person, ("id", "name", "account_number")),
        "messages": await _messages(session, await words_of(session, found.id)),
        "facts": [_fact(fact, with_sensitive) for fact in await facts_of(session, found.id)],
        "events": [_picked(one, OF_EVENT) for one in await history(session, found.id)],
        "handovers": [
            one if with_sensitive else {**one, "package": _without_sensitive(one["package"])}
            for one in await _rows(session, Handover, OF_HANDOVER, found.id)
        ],
        "exceptions": await _rows(session, CaseException, OF_EXCEPTION, found.id),
        "promises": await _rows(session, Promise, OF_PROMISE, found.id),
        "follow_ups": await _rows(session, FollowUp, OF_FOLLOW_UP, found.id),
        "surveys": await _rows(session, Survey, OF_SURVEY, found.id),
        "links": await _links(session, found),
    }


async def _rows(session: AsyncSession, kind: Any, names: Sequence[str], case_id: str) -> list[dict[str, Any]]:
    rows = await session.scalars(select(kind).where(kind.case_id == case_id).order_by(kind.id))
    return [_picked(one, names) for one in rows]


async def _messages(session: AsyncSession, rows: Sequence[Message]) -> list[dict[str, Any]]:
    files = await attachments.of_messages(session, [row.id for row in rows])
    names = ("id", "conversation_id", "seq", "channel", "author", "name", "audience")
    times = ("created_at", "edited_at", "withdrawn_at", "redacted_at")
    return [
        {
            **_picked(row, names),
            "text": row.words,
            **_picked(row, times),
            "attachments": [_file(one) for one in files.get(row.id, ())],
        }
        for row in rows
    ]


def _file(one: Attachment) -> dict[str, Any]:
    told = _picked(one, ("id", "name", "kind", "media_type", "size_bytes", "sha256", "state"))
    address = f"{settings().public_url.rstrip('/')}/api/v1/attachments/{one.id}/content"
    return {**told, "url": address if one.store_key else None}


def _fact(fact: Fact, with_sensitive: bool) -> dict[str, Any]:
    told = _picked(fact, OF_FACT)
    return {**told, "value": None} if fact.is_sensitive and not with_sensitive else told


def _without_sensitive(package: Mapping[str, Any]) -> dict[str, Any]:
    """A handover's package with the values of its sensitive facts left out, as in `facts`."""
    told = [{**one, "value": None} if one.get("sensitive") else one for one in package.get("facts", ())]
    return {**package, "facts": told}


async def _links(session: AsyncSession, found: Case) -> list[dict[str, Any]]:
    """Which other cases it is tied to, from its own side."""
    ends = or_(CaseLink.from_case_id == found.id, CaseLink.to_case_id == found.id)
    out = []
    for link in await session.scalars(select(CaseLink).where(ends).order_by(CaseLink.id)):
        is_from = link.from_case_id == found.id
        other = await session.get_one(Case, link.to_case_id if is_from else link.from_case_id)
        out.append({"kind": link.kind, "is_from": is_from, "ref": other.ref, "title": other.title})
    return out


def _picked(row: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: _said(getattr(row, name)) for name in names}


def _said(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return dict(value) if isinstance(value, Mapping) else value
