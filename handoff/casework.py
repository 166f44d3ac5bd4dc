"""What follows from the words and the events of a case once they are stored.

`cases.record` and `ledger.append` leave one item in the lane of the case; here everyone who cares about it is told, one
transaction for all, in the order things happened within the case. An item may come twice after a crash: a follower
that counts keeps what it counted from (`cause`) and counts it once.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, leavings, turns
from handoff.care import effort, promises
from handoff.cases import exceptions, waiting
from handoff.finding import search, texts
from handoff.models import Case, CaseEvent, Message, OutboxItem
from handoff.outbox import Step, Together
from handoff.partners import granting, webhooks
from handoff.rules import clocks, ringing, time_triggers, triggers


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
FOLLOWERS: tuple[Follower, ...] = (
    waiting.follow,
    clocks.follow,
    effort.follow,
    promises.follow,
    search.follow,
    granting.follow,
    webhooks.follow,
    triggers.follow,
)
"""In this order. Each is a noun's `follow(session, happened)`."""


async def follow(session: AsyncSession, item: OutboxItem) -> None:
    """Tell every follower. What was erased meanwhile is followed by nobody."""
    case = await session.get(Case, item.subject_id)
    event = await session.get(CaseEvent, item.body["event_id"]) if "event_id" in item.body else None
    message = await session.get(Message, item.body["message_id"]) if "message_id" in item.body else None
    if case is None or (event is None and message is None):
        return
    for follower in FOLLOWERS:
        await follower(session, Happened(case, event, message))


STEPS: Mapping[str, Step] = {
    "follow_case": follow,
    waiting.JOB: waiting.close,
    "write_case_text": texts.when_stale,
    ringing.JOB: ringing.due,
    time_triggers.SCAN: time_triggers.scan,
    time_triggers.FIRE: time_triggers.fire,
    **promises.STEPS,
    "share_expired": granting.expire,
    "webhook_due": webhooks.due,
    leavings.CLEAR: leavings.clear,
}
"""What the outbox does in the transaction that takes the item away: database work and nothing else."""
TOGETHER: Mapping[str, Together] = {ringing.JOB: ringing.due_together}
"""Those of them that are cheaper for many items at once."""


async def when_given_up(session: AsyncSession, item: OutboxItem) -> None:
    """An outbox item failed for good: said where somebody looks, in the conversation or on the case."""
    if item.conversation_id:
        await turns.when_given_up(session, item)
    elif item.job == exceptions.JOB:
        await exceptions.has_failed(session, item.body["exception_id"], "The company could not be reached for a day.")
    elif case := await session.get(Case, item.body.get("case_id", item.subject_id)):
        why = f"Giving up on '{item.job}' after {item.attempts} tries: {item.last_error or 'no reason given'}"
        await cases.record(session, case, "gave_up", cases.SYSTEM, {"text": why})
