"""Reading for the case pages: two statements for the list, five for one case."""

import re

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from handoff import attachments, cases
from handoff.desk.case_pages import CaseConversationView, CaseEventView, CaseFilter, CasePage, CasesPage
from handoff.desk.lists import snippet
from handoff.desk.pages import Me
from handoff.desk.reads import case_line, file_view
from handoff.desk.wording import team
from handoff.errors import NotFound
from handoff.models import Agent, Case, CaseConversation, CaseEvent, CaseStatus, Conversation, Customer, Message

ROWS = 100


async def listed(session: AsyncSession, me: Me, chosen: CaseFilter) -> CasesPage:
    found = (
        select(Case, Agent.name, Customer.name)
        .join(Customer, Customer.id == Case.customer_id)
        .outerjoin(Agent, Agent.id == Case.assignee_id)
        .order_by(Case.updated_at.desc())
        .limit(ROWS + 1)
    )
    if chosen.status == "open":
        found = found.where(Case.status != CaseStatus.RESOLVED)
    elif chosen.status != "any":
        found = found.where(Case.status == chosen.status)
    if chosen.team:
        found = found.where(Case.team == chosen.team)
    if chosen.priority:
        found = found.where(Case.priority == chosen.priority)
    if chosen.assignee == "me":
        found = found.where(Case.assignee_id == me.id)
    elif chosen.assignee == "nobody":
        found = found.where(Case.assignee_id.is_(None))
    if chosen.search:
        like = "%" + re.sub(r"[\\%_]", "", chosen.search) + "%"
        found = found.where(or_(Case.ref.ilike(like), Case.title.ilike(like), Customer.name.ilike(like)))
    rows = (await session.execute(found)).all()
    return CasesPage(tuple(case_line(*row) for row in rows[:ROWS]), chosen, tuple(cases.TEAMS), len(rows) > ROWS)


async def one(session: AsyncSession, ref: str) -> CasePage:
    row = (
        await session.execute(
            select(Case, Agent.name, Customer)
            .join(Customer, Customer.id == Case.customer_id)
            .outerjoin(Agent, Agent.id == Case.assignee_id)
            .where(Case.ref == cases.normal_ref(ref))
        )
    ).first()
    if row is None:
        raise NotFound(f"There is no case {ref[:40]}.")
    found, assignee, customer = row
    conversations = await _conversations(session, found.id)
    files = await attachments.of_conversations(session, [one.id for one in conversations])
    agents = await session.execute(select(Agent.id, Agent.name).where(Agent.is_active.is_(True)).order_by(Agent.name))
    return CasePage(
        case=case_line(found, assignee, customer.name),
        customer_id=customer.id,
        account_number=customer.account_number,
        events=tuple(_event(event) for event in await cases.history(session, found.id)),
        conversations=conversations,
        files=tuple(file_view(one) for one in files),
        agents=tuple((agent_id, name) for agent_id, name in agents),
        assignee_id=found.assignee_id,
    )


def _event(event: CaseEvent) -> CaseEventView:
    data = event.data
    words = next((str(data[key]) for key in ("text", "note", "resolution", "summary", "reason") if data.get(key)), None)
    changed = [str(data[key]) for key in ("status", "priority", "agent_name") if data.get(key)]
    if data.get("team"):
        changed.append(team(data["team"]))
    return CaseEventView(
        kind=event.kind,
        actor=event.actor_name or event.actor.capitalize(),
        text=words,
        changed=", ".join(changed) if event.kind.endswith("_changed") or event.kind == "transferred" else None,
        created_at=event.created_at,
    )


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
            found.id, found.channel, found.floor, holder, found.last_message_at, snippet(said) if said else ""
        )
        for found, holder, said in rows
    )
