"""Conversations: the words exchanged with one customer on one channel.

Channels call `receive`; the assistant's turns and the desk call `say`. Nothing here knows how a message travels or
what Rasa is. Whoever holds the floor may speak; everyone else may note.
"""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, clock, codes, events, facts, floor, ledger, masking, outbox
from handoff.db import announce
from handoff.errors import BadInput, FloorTaken, NotFound, StaleView
from handoff.ledger import Speaker
from handoff.models import Conversation, Customer, Identity, Join, Message, Turn
from handoff.ports import HELPERS, Attached, Audience, Author, Client, Floor, Inbound, Wish, Words
from handoff.settings import settings

LOOK_BACK = 10
ASKS_FOR_PERSON = "/talk_to_human"
WISHES = {
    Wish.PERSON: ("I would like to talk to a person.", ASKS_FOR_PERSON),
    Wish.HELP: ("What can you do?", "/help"),
    Wish.STOP: ("Stop, please.", "/cancel_flow"),
    Wish.HELLO: ("Hello.", "/greet"),
}
"""What each wish says in the ledger and to the assistant."""
# What every message asks: put together once, for that costs as much as asking.
HANDLE_AND_NEWEST = (
    select(Identity, Conversation)
    .join(Conversation, Conversation.id == Identity.conversation_id)
    .where(Identity.channel == bindparam("channel"), Identity.external_id == bindparam("external_id"))
    .with_for_update(key_share=True)
)
_here = bindparam("conversation_id", type_=Message.conversation_id.type)
_wanted = (
    Message.client_ref == bindparam("client_ref"),
    Message.seq > bindparam("oldest"),
    Message.seq == facts.last_said_by_helper(_here),
)
KNOWN_AND_RECENT = (
    select(Message, Turn.question)
    .outerjoin(Turn, facts.ASKED_WITH)
    # Each with the conversation of its own: only so does SQLite look in an index for each, instead of at every message.
    .where(or_(*(and_(Message.conversation_id == _here, one) for one in _wanted)))
    .order_by(Message.seq)
)
SENT_FILES = "/files_sent"
"""What the assistant is told of a message that has files and no words."""


@dataclass(frozen=True)
class Receipt:
    """What the sender is told: where the message stands in the ledger."""

    conversation_id: str
    message_id: str
    seq: int
    text: str
    created_at: str
    is_new: bool


async def receive(session: AsyncSession, inbound: Inbound) -> Receipt:
    """Store a customer's message once and decide who should answer it.

    Channels repeat themselves (Telegram resends, browsers reconnect), so a message with a known `client_ref` gives
    back the first receipt and schedules nothing. Refuses words that are empty or longer than `ledger.TEXT_LIMIT`
    characters.
    """
    identity, conversation = await _open(session, inbound)
    known, recent, asked_for = await _known_and_recent(session, conversation, inbound.client_ref)
    if known := known or await _said_before_a_join(session, identity, inbound.client_ref):
        return _receipt(known, is_new=False)
    if conversation.last_seq == 0:
        conversation.client, conversation.locale = asdict(inbound.client), inbound.client.locale
    text, payload = await _what_was_said(session, conversation, inbound)
    proof = await codes.check(session, conversation, text) if payload is None else None
    if proof:
        text, payload = proof.text, proof.payload
    masked = masking.mask(text, **_light_of(recent))
    message = ledger.append(session, conversation, Speaker(Author.CUSTOMER, inbound.name), Words(masked.text))
    message.client_ref, message.payload, message.is_masked = inbound.client_ref, payload, masked.is_masked
    message.in_reply_to = inbound.pressed[0] if inbound.pressed else None
    if conversation.waiting_since is None:
        conversation.waiting_since = message.created_at
        await _watch_for_an_absent_agent(session, conversation)
    await session.flush()
    await attachments.attach(session, message, inbound.attachments)
    told = [*facts.found_in(message, asked_for), *inbound.known]
    await facts.put(session, conversation, told, set_by="customer", source=message)
    if proof is None or await codes.settle(session, conversation, identity, proof):
        await _give_to_whoever_answers(session, conversation, message)
    return _receipt(message, is_new=True)


