"""Cases and what is in them, as they are. Changes nothing."""

from collections.abc import Collection, Sequence

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


async def leads_to(session: AsyncSession, case: Case) -> Case:
    """The case this one became part of, through every join that stands; itself when it did not."""
    while case.joined_into_id:
        case = await session.get_one(Case, case.joined_into_id)
    return case


async def hold_in_turn(session: AsyncSession, ids: Collection[str]) -> dict[str, Case]:
    """Several cases by their id, locked in one order, so that two who want the same never wait for each other."""
    query = select(Case).where(Case.id.in_(ids)).order_by(Case.id).with_for_update()
    return {case.id: case for case in await session.scalars(query.execution_options(populate_existing=True))}


async def hold_conversations(session: AsyncSession, case_ids: Collection[str]) -> Sequence[Conversation]:
    """Where these cases are talked about, locked in one order. Conversations are always held before cases."""
    theirs = select(CaseConversation.conversation_id).where(CaseConversation.case_id.in_(case_ids))
    query = select(Conversation).where(Conversation.id.in_(theirs)).order_by(Conversation.id).with_for_update()
    return list(await session.scalars(query.execution_options(populate_existing=True)))


async def of_customer(session: AsyncSession, customer_id: str) -> Sequence[Case]:
    """Of all customers who are this one person, newest first."""
    return await of_person(session, await customers.together(session, customer_id))


async def of_person(session: AsyncSession, ids: Collection[str], newest: int | None = None) -> Sequence[Case]:
    """Of all these customers, newest first; or the `newest` of them."""
    query = select(Case).where(Case.customer_id.in_(ids)).order_by(Case.created_at.desc(), Case.id.desc())
    return list(await session.scalars(query.limit(newest)))


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
    """What a conversation is about, when that is not over, else its newest case that is not: where the next handover
    belongs."""
    talked_of = await session.get(Case, conversation.case_id) if conversation.case_id else None
    if talked_of and talked_of.status in LIVE:
        return talked_of
    for case in await of_conversation(session, conversation.id):
        if case.status in LIVE:
            return case
    return None


async def conversation_ids(session: AsyncSession, case: Case) -> Sequence[str]:
    """Where the case is talked about."""
    query = select(CaseConversation.conversation_id).where(CaseConversation.case_id == case.id)
    return list(await session.scalars(query))


async def words_of(session: AsyncSession, case_id: str, newest: int | None = None) -> Sequence[Message]:
    """Everything said and noted in a case, over all its conversations, in the order of time; or the `newest` of it."""
    query = select(Message).where(Message.case_id == case_id)
    query = query.order_by(Message.created_at.desc(), Message.id.desc()).limit(newest)
    return list(await session.scalars(query))[::-1]


async def facts_of(session: AsyncSession, case_id: str) -> Sequence[Fact]:
    """Everything told for a case, what was said last first; the first of a name is the one that holds."""
    query = select(Fact).where(Fact.case_id == case_id).order_by(Fact.stated_at.desc(), Fact.id.desc())
    return list(await session.scalars(query))


async def files_of(session: AsyncSession, case_id: str) -> Sequence[Attachment]:
    """The files of its messages, oldest first."""
    query = select(Attachment).join(Message, Message.id == Attachment.message_id).where(Message.case_id == case_id)
    return list(await session.scalars(query.order_by(Message.created_at, Message.id, Attachment.position)))


def normal_ref(typed: str) -> str:
    """`c4829174` and `C 482 917 4` name the same case as `C-482-917-4`; ten digits are read like seven."""
    digits = "".join(letter for letter in typed if letter.isdecimal())
    if len(digits) not in (7, 10):
        return typed.strip().upper()[:16]
    return "C-" + "-".join(digits[start : start + 3] for start in range(0, len(digits), 3))
