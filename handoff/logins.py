"""Logins: the site where the chat stands vouches for its signed-in customers.

The page gives the widget a short-lived token signed with a secret that only the site's server and the hub know
(HS256, `TELLONCE_LOGIN_SECRET`). Claims: `sub` (the site's own id of the customer), `exp` at most an hour ahead, and if
the site likes `name`, `email`, `account_number`. A browser that was signed in shows nothing without such a token again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, conversations, customers, events, facts, floor, joins
from handoff.db import announce
from handoff.errors import NotAllowed, NotSignedIn, TellonceError
from handoff.masking import CardFree
from handoff.models import Conversation, Customer, Identity
from handoff.ports import FoundFact, Inbound
from handoff.settings import settings

LONGEST = timedelta(hours=1)
SKEW = timedelta(seconds=60)
"""How far the site's clock may be ahead of ours."""
HANDLE = "login"
"""The channel of the handle that stands for a customer of the site. Nobody writes from it."""
SIGNED_OUT = "The customer signed out in that browser."


class LoginInvalid(NotSignedIn):
    code: ClassVar[str] = "login_invalid"


class LoginExpired(NotSignedIn):
    code: ClassVar[str] = "login_expired"


class _Claims(BaseModel):
    """`exp` is seconds since 1970."""

    model_config = ConfigDict(extra="ignore", strict=True)

    sub: str = Field(min_length=1, max_length=200)
    exp: int
    name: CardFree | None = Field(default=None, max_length=200)
    email: str | None = Field(default=None, max_length=200)
    account_number: str | None = Field(default=None, max_length=40)


class LoginNeeded(NotSignedIn):
    code: ClassVar[str] = "login_needed"


class SessionInvalid(NotAllowed):
    """A chat session that is not ours, or whose customer signed out: the page forgets it and starts anew."""

    code: ClassVar[str] = "session_invalid"


@dataclass(frozen=True)
class Login:
    """Who the site says this is, until `expires_at`."""

    sub: str
    expires_at: datetime
    name: str | None = None
    email: str | None = None
    account_number: str | None = None

    @property
    def known(self) -> tuple[FoundFact, ...]:
        told = {"account_number": self.account_number, "email": self.email, "customer_name": self.name}
        return tuple(FoundFact(name, value, validated=True) for name, value in told.items() if value)


def read(token: str) -> Login:
    """Who a token stands for. Raises `LoginInvalid` for one that is not the site's, `LoginExpired` for an old one."""
    secret = settings().login_secret
    if not secret:
        raise LoginInvalid("Signing in is not set up for this chat.")
    try:
        claims = _Claims.model_validate(jwt.decode(token, OctKey.import_key(secret), algorithms=["HS256"]).claims)
    except (JoseError, ValidationError, ValueError):
        raise LoginInvalid("This sign-in is not valid here. Sign in again.") from None
    expires_at = datetime.fromtimestamp(claims.exp, UTC)
    if expires_at <= clock.now():
        raise LoginExpired("You have been signed out. Sign in again to go on.")
    if expires_at > clock.now() + LONGEST + SKEW:
        raise LoginInvalid("This sign-in lasts too long; an hour is the most.")
    return Login(claims.sub, expires_at, claims.name, claims.email, claims.account_number)


def make(sub: str, *, valid_for: timedelta = LONGEST, **claims: str) -> str:
    """A token as a site makes one; for the demonstration and for tests."""
    key = OctKey.import_key(settings().login_secret)
    exp = int((clock.now() + valid_for).timestamp())
    return jwt.encode({"alg": "HS256"}, {"sub": sub, "exp": exp, **claims}, key)


async def refusal(session: AsyncSession, identity: Identity | None, login: Login | None) -> TellonceError | None:
    """Why whoever sits at this browser may not see its words; None when nobody signed in there or the same person has
    again."""
    if identity is None:
        return None
    if identity.unreachable_reason is not None:
        return SessionInvalid("You signed out here. Start a new chat.")
    if identity.method != HANDLE:
        return None
    handle = await _handle(session, login.sub) if login else None
    if handle and handle.customer_id in await customers.together(session, identity.customer_id):
        return None
    return LoginNeeded("Sign in again to see your conversation.")


async def sign_in(session: AsyncSession, inbound: Inbound, login: Login) -> Conversation | None:
    """A browser is this customer's from here on. Words said there before stay; one that said nothing goes on in their
    live conversation. `None` when there is no conversation yet."""
    handle = await _handle(session, login.sub)
    identity = await _browser(session, inbound, handle)
    if handle is None:
        handle = Identity(
            customer_id=identity.customer_id, channel=HANDLE, external_id=login.sub, created_at=clock.now()
        )
        session.add(handle)
        await session.flush()
    own = await session.get(Conversation, identity.conversation_id) if identity.conversation_id else None
    if own is None or own.last_seq == 0 or conversations.is_over(own):
        own = await _go_on_where_they_talk(session, identity, handle) or own
    await customers.join(session, identity, handle.customer_id, HANDLE)
    for one in (identity, handle):
        one.verified_at, one.method = clock.now(), HANDLE
    await _remember(session, identity, login)
    if own:
        await facts.put(session, own, login.known, set_by="action")
        announce(session, events.PersonChanged(own.id, identity.id))
    return own


async def sign_out(session: AsyncSession, external_id: str) -> None:
    """Nobody sees this browser's words there any more, whoever comes next; the customer finds them elsewhere."""
    identity = await _web(session, external_id)
    if identity is None or identity.unreachable_reason is not None:
        return
    identity.unreachable_reason = SIGNED_OUT
    if identity.conversation_id:
        announce(session, events.PersonChanged(identity.conversation_id, identity.id))


async def _go_on_where_they_talk(session: AsyncSession, identity: Identity, handle: Identity) -> Conversation | None:
    for conversation_id in await customers.conversations_of(session, handle.customer_id):
        live = await floor.hold(session, conversation_id)
        if conversations.is_over(live):
            continue
        if live.id != identity.conversation_id:
            await joins.join(session, identity, live, HANDLE)
        return live
    return None


async def _browser(session: AsyncSession, inbound: Inbound, handle: Identity | None) -> Identity:
    """The browser's handle; a new one belongs to the customer from the start."""
    known = await _web(session, inbound.identity)
    if known or handle is None:
        return known or await conversations.identity_for(session, inbound)
    made = Identity(
        customer_id=handle.customer_id, channel=inbound.channel, external_id=inbound.identity, created_at=clock.now()
    )
    session.add(made)
    await session.flush()
    return made


async def _remember(session: AsyncSession, identity: Identity, login: Login) -> None:
    customer = await session.get_one(Customer, identity.customer_id)
    customer.name = login.name or customer.name
    customer.account_number = login.account_number or customer.account_number
    if login.email:
        await customers.vouched(session, identity.customer_id, "email", login.email.lower(), HANDLE, by=identity)


async def _web(session: AsyncSession, external_id: str) -> Identity | None:
    found: Identity | None = await session.scalar(
        select(Identity).where(Identity.channel == "web", Identity.external_id == external_id)
    )
    return found


async def _handle(session: AsyncSession, sub: str) -> Identity | None:
    found: Identity | None = await session.scalar(
        select(Identity).where(Identity.channel == HANDLE, Identity.external_id == sub)
    )
    return found
