"""Whose case words stand in when people turn out to be two: never in a stranger's."""

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import customers, outbox
from handoff.cases.looking import of_conversation
from handoff.finding import texts
from handoff.models import LIVE, Case, CaseConversation, Conversation, Fact, Message

JOB = "words_moved"
"""A case has other words now, and no event that tells of it."""


async def keep_to_own(session: AsyncSession, conversation: Conversation) -> None:
    """Words and facts of a held conversation that stand in a case of somebody else go to the case that is talked about
    there now, or to none; so does what is said from here on. No case of somebody else is talked about there, and none
    is found by what is not its own any more or counts it."""
    people = await customers.together(session, conversation.customer_id)
    theirs = select(Case.id).where(Case.customer_id.in_(people))
    talked_of = await session.get(Case, conversation.case_id) if conversation.case_id else None
    if talked_of is not None and talked_of.customer_id not in people:
        linked = await of_conversation(session, conversation.id)
        own = (one.id for one in linked if one.customer_id in people and one.status in LIVE)
        conversation.case_id = next(own, None)
    await session.flush()
    here = Message.conversation_id == conversation.id, Message.case_id.not_in(theirs)
    left = set(await session.scalars(select(Message.case_id).where(*here).distinct()))
    for kind in (Message, Fact):
        strange = update(kind).where(kind.conversation_id == conversation.id, kind.case_id.not_in(theirs))
        await session.execute(strange.values(case_id=conversation.case_id))
    links = delete(CaseConversation).where(CaseConversation.conversation_id == conversation.id)
    await session.execute(links.where(CaseConversation.case_id.not_in(theirs)))
    for case_id in filter(None, {*left, conversation.case_id} if left else ()):
        # At once, for nobody else's words may be found a moment longer, and again after whoever writes it just now.
        await texts.rewrite(session, await session.get_one(Case, case_id))
        outbox.add_for(session, case_id, "case", JOB, {})