async def open_for(session: AsyncSession, inbound: Inbound) -> Conversation:
    """The conversation an inbound message belongs to, held; customer, identity and conversation are made if new."""
    _, conversation = await _open(session, inbound)
    return conversation


async def _open(session: AsyncSession, inbound: Inbound) -> tuple[Identity, Conversation]:
    identity, newest = await _handle_and_newest(session, inbound)
    if newest and not is_over(newest):
        answer_to(session, newest, identity)
        return identity, newest
    conversation = await begin(session, identity, inbound.client)
    if newest:
        # Handles that shared the old conversation go on together.
        together = update(Identity).where(Identity.conversation_id == newest.id)
        await session.execute(together.values(conversation_id=conversation.id))
        await facts.carry_over(session, newest, conversation)
    return identity, conversation


async def _handle_and_newest(session: AsyncSession, inbound: Inbound) -> tuple[Identity, Conversation | None]:
    """The handle an inbound comes from and its newest conversation, both held: one statement for whoever is known.

    PostgreSQL answers nothing when the handle went to another conversation while we waited for it; then as for
    somebody new, one after the other."""
    named = {"channel": inbound.channel, "external_id": inbound.identity}
    found = (await session.execute(HANDLE_AND_NEWEST, named)).one_or_none()
    if found:
        return found
    identity = await identity_for(session, inbound)
    return identity, await floor.hold(session, identity.conversation_id) if identity.conversation_id else None


async def begin(session: AsyncSession, identity: Identity, client: Client) -> Conversation:
    """A new conversation for a handle, with the assistant."""
    conversation = Conversation(
        customer_id=identity.customer_id,
        identity_id=identity.id,
        channel=identity.channel,
        floor=Floor.BOT,
        epoch=1,
        last_seq=0,
        handled_seq=0,
        assistant_session=new_assistant_session(),
        assistant_turns=0,
        empty_turns=0,
        locale=client.locale,
        client=asdict(client),
        created_at=clock.now(),
        last_message_at=clock.now(),
    )
    session.add(conversation)
    await session.flush()
    identity.conversation_id = conversation.id
    return conversation


def answer_to(session: AsyncSession, conversation: Conversation, identity: Identity) -> None:
    """Replies go where the customer last wrote."""
    if conversation.identity_id != identity.id:
        conversation.identity_id, conversation.channel = identity.id, identity.channel
        announce(session, events.ReplyChannelChanged(conversation.id, identity.channel))


def is_over(conversation: Conversation) -> bool:
    age = clock.now() - conversation.last_message_at
    return conversation.floor == Floor.CLOSED and age > timedelta(hours=settings().new_conversation_after_hours)


async def identity_for(session: AsyncSession, inbound: Inbound) -> Identity:
    """The handle an inbound comes from, made with a customer of its own if new.

    Held, so that two first words at once begin one conversation; not so hard that PostgreSQL's checks of foreign
    keys, made under the conversation's lock, wait for us while we wait for that lock."""
    known = await session.scalar(
        select(Identity)
        .where(Identity.channel == inbound.channel, Identity.external_id == inbound.identity)
        .with_for_update(key_share=True)
    )
    if known:
        return known
    customer = Customer(name=inbound.name, created_at=clock.now())
    session.add(customer)
    await session.flush()
    identity = Identity(
        customer_id=customer.id, channel=inbound.channel, external_id=inbound.identity, created_at=clock.now()
    )
    session.add(identity)
    await session.flush()
    return identity


async def _what_was_said(session: AsyncSession, conversation: Conversation, inbound: Inbound) -> tuple[str, str | None]:
    """Words and payload. A pressed button's come from the ledger, so only buttons the hub issued can be pressed."""
    if inbound.wish:
        return WISHES[inbound.wish]
    if inbound.pressed:
        button = await _button(session, conversation, *inbound.pressed)
        return button["title"], button["payload"]
    text = inbound.text.replace("\x00", "").strip()
    if not text and not inbound.attachments:
        raise BadInput("The message is empty. Write a few words and send it again.")
    if len(text) > ledger.TEXT_LIMIT:
        raise BadInput(f"The message has {len(text)} characters; {ledger.TEXT_LIMIT} is the most. Send it in parts.")
    return text, None


