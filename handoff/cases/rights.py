"""Who may work on a case. Reading is open to everyone at the desk; whatever changes a case asks here first."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_object_session

from handoff.cases.actors import Actor
from handoff.errors import NotAllowed
from handoff.models import Agent, Case, CaseConversation, Conversation, Role


async def must_work_on(agent: Agent, *cases: Case) -> None:
    """Refuse (`NotAllowed`) unless this agent may change every one of these cases.

    Supervisors and admins may; so may whoever is in the case's team, has it, or talks in one of its conversations.
    """
    for case in cases:
        if not await may_work_on(agent, case):
            raise NotAllowed(
                f"{case.ref} belongs to the team '{case.team}' and is not yours. "
                "Ask somebody of that team or a supervisor, or leave a note on it."
            )


async def actor_must_work_on(session: AsyncSession, actor: Actor, *cases: Case) -> None:
    """The same for whoever does something: agents are asked; customers, rules and the assistant have their own."""
    if actor.kind == "agent" and actor.id:
        await must_work_on(await session.get_one(Agent, actor.id), *cases)


async def may_work_on(agent: Agent, case: Case) -> bool:
    """Costs a statement only for somebody of another team who does not have the case."""
    if agent.role in (Role.SUPERVISOR, Role.ADMIN) or case.team in agent.teams or case.assignee_id == agent.id:
        return True
    session = async_object_session(case)
    if session is None:
        return False
    talking = select(Conversation.id).join(CaseConversation, CaseConversation.conversation_id == Conversation.id)
    holding = talking.where(CaseConversation.case_id == case.id, Conversation.agent_id == agent.id)
    return await session.scalar(holding.limit(1)) is not None
