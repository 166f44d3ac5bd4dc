"""Surveys: solved? how easy, from 1 to 5? anything to add? Asked once for a case, ever.

`plan` is called by triggers or by hand; the first question is put through the assistant (`asking`), which asks the
others as the answers come. "Not solved" opens the case again, like a bad answer to a follow-up.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, floor, outbox
from handoff.care import asking, follow_ups
from handoff.care.asking import Later, Never
from handoff.care.follow_ups import OPEN_AGAIN, open_again
from handoff.cases import Actor
from handoff.errors import BadInput, IllegalMove, NotFound
from handoff.models import Agent, AskedState, Case, CaseStatus, Conversation, OutboxItem, Survey
from handoff.ports import Button
from handoff.settings import settings

AFTER = timedelta(hours=1)
"""How long after it is planned, unless somebody says otherwise."""


@dataclass(frozen=True)
class Answered:
    """What came of an answer. `ask_next` is what is still to be asked: ease, words or nothing."""

    survey: Survey
    case: Case
    ask_next: str | None


async def plan(
    session: AsyncSession, case: Case, after_s: float = AFTER.total_seconds(), actor: Actor = cases.SYSTEM
) -> Survey:
    """Ask the customer of a case, once. Planned again gives back the first, whatever became of it."""
    if known := await of_case(session, case.id):
        return known
    survey = Survey(
        case_id=case.id,
        due_at=clock.now() + timedelta(seconds=after_s),
        state=AskedState.PLANNED,
        created_at=clock.now(),
    )
    session.add(survey)
    await session.flush()
    await cases.record(session, case, "survey_planned", actor, {"survey_id": survey.id})
    _look_in(session, survey, after_s)
    return survey


async def plan_by(session: AsyncSession, ref: str, agent: Agent, after_s: float = AFTER.total_seconds()) -> Survey:
    """By hand. A case is surveyed when it is resolved, and no second time (`IllegalMove`)."""
    case = await cases.hold(session, ref)
    await cases.must_work_on(agent, case)
    if await of_case(session, case.id):
        raise IllegalMove("This customer has a survey about this case already; nobody is asked twice.")
    if case.status != CaseStatus.RESOLVED:
        raise IllegalMove("Resolve the case first; then the customer can be asked how it was.")
    return await plan(session, case, after_s, Actor.of(agent))


def _look_in(session: AsyncSession, survey: Survey, wait_s: float) -> None:
    outbox.add_for(session, survey.id, "timer", "ask_survey", {"case_id": survey.case_id}, after_s=max(0.0, wait_s))


async def ask(session: AsyncSession, item: OutboxItem) -> None:
    """A timer: ask now, look again later, or drop it."""
    survey = await session.get(Survey, item.subject_id)
    if survey is None or survey.state != AskedState.PLANNED:
        return
    case = await session.get_one(Case, survey.case_id)
    if case.status != CaseStatus.RESOLVED or await asking.was_reopened(session, case.id, survey.created_at):
        await _drop(session, case, survey, OPEN_AGAIN)
        return
    match await _gives_way(session, case) or await asking.place(session, case, survey.created_at, survey.due_at):
        case Later(at):
            _look_in(session, survey, (at - clock.now()).total_seconds())
        case Never(why):
            await _drop(session, case, survey, why)
        case Conversation() as conversation:
            await _ask_in(session, case, survey, conversation)


async def _gives_way(session: AsyncSession, case: Case) -> Later | None:
    """What somebody wants to know of this very case comes first, when it is to be asked within a day."""
    soon = clock.now() + asking.BETWEEN_QUESTIONS
    planned = [one.due_at for one in await follow_ups.of_case(session, case.id) if one.state == AskedState.PLANNED]
    first = min((due_at for due_at in planned if due_at <= soon), default=None)
    return Later(max(first, clock.now()) + asking.NEXT_LOOK) if first else None


async def _ask_in(session: AsyncSession, case: Case, survey: Survey, conversation: Conversation) -> None:
    said = (
        f"Hello, it's {settings().assistant_name} with a quick question about {case.ref}, “{case.title}”. Is it solved?"
    )
    buttons = [Button(title, f'/survey_answer{{"survey_solved": "{value}"}}') for title, value in SOLVED]
    message = await asking.ask(session, case, conversation, said, [_of(survey, one) for one in buttons])
    survey.state, survey.conversation_id, survey.message_id = AskedState.ASKED, conversation.id, message.id
    told = {"survey_id": survey.id, "channel": conversation.channel}
    await cases.record(session, case, "survey_asked", cases.ASSISTANT, told)


SOLVED = (("Yes, it is", "yes"), ("No, it isn't", "no"))


def _of(survey: Survey, button: Button) -> Button:
    """The payload says which survey it answers."""
    return Button(button.title, button.payload.replace("{", f'{{"survey_id": "{survey.id}", ', 1))


async def answer(
    session: AsyncSession,
    survey_id: str,
    actor: Actor,
    *,
    is_solved: bool | None = None,
    ease: int | None = None,
    words: str | None = None,
    message_id: str | None = None,
) -> Answered:
    """One of its answers, or several at once; what was given before and is not given now stays.

    `ease` is from 1 (hard) to 5 (easy). Not solved opens the case again and asks nothing more.
    """
    survey = await get(session, survey_id)
    if ease is not None and not 1 <= ease <= 5:
        raise BadInput("Ease is a number from 1, hard, to 5, easy.")
    conversation = await floor.hold(session, survey.conversation_id) if survey.conversation_id else None
    case = await session.get_one(Case, survey.case_id)
    if conversation is None:
        raise IllegalMove("The customer was not asked this yet.")
    await cases.actor_must_work_on(session, actor, case)
    changed = _take(survey, is_solved, ease, words)
    if not changed:
        return Answered(survey, await cases.leads_to(session, case), ask_next(survey))
    survey.state, survey.answered_at = AskedState.ANSWERED, survey.answered_at or clock.now()
    await asking.claim(session, case, message_id)
    await cases.record(session, case, "survey_answered", actor, {"survey_id": survey.id, **changed})
    if changed.get("is_solved") is False:
        said = f"Asked whether it is solved, the customer said: {survey.words or 'No.'}"
        case = await open_again(session, case, conversation, actor, said, f"survey-{survey.id}")
    return Answered(survey, case, ask_next(survey))


def _take(survey: Survey, is_solved: bool | None, ease: int | None, words: str | None) -> dict[str, object]:
    """What is new in it, as the event says it."""
    said = words.strip()[:2000] if words else None
    given = {"is_solved": is_solved, "ease": ease, "words": said}
    changed = {name: value for name, value in given.items() if value is not None and value != getattr(survey, name)}
    for name, value in changed.items():
        setattr(survey, name, value)
    return {"text" if name == "words" else name: value for name, value in changed.items()}


def ask_next(survey: Survey) -> str | None:
    """What is still to be asked. Whose case is not solved has better things to do."""
    if not survey.is_solved:
        return None
    if survey.ease is None:
        return "ease"
    return "words" if survey.words is None else None


async def _drop(session: AsyncSession, case: Case, survey: Survey, why: str) -> None:
    survey.state, survey.detail = AskedState.DROPPED, why[:200]
    await cases.record(session, case, "survey_dropped", cases.SYSTEM, {"survey_id": survey.id, "text": why})


async def get(session: AsyncSession, survey_id: str) -> Survey:
    """The survey, locked, or `NotFound`."""
    found = await session.get(Survey, survey_id, with_for_update=True)
    if found is None:
        raise NotFound("There is no such survey.")
    return found


async def of_case(session: AsyncSession, case_id: str) -> Survey | None:
    found: Survey | None = await session.scalar(select(Survey).where(Survey.case_id == case_id))
    return found
