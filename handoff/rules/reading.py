"""Reading cases as conditions see them: three statements, however many cases are looked at."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.models import (
    Agent,
    Case,
    CaseConversation,
    CaseField,
    CaseTag,
    Conversation,
    Customer,
    FieldKind,
    Identity,
    Survey,
)
from handoff.routing.teams import all_of
from handoff.rules.fields import CUSTOM, FIELDS, CaseView, Field, Kind

KINDS = {
    FieldKind.TEXT: Kind.TEXT,
    FieldKind.NUMBER: Kind.NUMBER,
    FieldKind.DATE: Kind.DATE,
    FieldKind.CHOICE: Kind.CHOICE,
    FieldKind.YES_NO: Kind.YES_NO,
}


async def view_of(session: AsyncSession, case: Case, at: datetime | None = None) -> CaseView:
    """One case as it is, its days counted up to `at` (now)."""
    return (await views_of(session, [case], at))[case.id]


async def views_of(session: AsyncSession, cases: Sequence[Case], at: datetime | None = None) -> dict[str, CaseView]:
    """By the ids of the cases."""
    ids = [one.id for one in cases]
    tags = await _tags(session, ids)
    people = await _people(session, ids)
    channels = await _channels(session, ids)
    return {one.id: _view(one, tags[one.id], channels.get(one.id), people[one.id], at or clock.now()) for one in cases}


def _view(
    case: Case, tags: frozenset[str], channel: str | None, person: tuple[bool, bool, int | None], at: datetime
) -> CaseView:
    is_known, is_verified, ease = person
    return CaseView(
        ref=case.ref,
        topic=case.topic,
        title=case.title,
        team=case.team,
        priority=case.priority,
        status=case.status,
        channel=channel,
        language=case.language,
        tags=tags,
        assignee=case.assignee_id,
        customer_known=is_known,
        customer_verified=is_verified,
        contacts=case.contacts,
        transfers=case.transfers,
        repeats=case.repeats,
        waited_s=case.waited_s,
        days_open=max(0, (min(at, case.resolved_at or at) - case.created_at).days),
        survey_ease=ease,
        fields=dict(case.fields),
    )


async def _tags(session: AsyncSession, ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
    found: defaultdict[str, frozenset[str]] = defaultdict(frozenset)
    for case_id, tag in await session.execute(
        select(CaseTag.case_id, CaseTag.tag).where(CaseTag.case_id.in_(ids)).order_by(CaseTag.tag)
    ):
        found[case_id] |= {tag}
    return found


async def _people(session: AsyncSession, ids: Sequence[str]) -> dict[str, tuple[bool, bool, int | None]]:
    """Whether we know the customer, whether a handle of theirs is proved, and how easy they found it."""
    proved = (
        select(func.count())
        .select_from(Identity)
        .where(Identity.customer_id == Customer.id, Identity.verified_at.is_not(None))
        .correlate(Customer)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(Case.id, Customer.name, Customer.account_number, proved, Survey.ease)
        .join(Customer, Customer.id == Case.customer_id)
        .outerjoin(Survey, Survey.case_id == Case.id)
        .where(Case.id.in_(ids))
    )
    return {
        case_id: (bool(name or account_number), count > 0, ease) for case_id, name, account_number, count, ease in rows
    }


async def _channels(session: AsyncSession, ids: Sequence[str]) -> dict[str, str]:
    """The channel of the conversation each case was last talked about in."""
    rows = await session.execute(
        select(CaseConversation.case_id, Conversation.channel)
        .join(Conversation, Conversation.id == CaseConversation.conversation_id)
        .where(CaseConversation.case_id.in_(ids))
        .order_by(Conversation.last_message_at, Conversation.id)
    )
    return {row.case_id: row.channel for row in rows}


async def known(session: AsyncSession) -> dict[str, Field]:
    """`FIELDS` with today's teams and people as choices, and the custom fields of every topic."""
    people = await session.execute(select(Agent.id, Agent.name).where(Agent.is_active.is_(True)).order_by(Agent.name))
    fields = dict(FIELDS)
    fields["team"] = replace(fields["team"], choices=tuple((one.id, one.name) for one in await all_of(session)))
    fields["assignee"] = replace(fields["assignee"], choices=tuple((key, name) for key, name in people))
    for row in await session.scalars(select(CaseField).order_by(CaseField.position, CaseField.name)):
        fields.setdefault(f"{CUSTOM}{row.name}", _custom(row))
    return fields


def _custom(row: CaseField) -> Field:
    options: tuple[Any, ...] = tuple(row.options) if row.kind == FieldKind.CHOICE else ()
    return Field(
        f"{CUSTOM}{row.name}", row.label, KINDS[FieldKind(row.kind)], tuple((str(one), str(one)) for one in options)
    )
