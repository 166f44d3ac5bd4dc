"""Continue elsewhere: a conversation goes on at another channel by a token that works once and not for long.

The token says nothing; only its hash is kept. Using it joins the newcomer's handle to the customer and moves the live
conversation there, with its floor, facts, form, case and person, for it is the same conversation.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, conversations, floor, joins, ledger
from handoff.errors import BadInput, TooMany
from handoff.ledger import Speaker
from handoff.models import Agent, ContinueLink, Conversation, Identity, Message
from handoff.ports import Audience, Author, Button, Floor, Inbound, Words

log = structlog.get_logger(__name__)

VALID_FOR = timedelta(minutes=15)
MOST_OFFERS = 5
"""Links one handle may ask for within the time one of them lives."""
TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
CALLED = {"web": "the web chat", "telegram": "Telegram"}
STILL_THERE = {Floor.AGENT: " {name} answers you here.", Floor.QUEUE: " Your place in line is kept."}


@dataclass(frozen=True)
class Offer:
    """A token for one use until `expires_at`; the channel makes an address of it."""

    token: str
    expires_at: datetime


async def offer(session: AsyncSession, conversation: Conversation, identity_id: str, to_channel: str) -> Offer:
    """A new way to another channel. An older one of the same handle ends, so that only the newest works.

    Raises `TooMany` for a handle that asks again and again.
    """
    asked = select(func.count()).select_from(ContinueLink).where(ContinueLink.identity_id == identity_id)
    if (await session.scalar(asked.where(ContinueLink.created_at > clock.now() - VALID_FOR)) or 0) >= MOST_OFFERS:
        raise TooMany("That is enough links for now. The newest one still works; wait a few minutes.", 900)
    older = update(ContinueLink).where(ContinueLink.identity_id == identity_id, ContinueLink.used_at.is_(None))
    await session.execute(older.where(ContinueLink.expires_at > clock.now()).values(expires_at=clock.now()))
    token = secrets.token_urlsafe(24)
    link = ContinueLink(
        token_hash=_hash(token),
        conversation_id=conversation.id,
        identity_id=identity_id,
        to_channel=to_channel,
        expires_at=clock.now() + VALID_FOR,
        created_at=clock.now(),
    )
    session.add(link)
    await session.flush()
    return Offer(token, link.expires_at)


async def offer_from(
    session: AsyncSession, channel: str, external_id: str, conversation_id: str, to_channel: str
) -> Offer:
    """`offer`, for a channel that knows handles by their name there."""
    identity = await conversations.handle(session, channel, external_id)
    if identity is None:
        raise BadInput("Write a message first; then it can go on elsewhere.")
    return await offer(session, await conversations.get(session, conversation_id), identity.id, to_channel)


async def use(session: AsyncSession, inbound: Inbound, token: str) -> Conversation:
    """Go on here with the conversation a token stands for; say so on both sides.

    `inbound` tells who came and how. Refuses with `BadInput` a token that is unknown, used, expired or meant for
    another channel: always the same sentence, so that nobody learns which, and a line in the log that says it.
    """
    link = await session.scalar(select(ContinueLink).where(ContinueLink.token_hash == _hash(token)).with_for_update())
    if link and link.used_at is not None and await _is_theirs(session, link, inbound):
        return await conversations.newest_after(session, link.conversation_id)
    why = _refusal(link, inbound)
    if link is None or why:
        log.warning("continue_link_refused", why=why, channel=inbound.channel, link=link.id if link else None)
        raise BadInput("That link has ended or was used already. Ask for a new one where you were.")
    identity = await conversations.identity_for(session, inbound)
    conversation = await floor.hold(session, (await conversations.newest_after(session, link.conversation_id)).id)
    link.used_at, link.used_by_identity_id = clock.now(), identity.id
    if identity.conversation_id != conversation.id:
        await joins.join(session, identity, conversation, "link")
    await _go_on(session, conversation, identity)
    return conversation


async def _is_theirs(session: AsyncSession, link: ContinueLink, inbound: Inbound) -> bool:
    """The same browser or chat again, which did not hear that it went well."""
    identity = await conversations.handle(session, inbound.channel, inbound.identity)
    return identity is not None and identity.id == link.used_by_identity_id and link.expires_at > clock.now()


def _refusal(link: ContinueLink | None, inbound: Inbound) -> str | None:
    if link is None:
        return "unknown"
    if link.used_at is not None:
        return "used"
    if link.expires_at <= clock.now():
        return "expired"
    return "another channel" if link.to_channel != inbound.channel else None


async def _go_on(session: AsyncSession, conversation: Conversation, identity: Identity) -> None:
    """Say it where they were and where they are, and what was last asked, so that nobody has to look for it.

    One message does for both sides: pages on the web read the ledger, everything else is delivered to.
    """
    last = await _last_asked(session, conversation)
    text = f"Going on in {CALLED.get(identity.channel, identity.channel)}. You need not say anything again."
    if conversation.floor in STILL_THERE:
        agent = await session.get(Agent, conversation.agent_id) if conversation.agent_id else None
        text += STILL_THERE[Floor(conversation.floor)].format(name=agent.name if agent else "")
    buttons: tuple[Button, ...] = ()
    if last is not None:
        text = f"{text}\n\nWe were here: {last.words}"
        buttons = tuple(Button(one["title"], one["payload"]) for one in last.buttons)
    words = Words(text, buttons)
    if identity.channel in ledger.REPLAYABLE:
        await ledger.utter(session, conversation, Speaker(Author.SYSTEM), words)
        conversations.answer_to(session, conversation, identity)
    else:
        conversations.answer_to(session, conversation, identity)
        await ledger.utter(session, conversation, Speaker(Author.SYSTEM), words)


async def _last_asked(session: AsyncSession, conversation: Conversation) -> Message | None:
    """The last words of the assistant, as long as the floor is its and nobody answered them."""
    last: Message | None = await session.scalar(
        select(Message)
        .where(Message.conversation_id == conversation.id, Message.audience == Audience.EVERYONE)
        .where(Message.author.in_((Author.ASSISTANT, Author.CUSTOMER)))
        .order_by(Message.seq.desc())
        .limit(1)
    )
    is_asked = last is not None and last.author == Author.ASSISTANT and conversation.floor == Floor.BOT
    return last if is_asked else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
