"""Redaction: a message's words, or a file, go for good, here and wherever they were carried.

Since every copy is found from the message itself and not from where it was shown, a split, a join or an undo neither
loses nor revives it. What somebody else said is theirs: messages that repeat the words are named in the event, so that
a person can redact them too.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, deliveries, edits, events, floor, forgetting, ledger, outbox
from handoff.cases.actors import Actor
from handoff.cases.carried_words import out_of_cases, out_of_conversation
from handoff.cases.log import record
from handoff.cases.looking import hold_in_turn
from handoff.cases.rights import must_work_on
from handoff.cases.traces import Traces
from handoff.db import announce
from handoff.errors import NotAllowed, NotFound
from handoff.finding import texts
from handoff.models import (
    Agent,
    Attachment,
    AttachmentState,
    Case,
    CaseConversation,
    ChannelUpdate,
    Conversation,
    Fact,
    FollowUp,
    Message,
    MessageEdit,
    Promise,
    Role,
    Survey,
    Turn,
    WebhookDelivery,
)
from handoff.partners import granting
from handoff.ports import Author

REMOVED = "removed"


@dataclass(frozen=True)
class Redacted:
    """What was removed. `repeated_in` are ids of other people's messages that still say it."""

    message_id: str
    repeated_in: tuple[str, ...] = ()


async def redact_message(session: AsyncSession, message_id: str, agent: Agent) -> Redacted:
    """Remove the words of a message and every version of them, with its files. Removing twice changes nothing."""
    message = await session.get(Message, message_id)
    if message is None:
        raise NotFound("There is no such message.")
    conversation = await floor.hold(session, message.conversation_id)
    carried = await _carried(session, conversation, message)
    concerned = await _may(session, agent, message, carried)
    await session.refresh(message)
    if message.redacted_at is not None:
        return Redacted(message.id)
    traces = await _traces_of(session, message)
    for file in list(await session.scalars(select(Attachment).where(Attachment.message_id == message.id))):
        await _remove_file(session, file)
    await _remove_words(session, conversation, message)
    await out_of_conversation(session, conversation, traces, message.id)
    for later, told in carried.items():
        await _forget_told(session, later, told)
    await out_of_cases(session, [case.id for case in concerned], traces)
    repeated = await _repeated_in(session, conversation, traces)
    await _forget_copies(session, conversation, message)
    data = {"what": "message", "message_id": message.id, "author": message.author, "repeated_in": repeated}
    await _say_so(session, concerned, message, agent, data)
    edits.tell(session, conversation, message)
    return Redacted(message.id, tuple(repeated))


async def redact_file(session: AsyncSession, attachment_id: str, agent: Agent) -> Redacted:
    """Remove one file: its bytes from the store, its name from everywhere. The words it came with stay."""
    file = await session.get(Attachment, attachment_id)
    if file is None or file.message_id is None:
        raise NotFound("There is no such file.")
    conversation = await floor.hold(session, file.conversation_id)
    message = await session.get_one(Message, file.message_id)
    concerned = await _may(session, agent, message)
    await session.refresh(file)
    if file.redacted_at is not None:
        return Redacted(message.id)
    traces = Traces.of([file.name])
    await _remove_file(session, file)
    await _forget_updates(session, message.id)
    await out_of_conversation(session, conversation, traces)
    await out_of_cases(session, [case.id for case in concerned], traces)
    await _take_back(session, message)
    data = {"what": "file", "message_id": message.id, "attachment_id": file.id, "media_type": file.media_type}
    await _say_so(session, concerned, message, agent, data)
    announce(session, events.AttachmentChanged(conversation.id, message.id, file.id))
    return Redacted(message.id)


async def _may(
    session: AsyncSession, agent: Agent, message: Message, carried: Iterable[Conversation] = ()
) -> Sequence[Case]:
    """Every case these words were carried into, held; whoever removes them may work on the one they belong to."""
    talking = [message.conversation_id, *(one.id for one in carried)]
    places = select(CaseConversation.case_id).where(CaseConversation.conversation_id.in_(talking))
    ids = set(await session.scalars(places)) | ({message.case_id} if message.case_id else set())
    known = await hold_in_turn(session, ids)
    if message.case_id:
        await must_work_on(agent, known[message.case_id])
    elif agent.role == Role.AGENT:
        conversation = await session.get_one(Conversation, message.conversation_id)
        if conversation.agent_id != agent.id:
            raise NotAllowed("These words belong to no case. Take the conversation first, or ask a supervisor.")
    return list(known.values())


async def _traces_of(session: AsyncSession, message: Message) -> Traces:
    """Every version of the words, and what was read from them."""
    later = await session.scalars(select(MessageEdit.text).where(MessageEdit.message_id == message.id))
    told = await session.scalars(select(Fact.value).where(Fact.source_message_id == message.id))
    turn = await session.scalar(select(Turn).where(Turn.message_id == message.id))
    read = [str(one.get("value", "")) for one in turn.entities] if turn else []
    files = await session.scalars(select(Attachment.name).where(Attachment.message_id == message.id))
    versions = [message.text, message.edited_text or "", *later, *files]
    return Traces.of(versions, [*told, *read])


