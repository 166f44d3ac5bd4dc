"""What hangs on a case and goes along when its words do: one list, so that nothing new can be forgotten.

`carry` and `bring_back` move rows, never copy them. Files follow their message by themselves. A test holds every column
that names a case against the lists here.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from handoff.models import (
    Case,
    CaseConversation,
    CaseException,
    CaseLink,
    CaseTag,
    CaseWatcher,
    Effort,
    EffortKind,
    Fact,
    FollowUp,
    Handover,
    Message,
    Promise,
    Survey,
)

Moved = dict[str, Any]
Column = InstrumentedAttribute[Any]

ROWS: tuple[Column, ...] = (
    Message.case_id,
    Fact.case_id,
    Handover.case_id,
    Promise.case_id,
    FollowUp.case_id,
    CaseException.case_id,
    Effort.case_id,
)
"""Each row goes along as it is."""

SETS: tuple[tuple[Column, Column], ...] = ((CaseTag.case_id, CaseTag.tag), (CaseWatcher.case_id, CaseWatcher.agent_id))
"""A case has each of these once: what the other one has already stays where it is."""

ENDS: tuple[Column, ...] = (CaseLink.from_case_id, CaseLink.to_case_id)
"""Either end of a link, unless both cases are its ends or the other one has the same link already."""

ONLY_ONE: tuple[Column, ...] = (Survey.case_id,)
"""One a case, ever: goes along when the other case has none."""

PLACES: tuple[Column, ...] = (CaseConversation.case_id,)
"""Where a case is talked about: both are afterwards, so that pages of the old one still hear of it."""

STAYS = frozenset(
    {
        "case_events.case_id",  # what happened to a case stays its own story
        "case_moves.from_case_id",
        "case_moves.to_case_id",
        "cases.joined_into_id",
        "conversations.case_id",  # set by `talking`
        "shares.case_id",  # what a partner may see is bound to the case it was opened on, and is followed from there
        "clocks.case_id",  # they stand aside and come back
        "trigger_firings.case_id",
        "webhook_deliveries.case_id",
        "case_texts.case_id",  # written anew from the words
    }
)
ID_LENGTH = 26
SUMS = ("contacts", "transfers", "repeats", "waited_s")


async def carry(session: AsyncSession, source: str, target: str) -> Moved:
    """Everything of the case with id `source` becomes that of `target`. Gives back what went, by table."""
    moved: Moved = {}
    for column in ROWS:
        moved[table(column)] = await ids_of(session, column, source)
        await move_rows(session, column, moved[table(column)], source, target)
    for column in ONLY_ONE:
        free = not await ids_of(session, column, target)
        moved[table(column)] = await ids_of(session, column, source) if free else []
        await move_rows(session, column, moved[table(column)], source, target)
    for column, key in SETS:
        moved[table(column)] = await _fresh_keys(session, column, key, source, target)
        await _move_keys(session, column, key, moved[table(column)], source, target)
    for column in ENDS:
        moved[column.key] = await _free_links(session, column, source, target)
        await move_rows(session, column, moved[column.key], source, target)
    moved["conversations"] = await _be_there_too(session, source, target)
    return moved


async def bring_back(session: AsyncSession, moved: Mapping[str, Any], source: str, target: str) -> None:
    """Undo `carry`: what went from `source` to `target` and is still there goes home."""
    for column in (*ROWS, *ONLY_ONE):
        await move_rows(session, column, moved[table(column)], target, source)
    for column in ENDS:
        await move_rows(session, column, moved[column.key], target, source)
    for column, key in SETS:
        await _return_keys(session, column, key, moved[table(column)], source, target)


async def move_rows(
    session: AsyncSession, column: Column, ids: Collection[str], source: str, target: str
) -> Sequence[str]:
    """Those of these rows that are of `source` become `target`'s; gives back their ids."""
    kind = column.class_
    there = list(await session.scalars(select(kind.id).where(kind.id.in_(ids), column == source))) if ids else []
    if there:
        await session.execute(update(kind).where(kind.id.in_(there)).values({column.key: target}))
    return there


def table(column: Column) -> str:
    return str(column.class_.__tablename__)


def sums(case: Case) -> dict[str, int]:
    return {name: getattr(case, name) for name in SUMS}


def add(case: Case, more: Mapping[str, int], sign: int = 1) -> None:
    """Sums of effort are never below nothing, whatever was counted meanwhile."""
    for name in SUMS:
        setattr(case, name, max(0, getattr(case, name) + sign * more[name]))


async def ids_of(session: AsyncSession, column: Column, case_id: str) -> list[str]:
    """Of every row of this case."""
    return list(await session.scalars(select(column.class_.id).where(column == case_id).order_by(column.class_.id)))


async def keys_of(session: AsyncSession, column: Column, key: Column, case_id: str) -> list[str]:
    return list(await session.scalars(select(key).where(column == case_id).order_by(key)))


