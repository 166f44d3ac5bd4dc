"""Codes: six digits sent to an e-mail address or phone on file; whoever reads them back has that handle.

Only a keyed hash is stored. A code lives ten minutes, takes five tries and works once. It is looked for in the
customer's words before they are stored, so that neither ledger nor assistant ever see one.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, customers, digits, events, facts, floor, ledger
from handoff.db import Database, announce
from handoff.errors import BadInput, DeliveryError, TooMany
from handoff.ledger import Speaker
from handoff.models import Agent, Code, Conversation, Customer, Identity, new_id
from handoff.ports import Author, CodeSender, Floor, FoundFact, Words
from handoff.settings import settings

log = structlog.get_logger(__name__)

LENGTH = 6
VALID_FOR = timedelta(minutes=10)
ATTEMPTS = 5
AGAIN_AFTER = timedelta(seconds=30)
"""Asked for twice within this, as by a repeated turn, the first one counts."""
MOST_PER_HOUR = 5
"""To one address or from one conversation."""
MASK = "[code]"
CONFIRMED = "/inform"
"""What the assistant is told of a message that is a code and nothing else: an answer, and no more."""
BARE = 24
"""So many letters beside a code are still only the code: "it is 12 34 56, thanks"."""
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
VIA = {"email": "e-mail", "phone": "phone"}


@dataclass(frozen=True)
class Sent:
    """`to` is masked and may be said in a chat. `already` when it was sent a moment ago."""

    to: str
    expires_at: datetime
    already: bool = False


@dataclass(frozen=True)
class Proof:
    """What was found in a customer's words: `text` and `payload` are what may be stored of them."""

    code: Code
    is_right: bool
    text: str
    payload: str | None
    is_bare: bool


async def send(
    database: Database,
    sender: CodeSender,
    conversation_id: str,
    via: str,
    address: str,
    *,
    account_number: str | None = None,
    agent: Agent | None = None,
) -> Sent:
    """Send a new code; older ones of the conversation end. `account_number` says whose file the address is from.

    `agent` tells the customer in the chat that a code is on its way; without one the assistant says it. Raises
    `BadInput` for an address that is none, `TooMany` after five in an hour, `DeliveryError` when it cannot be sent.
    """
    address = _checked(via, address)
    said = f"{secrets.randbelow(10**LENGTH):0{LENGTH}d}"

    async def keep(session: AsyncSession) -> tuple[Sent, str | None]:
        return await _keep(session, conversation_id, via, address, account_number, said)

    sent, code_id = await database.write(keep)
    if code_id is None:
        return sent
    text = f"{said} is your code for {settings().company_name}. Type it in the chat. It works for 10 minutes."
    try:
        # Outside the transaction: the code itself exists only here and on its way.
        await sender.send(via, address, text)
    except DeliveryError:
        await database.write(lambda session: _end(session, code_id))
        raise
    if agent:
        await database.write(lambda session: _say_sent(session, conversation_id, agent, via, sent))
    return sent


