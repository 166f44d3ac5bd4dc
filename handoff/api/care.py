"""Effort, promises, follow-ups and surveys of cases, and the report over them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock
from handoff.api.auth import AgentCaller, DatabaseOf, HelpingCaller, Reader
from handoff.api.care_shapes import (
    Dropped,
    EffortShape,
    FollowUpAnswer,
    FollowUpAnswered,
    FollowUpPlanned,
    FollowUpShape,
    Promised,
    PromiseShape,
    ReportLine,
    SurveyAnswer,
    SurveyAnswered,
    SurveyPlanned,
    SurveyShape,
    Withdrawn,
)
from handoff.care import effort, follow_ups, promises, reports, surveys
from handoff.cases import Actor
from handoff.errors import BadInput, NotFound
from handoff.models import Agent, Promise
from handoff.tokens import Caller

router = APIRouter(tags=["care"])
CASE = "/cases/{ref}"
LONGEST = timedelta(days=366)


def _for_customer(caller: Caller) -> Actor:
    """The assistant passes on what the customer said; an agent writes down what they were told."""
    return Actor.of(caller.agent) if caller.agent else Actor("customer")


@router.get(f"{CASE}/effort")
async def effort_of_case(ref: str, caller: Reader, database: DatabaseOf) -> EffortShape:
    """What this case cost its customer so far."""
    async with database.read() as session:
        case = await cases.get(session, ref)
        return EffortShape.model_validate(await effort.of_case(session, case.id))


@router.get("/customers/{customer_id}/effort")
async def effort_of_customer(customer_id: str, caller: Reader, database: DatabaseOf) -> EffortShape:
    """The same over all cases of one person."""
    async with database.read() as session:
        return EffortShape.model_validate(await effort.of_customer(session, customer_id))


@router.get("/reports/effort")
async def report(
    caller: Reader,
    database: DatabaseOf,
    since: Annotated[datetime | None, Query()] = None,
    until: Annotated[datetime | None, Query()] = None,
) -> list[ReportLine]:
    """By team and topic, of the cases that began in the period: the last 30 days unless told otherwise, a year at
    most. Times without a zone are UTC."""
    last = _utc(until) if until else clock.now()
    first = _utc(since) if since else last - timedelta(days=30)
    if not timedelta(0) < last - first <= LONGEST:
        raise BadInput("Choose a period that begins before it ends and is a year long at most.")
    async with database.read() as session:
        lines = await reports.by_team_and_topic(session, first, last)
    return [ReportLine.model_validate(line) for line in lines]


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@router.get(f"{CASE}/promises")
async def promises_of_case(ref: str, caller: Reader, database: DatabaseOf) -> list[PromiseShape]:
    async with database.read() as session:
        case = await cases.get(session, ref)
        return [PromiseShape.model_validate(one) for one in await promises.of_case(session, case.id)]


@router.post(f"{CASE}/promises", status_code=201)
async def promise(ref: str, body: Promised, caller: AgentCaller, database: DatabaseOf) -> PromiseShape:
    """Something the customer was told, with the time it is due. 422 when no day can be read from the words."""
    agent = caller.as_agent

    async def step(session: AsyncSession) -> Promise:
        reminds = await session.get(Agent, body.agent_id) if body.agent_id else None
        if body.agent_id and (reminds is None or not reminds.is_active):
            raise NotFound("There is no such agent.")
        return await promises.make(session, ref, agent, body.text, body.due_at, reminds=reminds)

    return PromiseShape.model_validate(await database.write(step))


@router.post("/promises/{promise_id}/keep")
async def keep(promise_id: str, caller: AgentCaller, database: DatabaseOf) -> PromiseShape:
    """It was done. 409 when it was kept or withdrawn already."""
    agent = caller.as_agent
    return PromiseShape.model_validate(await database.write(lambda session: promises.keep(session, promise_id, agent)))


@router.post("/promises/{promise_id}/withdraw")
async def withdraw(promise_id: str, body: Withdrawn, caller: AgentCaller, database: DatabaseOf) -> PromiseShape:
    """It will not be done, and why."""
    agent = caller.as_agent
    return PromiseShape.model_validate(
        await database.write(lambda session: promises.withdraw(session, promise_id, agent, body.reason))
    )


@router.get(f"{CASE}/follow-ups")
async def follow_ups_of_case(ref: str, caller: Reader, database: DatabaseOf) -> list[FollowUpShape]:
    async with database.read() as session:
        case = await cases.get(session, ref)
        return [FollowUpShape.model_validate(one) for one in await follow_ups.of_case(session, case.id)]


@router.post(f"{CASE}/follow-ups", status_code=201)
async def plan(ref: str, body: FollowUpPlanned, caller: AgentCaller, database: DatabaseOf) -> FollowUpShape:
    """Have the customer asked, from `due_at` on, when and where they may be."""
    agent = caller.as_agent
    planned = await database.write(
        lambda session: follow_ups.plan_by(session, ref, agent, body.question, body.due_at, body.idempotency_key)
    )
    return FollowUpShape.model_validate(planned)


@router.post("/follow-ups/{follow_up_id}/drop")
async def drop(follow_up_id: str, body: Dropped, caller: AgentCaller, database: DatabaseOf) -> FollowUpShape:
    """Do not ask after all. 409 when it was asked already."""
    agent = caller.as_agent
    return FollowUpShape.model_validate(
        await database.write(lambda session: follow_ups.drop(session, follow_up_id, agent, body.why))
    )


@router.post("/follow-ups/{follow_up_id}/answer")
async def answer_follow_up(
    follow_up_id: str, body: FollowUpAnswer, caller: HelpingCaller, database: DatabaseOf
) -> FollowUpAnswered:
    """What the customer said. A bad answer opens the case again with it. 409 while they were not asked."""
    told = await database.write(
        lambda session: follow_ups.answer(
            session,
            follow_up_id,
            _for_customer(caller),
            went_well=body.went_well,
            words=body.words,
            message_id=body.message_id,
        )
    )
    shown = FollowUpShape.model_validate(told.follow_up).model_dump()
    return FollowUpAnswered(**shown, case_ref=told.case.ref)


@router.get(f"{CASE}/survey")
async def survey_of_case(ref: str, caller: Reader, database: DatabaseOf) -> SurveyShape:
    """404 while none was planned."""
    async with database.read() as session:
        found = await surveys.of_case(session, (await cases.get(session, ref)).id)
    if found is None:
        raise NotFound("No survey was planned for this case.")
    return SurveyShape.model_validate(found)


@router.post(f"{CASE}/survey", status_code=201)
async def plan_survey(ref: str, body: SurveyPlanned, caller: AgentCaller, database: DatabaseOf) -> SurveyShape:
    """Have the customer of a resolved case asked, once. 409 when they were, or will be."""
    agent = caller.as_agent
    return SurveyShape.model_validate(
        await database.write(lambda session: surveys.plan_by(session, ref, agent, body.after_s))
    )


@router.post("/surveys/{survey_id}/answer")
async def answer_survey(
    survey_id: str, body: SurveyAnswer, caller: HelpingCaller, database: DatabaseOf
) -> SurveyAnswered:
    """One of the answers or several. Not solved opens the case again."""
    told = await database.write(
        lambda session: surveys.answer(
            session,
            survey_id,
            _for_customer(caller),
            is_solved=body.is_solved,
            ease=body.ease,
            words=body.words,
            message_id=body.message_id,
        )
    )
    shown = SurveyShape.model_validate(told.survey).model_dump()
    return SurveyAnswered(**shown, case_ref=told.case.ref, ask_next=told.ask_next)
