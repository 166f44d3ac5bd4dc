"""Reading for the pages of the desk: few statements a page, whatever the number of rows.

The list costs two statements, a conversation six; `agents.who` adds one. Nothing here writes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments
from handoff.desk import lists, message_reads, understood
from handoff.desk.lists import STRANGER, joined
from handoff.desk.pages import (
    CaseLine,
    ConversationPage,
    CustomerView,
    FactView,
    Me,
    Queue,
)
from handoff.errors import BadInput, NotFound
from handoff.facts import key as fact_key
from handoff.models import (
    Agent,
    CannedAnswer,
    Case,
    Conversation,
    Customer,
    Fact,
    Handover,
    Identity,
    Message,
    Turn,
    new_id,
)
from handoff.settings import settings

TURNS = 40


async def conversation(
    session: AsyncSession, me: Me, conversation_id: str, queue: Queue, assistant: str
) -> ConversationPage:
    """Everything about one conversation. Six statements."""
    row = (
        await session.execute(
            joined(Conversation, Customer, Identity, Handover, lists.holder.name, lists.offered.name)
            .join(Identity, Identity.id == Conversation.identity_id)
            .where(Conversation.id == conversation_id)
        )
    ).first()
    if row is None:
        raise NotFound("There is no such conversation.")
    thread, customer, identity, handover, holder, offered = row
    words = await message_reads.messages(
        session, conversation_id, assistant=assistant, seen_seq=thread.customer_seen_seq
    )
    known = await facts(session, conversation_id)
    turns = await _turns(session, conversation_id)
    package = dict(handover.package) if handover else {}
    return ConversationPage(
        id=thread.id,
        me=me,
        queue=queue,
        floor=thread.floor,
        epoch=thread.epoch,
        holder=holder,
        holder_id=thread.agent_id,
        waiting_since=thread.waiting_since,
        last_seq=thread.last_seq,
        customer_seen_seq=thread.customer_seen_seq,
        customer=_customer(thread, customer, identity),
        handover=understood.handover_view(handover, package, offered),
        messages=words,
        earlier_than=words[0].seq if words and words[0].seq > 1 else None,
        facts=known,
        intents=understood.intents(turns),
        alternatives=understood.alternatives(turns, package),
        also=understood.also(thread),
        tried=understood.tried(turns, package),
        form=understood.form(turns, package, known),
        cases=await cases_of(session, thread.customer_id, thread.case_id or (handover.case_id if handover else None)),
        assistant=assistant,
        largest_file_bytes=settings().attachment_max_mb * attachments.MB,
        most_files=settings().attachments_per_message,
        key=new_id(),
    )


async def case_of(session: AsyncSession, message_ids: Sequence[str]) -> str:
    """The reference of the one case these messages belong to, or `BadInput`."""
    query = select(Case.ref).join(Message, Message.case_id == Case.id).where(Message.id.in_(message_ids))
    refs = sorted(set(await session.scalars(query)))
    if len(refs) != 1:
        raise BadInput(f"Choose messages of one case; these are of {' and '.join(refs) or 'none'}.")
    return refs[0]


async def facts(session: AsyncSession, conversation_id: str) -> tuple[FactView, ...]:
    """The facts that hold, each with the place of the message it came from."""
    rows = (
        await session.execute(
            select(Fact, Message.seq)
            .outerjoin(Message, Message.id == Fact.source_message_id)
            .where(Fact.conversation_id == conversation_id)
            .order_by(Fact.stated_at.desc(), Fact.id.desc())
        )
    ).all()
    return holding((fact, seq) for fact, seq in rows)


def holding(rows: Iterable[tuple[Fact, int | None]]) -> tuple[FactView, ...]:
    """The facts that hold, oldest first, each with what it took the place of. `rows`: said last comes first."""
    told: dict[str, list[FactView]] = {}
    for fact, seq in rows:
        told.setdefault(fact_key(fact), []).append(fact_view(fact, seq))
    current = (replace(views[0], before=tuple(views[1:])) for views in told.values())
    return tuple(sorted(current, key=lambda view: view.stated_at))


def fact_view(fact: Fact, seq: int | None = None) -> FactView:
    return FactView(
        fact.name,
        fact.value,
        fact.set_by,
        fact.is_validated,
        fact.is_sensitive,
        fact.source_message_id,
        seq,
        fact.stated_at,
    )


async def _turns(session: AsyncSession, conversation_id: str) -> Sequence[tuple[Turn, int | None]]:
    """Newest first, with the place of the customer message each one answered."""
    rows = await session.execute(
        select(Turn, Message.seq)
        .outerjoin(Message, Message.id == Turn.message_id)
        .where(Turn.conversation_id == conversation_id)
        .order_by(Turn.id.desc())
        .limit(TURNS)
    )
    return [(turn, seq) for turn, seq in rows.all()]


def _customer(thread: Conversation, customer: Customer, identity: Identity) -> CustomerView:
    client = thread.client or {}
    return CustomerView(
        id=customer.id,
        name=customer.name or STRANGER,
        account_number=customer.account_number,
        channel=thread.channel,
        identity_verified=identity.verified_at is not None,
        since=customer.created_at,
        page_url=client.get("page_url"),
        timezone=client.get("timezone"),
        locale=thread.locale,
    )


async def cases_of(session: AsyncSession, customer_id: str, current: str | None) -> tuple[CaseLine, ...]:
    rows = await session.execute(
        select(Case, Agent.name, Customer.name)
        .join(Customer, Customer.id == Case.customer_id)
        .outerjoin(Agent, Agent.id == Case.assignee_id)
        .where(Case.customer_id == customer_id)
        .order_by(Case.updated_at.desc())
        .limit(12)
    )
    return tuple(case_line(found, assignee, name, found.id == current) for found, assignee, name in rows.all())


def case_line(found: Case, assignee: str | None, customer: str | None, is_current: bool = False) -> CaseLine:
    return CaseLine(
        ref=found.ref,
        title=found.title,
        topic=found.topic,
        status=found.status,
        priority=found.priority,
        team=found.team,
        assignee=assignee,
        customer=customer or STRANGER,
        created_at=found.created_at,
        updated_at=found.updated_at,
        promised_at=found.promised_at,
        resolution=found.resolution,
        is_current=is_current,
    )


async def canned(session: AsyncSession) -> Sequence[CannedAnswer]:
    return list(await session.scalars(select(CannedAnswer).order_by(CannedAnswer.shortcut)))


async def agent(session: AsyncSession, agent_id: str | None) -> Agent | None:
    """An agent work may be given to; None stays None."""
    found = await session.get(Agent, agent_id) if agent_id else None
    if agent_id and (found is None or not found.is_active):
        raise NotFound("There is no such agent.")
    return found