def masked(address: str) -> str:
    """`maya@example.com` -> `m…a@e…`, a phone -> its last two digits: enough to know it, too little to use it."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}…{name[-1:]}@{domain[:1]}…" if at else f"…{address[-2:]}"


async def check(session: AsyncSession, conversation: Conversation, text: str) -> Proof | None:
    """Whether a customer's words read a code back. None when nobody waits for one or there are no six digits in them.

    Costs a statement only for words with six digits. A wrong one counts as a try.
    """
    found = _six_digits(text)
    if not found:
        return None
    code = await session.scalar(
        select(Code)
        .where(Code.conversation_id == conversation.id, Code.used_at.is_(None), Code.expires_at > clock.now())
        .order_by(Code.id.desc())
        .limit(1)
        .with_for_update()
    )
    if code is None or code.attempts >= ATTEMPTS:
        return None
    code.attempts += 1
    is_right = any(hmac.compare_digest(code.code_hash, _hash(code.id, said)) for said, _, _ in found)
    shown = _without(text, [(start, end) for _, start, end in found])
    is_bare = len(re.sub(r"[\W\d_]", "", shown.replace(MASK, ""))) <= BARE
    return Proof(code, is_right, shown, CONFIRMED if is_right and is_bare else None, is_bare)


async def settle(session: AsyncSession, conversation: Conversation, identity: Identity, proof: Proof) -> bool:
    """Do what a code proves, or say that it is wrong. Whether the words still want an answer."""
    code = proof.code
    if not proof.is_right:
        left = ATTEMPTS - code.attempts
        log.warning("code_refused", code=code.id, attempts=code.attempts)
        tries = f"You have {left} {'try' if left == 1 else 'tries'} left." if left else "Ask for a new one."
        await _say(session, conversation, f"That is not the code we sent. {tries}")
        return not proof.is_bare
    code.used_at = clock.now()
    if identity.verified_at is None or identity.method != "login":
        identity.verified_at, identity.method = clock.now(), "code"
    await customers.vouched(session, identity.customer_id, code.handle, code.address, "code", by=identity)
    proven = [FoundFact(code.handle, code.address, validated=True)]
    if code.account_number:
        proven.append(FoundFact("account_number", code.account_number, validated=True))
        await _join_the_account(session, identity, code.account_number)
    await facts.put(session, conversation, proven, set_by="action")
    announce(session, events.PersonChanged(conversation.id, identity.id))
    if conversation.floor in (Floor.AGENT, Floor.QUEUE):
        await _say(session, conversation, "Thank you, that is the right code.")
    return True


async def _join_the_account(session: AsyncSession, identity: Identity, account_number: str) -> None:
    """They are the customer this account is known by, if there is one."""
    query = select(Customer.id).where(Customer.account_number == account_number, Customer.id != identity.customer_id)
    known = await session.scalar(query.order_by(Customer.id).limit(1))
    if known:
        await customers.join(session, identity, known, "code")


async def _keep(
    session: AsyncSession, conversation_id: str, via: str, address: str, account_number: str | None, said: str
) -> tuple[Sent, str | None]:
    conversation = await floor.hold(session, conversation_id)
    now = clock.now()
    mine = Code.conversation_id == conversation.id
    latest = await session.scalar(
        select(Code).where(mine, Code.used_at.is_(None), Code.expires_at > now).order_by(Code.id.desc()).limit(1)
    )
    if latest and latest.address == address and latest.created_at > now - AGAIN_AFTER:
        return Sent(masked(address), latest.expires_at, already=True), None
    recent = select(func.count()).select_from(Code).where(Code.created_at > now - timedelta(hours=1))
    for one in (mine, Code.address == address):
        if (await session.scalar(recent.where(one)) or 0) >= MOST_PER_HOUR:
            raise TooMany("That is enough codes for an hour. A person can help meanwhile.", retry_after_s=3600)
    older = update(Code).where(mine, Code.used_at.is_(None), Code.expires_at > now)
    await session.execute(older.values(expires_at=now))
    code = Code(
        id=new_id(),
        conversation_id=conversation.id,
        identity_id=conversation.identity_id,
        handle=via,
        address=address,
        account_number=account_number,
        code_hash="",
        attempts=0,
        expires_at=now + VALID_FOR,
        created_at=now,
    )
    code.code_hash = _hash(code.id, said)
    session.add(code)
    await session.flush()
    return Sent(masked(address), code.expires_at), code.id


async def _end(session: AsyncSession, code_id: str) -> None:
    (await session.get_one(Code, code_id)).expires_at = clock.now()


async def _say_sent(session: AsyncSession, conversation_id: str, agent: Agent, via: str, sent: Sent) -> None:
    conversation = await floor.hold(session, conversation_id)
    text = f"{agent.name} sent a code to your {VIA[via]} {sent.to}. Type it here within 10 minutes."
    await _say(session, conversation, text)


async def _say(session: AsyncSession, conversation: Conversation, text: str) -> None:
    await ledger.utter(session, conversation, Speaker(Author.SYSTEM), Words(text))


def _checked(via: str, address: str) -> str:
    address = address.strip()
    if via == "email" and EMAIL.fullmatch(address) and len(address) <= 200:
        return address.lower()
    if via == "phone" and 7 <= len(re.sub(r"\D", "", address)) <= 15 and re.fullmatch(r"[\d\s().+-]+", address):
        return re.sub(r"[^\d+]", "", address)
    raise BadInput("A code goes to an e-mail address (`via` email) or a phone number (`via` phone).")


def _six_digits(text: str) -> list[tuple[str, int, int]]:
    """Every run of exactly six digits, however spelled: "123456", "12 34 56", "one two three four five six"."""
    runs = [("".join(group.digits for group in run), run[0].start, run[-1].end) for run in digits.runs(text)]
    return [one for one in runs if len(one[0]) == LENGTH]


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    for start, end in reversed(spans):
        text = f"{text[:start]}{MASK}{text[end:]}"
    return text


def _hash(code_id: str, said: str) -> str:
    """Keyed: six digits alone are guessed from a plain hash in no time."""
    return hmac.new(settings().secret_key.encode(), f"code:{code_id}:{said}".encode(), hashlib.sha256).hexdigest()
