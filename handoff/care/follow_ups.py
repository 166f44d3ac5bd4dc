"""Follow-ups: some time after, somebody asks whether it went well. A bad answer opens the case again.

Planned by triggers or by hand, put through the assistant (`asking`), answered by a button or in the customer's own
words through `answer`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, floor, outbox
from handoff.care import asking
from handoff.care.asking import Later, Never
from handoff.cases import Actor
from handoff.errors import BadInput, Conflict, IllegalMove, NotFound
from handoff.models import LIVE, Agent, AskedState, Case, Conversation, FollowUp, OutboxItem
from handoff.ports import Button
from handoff.settings import settings

LONGEST = 300
OPEN_AGAIN = "The case is open again."


@dataclass(frozen=True)
class Answered:
    """What came of an answer: `case` is the one that goes on, when it does."""

    follow_up: FollowUp
    case: Case


async def plan(session: AsyncSession, case: Case, question: str, after_s: float, cause: str | None = None) -> FollowUp:
    """Ask this so many seconds from now, or when the customer may be asked. A repeated `cause` gives back the first."""
    if cause and (known := await session.scalar(select(FollowUp).where(FollowUp.cause == cause))):
        return known
    return await _store(session, case, cases.SYSTEM, question, clock.now() + timedelta(seconds=after_s), cause)


async def plan_by(
    session: AsyncSession,
    ref: str,
    agent: Agent,
    question: str,
    due_at: datetime,
    idempotency_key: str | None = None,
) -> FollowUp:
    """By hand, for a moment that is still to come."""
    case = await cases.hold(session, ref)
    await cases.must_work_on(agent, case)
    cases.must_not_be_joined(case)
    cause = f"key:{idempotency_key}"[:80] if idempotency_key else None
    if cause and (known := await session.scalar(select(FollowUp).where(FollowUp.cause == cause))):
        if known.case_id != case.id:
            raise Conflict("This idempotency key was used for a follow-up of another case. Take a new one.")
        return known
    if due_at <= clock.now():
        raise BadInput("That time has passed. Choose one that is still to come.")
    return await _store(session, case, Actor.of(agent), question, due_at, cause)


async def _store(
    session: AsyncSession, case: Case, actor: Actor, question: str, due_at: datetime, cause: str | None
) -> FollowUp:
    if not question.strip():
        raise BadInput("Write the question the customer will be asked.")
    follow_up = FollowUp(
        case_id=case.id,
        question=question.strip()[:LONGEST],
        due_at=due_at,
        state=AskedState.PLANNED,
        cause=cause[:80] if cause else None,
        created_at=clock.now(),
    )
    session.add(follow_up)
    await session.flush()
    told = {"follow_up_id": follow_up.id, "text": follow_up.question, "due_at": due_at.isoformat()}
    await cases.record(session, case, "follow_up_planned", actor, told)
    _look_at(session, follow_up, due_at)
    return follow_up


def _look_at(session: AsyncSession, follow_up: FollowUp, at: datetime) -> None:
    wait_s = max(0.0, (at - clock.now()).total_seconds())
    outbox.add_for(session, follow_up.id, "timer", "ask_follow_up", {"case_id": follow_up.case_id}, after_s=wait_s)


async def ask(session: AsyncSession, item: OutboxItem) -> None:
    """A timer: ask now, look again later, or drop it."""
    follow_up = await session.get(FollowUp, item.subject_id)
    if follow_up is None or follow_up.state != AskedState.PLANNED:
        return
    case = await session.get_one(Case, follow_up.case_id)
    if await asking.was_reopened(session, case.id, follow_up.created_at):
        await _drop(session, case, follow_up, cases.SYSTEM, OPEN_AGAIN)
        return
    match await asking.place(session, case, follow_up.created_at, follow_up.due_at):
        case Later(at):
            _look_at(session, follow_up, at)
        case Never(why):
            await _drop(session, case, follow_up, cases.SYSTEM, why)
        case Conversation() as conversation:
            await _ask_in(session, case, follow_up, conversation)


async def _ask_in(session: AsyncSession, case: Case, follow_up: FollowUp, conversation: Conversation) -> None:
    said = f"Hello, it's {settings().assistant_name} again, about {case.ref}, “{case.title}”. {follow_up.question}"
    message = await asking.ask(session, case, conversation, said, _buttons(follow_up))
    follow_up.state, follow_up.conversation_id, follow_up.message_id = AskedState.ASKED, conversation.id, message.id
    told = {"follow_up_id": follow_up.id, "text": follow_up.question, "channel": conversation.channel}
    await cases.record(session, case, "follow_up_asked", cases.ASSISTANT, told)


def _buttons(follow_up: FollowUp) -> tuple[Button, ...]:
    return tuple(
        Button(title, f'/follow_up_answer{{"follow_up_id": "{follow_up.id}", "went_well": "{value}"}}')
        for title, value in (("Yes", "yes"), ("No", "no"))
    )


async def answer(
    session: AsyncSession,
    follow_up_id: str,
    actor: Actor,
    *,
    went_well: bool,
    words: str = "",
    message_id: str | None = None,
) -> Answered:
    """What the customer said to it. Bad: their case is opened again, with their words as the reason, or a new one made.

    Answering again with the same changes nothing; with something else the newest counts. Refused while it was not
    asked yet.
    """
    found = await get(session, follow_up_id)
    # Conversations are locked before cases, everywhere.
    conversation = await floor.hold(session, found.conversation_id) if found.conversation_id else None
    case = await session.get_one(Case, found.case_id)
    if conversation is None:
        raise IllegalMove("The customer was not asked this yet.")
    await cases.actor_must_work_on(session, actor, case)
    if found.state == AskedState.ANSWERED and found.went_well == went_well:
        return Answered(found, await cases.leads_to(session, case))
    found.state, found.went_well, found.answered_at = AskedState.ANSWERED, went_well, clock.now()
    found.words, found.detail = words.strip()[:2000] or None, None
    await asking.claim(session, case, message_id)
    told = {"follow_up_id": found.id, "went_well": went_well, "question": found.question, "text": found.words}
    await cases.record(session, case, "follow_up_answered", actor, told)
    if went_well:
        return Answered(found, case)
    said = f"Asked “{found.question}”, the customer said: {found.words or 'No.'}"
    return Answered(found, await open_again(session, case, conversation, actor, said, f"follow-up-{found.id}"))


async def open_again(
    session: AsyncSession, case: Case, conversation: Conversation, actor: Actor, said: str, key: str
) -> Case:
    """What goes on, talked about where they answered, so that whoever takes the conversation has it before them."""
    was_open = case.status in LIVE
    again = await cases.reopen_or_follow_up(session, case.ref, actor, said, key)
    await cases.join_conversation(session, again, conversation)
    if was_open:
        await cases.add_note(session, again.ref, actor, said, f"{key}-note")
    return again


async def drop(session: AsyncSession, follow_up_id: str, agent: Agent, why: str) -> FollowUp:
    """Do not ask after all."""
    follow_up = await get(session, follow_up_id)
    case = await session.get_one(Case, follow_up.case_id)
    await cases.must_work_on(agent, case)
    if follow_up.state != AskedState.PLANNED:
        raise IllegalMove("It was asked or dropped already.")
    await _drop(session, case, follow_up, Actor.of(agent), why.strip() or f"Dropped by {agent.name}.")
    return follow_up


async def _drop(session: AsyncSession, case: Case, follow_up: FollowUp, actor: Actor, why: str) -> None:
    follow_up.state, follow_up.detail = AskedState.DROPPED, why[:200]
    await outbox.drop(session, follow_up.id, "timer", "ask_follow_up")
    told = {"follow_up_id": follow_up.id, "question": follow_up.question, "text": why}
    await cases.record(session, case, "follow_up_dropped", actor, told)


async def get(session: AsyncSession, follow_up_id: str) -> FollowUp:
    """The follow-up, locked, or `NotFound`."""
    found = await session.get(FollowUp, follow_up_id, with_for_update=True)
    if found is None:
        raise NotFound("There is no such follow-up.")
    return found


async def of_case(session: AsyncSession, case_id: str) -> Sequence[FollowUp]:
    """Oldest first."""
    return list(await session.scalars(select(FollowUp).where(FollowUp.case_id == case_id).order_by(FollowUp.id)))