async def _button(session: AsyncSession, conversation: Conversation, message_id: str, index: int) -> dict[str, Any]:
    message = await session.get(Message, message_id)
    if message is None or message.conversation_id != conversation.id or not 0 <= index < len(message.buttons):
        raise BadInput("That button is no longer there. Write what you need instead.")
    button: dict[str, Any] = message.buttons[index]
    return button


async def _known_and_recent(
    session: AsyncSession, conversation: Conversation, client_ref: str
) -> tuple[Message | None, Sequence[Message], str | None]:
    """The message already stored under this reference, the last words everyone has read, and what the last
    helper's words asked for, however long ago. One statement."""
    oldest = conversation.last_seq - LOOK_BACK
    asking = {"conversation_id": conversation.id, "client_ref": client_ref, "oldest": oldest}
    found = list(await session.execute(KNOWN_AND_RECENT, asking))
    known = next((message for message, _ in found if message.client_ref == client_ref), None)
    read = [(message, question) for message, question in found if message.audience == Audience.EVERYONE]
    asked = next((one for one in reversed(read) if one[0].author in HELPERS), None)
    recent = [message for message, _ in read if message.seq > oldest]
    return known, recent, facts.asked_for(asked[0].text, asked[1]) if asked else None


async def _said_before_a_join(session: AsyncSession, identity: Identity, client_ref: str) -> Message | None:
    """What a handle said just before it was joined elsewhere, sent again because the answer got lost meanwhile."""
    if identity.method is None:
        return None
    found: Message | None = await session.scalar(
        select(Message)
        .join(Join, Join.from_conversation_id == Message.conversation_id)
        .where(Join.identity_id == identity.id, Message.client_ref == client_ref)
        .limit(1)
    )
    return found


def _light_of(recent: Sequence[Message]) -> dict[str, Any]:
    """What the words just before this message say about a number in it: was a card spoken of, was it begun already?"""
    pieces = [message.text for message in recent if message.author == Author.CUSTOMER][-3:]
    return {
        "asked_for_card": any(masking.speaks_of_card(message.text) for message in recent[-2:]),
        "earlier": "\n".join(piece[-40:] for piece in pieces),
    }


async def _watch_for_an_absent_agent(session: AsyncSession, conversation: Conversation) -> None:
    """Somebody is owed a word by a person: look later whether that person is still there."""
    if conversation.floor == Floor.AGENT:
        await outbox.add(session, conversation.id, "timer", "look_after", after_s=settings().reply_timeout_s)


async def _give_to_whoever_answers(session: AsyncSession, conversation: Conversation, message: Message) -> None:
    if conversation.floor == Floor.CLOSED:
        floor.move(session, conversation, floor.Verb.WAKE)
    if conversation.floor != Floor.BOT:
        return
    turn = Turn(
        conversation_id=conversation.id, message_id=message.id, epoch=conversation.epoch, created_at=clock.now()
    )
    session.add(turn)
    await session.flush()
    await outbox.add(session, conversation.id, "turn", "ask_assistant", {"turn_id": turn.id})


async def ask_what_is_left(session: AsyncSession, conversation: Conversation) -> None:
    """Give the assistant the customer's words that nobody answered. A turn begun under an older epoch counts for
    nothing: its answer will be refused."""
    spoken = (
        select(func.max(Message.seq))
        .where(Message.conversation_id == conversation.id, Message.audience == Audience.EVERYONE)
        .where(Message.author.in_(HELPERS))
        .scalar_subquery()
    )
    left = await session.execute(
        select(Message, Turn)
        .outerjoin(Turn, Turn.message_id == Message.id)
        .where(Message.conversation_id == conversation.id, Message.author == Author.CUSTOMER)
        .where(Message.seq > func.coalesce(spoken, 0), or_(Turn.id.is_(None), Turn.status.in_(("waiting", "stale"))))
        .order_by(Message.seq)
    )
    for message, turn in left.all():
        if turn:
            turn.status, turn.message_id = "stale", None
            await session.flush()
        await _give_to_whoever_answers(session, conversation, message)


