"""Turns: one customer message answered by the assistant.

The outbox calls `Turns.ask`; it asks outside any transaction, then stores the answer in one. An answer that arrives
after the floor has moved becomes a note for the desk. When the assistant is down, slow or empty the conversation goes
to a person: never silence.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import (
    attachments,
    cases,
    clock,
    conversations,
    customers,
    deliveries,
    events,
    facts,
    floor,
    forgetting,
    handovers,
    ledger,
)
from handoff.care import asking, promises
from handoff.db import Database, announce
from handoff.errors import AssistantFailed
from handoff.ledger import Speaker
from handoff.live import Live
from handoff.models import Conversation, Identity, Message, OutboxItem, PromiseState, Turn
from handoff.partners import progress
from handoff.ports import Assistant, Author, Button, Floor, TurnRequest, TurnResult, Words
from handoff.settings import settings

log = structlog.get_logger(__name__)

FALL_BACK_TO_PERSON = "I can't answer right now, so I'm passing this to a person. They can read everything you wrote."
SAY_IT_AGAIN = "Sorry, I lost my thread there. Could you say that another way, or would you like a person?"

ABOUT_TURN = (
    select(Turn, Conversation, Identity, Message)
    .join(Conversation, Conversation.id == Turn.conversation_id)
    .join(Identity, Identity.id == Conversation.identity_id)
    .outerjoin(Message, Message.id == Turn.message_id)
    .where(Turn.id == bindparam("turn_id"))
)


@dataclass
class Turns:
    """The assistant's side of the outbox. One per process; `concurrency` bounds what Rasa has to carry at once."""

    database: Database
    assistant: Assistant
    live: Live

    def __post_init__(self) -> None:
        self._room = asyncio.Semaphore(settings().assistant_concurrency)

    async def ask(self, item: OutboxItem) -> None:
        """Answer one message, or one handback. Safe to repeat: a turn that has been answered is left alone."""
        turn_id = item.body["turn_id"]
        async with self.database.read() as session:
            request = await prepare(session, turn_id)
        if request is None:
            await self.database.write(lambda session: pass_over(session, turn_id))
            return
        started, deadline_s = clock.now(), settings().assistant_timeout_s
        try:
            # Outside the transaction: a slow assistant must not hold a database connection.
            async with asyncio.timeout(deadline_s), self._showing_that_we_work(item.subject_id), self._room:
                result = await self.assistant.answer(request)
        except (AssistantFailed, TimeoutError) as failure:
            sentence = getattr(failure, "message", f"The assistant did not answer within {deadline_s:g} s.")
            await self.database.write(lambda session: fail(session, turn_id, sentence))
            return
        ms = int((clock.now() - started).total_seconds() * 1000)
        await self.database.write(lambda session: apply(session, turn_id, result, ms))

    @asynccontextmanager
    async def _showing_that_we_work(self, conversation_id: str) -> AsyncIterator[None]:
        showing = asyncio.create_task(self._show_that_we_work(conversation_id))
        try:
            yield
        finally:
            showing.cancel()
            with suppress(asyncio.CancelledError):
                await showing

    async def _show_that_we_work(self, conversation_id: str) -> None:
        """Typing dots at once, "still working" when it takes longer than usual."""
        name, slow_after_s = settings().assistant_name, settings().assistant_slow_after_s
        self.live.publish([events.Typing(conversation_id, "assistant", name)])
        while True:
            await asyncio.sleep(slow_after_s)
            self.live.publish([events.Typing(conversation_id, "assistant", name, is_slow=True)])


async def prepare(session: AsyncSession, turn_id: str) -> TurnRequest | None:
    """What to ask, or None when nobody wants the answer any more."""
    found = await session.execute(ABOUT_TURN, {"turn_id": turn_id})
    turn, conversation, identity, message = found.one()
    if turn.status != "waiting" or turn.epoch != conversation.epoch or conversation.floor != Floor.BOT:
        return None
    return TurnRequest(
        sender=conversation.assistant_session,
        message_id=message.id if message else turn.id,
        text=_text_for_assistant(message),
        metadata=await _metadata(session, conversation, identity, turn, message),
    )


def _text_for_assistant(message: Message | None) -> str:
    """Rasa runs whatever starts with "/": a customer's slash is escaped, an issued button's payload is let through."""
    if message is None:
        return "/handback"
    if message.payload:
        return message.payload
    if not message.words:
        return conversations.SENT_FILES
    return f" {message.words}".replace(" /", " ∕", 1) if message.words.lstrip().startswith("/") else message.words


