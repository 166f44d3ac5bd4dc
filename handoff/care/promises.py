"""Promises: what a customer was told would happen by a time. Somebody is reminded before it; broken ones stay in sight.

Agents make them on a case or as they give a conversation back, the hub for the assistant when people are called out of
hours. A promise whose time has passed is broken, and can still be kept, late.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from handoff import cases, clock, outbox
from handoff.cases import Actor
from handoff.errors import BadInput, IllegalMove, NotFound
from handoff.models import LIVE, Agent, Case, OutboxItem, Promise, PromiseState
from handoff.outbox import Step
from handoff.package import Promise as Promised
from handoff.ports import Audience, Author
from handoff.settings import settings
from words import days

if TYPE_CHECKING:
    from handoff.casework import Happened

REMIND_BEFORE = timedelta(hours=2)
"""How long before its time whoever owes it is reminded; half the time there is when that is less."""
BY = time(18, 0)
"""When a day that was promised is over for whoever waits, in the hub's time zone."""
WITHOUT_A_DAY = timedelta(hours=24)
"""What a promise in a handback gets that names no day: nobody is held up, and nothing is forgotten."""
ANSWER = "An answer from a person"
OWED_ANSWER = (
    Promise.made_by.is_(None),
    Promise.text == ANSWER,
    Promise.state.in_((PromiseState.OPEN, PromiseState.BROKEN)),
)
"""Which promises are the answer of a person that is still owed."""
LONGEST = 300
NO_MORE: Mapping[str, object] = MappingProxyType({})


async def make(
    session: AsyncSession,
    ref: str,
    agent: Agent,
    text: str,
    due_at: datetime | None = None,
    *,
    reminds: Agent | None = None,
    message_id: str | None = None,
) -> Promise:
    """Promise something about a case. Without `due_at` the day is read from the words: "a label by Friday".

    `reminds` is who hears of it before it is due; otherwise whoever has the case by then.
    """
    case = await cases.hold(session, ref)
    await cases.must_work_on(agent, case)
    cases.must_not_be_joined(case)
    if not text.strip():
        raise BadInput("Say what you promise.")
    due_at = due_at or day_said(text)
    if due_at is None:
        raise BadInput("Say by when, for example “a label by Friday”, or choose a time.")
    return await _store(session, case, Actor.of(agent), text, due_at, agent, reminds, message_id)


async def made_in_handback(session: AsyncSession, case: Case, agent: Agent, promised: Sequence[Promised]) -> None:
    """Those a person leaves for the assistant to say."""
    for one in promised:
        due_at = one.due_at or day_said(one.text) or clock.now() + WITHOUT_A_DAY
        if one.text.strip() and due_at > clock.now():
            await _store(session, case, Actor.of(agent), one.text, due_at, agent)


async def of_assistant(session: AsyncSession, case: Case, text: str, due_at: datetime) -> Promise:
    """What the hub let the assistant promise. One with the same words and time is the same."""
    known = select(Promise).where(Promise.case_id == case.id, Promise.text == text, Promise.due_at == due_at)
    found: Promise | None = await session.scalar(known)
    return found or await _store(session, case, cases.ASSISTANT, text, due_at)


async def _store(
    session: AsyncSession,
    case: Case,
    actor: Actor,
    text: str,
    due_at: datetime,
    agent: Agent | None = None,
    reminds: Agent | None = None,
    message_id: str | None = None,
) -> Promise:
    now = clock.now()
    if due_at <= now:
        raise BadInput("That time has passed. Promise something that is still to come.")
    promise = Promise(
        case_id=case.id,
        text=text.strip()[:LONGEST],
        due_at=due_at,
        made_by=agent.id if agent else None,
        agent_id=reminds.id if reminds else None,
        message_id=message_id,
        state=PromiseState.OPEN,
        created_at=now,
    )
    session.add(promise)
    await session.flush()
    await _tell(session, case, promise, "promised", actor)
    remind_s = max((due_at - now - REMIND_BEFORE).total_seconds(), (due_at - now).total_seconds() / 2)
    body = {"case_id": case.id}
    outbox.add_for(session, promise.id, "timer", "promise_remind", body, after_s=remind_s)
    outbox.add_for(session, promise.id, "timer", "promise_due", body, after_s=(due_at - now).total_seconds())
    return promise


def day_said(text: str) -> datetime | None:
    """The end of the first day named in the words, in the hub's time zone; today counts until midnight."""
    zone = ZoneInfo(settings().time_zone)
    now = clock.now().astimezone(zone)
    day = days.day(text, now.date())
    if day is None:
        return None
    at = datetime.combine(day, BY, zone)
    return at if at > now or day < now.date() else datetime.combine(day, time(23, 59), zone)


async def keep(session: AsyncSession, promise_id: str, agent: Agent) -> Promise:
    """It was done; also when it was late."""
    promise, case = await _open_one(session, promise_id, agent)
    await _end(session, case, promise, PromiseState.KEPT, Actor.of(agent))
    return promise


async def withdraw(session: AsyncSession, promise_id: str, agent: Agent, reason: str) -> Promise:
    """It will not be done, and the customer was told."""
    promise, case = await _open_one(session, promise_id, agent)
    if not reason.strip():
        raise BadInput("Say why it is taken back; whoever helps next will be asked.")
    await _end(session, case, promise, PromiseState.WITHDRAWN, Actor.of(agent), {"reason": reason.strip()[:1000]})
    return promise


