"""Cases and what is in them, as they are. Changes nothing."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import customers
from handoff.errors import NotFound
from handoff.models import LIVE, Attachment, Case, CaseConversation, Conversation, Fact, Message


async def hold(session: AsyncSession, ref: str) -> Case:
    """The case, locked until the end of this transaction."""
    found = await session.scalar(select(Case).where(Case.ref == normal_ref(ref)).with_for_update())
    if found is None:
        raise NotFound(f"There is no case {ref[:40]}.")
    return found


async def get(session: AsyncSession, ref: str) -> Case:
    """The case with this reference, however it was typed, or `NotFound`."""
    found = await session.scalar(select(Case).where(Case.ref == normal_ref(ref)))
    if found is None:
        raise NotFound(f"There is no case {ref[:40]}.")
    return found


async def of_customer(session: AsyncSession, customer_id: str) -> Sequence[Case]:
    """Of all customers who are this one person, newest first."""
    ids = await customers.together(session, customer_id)
    query = select(Case).where(Case.customer_id.in_(ids)).order_by(Case.created_at.desc(), Case.id.desc())
    return list(await session.scalars(query))


async def of_conversation(session: AsyncSession, conversation_id: str) -> Sequence[Case]:
    """Newest first."""
    query = (
        select(Case)
        .join(CaseConversation, CaseConversation.case_id == Case.id)
        .where(CaseConversation.conversation_id == conversation_id)
        .order_by(Case.created_at.desc(), Case.id.desc())
    )
    return list(await session.scalars(query))


async def open_one_of(session: AsyncSession, conversation: Conversation) -> Case | None:
    """The newest unresolved case of a conversation: where the next handover belongs."""
    for case in await of_conversation(session, conversation.id):
        if case.status in LIVE:
            return case
    return None


async def conversation_ids(session: AsyncSession, case: Case) -> Sequence[str]:
    """Where the case is talked about."""
    query = select(CaseConversation.conversation_id).where(CaseConversation.case_id == case.id)
    return list(await session.scalars(query))


async def words_of(session: AsyncSession, case_id: str) -> Sequence[Message]:
    """Everything said and noted in a case, over all its conversations, in the order of time."""
    query = select(Message).where(Message.case_id == case_id).order_by(Message.created_at, Message.id)
    return list(await session.scalars(query))


async def facts_of(session: AsyncSession, case_id: str) -> Sequence[Fact]:
    """Everything told for a case, what was said last first; the first of a name is the one that holds."""
    query = select(Fact).where(Fact.case_id == case_id).order_by(Fact.stated_at.desc(), Fact.id.desc())
    return list(await session.scalars(query))


async def files_of(session: AsyncSession, case_id: str) -> Sequence[Attachment]:
    """The files of its messages, oldest first."""
    query = select(Attachment).join(Message, Message.id == Attachment.message_id).where(Message.case_id == case_id)
    return list(await session.scalars(query.order_by(Message.created_at, Message.id, Attachment.position)))


def normal_ref(typed: str) -> str:
    """`c482917x` and `C 482 917 x` name the same case as `C-482-917`."""
    digits = "".join(letter for letter in typed if letter.isdigit())
    return f"C-{digits[:3]}-{digits[3:6]}-{digits[6:]}" if len(digits) == 7 else typed.strip().upper()[:16]
