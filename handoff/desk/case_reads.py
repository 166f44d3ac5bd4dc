"""Reading for the page of a case: eight statements whatever is in it. Its panels are asked for after it."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, literal, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from handoff import cases
from handoff.cases import links
from handoff.desk import beside, case_events, case_panels, message_reads, reads
from handoff.desk.case_pages import (
    CaseConversationView,
    CasePage,
    LinkView,
    MoveView,
    OtherCase,
)
from handoff.desk.lists import STRANGER, snippet
from handoff.desk.pages import Me, MessageView
from handoff.desk.reads import case_line
from handoff.errors import NotFound
from handoff.models import (
    Agent,
    Attachment,
    Case,
    CaseConversation,
    CaseLink,
    CaseMove,
    CaseStatus,
    CaseWatcher,
    Conversation,
    Customer,
    Fact,
    Message,
    MoveKind,
    new_id,
)

WORDS = 200
"""So many of the newest messages of a case are drawn at once."""


async def one(
    session: AsyncSession, me: Me, ref: str, *, assistant: str, every_word: bool = False, with_panels: bool = True
) -> CasePage:
    """Everything about one case, or `NotFound`. `every_word` reads a thread of any length to its beginning."""
    joined_into = aliased(Case)
    row = (
        await session.execute(
            select(Case, Agent.name, Customer, joined_into)
            .join(Customer, Customer.id == Case.customer_id)
            .outerjoin(Agent, Agent.id == Case.assignee_id)
            .outerjoin(joined_into, joined_into.id == Case.joined_into_id)
            .where(Case.ref == cases.normal_ref(ref))
        )
    ).first()
    if row is None:
        raise NotFound(f"There is no case {ref[:40]}.")
    found, assignee, customer, target = row
    words, in_all = await _words(session, found, customer, assistant, every_word)
    conversations = await _conversations(session, found.id)
    tied, moves = await _ties(session, found)
    people = await _people(session, found.id)
    return CasePage(
        case=case_line(found, assignee, customer.name),
        id=found.id,
        customer_id=customer.id,
        account_number=customer.account_number,
        waiting_for=found.waiting_for,
        joined_into=_other(target) if target else None,
        effort=effort_of(found),
        words=words,
        words_in_all=in_all,
        facts=await _facts(session, found.id),
        events=case_events.told(await cases.history(session, found.id), moves),
        conversations=conversations,
        links=tied,
        moves=moves,
        agents=tuple((agent_id, name) for agent_id, name, is_active, _ in people if is_active),
        watchers=tuple(name for _, name, _, watching in people if watching),
        assignee_id=found.assignee_id,
        may_work=_may_work(me, found, conversations),
        is_mine=found.assignee_id == me.id,
        is_watching=any(agent_id == me.id and watching for agent_id, _, _, watching in people),
        pressing=await case_panels.pressing(session, found),
        panels=await case_panels.read_all(session, await beside.of(session, found, me.id)) if with_panels else None,
        key=new_id(),
    )


def _may_work(me: Me, case: Case, conversations: Sequence[CaseConversationView]) -> bool:
    """The rule of `cases.may_work_on`, out of what is on the page anyway. The verbs ask again."""
    is_theirs = case.team in me.teams or case.assignee_id == me.id
    return me.is_supervisor or is_theirs or any(one.holder_id == me.id for one in conversations)


def effort_of(case: Case) -> tuple[str, ...]:
    """What it cost the customer so far, in words; nothing is said of what did not happen."""
    counted = (
        (case.contacts, "contact", "contacts"),
        (case.transfers, "transfer", "transfers"),
        (case.repeats, "thing said twice", "things said twice"),
    )
    said = [f"{number} {one if number == 1 else several}" for number, one, several in counted if number]
    if case.waited_s >= 60:
        minutes = case.waited_s // 60
        said.append(f"waited {minutes} min" if minutes < 120 else f"waited {minutes // 60} h {minutes % 60:02d}")
    return tuple(said)


async def _words(
    session: AsyncSession, case: Case, customer: Customer, assistant: str, every_word: bool
) -> tuple[tuple[MessageView, ...], int]:
    """The thread, oldest first, with its files, and how long it is in all. One statement."""
    newest = select(Message.id).where(Message.case_id == case.id).order_by(Message.created_at.desc(), Message.id.desc())
    in_all = select(func.count()).select_from(Message).where(Message.case_id == case.id).scalar_subquery()
    found = select(Message, Attachment, in_all).outerjoin(Attachment, Attachment.message_id == Message.id)
    wanted = Message.case_id == case.id if every_word else Message.id.in_(newest.limit(WORDS))
    ordered = found.where(wanted).order_by(
        Message.created_at, Message.conversation_id, Message.seq, Attachment.position
    )
    rows = (await session.execute(ordered)).all()
    files: dict[str, list[Attachment]] = {}
    said: dict[str, Message] = {}
    for message, file, _ in rows:
        said[message.id] = message
        if file:
            files.setdefault(message.id, []).append(file)
    views = (
        message_reads.message_view(one, assistant, 0, customer.name, files.get(one.id, ()), case.ref)
        for one in said.values()
    )
    return message_reads.grouped(views), rows[0][2] if rows else 0


async def _facts(session: AsyncSession, case_id: str) -> Any:
    rows = await session.execute(
        select(Fact, Message.seq)
        .outerjoin(Message, Message.id == Fact.source_message_id)
        .where(Fact.case_id == case_id)
        .order_by(Fact.stated_at.desc(), Fact.id.desc())
    )
    return reads.holding((fact, seq) for fact, seq in rows)


async def _conversations(session: AsyncSession, case_id: str) -> tuple[CaseConversationView, ...]:
    last = aliased(Message)
    rows = await session.execute(
        select(Conversation, Agent.name, last)
        .join(CaseConversation, CaseConversation.conversation_id == Conversation.id)
        .outerjoin(Agent, Agent.id == Conversation.agent_id)
        .outerjoin(last, (last.conversation_id == Conversation.id) & (last.seq == Conversation.last_seq))
        .where(CaseConversation.case_id == case_id)
        .order_by(Conversation.last_message_at.desc())
    )
    return tuple(
        CaseConversationView(
            id=found.id,
            channel=found.channel,
            floor=found.floor,
            holder=holder,
            holder_id=found.agent_id,
            last_message_at=found.last_message_at,
            snippet=snippet(said) if said else "",
        )
        for found, holder, said in rows
    )


async def _ties(session: AsyncSession, case: Case) -> tuple[tuple[LinkView, ...], tuple[MoveView, ...]]:
    """Links, splits and joins with the cases at their other ends, oldest first. One statement."""
    shape = (CaseLink.id, CaseLink.kind, CaseLink.from_case_id, CaseLink.to_case_id, CaseLink.created_at)
    tied = select(literal("link").label("what"), *shape, CaseLink.created_at.label("undone_at")).where(
        or_(CaseLink.from_case_id == case.id, CaseLink.to_case_id == case.id)
    )
    moves = select(
        literal("move"),
        CaseMove.id,
        CaseMove.kind,
        CaseMove.from_case_id,
        CaseMove.to_case_id,
        CaseMove.created_at,
        CaseMove.undone_at,
    ).where(or_(CaseMove.from_case_id == case.id, CaseMove.to_case_id == case.id))
    ties = union_all(tied, moves).subquery()
    other = (Case.id == ties.c.from_case_id) | (Case.id == ties.c.to_case_id)
    rows = await session.execute(select(ties, Case).join(Case, other & (Case.id != case.id)).order_by(ties.c.id))
    found_links, found_moves = [], []
    for what, tie_id, kind, from_id, _to, created_at, undone_at, at_the_end in rows:
        if what == "link":
            says = case_events.link_says(kind, is_from=from_id == case.id)
            found_links.append(LinkView(tie_id, says, _other(at_the_end), kind in links.BY_HAND))
        else:
            is_from = from_id == case.id
            found_moves.append(MoveView(tie_id, MoveKind(kind), is_from, _other(at_the_end), created_at, undone_at))
    return tuple(found_links), tuple(found_moves)


def _other(case: Case) -> OtherCase:
    return OtherCase(case.ref, case.title, case.status)


async def _people(session: AsyncSession, case_id: str) -> Sequence[tuple[str, str, bool, bool]]:
    """Everyone it can be given to and everyone who watches it: id, name, is active, is watching."""
    watching = (CaseWatcher.agent_id == Agent.id) & (CaseWatcher.case_id == case_id)
    rows = await session.execute(
        select(Agent.id, Agent.name, Agent.is_active, CaseWatcher.agent_id.is_not(None))
        .outerjoin(CaseWatcher, watching)
        .where(or_(Agent.is_active.is_(True), CaseWatcher.agent_id.is_not(None)))
        .order_by(Agent.name)
    )
    return [tuple(row) for row in rows]  # type: ignore[misc]


async def others(session: AsyncSession, case: Case, text: str) -> Sequence[tuple[Case, str, bool]]:
    """Cases this one may be joined with or linked to: with no text the customer's own, newest first."""
    found = (
        select(Case, Customer.name)
        .join(Customer, Customer.id == Case.customer_id)
        .where(Case.id != case.id, Case.status != CaseStatus.JOINED)
    )
    typed = re.sub(r"[\\%_]", "", text).strip()
    if typed:
        like = f"%{typed}%"
        named = or_(Case.ref == cases.normal_ref(typed), Case.ref.ilike(like), Case.title.ilike(like))
        found = found.where(or_(named, Customer.name.ilike(like)))
    else:
        found = found.where(Case.customer_id == case.customer_id)
    rows = await session.execute(
        found.order_by((Case.customer_id == case.customer_id).desc(), Case.updated_at.desc()).limit(8)
    )
    return [(one, name or STRANGER, one.customer_id == case.customer_id) for one, name in rows]