async def _remove_words(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """What stays says that somebody said something, and when."""
    message.text, message.edited_text, message.payload = "", None, None
    message.buttons, message.link, message.image, message.is_masked = [], None, None, False
    message.redacted_at = clock.now()
    for edit in await session.scalars(select(MessageEdit).where(MessageEdit.message_id == message.id)):
        edit.text = ""
    for turn in await session.scalars(select(Turn).where(Turn.message_id == message.id)):
        turn.entities, turn.ranking, turn.form, turn.tried, turn.failure = [], [], None, [], None
        turn.status = "stale" if turn.status == "waiting" else turn.status
    await _move_facts(session, conversation, message)
    await _forget_updates(session, message.id)
    await session.execute(delete(WebhookDelivery).where(WebhookDelivery.cause.like(f"{message.id}%")))
    for asked in await session.scalars(select(FollowUp).where(FollowUp.message_id == message.id)):
        asked.words = None
    for answered in await session.scalars(select(Survey).where(Survey.message_id == message.id)):
        answered.words = None
    for promise in await session.scalars(select(Promise).where(Promise.message_id == message.id)):
        promise.text = REMOVED
    await session.flush()


async def _carried(
    session: AsyncSession, conversation: Conversation, message: Message
) -> dict[Conversation, list[Fact]]:
    """Facts that go with this message and were offered to later conversations of the customer (`facts.carry_over`),
    by the conversation, held. Not where the customer said them again, nor when they stay in the first."""
    told = await session.scalars(select(Fact).where(Fact.source_message_id == message.id))
    gone = {
        (one.name, one.normalized) for one in told if not await _said_elsewhere(session, conversation, message, one)
    }
    offered = (
        select(Fact).join(Conversation, Conversation.id == Fact.conversation_id).order_by(Conversation.id, Fact.id)
    )
    theirs = offered.where(Conversation.customer_id == conversation.customer_id, Fact.set_by == "carried")
    found: dict[Conversation, list[Fact]] = {}
    for fact in list(await session.scalars(theirs)) if gone else []:
        if (fact.name, fact.normalized) in gone:
            later = await floor.hold(session, fact.conversation_id)
            if not await _said_elsewhere(session, later, message, fact):
                found.setdefault(later, []).append(fact)
    return found


async def _forget_told(session: AsyncSession, conversation: Conversation, told: Sequence[Fact]) -> None:
    """A conversation was offered these facts and knows them from nowhere else."""
    traces = Traces.of([], [one.value for one in told])
    for fact in told:
        await session.delete(fact)
    await out_of_conversation(session, conversation, traces)
    await forgetting.forget_session(session, conversation)
    announce(session, events.FactsChanged(conversation.id, tuple(one.name for one in told)))


async def _said_elsewhere(
    session: AsyncSession, conversation: Conversation, message: Message, fact: Fact
) -> Message | None:
    """Other words of the customer there that say it, the first of them."""
    others = select(Message).where(Message.conversation_id == conversation.id, Message.author == Author.CUSTOMER)
    said = await session.scalars(others.where(Message.redacted_at.is_(None), Message.id != message.id))
    return next((one for one in said if fact.value in one.words), None)


async def _move_facts(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    """A fact goes with its source, unless the customer said it in other words too."""
    names = []
    for fact in list(await session.scalars(select(Fact).where(Fact.source_message_id == message.id))):
        again = await _said_elsewhere(session, conversation, message, fact)
        names.append(fact.name)
        if again:
            fact.source_message_id = again.id
        else:
            await session.delete(fact)
    if names:
        announce(session, events.FactsChanged(conversation.id, tuple(names)))


async def _forget_updates(session: AsyncSession, message_id: str) -> None:
    """What the channel sent, its own names of files among it; the row still tells a repeated update."""
    for update in await session.scalars(select(ChannelUpdate).where(ChannelUpdate.message_id == message_id)):
        update.body = {}


async def _remove_file(session: AsyncSession, file: Attachment) -> None:
    """Its bytes go after the commit; until then the row still knows nothing of them."""
    if file.store_key:
        body = {"store_key": file.store_key}
        await outbox.add(session, file.conversation_id, "timer", "forget_file", body)
    file.state, file.redacted_at = AttachmentState.REDACTED, clock.now()
    file.store_key, file.sha256, file.source, file.reason = None, None, None, "Removed for good."
    file.name, file.size_bytes = REMOVED, 0
    await session.flush()


async def _forget_copies(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    await forgetting.forget_session(session, conversation)
    await _take_back(session, message)


async def _take_back(session: AsyncSession, message: Message) -> None:
    """Our own words leave the customer's device too, where its channel still lets us."""
    is_ours = message.author != Author.CUSTOMER and message.channel not in ledger.REPLAYABLE
    if is_ours and message.identity_id and clock.now() - message.created_at <= deliveries.CHANGEABLE_FOR:
        body = {"message_id": message.id}
        await outbox.add(session, message.conversation_id, "deliver", "withdraw_delivered", body)


async def _repeated_in(session: AsyncSession, conversation: Conversation, traces: Traces) -> list[str]:
    """Other messages of the conversation that still say it; people look at them one by one."""
    left = select(Message).where(Message.conversation_id == conversation.id, Message.redacted_at.is_(None))
    return [one.id for one in await session.scalars(left.order_by(Message.seq)) if traces.are_in(one.words)][:50]


async def _say_so(
    session: AsyncSession, concerned: Collection[Case], message: Message, agent: Agent, data: Mapping[str, object]
) -> None:
    """On the case they belong to, without the words; every text a case is found by is written anew."""
    for case in concerned:
        if case.id == message.case_id:
            await record(session, case, "redacted", Actor.of(agent), dict(data))
        await texts.rewrite(session, case, is_for_good=True)
        for share, _ in await granting.of_case(session, case.id):
            await granting.tell_pages(session, share)
    if not concerned:
        # It may have stood in a case before, and the index of words keeps what was deleted.
        await texts.compact(session)
    forgetting.compact(session, message.id)
