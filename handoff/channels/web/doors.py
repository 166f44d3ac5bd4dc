"""Who may see what was said in a browser: whoever holds its session, and if somebody signed in there only they again.

The socket and the transcript ask here. A session that was signed out is over, whoever shows it.
"""

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import conversations, logins
from handoff.channels.web import sessions
from handoff.channels.web.sessions import WebSession
from handoff.db import Database
from handoff.logins import Login
from handoff.settings import settings


async def admit(database: Database, token: str | None, login: Login | None) -> tuple[WebSession, bool]:
    """The session of a page, and whether this person is signed in there already.

    Without a token, or with one that is another person's, somebody who is signed in gets a new session; anybody else
    is refused: with `LoginNeeded` where signing in again helps, with `SessionInvalid` where only a new chat does.
    """
    if token is None:
        return sessions.new(settings().secret_key), False
    session = sessions.read(token, settings().secret_key)
    async with database.read() as reading:
        identity = await conversations.handle(reading, "web", session.identity)
        refusal = await logins.refusal(reading, identity, login)
    if refusal is None:
        return session, identity is not None and identity.method == logins.HANDLE
    if login is None:
        raise refusal
    return sessions.new(settings().secret_key), False


async def must_be_theirs(session: AsyncSession, token: str, login_token: str | None) -> WebSession:
    """The session, for whoever may read what was said in it; otherwise the reason why not."""
    found = sessions.read(token, settings().secret_key)
    login = logins.read(login_token) if login_token else None
    if refusal := await logins.refusal(session, await conversations.handle(session, "web", found.identity), login):
        raise refusal
    return found
