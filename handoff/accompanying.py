"""Accompanying: the person at the desk, or the place in line, goes along when a customer goes on elsewhere.

Used when handles are joined and when that is undone. Whoever was waited for is waited for there, with the same case and
the same place in time; whoever talked to the customer talks to them there; a desk that has somebody already is told.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, floor, handbacks, handovers, ledger, queues
from handoff.floor import Verb
from handoff.ledger import Speaker
from handoff.models import Agent, Case, Conversation, Handover
from handoff.package import FormState, HandoverRequest, Issue, Nlu, Reason
from handoff.ports import Author, Floor


async def go_along(session: AsyncSession, before: Conversation, after: Conversation, *, key: str) -> None:
    """Close what a person had or waited in and go on in `after`; both held. `key` makes doing it twice harmless."""
    for one in await cases.of_conversation(session, before.id):
        await cases.join_conversation(session, one, after, first_seq=after.last_seq + 1)
    handover = await queues.sitting(session, before.id)
    if handover is None or before.floor not in (Floor.QUEUE, Floor.AGENT):
        return
    agent = await session.get(Agent, before.agent_id) if before.agent_id else None
    floor.move(session, before, Verb.RESOLVE)
    handover.handback = {"summary": "Went on in another conversation of the same customer.", "moved_to": after.id}
    await handbacks.finish(session, before, handover)
    await _welcome(session, after, handover, agent, key)


async def go_back(session: AsyncSession, before: Conversation, after: Conversation, *, key: str) -> None:
    """Undo `go_along`: whoever waited in `before` waits again, as long as the case is open."""
    handover = await _newest(session, before)
    if handover is None or (handover.handback or {}).get("moved_to") != after.id:
        return
    case = await session.get_one(Case, handover.case_id)
    if case.status != "resolved" and before.floor in (Floor.BOT, Floor.CLOSED):
        await wait(session, before, handover, key)


async def _welcome(
    session: AsyncSession, after: Conversation, handover: Handover, agent: Agent | None, key: str
) -> None:
    if after.floor in (Floor.QUEUE, Floor.AGENT):
        who = f"{agent.name} had them there" if agent else "they waited for a person there"
        case = await session.get_one(Case, handover.case_id)
        text = f"The customer comes from another conversation about {case.ref}; {who}. It goes on here."
        await ledger.note(session, after.id, Speaker(Author.SYSTEM), text)
    elif agent:
        if after.floor == Floor.CLOSED:
            floor.move(session, after, Verb.WAKE)
        await handovers.take_over(session, after.id, agent)
    else:
        await wait(session, after, handover, key)


async def wait(session: AsyncSession, conversation: Conversation, handover: Handover, key: str) -> None:
    """In line with what is known, from when they began to wait."""
    package = handover.package
    answer = await handovers.hand_over(
        session,
        HandoverRequest(
            conversation_id=conversation.id,
            idempotency_key=key,
            reason_code=Reason(handover.reason_code),
            reason_text=handover.reason_text,
            issue=Issue(**package["issue"]),
            team=handover.team,
            priority=handover.priority,
            nlu=Nlu(**package["nlu"]),
            form=FormState(**package["form"]) if package.get("form") else None,
        ),
    )
    waiting = await session.get_one(Handover, answer.handover_id)
    waiting.created_at = min(handover.created_at, waiting.created_at)
    await handovers.say_system(session, conversation, f"You keep your place in line. {handovers.spoken(answer)}")


async def _newest(session: AsyncSession, conversation: Conversation) -> Handover | None:
    query = select(Handover).where(Handover.conversation_id == conversation.id).order_by(Handover.id.desc())
    found: Handover | None = await session.scalar(query.limit(1))
    return found
