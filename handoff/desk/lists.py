"""Reading the list of conversations: two statements, whatever its length."""

import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from handoff.desk.pages import ListPage, Me, Queue, Row
from handoff.models import Agent, Case, Conversation, Customer, Handover, HandoverState, Message
from handoff.ports import Author, Floor
from handoff.queues import RANK

ROWS = 60
STRANGER = "Unknown customer"

holder, offered = aliased(Agent), aliased(Agent)
_latest_handover = (
    select(func.max(Handover.id))
    .where(Handover.conversation_id == Conversation.id)
    .correlate(Conversation)
    .scalar_subquery()
)
_is_live = and_(Handover.state.in_((HandoverState.WAITING, HandoverState.OFFERED, HandoverState.ACCEPTED)))
_is_out_of_hours = Handover.state == HandoverState.OUT_OF_HOURS


def joined(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Conversation)
        .join(Customer, Customer.id == Conversation.customer_id)
        .outerjoin(Handover, Handover.id == _latest_handover)
        .outerjoin(Case, Case.id == Handover.case_id)
        .outerjoin(holder, holder.id == Conversation.agent_id)
        .outerjoin(offered, offered.id == Handover.offered_to)
    )


def _belongs(queue: Queue, me: Me) -> ColumnElement[bool]:
    mine = or_(Conversation.agent_id == me.id, and_(Conversation.floor == Floor.QUEUE, Handover.offered_to == me.id))
    unowned = or_(Conversation.floor == Floor.QUEUE, and_(_is_out_of_hours, Conversation.agent_id.is_(None)))
    is_ours = and_(Handover.team.in_(me.teams), or_(_is_live, _is_out_of_hours), Conversation.floor != Floor.CLOSED)
    return {
        Queue.NOBODY: unowned,
        Queue.MINE: mine,
        Queue.TEAM: is_ours,
        Queue.ALL: Conversation.floor != Floor.CLOSED,
        Queue.CLOSED: Conversation.floor == Floor.CLOSED,
    }[queue]


def _matches(search: str) -> ColumnElement[bool]:
    like = "%" + re.sub(r"[\\%_]", "", search) + "%"
    said = (
        select(Message.id)
        .where(Message.conversation_id == Conversation.id, Message.text.ilike(like))
        .correlate(Conversation)
        .exists()
    )
    return or_(
        Customer.name.ilike(like),
        Customer.account_number.ilike(like),
        Case.ref.ilike(like),
        Case.title.ilike(like),
        said,
    )


async def conversations(session: AsyncSession, me: Me, queue: Queue, search: str = "") -> ListPage:
    """The list and the counts of all its queues. Two statements."""
    sums = [func.sum(case((_belongs(q, me), 1), else_=0)) for q in Queue]
    counts = (await session.execute(joined(*sums))).one()
    last = aliased(Message)
    unread = (
        select(func.count())
        .where(
            Message.conversation_id == Conversation.id,
            Message.seq > Conversation.desk_seen_seq,
            Message.author == Author.CUSTOMER,
        )
        .correlate(Conversation)
        .scalar_subquery()
    )
    found = joined(Conversation, Customer, Handover, Case, last, holder.name, offered.name, unread)
    found = found.outerjoin(last, and_(last.conversation_id == Conversation.id, last.seq == Conversation.last_seq))
    found = found.where(_belongs(queue, me)).limit(ROWS + 1)
    if search:
        found = found.where(_matches(search))
    if queue is Queue.NOBODY:
        found = found.order_by(RANK, func.coalesce(Conversation.waiting_since, Handover.created_at))
    else:
        found = found.order_by(Conversation.last_message_at.desc())
    rows = (await session.execute(found)).all()
    return ListPage(
        queue=queue,
        search=search,
        counts={q: int(n or 0) for q, n in zip(Queue, counts, strict=True)},
        rows=tuple(_row(me, *row) for row in rows[:ROWS]),
        more=len(rows) > ROWS,
    )


def _row(
    me: Me,
    conversation: Conversation,
    customer: Customer,
    handover: Handover | None,
    work: Case | None,
    last: Message | None,
    held_by: str | None,
    offered_name: str | None,
    unread: int,
) -> Row:
    waits = handover is not None and handover.state in (HandoverState.WAITING, HandoverState.OFFERED)
    since = conversation.waiting_since or (handover.created_at if handover and waits else None)
    return Row(
        id=conversation.id,
        customer=customer.name or STRANGER,
        channel=conversation.channel,
        floor=conversation.floor,
        topic=work.topic if work else None,
        team=handover.team if handover else None,
        priority=handover.priority if handover else "normal",
        snippet=snippet(last) if last else "",
        snippet_author=last.author if last else None,
        unread=unread,
        waiting_since=since if conversation.floor in (Floor.QUEUE, Floor.AGENT) else None,
        last_message_at=conversation.last_message_at,
        holder=held_by,
        offered_to=offered_name if conversation.floor == Floor.QUEUE else None,
        is_mine=conversation.agent_id == me.id,
        is_out_of_hours=handover is not None and handover.state == HandoverState.OUT_OF_HOURS,
        case_ref=work.ref if work else None,
        queued_at=_queued_apart(conversation, handover),
    )


def snippet(last: Message) -> str:
    """The newest words in one line, or what there is instead of words. Whose they are is said of a partner's: the
    customer may not even see them."""
    if last.redacted_at:
        return "Removed"
    if last.withdrawn_at:
        return "Taken back"
    said = " ".join(last.words.split())[:140] or "Sent a file"
    return f"{last.name or 'Partner'}: {said}" if last.author == Author.PARTNER else said


def _queued_apart(conversation: Conversation, handover: Handover | None) -> datetime | None:
    """Since when it is in the queue, where that is another time than the customer's last unanswered word."""
    if handover is None or conversation.floor != Floor.QUEUE or conversation.waiting_since is None:
        return None
    apart = abs(conversation.waiting_since - handover.created_at)
    return handover.created_at if apart > timedelta(minutes=2) else None