async def follow(session: AsyncSession, happened: "Happened") -> None:
    """A person has spoken: the answer that was promised out of hours is given, in time or late."""
    message, case = happened.message, happened.case
    if message is None or message.author != Author.AGENT or message.audience != Audience.EVERYONE:
        return
    for promise in await session.scalars(select(Promise).where(Promise.case_id == case.id, *OWED_ANSWER)):
        await _end(session, case, promise, PromiseState.KEPT, cases.SYSTEM)


async def _open_one(session: AsyncSession, promise_id: str, agent: Agent) -> tuple[Promise, Case]:
    promise = await session.get(Promise, promise_id, with_for_update=True)
    if promise is None:
        raise NotFound("There is no such promise.")
    case = await session.get_one(Case, promise.case_id)
    await cases.must_work_on(agent, case)
    if promise.state in (PromiseState.KEPT, PromiseState.WITHDRAWN):
        raise IllegalMove(f"This promise was {promise.state} already. Make a new one if it counts again.")
    return promise, case


async def _end(
    session: AsyncSession,
    case: Case,
    promise: Promise,
    state: PromiseState,
    actor: Actor,
    more: Mapping[str, object] = NO_MORE,
) -> None:
    is_late = promise.state == PromiseState.BROKEN
    promise.state, promise.ended_at = state, clock.now()
    for job in ("promise_remind", "promise_due"):
        await outbox.drop(session, promise.id, "timer", job)
    await _tell(session, case, promise, f"promise_{state}", actor, {**more, "is_late": is_late})


async def remind(session: AsyncSession, item: OutboxItem) -> None:
    """A timer, some time before it is due: said on the case, and to whoever owes it at the desk."""
    promise = await session.get(Promise, item.subject_id, with_for_update=True)
    if promise is None or promise.state != PromiseState.OPEN or promise.reminded_at:
        return
    case = await session.get_one(Case, promise.case_id)
    promise.reminded_at = clock.now()
    owner = await session.get(Agent, promise.agent_id or case.assignee_id or "")
    await _tell(session, case, promise, "promise_reminded", cases.SYSTEM, {"reminded": owner.name if owner else None})


async def pass_due(session: AsyncSession, item: OutboxItem) -> None:
    """A timer, when its time has come: broken, unless it was kept or withdrawn."""
    promise = await session.get(Promise, item.subject_id, with_for_update=True)
    if promise is None or promise.state != PromiseState.OPEN:
        return
    promise.state = PromiseState.BROKEN
    await _tell(session, await session.get_one(Case, promise.case_id), promise, "promise_broken", cases.SYSTEM)


async def _tell(
    session: AsyncSession, case: Case, promise: Promise, kind: str, actor: Actor, more: Mapping[str, object] = NO_MORE
) -> None:
    told = {"promise_id": promise.id, "text": promise.text, "due_at": promise.due_at.isoformat(), **more}
    await cases.record(session, case, kind, actor, told)


async def of_case(session: AsyncSession, case_id: str) -> Sequence[Promise]:
    """Every promise of a case, what is due first at the top."""
    query = select(Promise).where(Promise.case_id == case_id).order_by(Promise.due_at, Promise.id)
    return list(await session.scalars(query))


async def of_case_with_names(session: AsyncSession, case_id: str) -> Sequence[tuple[Promise, str | None, str | None]]:
    """The same, each with the names of who made it (None: the assistant) and of who is to be reminded."""
    maker, reminded = aliased(Agent), aliased(Agent)
    rows = await session.execute(
        select(Promise, maker.name, reminded.name)
        .outerjoin(maker, maker.id == Promise.made_by)
        .outerjoin(reminded, reminded.id == Promise.agent_id)
        .where(Promise.case_id == case_id)
        .order_by(Promise.due_at, Promise.id)
    )
    return [(promise, by, reminds) for promise, by, reminds in rows]


async def owed(session: AsyncSession, case_ids: Sequence[str]) -> Sequence[Promise]:
    """What is still to be done for these cases, kept in time or not."""
    standing = Promise.state.in_((PromiseState.OPEN, PromiseState.BROKEN))
    query = select(Promise).where(Promise.case_id.in_(case_ids), standing).order_by(Promise.due_at, Promise.id)
    return list(await session.scalars(query))


async def pressing(session: AsyncSession, agent_id: str) -> Sequence[tuple[Promise, Case]]:
    """What this agent was reminded of or let pass, soonest first: theirs, or of a case they have."""
    theirs = or_(Promise.agent_id == agent_id, Promise.agent_id.is_(None) & (Case.assignee_id == agent_id))
    is_pressing = or_(
        (Promise.state == PromiseState.OPEN) & (Promise.due_at <= clock.now() + REMIND_BEFORE),
        (Promise.state == PromiseState.BROKEN) & Case.status.in_(LIVE),
    )
    rows = await session.execute(
        select(Promise, Case).join(Case, Case.id == Promise.case_id).where(theirs, is_pressing).order_by(Promise.due_at)
    )
    return [(promise, case) for promise, case in rows]


STEPS: Mapping[str, Step] = {"promise_remind": remind, "promise_due": pass_due}
