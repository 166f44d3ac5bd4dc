"""Handbacks: the ways out of a handover. Back to the assistant with what was done, resolved, or no longer wanted.

The desk and the API call these; each is one transaction. The assistant always begins a new session afterwards, so no
old form swallows what the customer says next.
"""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, conversations, events, facts, floor, forgetting, offers, outbox, queues
from handoff.care import promises
from handoff.cases import Actor
from handoff.db import announce
from handoff.errors import NotFound
from handoff.floor import Verb
from handoff.handovers import say_system
from handoff.models import Agent, Case, CaseStatus, Conversation, Handover, HandoverState, Turn
from handoff.package import Handback, Resume
from handoff.ports import Floor, FoundFact


async def give_back(session: AsyncSession, conversation_id: str, agent: Agent, handback: Handback) -> Conversation:
    """Return the floor to the assistant with what was done, learned and promised.

    The assistant starts a new session, so that no old form swallows the customer's next words; it opens with what was
    done. With `resume_at` form it takes up the form the customer was in when the floor was passed.
    """
    conversation = await floor.hold(session, conversation_id)
    floor.must_hold(conversation, agent)
    handover = await queues.sitting(session, conversation.id)
    if handover is None:
        raise NotFound("There is no handover to give back.")
    learned = [FoundFact(one.name, one.value, validated=True) for one in handback.facts_learned]
    await facts.put(session, conversation, learned, set_by="agent")
    case = await session.get_one(Case, handover.case_id)
    await cases.record(session, case, "given_back", Actor.of(agent), handback.model_dump(mode="json"))
    await promises.made_in_handback(session, case, agent, handback.promises)
    if handback.outcome == "resolved" and case.status != CaseStatus.RESOLVED:
        await cases.resolve(session, case.ref, Actor.of(agent), handback.summary)
    floor.move(session, conversation, Verb.GIVE_BACK)
    form = handover.package.get("form") if handback.resume_at is Resume.FORM else None
    handover.handback = {
        "released_by": {"id": agent.id, "name": agent.name},
        **handback.model_dump(mode="json"),
        "form": form,
        "topic": handover.package["issue"]["type"],
        "case_ref": case.ref,
        "transcript": {"first_seq": handover.package["transcript"]["last_seq"] + 1, "last_seq": conversation.last_seq},
    }
    await finish(session, conversation, handover)
    conversation.carried = await _slots_to_carry(session, conversation, resume=bool(form))
    await forgetting.forget_session(session, conversation)
    conversation.empty_turns = 0
    turn = Turn(
        conversation_id=conversation.id, epoch=conversation.epoch, handback=handover.handback, created_at=clock.now()
    )
    session.add(turn)
    await session.flush()
    await outbox.add(session, conversation.id, "turn", "ask_assistant", {"turn_id": turn.id})
    await offers.make_waiting(session, agent)
    return conversation


async def resolve(session: AsyncSession, conversation_id: str, agent: Agent, resolution: str) -> Conversation:
    """Solved: says so to the customer in the agent's words, resolves the case and closes the floor."""
    conversation = await floor.hold(session, conversation_id)
    floor.must_hold(conversation, agent)
    handover = await queues.sitting(session, conversation.id)
    if handover is None:
        raise NotFound("There is no handover to resolve.")
    case = await session.get_one(Case, handover.case_id)
    if case.status != CaseStatus.RESOLVED:
        await cases.resolve(session, case.ref, Actor.of(agent), resolution)
    await say_system(session, conversation, f"{agent.name} marked {case.ref} as solved: {resolution.strip()}")
    floor.move(session, conversation, Verb.RESOLVE)
    await finish(session, conversation, handover)
    conversation.carried = {}
    await forgetting.forget_session(session, conversation)
    await offers.make_waiting(session, agent)
    return conversation


async def withdraw(session: AsyncSession, conversation_id: str) -> Conversation:
    """The customer no longer wants to wait: the assistant has the floor again, the case stays open.

    What they wrote while they waited is the assistant's to answer now; nobody else will. Nothing happens when they
    are not waiting (any more).
    """
    conversation = await floor.hold(session, conversation_id)
    handover = await queues.sitting(session, conversation.id)
    if conversation.floor != Floor.QUEUE or handover is None:
        return conversation
    floor.move(session, conversation, Verb.WITHDRAW)
    await finish(session, conversation, handover)
    case = await session.get_one(Case, handover.case_id)
    await cases.record(session, case, "withdrawn", Actor("customer"))
    await say_system(session, conversation, "You are no longer waiting for a person. Your case stays open.")
    await conversations.ask_what_is_left(session, conversation)
    return conversation


async def finish(session: AsyncSession, conversation: Conversation, handover: Handover) -> None:
    """The story told so far is over: the next handover begins after it."""
    handover.state, handover.finished_at = HandoverState.FINISHED, clock.now()
    conversation.handled_seq = conversation.last_seq
    await outbox.drop(session, conversation.id, "timer", "offer_expired")
    announce(session, events.QueueChanged(conversation.id, handover.team))


async def _slots_to_carry(session: AsyncSession, conversation: Conversation, *, resume: bool) -> dict[str, Any]:
    """Who the customer is always travels; what they were in the middle of only when they go back to it."""
    told = facts.for_assistant(await facts.current(session, conversation.id))
    known = {name: fact["value"] for name, fact in told.items()}
    who = {
        name: value for name, value in known.items() if name in ("account_number", "email", "phone", "customer_name")
    }
    return {**dict(conversation.carried), **known} if resume else who
