"""When and where a customer may be asked something nobody is waiting for.

On the channel they last wrote from, between 9 and 20 o'clock where they are, when nobody is talking with them. A
question that finds no such moment is dropped with a sentence that says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, conversations, customers, floor, ledger
from handoff.ledger import Speaker
from handoff.models import (
    AskedState,
    Case,
    CaseConversation,
    CaseEvent,
    Conversation,
    FollowUp,
    Identity,
    Message,
    Survey,
    Turn,
)
from handoff.ports import HELPERS, Audience, Author, Button, Floor, Words
from handoff.settings import settings

FROM_HOUR, UNTIL_HOUR = 9, 20
SITTING = timedelta(minutes=30)
"""So long after a word somebody may still be in the middle of it."""
NEXT_LOOK = timedelta(minutes=15)
BETWEEN_QUESTIONS = timedelta(hours=24)
GIVE_UP_AFTER = timedelta(days=14)

ARE_WRITING = "The customer wrote to us since."
NO_WAY = "There is no way left to reach the customer."
NO_MOMENT = "No good moment came in two weeks."

SAID_LAST = (
    select(Turn.question, FollowUp, Survey)
    .select_from(Message)
    .outerjoin(Turn, Turn.message_id == Message.in_reply_to)
    .outerjoin(FollowUp, and_(FollowUp.message_id == Message.id, FollowUp.state == AskedState.ASKED))
    .outerjoin(Survey, and_(Survey.message_id == Message.id, Survey.state == AskedState.ASKED))
    .where(Message.conversation_id == bindparam("conversation_id"), Message.seq < bindparam("before"))
    .where(Message.audience == Audience.EVERYONE, Message.author.in_(HELPERS))
    .order_by(Message.seq.desc())
    .limit(1)
)
"""The newest word of a helper: what the assistant asked in it, and whether it is a question of ours."""


@dataclass(frozen=True)
class Later:
    """Not now; look again at `at`."""

    at: datetime


@dataclass(frozen=True)
class Never:
    why: str


async def place(
    session: AsyncSession, case: Case, planned_at: datetime, due_at: datetime
) -> Conversation | Later | Never:
    """Where to ask now, held and with the assistant; or when to look again; or why not to ask at all."""
    if await _wrote_since(session, case, planned_at + SITTING):
        return Never(ARE_WRITING)
    identity = await _preferred(session, case)
    if identity is None or identity.conversation_id is None:
        return Never(NO_WAY)
    if clock.now() > due_at + GIVE_UP_AFTER:
        return Never(NO_MOMENT)
    conversation = await floor.hold(session, identity.conversation_id)
    if later := await _not_now(session, conversation):
        return Later(later)
    conversations.answer_to(session, conversation, identity)
    return conversation


async def _not_now(session: AsyncSession, conversation: Conversation) -> datetime | None:
    now = clock.now()
    if conversation.floor in (Floor.QUEUE, Floor.AGENT) or conversation.waiting_since:
        return now + NEXT_LOOK
    if conversation.last_message_at > now - SITTING:
        return conversation.last_message_at + SITTING
    if asked_at := await _asked_lately(session, conversation):
        return asked_at + BETWEEN_QUESTIONS
    by_day = daytime(now, zone_of(conversation))
    return by_day if by_day > now else None


def daytime(at: datetime, zone: ZoneInfo) -> datetime:
    """`at` when people are up there, else the next morning. Nobody is asked before 9 or from 20 o'clock on."""
    local = at.astimezone(zone)
    if FROM_HOUR <= local.hour < UNTIL_HOUR:
        return at
    day = local.date() + timedelta(days=1 if local.hour >= UNTIL_HOUR else 0)
    return datetime(day.year, day.month, day.day, FROM_HOUR, tzinfo=zone).astimezone(at.tzinfo)


def zone_of(conversation: Conversation) -> ZoneInfo:
    """Where the customer's device says it is, else where the hub is."""
    name = (conversation.client or {}).get("timezone")
    try:
        return ZoneInfo(str(name)) if name else ZoneInfo(settings().time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings().time_zone)


