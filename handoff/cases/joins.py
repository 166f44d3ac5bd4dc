"""Join: two cases of one person become one thread. What went where is written down, so that it can be undone."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, customers
from handoff.cases import carried
from handoff.cases.actors import Actor
from handoff.cases.log import record
from handoff.cases.looking import get
from handoff.cases.moves import by_key, hold_both, state_of
from handoff.cases.rights import must_work_on
from handoff.errors import BadInput, IllegalMove
from handoff.models import LIVE, Agent, Case, CaseMove, CaseStatus, Conversation, MoveKind, Priority
from handoff.rules import clocks

URGENCY = tuple(Priority)


async def join(
    session: AsyncSession,
    from_ref: str,
    into_ref: str,
    agent: Agent,
    *,
    reason: str = "",
    idempotency_key: str | None = None,
) -> CaseMove:
    """Make the words of one case, and everything that hangs on it, those of another; it is `joined` afterwards.

    Each message keeps its conversation, its number there, its channel, who may see it and which handle it came by. The
    other case takes what it had not: the more urgent priority, an assignee, the earlier promise, fields, skills. It is
    open when either was. Sums of effort add up.

    A repeated `idempotency_key` gives back the first. Raises what `must_be_joinable` does, and `NotAllowed` unless
    `agent` may work on both.
    """
    first, second = await get(session, from_ref), await get(session, into_ref)
    if known := await by_key(session, MoveKind.JOIN, first.id, idempotency_key):
        return known
    (source, target), talking = await hold_both(session, first.id, second.id)
    await must_be_joinable(session, source, target)
    await must_work_on(agent, source, target)
    before = _before(source, target, [one.id for one in talking if one.case_id == source.id])
    gained = gains(source, target)
    moved = await carried.carry(session, source.id, target.id)
    _take(target, gained)
    carried.add(target, carried.sums(source))
    carried.add(source, carried.sums(source), -1)
    await talk_instead(session, source, target)
    source.status, source.joined_into_id, source.waiting_for = CaseStatus.JOINED, target.id, None
    made = CaseMove(
        kind=MoveKind.JOIN,
        from_case_id=source.id,
        to_case_id=target.id,
        moved=moved,
        before={**before, "gained": stored(gained)},
        agent_id=agent.id,
        idempotency_key=idempotency_key,
        created_at=clock.now(),
    )
    session.add(made)
    await session.flush()
    await clocks.stand_aside(session, source)
    await _record(session, source, target, agent, len(moved["messages"]), gained, reason)
    return made


async def must_be_joinable(session: AsyncSession, source: Case, target: Case) -> None:
    """Two different cases of one person, the first not joined yet, the second not over."""
    if source.id == target.id:
        raise BadInput("A case cannot be joined with itself. Choose the other one.")
    if source.status == CaseStatus.JOINED:
        raise IllegalMove(f"{source.ref} became part of another case already. Look that one up.")
    if target.status == CaseStatus.JOINED:
        raise IllegalMove(f"{target.ref} became part of another case itself. Join into that one.")
    if target.status not in LIVE:
        raise IllegalMove(f"{target.ref} is resolved. Reopen it first, or join it into {source.ref} instead.")
    if target.customer_id not in await customers.together(session, source.customer_id):
        raise IllegalMove(
            f"{source.ref} and {target.ref} are cases of two customers. Only when these are known to be one person, "
            "which is confirmed in their conversation, their cases can be joined."
        )


def gains(source: Case, target: Case) -> dict[str, tuple[Any, Any]]:
    """What the target takes over, as attribute: (before, after). A case that is over gives only fields and skills."""
    after: dict[str, Any] = {
        "fields": {**source.fields, **target.fields},
        "skills": list(dict.fromkeys([*target.skills, *source.skills])),
    }
    if source.status in LIVE:
        after["priority"] = min(target.priority, source.priority, key=URGENCY.index)
        after["assignee_id"] = target.assignee_id or source.assignee_id
        promised = [moment for moment in (source.promised_at, target.promised_at) if moment]
        after["promised_at"] = min(promised, default=None)
        if source.status == CaseStatus.OPEN:
            after["status"], after["waiting_for"] = CaseStatus.OPEN, None
    return {name: (getattr(target, name), new) for name, new in after.items() if getattr(target, name) != new}


def _take(target: Case, gained: dict[str, tuple[Any, Any]]) -> None:
    for name, (_, new) in gained.items():
        setattr(target, name, new)


def stored(gained: dict[str, tuple[Any, Any]]) -> dict[str, list[Any]]:
    """As JSON can keep it."""
    return {name: [_plain(one) for one in pair] for name, pair in gained.items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _before(source: Case, target: Case, talked_of: list[str]) -> dict[str, Any]:
    return {"from": state_of(source), "to": state_of(target), "talked_of": talked_of}


async def talk_instead(session: AsyncSession, source: Case, target: Case) -> None:
    """Where one case was talked about now, it is the other."""
    talking = update(Conversation).where(Conversation.case_id == source.id)
    await session.execute(talking.values(case_id=target.id))


REPLAYED = ("status", "waiting_for", "priority", "assignee_id")


async def _record(
    session: AsyncSession,
    source: Case,
    target: Case,
    agent: Agent,
    count: int,
    gained: dict[str, tuple[Any, Any]],
    reason: str,
) -> None:
    by, why = Actor.of(agent), reason.strip()[:1000]
    changed = {name: gained[name][1] for name in REPLAYED if name in gained}
    taken = {"from": source.ref, "title": source.title, "messages": count, "reason": why, **changed}
    await record(session, target, "joined_in", by, taken)
    await record(session, source, "joined", by, {"into": target.ref, "status": source.status, "reason": why})


async def sides(session: AsyncSession, made: CaseMove) -> tuple[Case, Case]:
    rows = await session.scalars(select(Case).where(Case.id.in_((made.from_case_id, made.to_case_id))))
    by_id = {case.id: case for case in rows}
    return by_id[made.from_case_id], by_id[made.to_case_id]
