"""What follows from the words and the events of a case once they are stored.

`cases.record` and `ledger.append` leave one item in the lane of the case; here everyone who cares about it is told, one
transaction for all, in the order things happened within the case. An item may come twice after a crash: a follower
that counts keeps what it counted from (`cause`) and counts it once.

What happened is read in one statement, and with it which followers there is anything to do for: most cases owe no
answer, most hubs have no address that listens.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, leavings, turns
from handoff.care import effort, promises
from handoff.cases import belonging, exceptions, waiting
from handoff.finding import search, texts
from handoff.models import Case, CaseEvent, Conversation, Endpoint, Message, OutboxItem, Promise
from handoff.outbox import Step, Together
from handoff.partners import deliveries, granting, webhooks
from handoff.rules import clocks, ringing, time_triggers, triggers
from handoff.rules.happenings import MESSAGE


@dataclass(frozen=True)
class Happened:
    """One thing that happened to a case: exactly one of `event` and `message` is set.

    The conversation of a message is read along: while this is held, followers who ask the session for it have it.
    """

    case: Case
    event: CaseEvent | None = None
    message: Message | None = None
    conversation: Conversation | None = None

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

Wanted = Mapping[Follower, ColumnElement[bool]]
ALWAYS_ASKED: Wanted = {
    search.follow: ~texts.MORE_TO_COME,
    webhooks.follow: select(Endpoint.id).where(Endpoint.is_on.is_(True)).exists(),
}
OF_MESSAGES: Wanted = {
    **ALWAYS_ASKED,
    promises.follow: select(Promise.id).where(Promise.case_id == Case.id, *promises.OWED_ANSWER).exists(),
    triggers.follow: triggers.is_waited_for(literal(MESSAGE)),
}
OF_EVENTS: Wanted = {**ALWAYS_ASKED, triggers.follow: triggers.is_waited_for(CaseEvent.kind)}
"""When a follower has anything to do. None of the followers before it changes the answer."""

_is_the_case = Case.id == bindparam("case_id")
MESSAGE_READ = (
    select(Case, Message, Conversation, *OF_MESSAGES.values())
    .select_from(Message)
    .join(Conversation, Conversation.id == Message.conversation_id)
    .join(Case, _is_the_case)
    .where(Message.id == bindparam("message_id"))
)
EVENT_READ = (
    select(Case, CaseEvent, *OF_EVENTS.values())
    .select_from(CaseEvent)
    .join(Case, _is_the_case)
    .where(CaseEvent.id == bindparam("event_id"))
)


async def follow(session: AsyncSession, item: OutboxItem) -> None:
    """Tell every follower who has anything to do. What was erased meanwhile is followed by nobody."""
    asking = {"case_id": item.subject_id, "item_id": item.id, **item.body}
    if "event_id" in item.body:
        if row := (await session.execute(EVENT_READ, asking)).one_or_none():
            await _tell(session, Happened(row[0], event=row[1]), dict(zip(OF_EVENTS, row[2:], strict=True)))
    elif said := (await session.execute(MESSAGE_READ, asking)).one_or_none():
        happened = Happened(said[0], message=said[1], conversation=said[2])
        await _tell(session, happened, dict(zip(OF_MESSAGES, said[3:], strict=True)))


async def _tell(session: AsyncSession, happened: Happened, wanted: Mapping[Follower, bool]) -> None:
    for follower in FOLLOWERS:
        if wanted.get(follower, True):
            await follower(session, happened)


async def look_again(session: AsyncSession, item: OutboxItem) -> None:
    """Words came or went and no event tells of it."""
    if case := await session.get(Case, item.subject_id):
        await effort.recount(session, case)
        await texts.rewrite(session, case)


STEPS: Mapping[str, Step] = {
    "follow_case": follow,
    belonging.JOB: look_again,
    waiting.JOB: waiting.close,
    "write_case_text": texts.when_stale,
    ringing.JOB: ringing.due,
    time_triggers.SCAN: time_triggers.scan,
    time_triggers.FIRE: time_triggers.fire,
    **promises.STEPS,
    "share_expired": granting.expire,
    "webhook_due": deliveries.due,
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
