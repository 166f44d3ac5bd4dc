"""What follows from the words and the events of a case once they are stored.

`cases.record` and `ledger.append` leave one item in the lane of the case; here everyone who cares about it is told, one
transaction for all, in the order things happened within the case. An item may come twice after a crash: a follower
that counts keeps what it counted from (`cause`) and counts it once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, turns
from handoff.db import Database
from handoff.models import Case, CaseEvent, Message, OutboxItem


@dataclass(frozen=True)
class Happened:
    """One thing that happened to a case: exactly one of `event` and `message` is set."""

    case: Case
    event: CaseEvent | None = None
    message: Message | None = None

    @property
    def cause(self) -> str:
        """What it is counted by; the same however often it is looked at."""
        return self.event.id if self.event else self.message.id if self.message else ""


Follower = Callable[[AsyncSession, Happened], Awaitable[None]]
FOLLOWERS: tuple[Follower, ...] = ()
"""In this order. Each is a noun's `follow(session, happened)`."""


@dataclass(frozen=True)
class Casework:
    database: Database

    async def follow(self, item: OutboxItem) -> None:
        await self.database.write(lambda session: follow(session, item))


async def follow(session: AsyncSession, item: OutboxItem) -> None:
    """Tell every follower. What was erased meanwhile is followed by nobody."""
    case = await session.get(Case, item.subject_id)
    event = await session.get(CaseEvent, item.body["event_id"]) if "event_id" in item.body else None
    message = await session.get(Message, item.body["message_id"]) if "message_id" in item.body else None
    if case is None or (event is None and message is None):
        return
    for follower in FOLLOWERS:
        await follower(session, Happened(case, event, message))


async def when_given_up(session: AsyncSession, item: OutboxItem) -> None:
    """An outbox item failed for good: said where somebody looks, in the conversation or on the case."""
    if item.conversation_id:
        await turns.when_given_up(session, item)
    elif case := await session.get(Case, item.body.get("case_id", item.subject_id)):
        why = f"Giving up on '{item.job}' after {item.attempts} tries: {item.last_error or 'no reason given'}"
        await cases.record(session, case, "gave_up", cases.SYSTEM, {"text": why})
