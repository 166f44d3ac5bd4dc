"""Where words are carried beside the ledger, one list, so that removing them forgets none.

A test holds every column that can hold text against the lists here, in `redactions` and in `erasures`.
"""

import json
from collections.abc import Collection, Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from handoff import edits, ledger
from handoff.cases.traces import Traces
from handoff.models import (
    Attachment,
    Case,
    CaseEvent,
    CaseException,
    CaseMove,
    Conversation,
    Effort,
    FollowUp,
    Handover,
    Message,
    OutboxItem,
    Promise,
    Share,
    Survey,
    TriggerFiring,
    Turn,
    WebhookDelivery,
)
from handoff.ports import Author

OF_CASE: tuple[InstrumentedAttribute[object], ...] = (
    CaseEvent.data,
    CaseException.reason,
    CaseException.refused_by,
    CaseException.details,
    CaseException.result,
    Effort.detail,
    FollowUp.question,
    FollowUp.words,
    FollowUp.detail,
    Promise.text,
    Share.task,
    Share.revoked_why,
    Survey.words,
    Survey.detail,
    TriggerFiring.outcome,
)
"""Columns of rows that hang on a case by `case_id`."""

OURS = (Author.SYSTEM, Author.ASSISTANT)
"""Whose sentences quote what others said: the product's own."""


async def out_of_conversation(
    session: AsyncSession, conversation: Conversation, traces: Traces, message_id: str | None = None
) -> None:
    """What the conversation itself carries: slots, turns, packages, and the product's own sentences. Facts that came
    from `message_id` leave the packages, whatever their values are."""
    conversation.carried = traces.out_of_json(conversation.carried)
    for turn in await session.scalars(select(Turn).where(Turn.conversation_id == conversation.id)):
        turn.form, turn.tried = traces.out_of_json(turn.form), traces.out_of_json(turn.tried)
        turn.handback, turn.entities = traces.out_of_json(turn.handback), traces.out_of_json(turn.entities)
        turn.failure = traces.out_of(turn.failure) if turn.failure else None
    quoting = select(Message).where(Message.conversation_id == conversation.id, Message.author.in_(OURS))
    for message in await session.scalars(quoting):
        left = traces.out_of(message.text)
        if left != message.text:
            message.text = left or "…"
            edits.tell(session, conversation, message)
    for item in await session.scalars(select(OutboxItem).where(OutboxItem.conversation_id == conversation.id)):
        item.body = traces.out_of_json(item.body)
    await session.flush()
    for handover in await session.scalars(select(Handover).where(Handover.conversation_id == conversation.id)):
        await _out_of_package(session, handover, traces, message_id)
    await session.flush()


async def _out_of_package(session: AsyncSession, handover: Handover, traces: Traces, message_id: str | None) -> None:
    """The package says the same of what is left: its transcript's digest is counted anew."""
    handover.reason_text = traces.out_of(handover.reason_text)
    handover.handback = traces.out_of_json(handover.handback)
    package = traces.out_of_json(handover.package)
    if package.get("nlu", {}).get("latest_text") != handover.package.get("nlu", {}).get("latest_text"):
        package["nlu"] = {**package["nlu"], "entities": []}
    left = [fact for fact in package.get("facts", []) if fact.get("value")]
    package["facts"] = [fact for fact in left if message_id is None or fact.get("source_message_id") != message_id]
    package["attachments"] = [await _file_now(session, one) for one in package.get("attachments", [])]
    if transcript := package.get("transcript"):
        within = select(Message).where(
            Message.conversation_id == handover.conversation_id,
            Message.seq.between(transcript["first_seq"], transcript["last_seq"]),
        )
        rows = list(await session.scalars(within.order_by(Message.seq)))
        package["transcript"] = {**transcript, "sha256": ledger.digest(rows)}
    handover.package = package


async def _file_now(session: AsyncSession, packed: dict[str, object]) -> dict[str, object]:
    file = await session.get(Attachment, str(packed.get("id")))
    if file is None or file.redacted_at is None:
        return packed
    return {**packed, "name": file.name, "state": file.state, "size_bytes": 0}


async def out_of_cases(session: AsyncSession, case_ids: Collection[str], traces: Traces) -> None:
    """What these cases carry: their own words, and every row that hangs on them."""
    for case in await session.scalars(select(Case).where(Case.id.in_(case_ids))):
        case.title = traces.out_of_json(case.title) or "Conversation"
        case.resolution = traces.out_of(case.resolution) or None if case.resolution else None
        case.fields = traces.out_of_json(case.fields, "fields")
    for column in OF_CASE:
        kind = column.class_
        for row in await session.scalars(select(kind).where(kind.case_id.in_(case_ids))):
            now = getattr(row, column.key)
            left = traces.out_of_json(now)
            if left != now:
                setattr(row, column.key, left)
    ends = or_(CaseMove.from_case_id.in_(case_ids), CaseMove.to_case_id.in_(case_ids))
    for move in await session.scalars(select(CaseMove).where(ends)):
        move.before = traces.out_of_json(move.before)
    await _out_of_webhooks(session, list(case_ids), traces)
    await session.flush()


async def _out_of_webhooks(session: AsyncSession, case_ids: Sequence[str], traces: Traces) -> None:
    for delivery in await session.scalars(select(WebhookDelivery).where(WebhookDelivery.case_id.in_(case_ids))):
        try:
            left = json.dumps(traces.out_of_json(json.loads(delivery.body)), ensure_ascii=False)
        except ValueError:
            left = traces.out_of(delivery.body)
        if left != delivery.body:
            delivery.body = left
