"""What a customer can ask of a bot with a word: /start, /help, /human, /cancel, /web, and a pasted code.

Telegram sends `/start TOKEN` only when a chat is new, so a code may be pasted as a message too.
"""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import continuing, conversations, ledger
from handoff.channels.telegram.reading import Reading
from handoff.errors import BadInput, TooMany
from handoff.ledger import Speaker
from handoff.ports import Author, Inbound, Link, Wish, Words
from handoff.settings import settings
from handoff.updates import Applied

WISHES = {"start": Wish.HELLO, "help": Wish.HELP, "human": Wish.PERSON, "cancel": Wish.STOP}


async def obey(session: AsyncSession, inbound: Inbound, read: Reading) -> Applied | None:
    """Do what a command asks; None when the words are none of ours and go to whoever answers."""
    if read.command == "start" and read.argument:
        return await _go_on(session, inbound, read.argument)
    if read.command == "web":
        return await _to_the_web(session, inbound)
    if read.command in WISHES:
        receipt = await conversations.receive(session, replace(inbound, wish=WISHES[read.command]))
        return Applied(receipt.message_id)
    if continuing.TOKEN.fullmatch(read.words):
        return await _go_on(session, inbound, read.words)
    return None


async def _go_on(session: AsyncSession, inbound: Inbound, token: str) -> Applied:
    try:
        await continuing.use(session, inbound, token)
    except BadInput as refused:
        conversation = await conversations.open_for(session, inbound)
        await ledger.utter(session, conversation, Speaker(Author.SYSTEM), Words(refused.message))
        return Applied(note="a way from another channel that had ended")
    return Applied(note="went on from another channel")


async def _to_the_web(session: AsyncSession, inbound: Inbound) -> Applied:
    conversation = await conversations.open_for(session, inbound)
    identity = await conversations.identity_for(session, inbound)
    try:
        offer = await continuing.offer(session, conversation, identity.id, "web")
    except TooMany as refused:
        await ledger.utter(session, conversation, Speaker(Author.SYSTEM), Words(refused.message))
        return Applied(note="asked for too many ways to the web")
    link = Link("Go on in the browser", f"{settings().public_url}/?continue={offer.token}")
    words = Words("This link opens our chat in your browser, once, within 15 minutes.", link=link)
    await ledger.utter(session, conversation, Speaker(Author.SYSTEM), words)
    return Applied(note="asked for a way to the web")
