"""Moves: what went from one case to another by a split or a join, and whether that may be taken back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import customers
from handoff.cases.looking import hold_conversations, hold_in_turn
from handoff.errors import Conflict, NotFound
from handoff.models import Base, Case, CaseMove, Conversation, MoveKind


async def moves_of(session: AsyncSession, case_id: str) -> Sequence[CaseMove]:
    """Every split and join this case was part of, newest first; those with `undone_at` no longer stand."""
    touching = (CaseMove.from_case_id == case_id) | (CaseMove.to_case_id == case_id)
    return list(await session.scalars(select(CaseMove).where(touching).order_by(CaseMove.id.desc())))


async def get_move(session: AsyncSession, move_id: str) -> CaseMove:
    found = await session.scalar(select(CaseMove).where(CaseMove.id == move_id).with_for_update())
    if found is None:
        raise NotFound("There is no such split or join. Look at the case again; it may have been undone.")
    return found


async def by_key(session: AsyncSession, kind: MoveKind, from_case_id: str, key: str | None) -> CaseMove | None:
    """What was made with this key before. The same key for something else is refused (`Conflict`)."""
    if key is None:
        return None
    known: CaseMove | None = await session.scalar(select(CaseMove).where(CaseMove.idempotency_key == key))
    if known and (known.kind, known.from_case_id) != (kind, from_case_id):
        raise Conflict("This idempotency key was used for another split or join. Take a new one.")
    return known


async def hold_both(session: AsyncSession, *ids: str) -> tuple[list[Case], Sequence[Conversation]]:
    """The cases in the order asked for, and where they are talked about, all locked: conversations first."""
    talking = await hold_conversations(session, ids)
    held = await hold_in_turn(session, ids)
    return [held[one] for one in ids], talking


async def refuse_if_others_rest_on_it(session: AsyncSession, made: CaseMove) -> None:
    """`Conflict` while a later split or join stands that this one cannot be taken back under.

    Words it moved may have been split off further, either case may have become part of a third, and a case that was
    split off may have taken up another.
    """
    for later in await standing_after(session, made):
        if rests_on(later, made):
            names = [(await session.get_one(Case, one)).ref for one in (later.from_case_id, later.to_case_id)]
            if later.kind == MoveKind.SPLIT:
                raise Conflict(f"Some of these words were split off to {names[1]} since. Undo that split first.")
            raise Conflict(f"{names[0]} became part of {names[1]} since. Undo that join first.")


def rests_on(later: CaseMove, made: CaseMove) -> bool:
    ends = (made.from_case_id, made.to_case_id)
    if later.kind == MoveKind.SPLIT:
        taken = set(later.moved["messages"]) & set(made.moved["messages"])
        return later.from_case_id == made.to_case_id and bool(taken)
    return later.from_case_id in ends or (made.kind == MoveKind.SPLIT and later.to_case_id == made.to_case_id)


async def is_one_person(session: AsyncSession, made: CaseMove) -> bool:
    first, second = [await session.get_one(Case, one) for one in (made.from_case_id, made.to_case_id)]
    return second.customer_id in await customers.together(session, first.customer_id)


async def standing_after(session: AsyncSession, made: CaseMove) -> Sequence[CaseMove]:
    """Later moves that stand and touch either case, newest first."""
    ids = (made.from_case_id, made.to_case_id)
    later = select(CaseMove).where(CaseMove.id > made.id, CaseMove.undone_at.is_(None))
    touching = later.where(CaseMove.from_case_id.in_(ids) | CaseMove.to_case_id.in_(ids))
    return list(await session.scalars(touching.order_by(CaseMove.id.desc())))


async def brought_by_joins(session: AsyncSession, case_id: str, kind: type[Base]) -> frozenset[str]:
    """Ids of the rows of this kind that came from other cases, by joins that stand."""
    standing = select(CaseMove).where(CaseMove.to_case_id == case_id, CaseMove.undone_at.is_(None))
    joined = await session.scalars(standing.where(CaseMove.kind == MoveKind.JOIN))
    return frozenset(one for move in joined for one in move.moved[kind.__tablename__])


async def joined_since(session: AsyncSession, made: CaseMove) -> frozenset[str]:
    """Ids of the words that later joins brought to the same case; they are nobody's later words."""
    later = [one for one in await standing_after(session, made) if one.to_case_id == made.to_case_id]
    return frozenset(one for move in later for one in move.moved["messages"])


def state_of(case: Case) -> dict[str, Any]:
    """What a move writes down of a case, to be put back as it was."""
    return {
        "status": case.status,
        "waiting_for": case.waiting_for,
        "contacts": case.contacts,
        "transfers": case.transfers,
        "repeats": case.repeats,
        "waited_s": case.waited_s,
    }