async def places_of(session: AsyncSession, case_id: str) -> list[str]:
    """Ids of the conversations it is or was talked about in."""
    return await keys_of(session, CaseConversation.case_id, CaseConversation.conversation_id, case_id)


async def _fresh_keys(session: AsyncSession, column: Column, key: Column, source: str, target: str) -> list[str]:
    known = set(await keys_of(session, column, key, target))
    return [one for one in await keys_of(session, column, key, source) if one not in known]


async def _move_keys(
    session: AsyncSession, column: Column, key: Column, keys: Collection[str], source: str, target: str
) -> None:
    if keys:
        moving = update(column.class_).where(column == source, key.in_(keys)).values({column.key: target})
        await session.execute(moving.execution_options(synchronize_session=False))


async def _return_keys(
    session: AsyncSession, column: Column, key: Column, keys: Collection[str], source: str, target: str
) -> None:
    """What was taken off meanwhile is there again, for the case it came from had it."""
    there = set(await keys_of(session, column, key, target)) & set(keys)
    await _move_keys(session, column, key, there, target, source)
    for one in sorted(set(keys) - there - set(await keys_of(session, column, key, source))):
        row: dict[str, Any] = {column.key: source, key.key: one}
        if column.class_ is CaseWatcher:
            row["created_at"] = (await session.get_one(Case, source)).updated_at
        await session.execute(insert(column.class_).values(row))


async def _free_links(session: AsyncSession, column: Column, source: str, target: str) -> list[str]:
    """Links that can end at `target` instead: not between the two, and not there already."""
    other = ENDS[1] if column is ENDS[0] else ENDS[0]
    known = {(one, kind) for one, kind in await session.execute(select(other, CaseLink.kind).where(column == target))}
    rows = await session.execute(select(CaseLink.id, other, CaseLink.kind).where(column == source))
    return [link_id for link_id, end, kind in rows if end != target and (end, kind) not in known]


async def _be_there_too(session: AsyncSession, source: str, target: str) -> list[str]:
    """The conversations of `source` are talked of in `target` too; gives back those that are new to it."""
    column, key = CaseConversation.case_id, CaseConversation.conversation_id
    known = set(await keys_of(session, column, key, target))
    theirs = await session.scalars(select(CaseConversation).where(column == source))
    new = [one for one in theirs if one.conversation_id not in known]
    for one in new:
        session.add(
            CaseConversation(
                case_id=target,
                conversation_id=one.conversation_id,
                first_seq=one.first_seq,
                created_at=one.created_at,
            )
        )
    await session.flush()
    return [one.conversation_id for one in new]


async def leave(session: AsyncSession, case_id: str, conversation_ids: Collection[str]) -> None:
    """The case is no longer talked about where it has no words left."""
    said = select(Message.conversation_id).where(Message.case_id == case_id)
    gone = delete(CaseConversation).where(CaseConversation.case_id == case_id)
    gone = gone.where(CaseConversation.conversation_id.in_(conversation_ids))
    await session.execute(gone.where(CaseConversation.conversation_id.not_in(said)))


WITH_WORDS: tuple[tuple[Column, Column], ...] = (
    (Fact.case_id, Fact.source_message_id),
    (Promise.case_id, Promise.message_id),
    (FollowUp.case_id, FollowUp.message_id),
)
"""What was told, promised or asked in a message goes where the message goes."""

COUNTED_IN = {
    EffortKind.CONTACT: "contacts",
    EffortKind.TRANSFER: "transfers",
    EffortKind.REPEATED_FACT: "repeats",
    EffortKind.REPEATED_QUESTION: "repeats",
    EffortKind.WAITED: "waited_s",
}


async def move_words(session: AsyncSession, ids: Collection[str], source: Case, target: Case) -> Moved:
    """Chosen messages and what hangs on each of them, with the effort that was counted from them."""
    moved: Moved = {table(Message.case_id): list(await move_rows(session, Message.case_id, ids, source.id, target.id))}
    for column, words in WITH_WORDS:
        kind = column.class_
        hanging = list(await session.scalars(select(kind.id).where(column == source.id, words.in_(ids))))
        moved[table(column)] = list(await move_rows(session, column, hanging, source.id, target.id))
    moved[table(Effort.case_id)] = await _move_effort(session, ids, source, target)
    await session.flush()
    return moved


async def _move_effort(session: AsyncSession, ids: Collection[str], source: Case, target: Case) -> list[str]:
    """A line's cause begins with the id of what it was counted from."""
    counted = select(Effort).where(Effort.case_id == source.id, func.substr(Effort.cause, 1, ID_LENGTH).in_(ids))
    lines = list(await session.scalars(counted))
    for line in lines:
        line.case_id = target.id
        if name := COUNTED_IN.get(EffortKind(line.kind)):
            amount = line.amount if line.kind == EffortKind.WAITED else 1
            setattr(source, name, max(0, getattr(source, name) - amount))
            setattr(target, name, getattr(target, name) + amount)
    return [line.id for line in lines]