async def say(
    session: AsyncSession,
    conversation_id: str,
    speaker: Speaker,
    words: Words,
    *,
    client_ref: str | None = None,
    seen_seq: int | None = None,
    files: Sequence[Attached] = (),
) -> Message:
    """Store words for the customer, and `files` uploaded before, and send them on their way. Files need no words.

    `seen_seq` is the newest message the speaker had on their screen: if somebody else wrote since, the words are
    refused with `StaleView` and nothing is stored. A repeated `client_ref` gives back the first message. An agent must
    hold the floor (`FloorTaken`).
    """
    conversation = await floor.hold(session, conversation_id)
    if client_ref and (known := await ledger.by_client_ref(session, conversation, client_ref)):
        return known
    if speaker.author is Author.AGENT:
        _agent_may_speak(conversation, speaker)
        if seen_seq is not None:
            await _refuse_if_stale(session, conversation, speaker, seen_seq)
    return await ledger.utter(session, conversation, speaker, words, client_ref=client_ref, files=files)


def _agent_may_speak(conversation: Conversation, speaker: Speaker) -> None:
    if conversation.floor != Floor.AGENT or conversation.agent_id != speaker.agent_id:
        raise FloorTaken("You do not have this conversation. Accept it or take it over first; the words are kept.")


async def _refuse_if_stale(session: AsyncSession, conversation: Conversation, speaker: Speaker, seen_seq: int) -> None:
    newer = await session.scalar(
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.seq > seen_seq)
        .where(Message.audience == Audience.EVERYONE, Message.author != Author.SYSTEM)
        .where((Message.agent_id != speaker.agent_id) | Message.agent_id.is_(None))
        .order_by(Message.seq)
        .limit(1)
    )
    if newer:
        raise StaleView(
            f"{newer.name or newer.author.capitalize()} wrote meanwhile: “{newer.text[:200]}”. Send anyway?"
        )


async def of_identity(session: AsyncSession, channel: str, external_id: str) -> Conversation | None:
    """The conversation one browser or chat is in, or None when it never wrote."""
    found: Conversation | None = await session.scalar(
        select(Conversation)
        .join(Identity, Identity.conversation_id == Conversation.id)
        .where(Identity.channel == channel, Identity.external_id == external_id)
    )
    return found


async def handle(session: AsyncSession, channel: str, external_id: str) -> Identity | None:
    """The handle of one browser or chat, or None when it never wrote."""
    query = select(Identity).where(Identity.channel == channel, Identity.external_id == external_id)
    found: Identity | None = await session.scalar(query)
    return found


async def get(session: AsyncSession, conversation_id: str) -> Conversation:
    """The conversation, or `NotFound`."""
    found = await session.get(Conversation, conversation_id)
    if found is None:
        raise NotFound("There is no such conversation.")
    return found


async def reply_identity(session: AsyncSession, conversation: Conversation) -> Identity:
    """The handle its words go to."""
    return await session.get_one(Identity, conversation.identity_id)


async def newest_after(session: AsyncSession, conversation_id: str) -> Conversation:
    """Where the handles of a conversation talk now: there, or in the one that followed when it was over."""
    conversation = await get(session, conversation_id)
    identity = await reply_identity(session, conversation)
    return await get(session, identity.conversation_id or conversation.id)


def renew_assistant_session(conversation: Conversation) -> None:
    """From the next turn on the assistant knows the conversation by another name and remembers only what is carried."""
    conversation.assistant_session, conversation.assistant_turns = new_assistant_session(), 0


def new_assistant_session() -> str:
    """An opaque name under which the assistant knows a conversation for a while. Says nothing about the customer."""
    return f"s_{secrets.token_hex(12)}"


def _receipt(message: Message, *, is_new: bool) -> Receipt:
    return Receipt(
        message.conversation_id,
        message.id,
        message.seq,
        message.text,
        message.created_at.isoformat(),
        is_new,
    )