async def _wrote_since(session: AsyncSession, case: Case, at: datetime) -> bool:
    theirs = await customers.conversations_of(session, case.customer_id)
    wrote = select(Message.id).where(Message.conversation_id.in_(theirs), Message.author == Author.CUSTOMER)
    return await session.scalar(wrote.where(Message.created_at > at).limit(1)) is not None


async def _preferred(session: AsyncSession, case: Case) -> Identity | None:
    """The handle they last wrote from while it can be reached, else one that was verified, the newest first."""
    handles = await customers.handles(session, case.customer_id)
    ids = [one.id for one in handles]
    last = await session.scalar(
        select(Message.identity_id)
        .where(Message.identity_id.in_(ids), Message.author == Author.CUSTOMER)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
    )
    reached = [one for one in handles if one.conversation_id and one.unreachable_reason is None]
    verified = sorted((one for one in reached if one.verified_at), key=lambda one: one.id, reverse=True)
    return next((one for one in reached if one.id == last), next(iter(verified), None))


async def _asked_lately(session: AsyncSession, conversation: Conversation) -> datetime | None:
    """When another question was put here that may still be answered: one at a time."""
    since = clock.now() - BETWEEN_QUESTIONS
    for kind in (FollowUp, Survey):
        asked = (
            select(Message.created_at)
            .join(kind, kind.message_id == Message.id)
            .where(kind.conversation_id == conversation.id, kind.state == AskedState.ASKED, Message.created_at > since)
        )
        if at := await session.scalar(asked.limit(1)):
            return at
    return None


async def ask(
    session: AsyncSession, case: Case, conversation: Conversation, text: str, buttons: Sequence[Button]
) -> Message:
    """Say it in the assistant's voice. The words belong to the case though nobody talks about it any more."""
    if conversation.floor == Floor.CLOSED:
        floor.move(session, conversation, floor.Verb.WAKE)
    speaker = Speaker(Author.ASSISTANT, settings().assistant_name)
    message = await ledger.utter(session, conversation, speaker, Words(text, tuple(buttons)))
    message.case_id = case.id
    if not await session.get(CaseConversation, (case.id, conversation.id)):
        session.add(
            CaseConversation(
                case_id=case.id, conversation_id=conversation.id, first_seq=message.seq, created_at=clock.now()
            )
        )
    await session.flush()
    return message


async def claim(session: AsyncSession, case: Case, message_id: str | None) -> None:
    """The customer's answer belongs to the case it is about; the words of somebody else do not."""
    message = await session.get(Message, message_id) if message_id else None
    if message is None or message.case_id is not None:
        return
    spoken_in = await session.get_one(Conversation, message.conversation_id)
    if await customers.are_one(session, spoken_in.customer_id, case.customer_id):
        message.case_id = case.id


async def was_reopened(session: AsyncSession, case_id: str, since: datetime) -> bool:
    again = select(CaseEvent.id).where(CaseEvent.case_id == case_id, CaseEvent.kind.in_(("reopened", "followed_up")))
    return await session.scalar(again.where(CaseEvent.created_at > since).limit(1)) is not None


async def open_question(session: AsyncSession, conversation: Conversation, before_seq: int) -> dict[str, str] | None:
    """What the customer was asked last, when it was one of ours: the assistant takes their next words as the answer.

    `{kind: follow_up|survey, id, case_ref, step, question}`; `step` is went_well, solved, ease or words.
    """
    last = (await session.execute(SAID_LAST, {"conversation_id": conversation.id, "before": before_seq})).first()
    if last is None:
        return None
    asked, follow_up, survey = last
    if follow_up:
        return await _question(session, follow_up, "follow_up", "went_well")
    if survey:
        return await _question(session, survey, "survey", "solved")
    if asked and asked.startswith("survey_"):
        newest = select(Survey).where(Survey.conversation_id == conversation.id, Survey.message_id.is_not(None))
        row = await session.scalar(newest.order_by(Survey.id.desc()).limit(1))
        return await _question(session, row, "survey", asked.removeprefix("survey_")) if row else None
    return None


async def _question(session: AsyncSession, row: FollowUp | Survey, kind: str, step: str) -> dict[str, str]:
    case = await session.get_one(Case, row.case_id)
    question = row.question if isinstance(row, FollowUp) else f"Is {case.ref} solved?"
    return {"kind": kind, "id": row.id, "case_ref": case.ref, "step": step, "question": question}
