"""The third contact about one thing: it becomes urgent enough, and a person takes it, without anybody asking.

Once for a case, ever. A customer who talks to the assistant just then is handed over with a sentence.
"""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, floor, handovers, queues
from handoff.care.effort import THIRD
from handoff.models import LIVE, Case, CaseEvent, Conversation, OutboxItem, Priority
from handoff.package import Reason
from handoff.ports import Floor

KIND = "third_contact"
SENTENCE = "This is the third time you have had to come to us about this, so a person takes it from here."
URGENT_ENOUGH = (Priority.URGENT, Priority.HIGH)


async def call_person(session: AsyncSession, item: OutboxItem) -> None:
    """Raise the priority to high and pass the conversation that is going on to people."""
    case_id = item.body["case_id"]
    talking = await _talking(session, case_id)
    # Conversations are locked before cases, everywhere.
    conversation = await floor.hold(session, talking) if talking else None
    case = await cases.hold(session, (await session.get_one(Case, case_id)).ref)
    if case.status not in LIVE or case.contacts < THIRD or await _is_done(session, case):
        return
    await cases.record(session, case, KIND, cases.SYSTEM, {"contacts": case.contacts}, KIND)
    if case.priority not in URGENT_ENOUGH:
        await cases.set_priority(session, case.ref, cases.SYSTEM, Priority.HIGH)
    if conversation is None:
        return
    conversation.case_id = case.id
    if conversation.floor == Floor.BOT:
        detail = f"The customer came for the {_nth(case.contacts)} time about {case.ref}."
        await handovers.by_hub(session, conversation, Reason.THIRD_CONTACT, detail, SENTENCE)
    elif sitting := await queues.sitting(session, conversation.id):
        sitting.priority = case.priority


async def _talking(session: AsyncSession, case_id: str) -> str | None:
    """Where the customer last spoke of it."""
    found: str | None = await session.scalar(
        select(Conversation.id)
        .where(Conversation.case_id == case_id)
        .order_by(Conversation.last_message_at.desc())
        .limit(1)
    )
    return found


async def _is_done(session: AsyncSession, case: Case) -> bool:
    known = select(CaseEvent.id).where(CaseEvent.case_id == case.id, CaseEvent.idempotency_key == KIND)
    return await session.scalar(known) is not None


def _nth(count: int) -> str:
    return {3: "third", 4: "fourth", 5: "fifth"}.get(count, f"{count}th")
