"""Partings: a handle that should not have been joined gets its own customer and conversation back.

Every word that came by it or went to it since the join moves there, in order, with its files, its turns, what it told
us and the cases it began. The other side keeps its own words and nothing else. `joins.undo` calls this.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import (
    accompanying,
    cases,
    clock,
    conversations,
    events,
    facts_parting,
    floor,
    forgetting,
    handovers,
    ledger,
    queues,
)
from handoff.db import announce
from handoff.floor import Verb
from handoff.handbacks import finish
from handoff.models import (
    Agent,
    Attachment,
    Case,
    CaseConversation,
    Code,
    ContinueLink,
    Conversation,
    Identity,
    Join,
    Message,
    OutboxItem,
    Turn,
)
from handoff.ports import HELPERS, Audience, Author, Client, Floor

SEPARATED = "This chat was joined to another one by mistake and stands alone again. What you wrote here is still here."
TAKEN_OUT = "Another chat that was joined to this one has been taken out again. Nothing of yours was changed."


async def part(session: AsyncSession, made: Join, identity: Identity) -> Conversation | None:
    """Move a handle and its words out of the conversation it was joined to. None when it never had a word to move."""
    left = await floor.hold(session, identity.conversation_id or str(made.to_conversation_id))
    before = await floor.hold(session, made.from_conversation_id) if made.from_conversation_id else None
    words = await _words_of(session, made, identity, before)
    _give_back_the_handle(made, identity, before)
    await _end_what_it_asked_for(session, identity)
    own = before or (await _own(session, left, identity) if words else None)
    await _answer_whoever_is_left(session, left, identity)
    if own:
        if words:
            await _move(session, made, words, left, own)
        await accompanying.go_back(session, own, left, key=f"undo-{made.id}")
        await _unlink_cases(session, made, left)
        await cases.keep_to_own(session, own)
        await handovers.say_system(session, own, SEPARATED)
        announce(session, events.PersonChanged(own.id, identity.id), events.WordsMoved(own.id))
    await cases.keep_to_own(session, left)
    await handovers.say_system(session, left, TAKEN_OUT)
    announce(session, events.PersonChanged(left.id, identity.id), events.WordsMoved(left.id))
    return own


async def _words_of(
    session: AsyncSession, made: Join, identity: Identity, before: Conversation | None
) -> Sequence[Message]:
    """What came by or went to the handle since, wherever it was said, oldest first.

    An answer belongs with the words it answers: when both sides write at once it may have gone to the other one.
    """
    since = select(Message).where(Message.created_at >= made.created_at)
    if before:
        since = since.where(Message.conversation_id != before.id)
    theirs = {one.id: one for one in await session.scalars(since.where(Message.identity_id == identity.id))}
    asked = {one.in_reply_to for one in theirs.values() if one.author == Author.ASSISTANT and one.in_reply_to}
    strange = set(await session.scalars(select(Message.id).where(Message.id.in_(asked - set(theirs)))))
    said = [key for key, one in theirs.items() if one.author == Author.CUSTOMER]
    answers = await session.scalars(since.where(Message.in_reply_to.in_(said), Message.author != Author.CUSTOMER))
    kept = [one for one in theirs.values() if one.author != Author.ASSISTANT or one.in_reply_to not in strange]
    return sorted({one.id: one for one in (*kept, *answers)}.values(), key=lambda one: one.id)


def _give_back_the_handle(made: Join, identity: Identity, before: Conversation | None) -> None:
    identity.customer_id, identity.conversation_id = made.from_customer_id, before.id if before else None
    if identity.verified_at == made.created_at:
        identity.verified_at = identity.method = None


async def _own(session: AsyncSession, left: Conversation, identity: Identity) -> Conversation:
    return await conversations.begin(session, identity, Client(locale=left.locale))


async def _end_what_it_asked_for(session: AsyncSession, identity: Identity) -> None:
    """Links and codes from the wrong conversation lead nowhere any more."""
    for kind in (ContinueLink, Code):
        open_ones = update(kind).where(kind.identity_id == identity.id, kind.used_at.is_(None))
        await session.execute(open_ones.where(kind.expires_at > clock.now()).values(expires_at=clock.now()))


async def _answer_whoever_is_left(session: AsyncSession, left: Conversation, identity: Identity) -> None:
    """Replies go to the handle that wrote last among those that stay."""
    if left.identity_id != identity.id:
        return
    talking = select(Identity).where(Identity.conversation_id == left.id)
    wrote = talking.join(Message, Message.identity_id == Identity.id).where(Message.conversation_id == left.id)
    last = await session.scalar(wrote.order_by(Message.seq.desc()).limit(1))
    last = last or await session.scalar(talking.order_by(Identity.id).limit(1))
    if last:
        conversations.answer_to(session, left, last)


async def _move(
    session: AsyncSession, made: Join, words: Sequence[Message], left: Conversation, own: Conversation
) -> None:
    ids = [message.id for message in words]
    began = [case for case in await _began(session, made, left, ids) if case]
    caused = await _caused(session, left, set(ids))
    refs = set(await session.scalars(select(Message.client_ref).where(Message.conversation_id == own.id)))
    for message in words:
        own.last_seq += 1
        message.conversation_id, message.seq = own.id, own.last_seq
        if message.client_ref in refs:
            message.client_ref = None
    own.last_message_at = max(own.last_message_at, words[-1].created_at)
    await session.flush()
    for kind in (Attachment, Turn):
        await session.execute(update(kind).where(kind.message_id.in_(ids)).values(conversation_id=own.id))
    await _move_work(session, left, own, set(ids))
    for case in began:
        await _move_case(session, made, case, left, own, words[0].seq)
    await facts_parting.move(session, made, words, left, own)
    for side in (left, own):
        side.waiting_since = await _waiting_since(session, side)
        side.carried = await facts_parting.known_slots(session, side)
        await forgetting.forget_session(session, side)
    await _who_answers(session, left, own, caused=caused, key=f"part-{made.id}")


async def _move_work(session: AsyncSession, left: Conversation, own: Conversation, ids: set[str]) -> None:
    """Deliveries and downloads that are still to be done go on as work of the conversation their words are in."""
    files = set(await session.scalars(select(Attachment.id).where(Attachment.message_id.in_(ids))))
    for item in await session.scalars(select(OutboxItem).where(OutboxItem.conversation_id == left.id)):
        if item.body.get("message_id") in ids or item.body.get("attachment_id") in files:
            item.subject_id = item.conversation_id = own.id


async def _began(session: AsyncSession, made: Join, left: Conversation, ids: Sequence[str]) -> list[Case]:
    """The cases opened since because of words that move: the customer's last words before it did."""
    rows = await session.scalars(
        select(Case)
        .join(CaseConversation, CaseConversation.case_id == Case.id)
        .where(CaseConversation.conversation_id == left.id, Case.created_at >= made.created_at)
    )
    return [case for case in list(rows) if await _last_said_before(session, left, case.created_at) in ids]


