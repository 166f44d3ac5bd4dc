"""Handovers: the floor goes to people with everything known. The ways back are in `handbacks`.

The assistant's actions call `hand_over`, the hub itself `by_hub`; the desk and the API call the verbs from `accept` to
`transfer`. Each is one transaction that changes the floor, the handover, the case and the words together.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, customers, events, floor, ledger, offers, outbox, packing, queues
from handoff.care import promises
from handoff.cases import Actor
from handoff.db import announce
from handoff.errors import BadInput, Conflict, FloorTaken, IllegalMove, NotFound
from handoff.floor import Verb
from handoff.ledger import Speaker
from handoff.models import (
    Agent,
    Case,
    Conversation,
    Handover,
    HandoverState,
    Priority,
    Turn,
    new_id,
)
from handoff.opening_hours import OpeningHours as Hours
from handoff.package import (
    Guess,
    HandoverAnswer,
    HandoverRequest,
    Issue,
    Nlu,
    Reason,
)
from handoff.ports import Author, Floor, Words
from handoff.routing import teams
from handoff.settings import settings

PROMISED_WITHIN = timedelta(hours=2)
"""Out of hours: how long after opening the customer is promised an answer."""


async def hand_over(session: AsyncSession, request: HandoverRequest) -> HandoverAnswer:
    """Pass a conversation to people with its package.

    Asking again with the same `idempotency_key`, or while it already waits, is with a person or was promised an answer,
    changes nothing and gives the same answer marked `already`. Out of hours the case is opened with a promised time
    and the assistant keeps the floor. The turn that asked may still say its words: it is moved to the new epoch, and
    refused like any other if an agent accepts before it is stored.
    """
    conversation = await floor.hold(session, request.conversation_id)
    if existing := await _existing(session, conversation, request.idempotency_key):
        return await _answer(session, existing, already=True)
    case = await _case_for(session, conversation, request)
    hours = await teams.calendar_of(session, case.team)
    is_open = hours.is_open(clock.now())
    from_holder = conversation.floor
    if is_open:
        _take_floor_for_people(session, conversation)
        await _let_the_asking_turn_finish(session, conversation, request.turn_id)
    else:
        case.promised_at = _promise(hours)
    state = HandoverState.WAITING if is_open else HandoverState.OUT_OF_HOURS
    handover = await _begin(session, conversation, case, request, from_holder, state)
    await cases.record(
        session, case, "handed_over", cases.ASSISTANT, {"reason": request.reason_code, "handover_id": handover.id}
    )
    if is_open:
        await offers.make(session, handover)
    elif case.promised_at:
        await promises.of_assistant(session, case, promises.ANSWER, case.promised_at)
    return await _answer(session, handover)


async def by_hub(
    session: AsyncSession, conversation: Conversation, reason: str, detail: str, announcement: str
) -> HandoverAnswer:
    """Pass on without the assistant, because it is down or silent; the hub announces it with what it knows itself."""
    last = await packing.last_turn(session, conversation)
    request = HandoverRequest(
        conversation_id=conversation.id,
        idempotency_key=f"hub-{conversation.id}-{conversation.last_seq}",
        reason_code=Reason(reason),
        reason_text=detail,
        issue=Issue(title=await packing.first_words(session, conversation), type="general", summary_for_agent=detail),
        nlu=Nlu(
            latest_text=await packing.first_words(session, conversation),
            intent_ranking=[Guess(**guess) for guess in (last.ranking if last else [])],
        ),
        form=packing.form_of(last),
        actions_tried=await packing.tried(session, conversation),
        open_questions=packing.not_started(conversation),
    )
    answer = await hand_over(session, request)
    speaker = Speaker(Author.ASSISTANT, settings().assistant_name)
    await ledger.utter(session, conversation, speaker, Words(f"{announcement} {spoken(answer)}"))
    return answer


def spoken(answer: HandoverAnswer) -> str:
    """What may be promised, and no more."""
    if answer.state == "out_of_hours":
        promised = f" by {answer.promised_at:%A %H:%M} UTC" if answer.promised_at else ""
        return f"Nobody is here at this hour; you will have an answer{promised}. Your reference is {answer.case_ref}."
    if answer.state == "with_agent":
        return f"{answer.agent_name} has your conversation. Your reference is {answer.case_ref}."
    place = f" You are number {answer.queue_position} in line." if answer.queue_position else ""
    if not answer.is_staffed:
        place = " Nobody is at the desk this minute; whoever comes first sees you waiting."
    return f"Your reference is {answer.case_ref}.{place}"


async def accept(session: AsyncSession, conversation_id: str, agent: Agent) -> Conversation:
    """Take a waiting conversation. The first one wins; the other is told who has it (`FloorTaken`).

    Accepting twice by the same agent changes nothing. The transcript's count and digest are checked against the
    package, and a mismatch is noted on the case.
    """
    conversation = await floor.hold(session, conversation_id)
    if conversation.floor == Floor.AGENT:
        if conversation.agent_id == agent.id:
            return conversation
        holder = await session.get_one(Agent, conversation.agent_id)
        raise FloorTaken(f"{holder.name} has this conversation already.")
    handover = await queues.sitting(session, conversation.id)
    if handover is None:
        raise IllegalMove("This conversation is not waiting for a person. Take it over instead.")
    floor.move(session, conversation, Verb.ACCEPT, agent)
    handover.state, handover.accepted_by, handover.accepted_at = HandoverState.ACCEPTED, agent.id, clock.now()
    await outbox.drop(session, conversation.id, "timer", "offer_expired")
    case = await session.get_one(Case, handover.case_id)
    case.assignee_id = agent.id
    await cases.record(session, case, "accepted", Actor.of(agent), {"agent_id": agent.id, "handover_id": handover.id})
    await packing.check_transcript(session, conversation, handover)
    await _join(session, conversation, agent)
    announce(session, events.QueueChanged(conversation.id, handover.team))
    return conversation


async def decline(session: AsyncSession, conversation_id: str, agent: Agent) -> None:
    """Not me: offered to the next agent at once. It stays visible to everyone."""
    conversation = await floor.hold(session, conversation_id)
    handover = await queues.sitting(session, conversation.id)
    if handover is None or handover.state == HandoverState.ACCEPTED:
        raise IllegalMove("There is nothing to decline; somebody has taken it already.")
    handover.declined_by = [*handover.declined_by, agent.id]
    case = await session.get_one(Case, handover.case_id)
    await cases.record(session, case, "declined", Actor.of(agent))
    await offers.make(session, handover)


async def take_over(session: AsyncSession, conversation_id: str, agent: Agent) -> Conversation:
    """Step in while the assistant talks. Words the assistant is still preparing will not reach the customer."""
    conversation = await floor.hold(session, conversation_id)
    if conversation.floor == Floor.QUEUE:
        return await accept(session, conversation_id, agent)
    if conversation.floor == Floor.CLOSED:
        floor.move(session, conversation, Verb.WAKE)
    last = await packing.last_turn(session, conversation)
    request = HandoverRequest(
        conversation_id=conversation.id,
        idempotency_key=f"take-over-{conversation.id}-{conversation.epoch}",
        reason_code=Reason.TAKEN_OVER,
        reason_text=f"{agent.name} stepped in.",
        issue=Issue(title=await packing.first_words(session, conversation)),
        team=next(iter(agent.teams), teams.DEFAULT),
        form=packing.form_of(last),
        actions_tried=await packing.tried(session, conversation),
        open_questions=packing.not_started(conversation),
    )
    from_holder = conversation.floor
    floor.move(session, conversation, Verb.TAKE_OVER, agent)
    case = await _case_for(session, conversation, request, Actor.of(agent))
    handover = await _begin(session, conversation, case, request, from_holder, HandoverState.ACCEPTED)
    handover.accepted_by, handover.accepted_at = agent.id, clock.now()
    case.assignee_id = agent.id
    await cases.record(session, case, "accepted", Actor.of(agent), {"agent_id": agent.id, "handover_id": handover.id})
    await _join(session, conversation, agent)
    return conversation


async def transfer(session: AsyncSession, conversation_id: str, agent: Agent, team: str, note: str) -> Conversation:
    """Pass on to a team with a note for whoever takes it. The customer is told, once, and keeps their place in time."""
    team_name = (await teams.names(session))[await teams.checked(session, team)]
    if not note.strip():
        raise BadInput("Leave a note for the team, so that nobody has to ask the customer again.")
    conversation = await floor.hold(session, conversation_id)
    floor.must_hold(conversation, agent)
    handover = await queues.sitting(session, conversation.id)
    if handover is None:
        raise NotFound("There is no handover to transfer.")
    floor.move(session, conversation, Verb.TRANSFER)
    await ledger.note(session, conversation.id, Speaker.of(agent), f"For {team_name}: {note}")
    await say_system(session, conversation, f"{agent.name} is passing you to {team_name} with everything so far.")
    handover.state, handover.team, handover.declined_by = HandoverState.WAITING, team, [agent.id]
    case = await session.get_one(Case, handover.case_id)
    case.team, case.assignee_id = team, None
    await cases.record(session, case, "transferred", Actor.of(agent), {"team": team, "note": note})
    await offers.make(session, handover)
    return conversation


async def look_after(session: AsyncSession, conversation_id: str) -> None:
    """A customer has waited long for an agent. If that agent has left the desk, everyone else is asked."""
    conversation = await floor.hold(session, conversation_id)
    if conversation.floor != Floor.AGENT or conversation.waiting_since is None:
        return
    holder = await session.get_one(Agent, conversation.agent_id)
    handover = await queues.sitting(session, conversation.id)
    if handover is None or await queues.is_here(session, holder.id):
        await outbox.add(session, conversation.id, "timer", "look_after", after_s=settings().reply_timeout_s)
        return
    floor.move(session, conversation, Verb.REQUEUE)
    await say_system(session, conversation, f"{holder.name} had to leave. Somebody else will read on from here.")
    handover.state, handover.declined_by = HandoverState.WAITING, [holder.id]
    case = await session.get_one(Case, handover.case_id)
    await cases.assign(session, case.ref, cases.SYSTEM, None)
    await offers.make(session, handover)


async def current(session: AsyncSession, conversation_id: str) -> Handover | None:
    """The newest handover of a conversation, whatever became of it."""
    found: Handover | None = await session.scalar(
        select(Handover).where(Handover.conversation_id == conversation_id).order_by(Handover.id.desc()).limit(1)
    )
    return found


async def get(session: AsyncSession, handover_id: str) -> Handover:
    found = await session.get(Handover, handover_id)
    if found is None:
        raise NotFound("There is no such handover.")
    return found


async def answer_for(session: AsyncSession, conversation_id: str) -> HandoverAnswer | None:
    """What a waiting customer may be told now: place in line and range. None when nobody is being waited for."""
    handover = await queues.sitting(session, conversation_id)
    return await _answer(session, handover) if handover else None


async def _begin(
    session: AsyncSession,
    conversation: Conversation,
    case: Case,
    request: HandoverRequest,
    from_holder: str,
    state: HandoverState,
) -> Handover:
    """The row and its package, written once. A promise made out of hours is kept now."""
    if promised := await queues.promised(session, conversation.id):
        promised.state, promised.finished_at = HandoverState.FINISHED, clock.now()
    handover = Handover(
        id=new_id(),
        conversation_id=conversation.id,
        case_id=case.id,
        state=state,
        team=case.team,
        priority=case.priority,
        reason_code=request.reason_code,
        reason_text=request.reason_text,
        idempotency_key=request.idempotency_key,
        declined_by=[],
        created_at=clock.now(),
    )
    conversation.case_id = case.id
    package = await packing.pack(session, conversation, case, handover, request, from_holder)
    handover.package = package.model_dump(mode="json")
    session.add(handover)
    await session.flush()
    return handover


async def _existing(session: AsyncSession, conversation: Conversation, key: str) -> Handover | None:
    known: Handover | None = await session.scalar(select(Handover).where(Handover.idempotency_key == key))
    if known and known.conversation_id != conversation.id:
        other = await session.get_one(Conversation, known.conversation_id)
        if not await customers.are_one(session, other.customer_id, conversation.customer_id):
            raise Conflict("This idempotency key was used for another customer. Take a new one.")
    if known is None and conversation.floor in (Floor.QUEUE, Floor.AGENT):
        known = await queues.sitting(session, conversation.id)
    if known is None and (promised := await queues.promised(session, conversation.id)):
        hours = await teams.calendar_of(session, promised.team)
        known = None if hours.is_open(clock.now()) else promised
    return known


async def _case_for(
    session: AsyncSession, conversation: Conversation, request: HandoverRequest, by: Actor = cases.ASSISTANT
) -> Case:
    """The open case of this conversation, brought up to date, or a new one."""
    case = await cases.open_one_of(session, conversation)
    if case is None:
        return await cases.open_case(
            session,
            conversation,
            title=request.issue.title,
            topic=request.issue.type,
            team=request.team,
            priority=request.priority,
            skills=request.skills_required,
            actor=by,
        )
    case.skills = list(dict.fromkeys([*case.skills, *request.skills_required]))
    if request.team not in (case.team, teams.DEFAULT) and request.team in await teams.names(session):
        await cases.set_team(session, case.ref, cases.ASSISTANT, request.team, request.reason_text)
    if _rank(request.priority) < _rank(case.priority):
        await cases.set_priority(session, case.ref, cases.ASSISTANT, Priority(request.priority))
    return case


def _rank(priority: str) -> int:
    return ("urgent", "high", "normal", "low").index(priority)


def _take_floor_for_people(session: AsyncSession, conversation: Conversation) -> None:
    if conversation.floor == Floor.CLOSED:
        floor.move(session, conversation, Verb.WAKE)
    floor.move(session, conversation, Verb.HAND_OVER)


async def _let_the_asking_turn_finish(session: AsyncSession, conversation: Conversation, turn_id: str | None) -> None:
    turn = await session.get(Turn, turn_id) if turn_id else None
    if turn and turn.conversation_id == conversation.id and turn.epoch == conversation.epoch - 1:
        turn.epoch = conversation.epoch


def _promise(hours: Hours) -> datetime | None:
    opens_at = hours.opens_at(clock.now())
    return opens_at + PROMISED_WITHIN if opens_at else None


async def _answer(session: AsyncSession, handover: Handover, already: bool = False) -> HandoverAnswer:
    case = await session.get_one(Case, handover.case_id)
    place = await queues.position(session, handover)
    if handover.state == HandoverState.OUT_OF_HOURS:
        opens_at = (await teams.calendar_of(session, handover.team)).opens_at(clock.now())
        return HandoverAnswer(
            handover_id=handover.id,
            case_ref=case.ref,
            state="out_of_hours",
            opens_at=opens_at,
            promised_at=case.promised_at,
            already=already,
        )
    holder = await session.get(Agent, handover.accepted_by) if handover.accepted_by else None
    return HandoverAnswer(
        handover_id=handover.id,
        case_ref=case.ref,
        state="with_agent" if handover.state == HandoverState.ACCEPTED else "queued",
        queue_position=place,
        wait_s=await queues.wait_estimate(session, handover.team, place) if place else None,
        is_staffed=await queues.is_staffed(session, handover.team),
        agent_name=holder.name if holder else None,
        already=already,
    )


async def _join(session: AsyncSession, conversation: Conversation, agent: Agent) -> None:
    await say_system(session, conversation, f"{agent.name} has joined and can read everything so far.")


async def say_system(session: AsyncSession, conversation: Conversation, text: str) -> None:
    await ledger.utter(session, conversation, Speaker(Author.SYSTEM), Words(text))
