"""Which of a customer's cases a conversation is about now: where new words belong."""

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import customers, floor
from handoff.cases.changes import must_be_live
from handoff.cases.looking import hold
from handoff.cases.opening import join_conversation
from handoff.cases.rights import must_work_on
from handoff.errors import IllegalMove
from handoff.models import Agent, Case


async def talk_about(session: AsyncSession, conversation_id: str, ref: str, agent: Agent) -> Case:
    """From here on the conversation is about this case. Words said before stay where they are.

    Refuses (`IllegalMove`) a case that is over, or one of another customer; `NotAllowed` as `must_work_on`.
    """
    conversation = await floor.hold(session, conversation_id)
    case = await hold(session, ref)
    if case.customer_id not in await customers.together(session, conversation.customer_id):
        raise IllegalMove(f"{case.ref} is another customer's case. Choose one of the customer who writes here.")
    must_be_live(case)
    await must_work_on(agent, case)
    await join_conversation(session, case, conversation)
    return case