async def _metadata(
    session: AsyncSession, conversation: Conversation, identity: Identity, turn: Turn, message: Message | None
) -> dict[str, Any]:
    customer = await customers.known(session, conversation.customer_id)
    known = await facts.current(session, conversation.id)
    return {
        "conversation_id": conversation.id,
        "turn_id": turn.id,
        "channel": conversation.channel,
        "locale": conversation.locale,
        "customer": {
            "id": conversation.customer_id,
            "name": customer.name,
            "account_number": customer.account_number,
            # A link only moves a chat; what changes an account wants more.
            "is_verified": identity.verified_at is not None and identity.method in ("code", "login"),
        },
        "facts": facts.for_assistant(known),
        "carry": dict(conversation.carried),
        "open_cases": await _open_cases(session, customer),
        "asking": await asking.open_question(session, conversation, message.seq) if message else None,
        "handback": turn.handback,
    }


async def _open_cases(session: AsyncSession, customer: customers.Known) -> list[dict[str, Any]]:
    """The customer's newest cases, each with what was promised and is still to be done."""
    newest = await cases.of_person(session, customer.ids, 10)
    owed = await promises.owed(session, [case.id for case in newest]) if newest else []
    said = await progress.of_cases(session, [case.id for case in newest]) if newest else {}
    return [
        {
            "ref": case.ref,
            "title": case.title,
            "status": case.status,
            "partner": _partner(said.get(case.id)),
            "promises": [
                {"text": one.text, "due_at": one.due_at.isoformat(), "is_broken": one.state == PromiseState.BROKEN}
                for one in owed
                if one.case_id == case.id
            ],
        }
        for case in newest
    ]


def _partner(said: progress.Progress | None) -> dict[str, str] | None:
    return {"name": said.partner, "label": said.label, "at": said.at.isoformat()} if said else None


async def apply(session: AsyncSession, turn_id: str, result: TurnResult, ms: int) -> None:
    """Store what the assistant said, understood, learned and tried; refused if the epoch moved meanwhile."""
    turn = await session.get_one(Turn, turn_id)
    conversation = await floor.hold(session, turn.conversation_id)
    await session.refresh(turn)
    if turn.status != "waiting":
        return
    message = await session.get(Message, turn.message_id) if turn.message_id else None
    _remember(turn, result, ms)
    await facts.put(session, conversation, result.facts, set_by="action", source=None)
    answered = (result.form or {}).get("answered") or ()
    await facts.put_slots(session, conversation, result.slots, message, answered)
    if turn.epoch != conversation.epoch:
        await _keep_as_note(session, conversation, turn, result)
    else:
        await _say_all(session, conversation, turn, result)
        if result.is_empty or result.failures:
            await _make_good(session, conversation, turn, broke=bool(result.failures))
    announce(session, events.TurnFinished(conversation.id, turn.id, turn.status))


def _remember(turn: Turn, result: TurnResult, ms: int) -> None:
    intent: Mapping[str, Any] = result.understood.get("intent") or {}
    turn.intent, turn.confidence = intent.get("name"), intent.get("confidence")
    turn.ranking = list(result.understood.get("ranking") or [])[:5]
    turn.entities = list(result.understood.get("entities") or [])
    turn.form = dict(result.form) if result.form else None
    turn.question = result.question
    turn.tried = [dict(one) for one in result.tried]
    turn.actions = list(result.actions)
    turn.failure = "; ".join(result.failures)[:300] or None
    turn.ms, turn.answered_at, turn.status = ms, clock.now(), "answered"


async def _say_all(session: AsyncSession, conversation: Conversation, turn: Turn, result: TurnResult) -> None:
    speaker = Speaker(Author.ASSISTANT, settings().assistant_name)
    for words in result.messages:
        if words.text.strip() or words.image:
            await ledger.utter(session, conversation, speaker, words, in_reply_to=turn.message_id)
    conversation.empty_turns = conversation.empty_turns + 1 if result.is_empty else 0
    conversation.assistant_turns += 1
    conversation.carried = dict(result.slots)
    if conversation.assistant_turns >= settings().assistant_session_turns and not result.form:
        await forgetting.forget_session(session, conversation)


