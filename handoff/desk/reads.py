"""Reading for the pages of the desk: few statements a page, whatever the number of rows.

The list costs two statements, a conversation six; `agents.who` adds one. Nothing here writes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, edits
from handoff.desk import lists, understood
from handoff.desk.lists import STRANGER, joined
from handoff.desk.pages import (
    CaseLine,
    ConversationPage,
    CustomerView,
    FactView,
    FileView,
    Me,
    MessageView,
    Queue,
    Version,
)
from handoff.desk.wording import file_address
from handoff.errors import BadInput, NotFound
from handoff.facts import key as fact_key
from handoff.models import (
    Agent,
    Attachment,
    AttachmentState,
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
from handoff.ports import Audience, Author
from handoff.settings import settings

MESSAGES = 150
TURNS = 40
CONTINUED_WITHIN = timedelta(minutes=4)


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
    words = await messages(session, conversation_id, assistant=assistant, seen_seq=thread.customer_seen_seq)
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


async def messages(
    session: AsyncSession,
    conversation_id: str,
    *,
    assistant: str,
    after: int = 0,
    before: int | None = None,
    seen_seq: int = 0,
) -> tuple[MessageView, ...]:
    """The newest messages between two cursors, oldest first."""
    found = (
        select(Message, Customer.name, Case.ref)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Customer, Customer.id == Conversation.customer_id)
        .outerjoin(Case, Case.id == Message.case_id)
        .where(Message.conversation_id == conversation_id, Message.seq > after)
    )
    if before is not None:
        found = found.where(Message.seq < before)
    rows = (await session.execute(found.order_by(Message.seq.desc()).limit(MESSAGES))).all()
    files = await attachments.of_messages(session, [row.id for row, *_ in rows])
    return grouped(
        message_view(row, assistant, seen_seq, name, files.get(row.id, ()), ref) for row, name, ref in reversed(rows)
    )


async def message(
    session: AsyncSession, conversation_id: str, message_id: str, *, assistant: str
) -> tuple[MessageView, ...]:
    """One message as it is now, or `NotFound`."""
    row = await session.get(Message, message_id)
    if row is None or row.conversation_id != conversation_id:
        raise NotFound("There is no such message.")
    before = await messages(session, conversation_id, assistant=assistant, after=row.seq - 2, before=row.seq + 1)
    return before[-1:]


async def case_of(session: AsyncSession, message_ids: Sequence[str]) -> str:
    """The reference of the one case these messages belong to, or `BadInput`."""
    query = select(Case.ref).join(Message, Message.case_id == Case.id).where(Message.id.in_(message_ids))
    refs = sorted(set(await session.scalars(query)))
    if len(refs) != 1:
        raise BadInput(f"Choose messages of one case; these are of {' and '.join(refs) or 'none'}.")
    return refs[0]


async def versions(session: AsyncSession, conversation_id: str, message_id: str) -> tuple[Version, ...]:
    """Everything a message said before what it says now, the first words first."""
    row = await session.get(Message, message_id)
    if row is None or row.conversation_id != conversation_id:
        raise NotFound("There is no such message.")
    later = [Version(one.text, one.created_at) for one in await edits.versions(session, message_id)]
    return (Version(row.text, row.created_at), *later)[:-1]


def file_view(file: Attachment) -> FileView:
    is_here = file.state == AttachmentState.STORED
    return FileView(
        id=file.id,
        name=file.name,
        kind=file.kind,
        size_bytes=file.size_bytes,
        state=file.state,
        reason=file.reason,
        url=file_address(file.secret, file.name) if is_here else None,
    )


def message_view(
    message: Message,
    assistant: str,
    seen_seq: int = 0,
    customer: str | None = None,
    files: Sequence[Attachment] = (),
    case_ref: str | None = None,
) -> MessageView:
    is_note = message.audience == Audience.DESK
    link = message.link or {}
    return MessageView(
        id=message.id,
        conversation_id=message.conversation_id,
        seq=message.seq,
        author=message.author,
        name=_name(message, assistant, customer),
        is_note=is_note,
        is_stale=is_note and message.author in (Author.ASSISTANT, Author.SYSTEM) and message.in_reply_to is not None,
        is_masked=message.is_masked,
        text=message.words,
        buttons=tuple(str(button.get("title", "")) for button in message.buttons),
        link_title=link.get("title"),
        link_url=link.get("url"),
        channel=message.channel,
        created_at=message.created_at,
        client_ref=message.client_ref,
        is_seen=message.seq <= seen_seq,
        files=tuple(file_view(one) for one in files),
        is_edited=message.edited_at is not None,
        is_withdrawn=message.withdrawn_at is not None,
        is_redacted=message.redacted_at is not None,
        agent_id=message.agent_id,
        case_ref=case_ref,
    )


def _name(message: Message, assistant: str, customer: str | None) -> str:
    by_author = {Author.CUSTOMER: customer or "Customer", Author.ASSISTANT: assistant, Author.SYSTEM: "Tellonce"}
    return message.name or by_author.get(Author(message.author), "Agent")


def grouped(views: Iterable[MessageView]) -> tuple[MessageView, ...]:
    """Mark what continues the message above it."""
    out: list[MessageView] = []
    for view in views:
        above = out[-1] if out else None
        out.append(replace(view, is_continued=above is not None and _continues(above, view)))
    return tuple(out)


def _continues(above: MessageView, view: MessageView) -> bool:
    same = (above.author, above.name, above.is_note, above.channel) == (
        view.author,
        view.name,
        view.is_note,
        view.channel,
    )
    return same and view.created_at - above.created_at < CONTINUED_WITHIN


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
