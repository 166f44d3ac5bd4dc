"""Taking a split or a join back: both cases as they were, and every later word where it belongs.

A later word goes with what it answers, else with the words just before it in its conversation; in a conversation that
began since, it stays with the case that was joined into. What was told or promised in it goes along.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock
from handoff.cases import carried, moves, telling
from handoff.cases.actors import SYSTEM, Actor
from handoff.cases.changes import must_not_be_erased
from handoff.cases.joins import REPLAYED, talk_instead
from handoff.cases.log import record
from handoff.cases.moves import get_move, hold_both, refuse_if_others_rest_on_it
from handoff.cases.rights import must_work_on
from handoff.errors import Conflict
from handoff.models import (
    LIVE,
    Agent,
    Case,
    CaseLink,
    CaseMove,
    CaseStatus,
    Conversation,
    Fact,
    Handover,
    LinkKind,
    Message,
    MoveKind,
)
from handoff.rules import clocks


async def undo(session: AsyncSession, move_id: str, agent: Agent) -> CaseMove:
    """Take a split or a join back. Undoing twice changes nothing.

    `Conflict` while a later split or join rests on it, `NotAllowed` unless `agent` may work on both cases,
    `IllegalMove` when their customer was erased since.
    """
    return await _undo(session, move_id, agent)


async def undo_for_strangers(session: AsyncSession, customer_ids: Collection[str]) -> None:
    """Joins of cases whose customers turned out to be two people are taken back, newest first, by the hub itself."""
    theirs = select(Case.id).where(Case.customer_id.in_(customer_ids))
    standing = select(CaseMove).where(CaseMove.undone_at.is_(None), CaseMove.from_case_id.in_(theirs))
    for made in list(await session.scalars(standing.order_by(CaseMove.id.desc()))):
        if made.kind == MoveKind.JOIN and not await moves.is_one_person(session, made):
            await _undo_what_rests_on_it(session, made)
            await _undo(session, made.id, None)


async def _undo_what_rests_on_it(session: AsyncSession, made: CaseMove) -> None:
    for later in await moves.standing_after(session, made):
        if later.undone_at is None and moves.rests_on(later, made):
            await _undo_what_rests_on_it(session, later)
            await _undo(session, later.id, None)


async def _undo(session: AsyncSession, move_id: str, agent: Agent | None) -> CaseMove:
    made = await get_move(session, move_id)
    (source, target), talking = await hold_both(session, made.from_case_id, made.to_case_id)
    if agent:
        await must_work_on(agent, source, target)
    if made.undone_at is not None:
        return made
    await refuse_if_others_rest_on_it(session, made)
    await must_not_be_erased(session, source, target)
    made.undone_at, made.undone_by = clock.now(), agent.id if agent else None
    actor = Actor.of(agent) if agent else SYSTEM
    if made.kind == MoveKind.JOIN:
        await _part(session, made, source, target, talking, actor)
    else:
        await _reunite(session, made, source, target, talking, actor)
    await session.flush()
    return made


async def _part(
    session: AsyncSession,
    made: CaseMove,
    source: Case,
    target: Case,
    talking: Sequence[Conversation],
    actor: Actor,
) -> None:
    """Undo a join: `source` has again what it had, and what was said about it since."""
    await carried.bring_back(session, made.moved, source.id, target.id)
    carried.add(target, made.before["from"], -1)
    carried.add(source, made.before["from"])
    later = await _later_words(session, made, source, target)
    await carried.move_words(session, later, target, source)
    source.status, source.joined_into_id = CaseStatus(made.before["from"]["status"]), None
    source.waiting_for = made.before["from"]["waiting_for"]
    restored = _give_up(target, made.before["gained"])
    await session.flush()
    await _talk_apart(session, made, source, target, talking, later)
    await _later_work(session, made, source, target, talking)
    await carried.leave(session, target.id, made.moved["conversations"])
    await clocks.come_back(session, source)
    told = {"messages": len(made.moved["messages"]) + len(later)}
    await record(session, source, "join_undone", actor, {"from": target.ref, "status": source.status, **told})
    await record(session, target, "join_undone", actor, {"to": source.ref, **told, **restored})


def _give_up(target: Case, gained: dict[str, list[Any]]) -> dict[str, Any]:
    """What the target took over goes, unless somebody changed it since. Gives back what a replay needs to know."""
    restored = {}
    for name, (before, after) in gained.items():
        now = getattr(target, name)
        if (now.isoformat() if isinstance(now, datetime) else now) != after:
            continue
        if name == "waiting_for" and "status" in gained and target.status != gained["status"][0]:
            continue  # who is waited for belongs to a status that somebody changed since
        setattr(target, name, datetime.fromisoformat(before) if name == "promised_at" and before else before)
        restored[name] = before
    return {name: restored[name] for name in REPLAYED if name in restored}


async def _later_words(session: AsyncSession, made: CaseMove, source: Case, target: Case) -> list[str]:
    """Ids of what was said since the join and is about `source`."""
    anchored = await moves.joined_since(session, made)
    said = select(Message.id, Message.conversation_id, Message.seq, Message.case_id, Message.in_reply_to)
    rows = await session.execute(
        said.where(Message.case_id.in_((source.id, target.id))).order_by(Message.conversation_id, Message.seq)
    )
    owner: dict[str, str] = {}
    newest: defaultdict[str, str] = defaultdict(lambda: target.id)
    later = []
    for row in rows:
        is_later = row.case_id == target.id and row.id > made.id and row.id not in anchored
        owner[row.id] = newest[row.conversation_id] = (
            owner.get(row.in_reply_to or "", newest[row.conversation_id]) if is_later else row.case_id
        )
        if is_later and owner[row.id] == source.id:
            later.append(row.id)
    return later


async def _talk_apart(
    session: AsyncSession,
    made: CaseMove,
    source: Case,
    target: Case,
    talking: Sequence[Conversation],
    later: Collection[str],
) -> None:
    """A conversation is about the case its last words since are of; without any, about what it was about before."""
    if source.status not in LIVE:
        return
    for conversation in talking:
        if conversation.case_id not in (target.id, None):
            continue
        last = await _said_last(session, made, conversation, (source.id, target.id))
        was_about_it = conversation.id in made.before["talked_of"] if last is None else last == source.id
        if was_about_it:
            conversation.case_id = source.id


async def _said_last(
    session: AsyncSession, made: CaseMove, conversation: Conversation, case_ids: Collection[str]
) -> str | None:
    """The case of the newest words since the move, or None without any."""
    since = select(Message.case_id).where(Message.conversation_id == conversation.id, Message.id > made.id)
    found: str | None = await session.scalar(
        since.where(Message.case_id.in_(case_ids)).order_by(Message.seq.desc()).limit(1)
    )
    return found


async def _later_work(
    session: AsyncSession, made: CaseMove, source: Case, target: Case, talking: Sequence[Conversation]
) -> None:
    """Facts without a message and handovers that came since go with what their conversation is about now."""
    about_it = [one.id for one in talking if one.case_id == source.id]
    for kind, sourceless in ((Handover, true()), (Fact, Fact.source_message_id.is_(None))):
        since = update(kind).where(kind.case_id == target.id, kind.id > made.id, kind.conversation_id.in_(about_it))
        await session.execute(since.where(sourceless).values(case_id=source.id))


async def _reunite(
    session: AsyncSession,
    made: CaseMove,
    old: Case,
    new: Case,
    talking: Sequence[Conversation],
    actor: Actor,
) -> None:
    """Undo a split: the new case becomes part of the old one again, with everything it got meanwhile."""
    if new.status in LIVE and old.status not in LIVE and old.status != made.before["from"]["status"]:
        raise Conflict(f"{old.ref} is resolved and {new.ref} is not. Reopen {old.ref} first, or resolve {new.ref}.")
    count = len(await carried.ids_of(session, Message.case_id, new.id))
    await session.execute(
        delete(CaseLink).where(
            CaseLink.from_case_id == old.id, CaseLink.to_case_id == new.id, CaseLink.kind == LinkKind.SPLIT
        )
    )
    await carried.carry(session, new.id, old.id)
    carried.add(old, carried.sums(new))
    carried.add(new, carried.sums(new), -1)
    was_about_it = [one for one in talking if one.case_id == new.id]
    await talk_instead(session, new, old)
    for conversation in was_about_it:
        conversation.case_id = old.id if old.status in LIVE else None
    new.status, new.joined_into_id, new.waiting_for = CaseStatus.JOINED, old.id, None
    await session.flush()
    await clocks.stand_aside(session, new)
    concerned = [one for one in talking if one.id in await carried.places_of(session, new.id)]
    await telling.tell(session, telling.newest(concerned), telling.one_matter_again(old, new))
    await record(session, new, "split_undone", actor, {"into": old.ref, "status": new.status, "messages": count})
    await record(session, old, "split_undone", actor, {"from": new.ref, "messages": count})