async def _keep_as_note(session: AsyncSession, conversation: Conversation, turn: Turn, result: TurnResult) -> None:
    """The words came too late: the desk may read them, the customer never does."""
    turn.status = "stale"
    said = "\n".join(words.text for words in result.messages if words.text.strip())
    if said:
        speaker = Speaker(Author.ASSISTANT, settings().assistant_name)
        await ledger.note(
            session, conversation.id, speaker, f"Not sent, a person had taken over: {said}", in_reply_to=turn.message_id
        )


async def _make_good(session: AsyncSession, conversation: Conversation, turn: Turn, *, broke: bool) -> None:
    """The assistant said nothing, or an action of it broke. Silent once is an accident, twice a reason for a person."""
    turn.status, turn.failure = "failed", turn.failure or "The assistant had no answer."
    if conversation.floor != Floor.BOT:
        return
    if turn.handback:
        await _say_what_was_done(session, conversation, turn)
    elif broke or conversation.empty_turns >= settings().empty_turns_before_handover:
        reason = "assistant_down" if broke else "empty_turns"
        await handovers.by_hub(session, conversation, reason, turn.failure, FALL_BACK_TO_PERSON)
    else:
        person = Button("Talk to a person", conversations.ASKS_FOR_PERSON)
        speaker = Speaker(Author.ASSISTANT, settings().assistant_name)
        await ledger.utter(session, conversation, speaker, Words(SAY_IT_AGAIN, (person,)), in_reply_to=turn.message_id)


async def fail(session: AsyncSession, turn_id: str, sentence: str) -> None:
    """The assistant is down, slow or wrong: the customer is told and a person gets the conversation."""
    turn = await session.get_one(Turn, turn_id)
    conversation = await floor.hold(session, turn.conversation_id)
    await session.refresh(turn)
    if turn.status != "waiting":
        return
    turn.status, turn.failure, turn.answered_at = "failed", sentence[:300], clock.now()
    announce(session, events.TurnFinished(conversation.id, turn.id, turn.status))
    if conversation.floor != Floor.BOT or turn.epoch != conversation.epoch:
        return
    if turn.handback:
        await _say_what_was_done(session, conversation, turn)
        return
    await handovers.by_hub(session, conversation, "assistant_down", sentence, FALL_BACK_TO_PERSON)


async def _say_what_was_done(session: AsyncSession, conversation: Conversation, turn: Turn) -> None:
    """The way back must not depend on the assistant being well."""
    back = turn.handback or {}
    summary = str(back.get("summary") or "").strip()
    name = str((back.get("released_by") or {}).get("name") or "").split(" ")[0]
    told = f"{name} noted: {summary}" if name and summary and not summary.startswith(name) else summary
    words = Words(f"You are back with me. {told} Is there anything else?".replace("  ", " "))
    speaker = Speaker(Author.ASSISTANT, settings().assistant_name)
    await ledger.utter(session, conversation, speaker, words)


async def pass_over(session: AsyncSession, turn_id: str) -> None:
    """Nobody asked the assistant: a person had taken the floor before its turn came."""
    turn = await session.get_one(Turn, turn_id)
    if turn.status == "waiting":
        turn.status, turn.answered_at = "stale", clock.now()


async def of_conversation(session: AsyncSession, conversation_id: str, limit: int = 200) -> list[Turn]:
    """The newest `limit` turns, oldest first."""
    newest = await session.scalars(
        select(Turn).where(Turn.conversation_id == conversation_id).order_by(Turn.id.desc()).limit(limit)
    )
    return list(newest)[::-1]


async def when_given_up(session: AsyncSession, item: OutboxItem) -> None:
    """An outbox item failed for good: somebody must look."""
    conversation = await floor.hold(session, item.subject_id)
    await ledger.note(
        session,
        conversation.id,
        Speaker(Author.SYSTEM),
        f"Giving up on '{item.job}' after {item.attempts} tries: {item.last_error or 'no reason given'}",
    )
    if item.job == "deliver_message":
        await deliveries.failed(session, item.body["message_id"], item.last_error or "The channel was away too long.")
    if item.job == "fetch_attachment":
        await attachments.refuse(session, item.body["attachment_id"], "It could not be fetched.", lost=True)
    if item.job == "ask_assistant":
        await fail(session, item.body["turn_id"], "The assistant could not be asked.")