async def _last_said_before(session: AsyncSession, conversation: Conversation, moment: datetime) -> str | None:
    found: str | None = await session.scalar(
        select(Message.id)
        .where(Message.conversation_id == conversation.id, Message.author == Author.CUSTOMER)
        .where(Message.created_at <= moment)
        .order_by(Message.seq.desc())
        .limit(1)
    )
    return found


async def _caused(session: AsyncSession, left: Conversation, ids: set[str]) -> bool:
    """Whether the handle that leaves is why a person is waited for or talking."""
    handover = await queues.sitting(session, left.id)
    return handover is not None and await _last_said_before(session, left, handover.created_at) in ids


async def _move_case(
    session: AsyncSession, made: Join, case: Case, left: Conversation, own: Conversation, first_seq: int
) -> None:
    case.customer_id = made.from_customer_id
    link = await session.get(CaseConversation, (case.id, left.id))
    if link:
        await session.delete(link)
    if await session.get(CaseConversation, (case.id, own.id)) is None:
        session.add(
            CaseConversation(case_id=case.id, conversation_id=own.id, first_seq=first_seq, created_at=clock.now())
        )
    await session.flush()


async def _unlink_cases(session: AsyncSession, made: Join, left: Conversation) -> None:
    """The newcomer's own cases are no longer talked about in the conversation it leaves."""
    theirs = select(Case.id).where(Case.customer_id == made.from_customer_id)
    links = delete(CaseConversation).where(CaseConversation.conversation_id == left.id)
    if made.from_customer_id != left.customer_id:
        await session.execute(links.where(CaseConversation.case_id.in_(theirs)))


async def _who_answers(session: AsyncSession, left: Conversation, own: Conversation, *, caused: bool, key: str) -> None:
    """Nobody is left without an answer: the person the handle had asked for is asked for there, an agent who was
    talking talks to both, and what the assistant had not answered yet it answers now."""
    if own.floor not in (Floor.BOT, Floor.CLOSED):
        return
    if left.floor == Floor.AGENT and caused:
        agent = await session.get_one(Agent, left.agent_id)
        _wake(session, own)
        await handovers.take_over(session, own.id, agent)
    elif left.floor == Floor.QUEUE and caused:
        handover = await queues.sitting(session, left.id)
        floor.move(session, left, Verb.WITHDRAW)
        if handover:
            await finish(session, left, handover)
            await accompanying.wait(session, own, handover, key)
        await conversations.ask_what_is_left(session, left)
    else:
        if own.waiting_since is not None:
            _wake(session, own)
        await conversations.ask_what_is_left(session, own)


def _wake(session: AsyncSession, conversation: Conversation) -> None:
    if conversation.floor == Floor.CLOSED:
        floor.move(session, conversation, Verb.WAKE)


async def _waiting_since(session: AsyncSession, conversation: Conversation) -> datetime | None:
    """When the oldest unanswered words came, or None."""
    words = await ledger.messages(session, conversation.id, audience=Audience.EVERYONE)
    since = None
    for message in words:
        if message.author == Author.CUSTOMER:
            since = since or message.created_at
        elif message.author in HELPERS:
            since = None
    return since
