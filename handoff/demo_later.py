"""What lies around the demo's busy day, out of `data/demo/later.yml`: what was said before it, what was asked after it,
and the clocks and the effort that all of it adds up to. Drawn by `make seed` only.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock
from handoff.care import effort, follow_ups
from handoff.casework import Happened
from handoff.demo_cases import talk_before
from handoff.demo_day import learn
from handoff.models import (
    LIVE,
    Agent,
    AskedState,
    Case,
    CaseConversation,
    CaseEvent,
    Conversation,
    Customer,
    Fact,
    LinkKind,
    Message,
    Survey,
)
from handoff.ports import Author
from handoff.rules import clocks


async def was_told_before(session: AsyncSession, plan: dict[str, Any]) -> None:
    """Chats of other days that belong to cases of this one."""
    for line in plan["earlier"]:
        case = await cases.get(session, line["ref"])
        spoken = line["words"]
        words = [(_ago(hours=one["hours"]), Author(one["by"]), one["text"]) for one in spoken]
        thread, said = await talk_before(session, case.customer_id, words)
        session.add(CaseConversation(case_id=case.id, conversation_id=thread.id, first_seq=1, created_at=words[0][0]))
        for message, one in zip(said, spoken, strict=True):
            message.case_id = case.id
            learn(session, message, one)
        await session.flush()
        await session.execute(update(Fact).where(Fact.conversation_id == thread.id).values(case_id=case.id))


async def has_one_cause(session: AsyncSession, incident: dict[str, Any]) -> None:
    """The case of whoever spoke first is the parent of the others."""
    where = select(Conversation).join(Customer, Customer.id == Conversation.customer_id)
    thread = (await session.scalars(where.where(Customer.name == incident["customer"]))).one()
    jonas = (await session.scalars(select(Agent).where(Agent.name == "Jonas Beck"))).one()
    case = await cases.open_case(
        session,
        thread,
        title=incident["title"],
        topic="outage_report",
        team="network",
        priority="high",
        actor=cases.ASSISTANT,
    )
    case.created_at = thread.created_at
    for event in await session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id)):
        event.created_at = thread.created_at
    await cases.assign(session, case.ref, cases.Actor.of(jonas), jonas)
    for ref in incident["children"]:
        await cases.link(session, case.ref, ref, jonas, LinkKind.PARENT)


async def add_up(session: AsyncSession) -> None:
    """Clocks and effort of the cases that are open, as if they had been counted while it happened."""
    for case in await session.scalars(select(Case).where(Case.status.in_(LIVE)).order_by(Case.id)):
        for one in await _what_happened(session, case):
            await clocks.follow(session, one)
        await effort.recount(session, case)


async def _what_happened(session: AsyncSession, case: Case) -> Sequence[Happened]:
    """From its opening on, in the order of time."""
    told = list(await session.scalars(select(CaseEvent).where(CaseEvent.case_id == case.id)))
    words = select(Message).where(Message.case_id == case.id, Message.created_at > case.created_at)
    said = list(await session.scalars(words))
    found = [Happened(case, event=one) for one in told] + [Happened(case, message=one) for one in said]
    return sorted(found, key=lambda one: (one.event or one.message).created_at)  # type: ignore[union-attr]


async def was_asked_afterwards(session: AsyncSession, plan: dict[str, Any]) -> None:
    """Surveys that were answered, or never were, and a question that is still to be asked."""
    for line in plan["surveys"]:
        await _survey(session, line)
    for line in plan["follow_ups"]:
        agent = (await session.scalars(select(Agent).where(Agent.name == line["by"]))).one()
        due_at = clock.now() + timedelta(hours=line["hours"])
        await follow_ups.plan_by(session, line["ref"], agent, line["question"], due_at)


async def _survey(session: AsyncSession, line: dict[str, Any]) -> None:
    case, at = await cases.get(session, line["ref"]), _ago(hours=line["days"] * 24)
    is_answered = "is_solved" in line
    survey = Survey(
        case_id=case.id,
        due_at=at,
        state=AskedState.ANSWERED if is_answered else AskedState.ASKED,
        is_solved=line.get("is_solved"),
        ease=line.get("ease"),
        words=line.get("words"),
        created_at=at,
        answered_at=at if is_answered else None,
    )
    session.add(survey)
    await session.flush()
    if is_answered:
        told = {"survey_id": survey.id, **{name: line[name] for name in ("is_solved", "ease")}, "text": line["words"]}
        event = await cases.record(session, case, "survey_answered", cases.Actor("customer"), told)
        event.created_at = case.updated_at = at


def _ago(hours: float) -> datetime:
    return clock.now() - timedelta(hours=hours)
