"""What must hold of cases after whatever happened to them, each broken promise in words. `Known` has what happened."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases
from handoff.errors import Gone
from handoff.models import (
    LIVE,
    Attachment,
    Base,
    Case,
    CaseConversation,
    CaseStatus,
    Clock,
    Conversation,
    Fact,
    Message,
    MoveKind,
)
from handoff.partners import shares
from handoff.partners.views import REMOVED

if TYPE_CHECKING:
    from tests.hub.case_known import Known, Shared

AUDITED = frozenset({"split", "joined", "joined_in", "join_undone", "split_undone", "erased"})
"""Kinds of events that come from these operations and from nothing else: as many as there were, no more."""


async def broken(session: AsyncSession, book: "Known") -> list[str]:
    """Every promise that does not hold now."""
    words = await book.words(session)
    held = {one.id: one for one in await session.scalars(select(Case).where(Case.id.in_(book.case_ids)))}
    return [
        *_misplaced(book, words),
        *_among_strangers(book, words),
        *await _talked_of_by_strangers(session, book),
        *await _facts_apart(session, words),
        *await _files_apart(session, book, words),
        *await _misreported(session, book, held),
        *await _clocks_of_nobody(session, book),
        *_joined_strangers(book),
        *await _seen_by_partners(session, book),
        *await _left_of_the_erased(session, book, words, held),
    ]


def _misplaced(book: "Known", words: Sequence[Message]) -> list[str]:
    stored = {one.id: one for one in words}
    said = [
        f"“{stored[one].text}” is not where it belongs"
        for one, home in book.home.items()
        if stored[one].case_id != home
    ]
    moved = [
        f"“{stored[one].text}” changed its place in the talk"
        for one, place in book.placed.items()
        if place_of(stored[one]) != place
    ]
    back = [f"redacted words are there again: {was}" for one, was in book.redacted.items() if stored[one].text == was]
    return said + moved + back


def place_of(message: Message) -> tuple[Any, ...]:
    """What no operation on cases may change: what the customer sees of it, and by which way it came."""
    return message.conversation_id, message.seq, message.audience, message.channel, message.identity_id


def _among_strangers(book: "Known", words: Sequence[Message]) -> list[str]:
    """A case has words of the person it is of, and of nobody else."""
    return [
        f"“{one.text}” stands in a case of somebody else"
        for one in words
        if one.case_id and book.owner[one.case_id] not in book.together(book.whose[one.conversation_id])
    ]


async def _talked_of_by_strangers(session: AsyncSession, book: "Known") -> list[str]:
    places = select(CaseConversation).where(CaseConversation.case_id.in_(book.case_ids))
    return [
        "a case is talked about with somebody else"
        for one in await session.scalars(places)
        if book.owner[one.case_id] not in book.together(book.whose[one.conversation_id])
    ]


async def _facts_apart(session: AsyncSession, words: Sequence[Message]) -> list[str]:
    told = select(Fact).where(Fact.source_message_id.in_([one.id for one in words]), Fact.set_by == "customer")
    homes = {one.id: one.case_id for one in words}
    return [
        f"the fact {one.name} is not with its words"
        for one in await session.scalars(told)
        if one.case_id != homes[one.source_message_id or ""]
    ]


async def _files_apart(session: AsyncSession, book: "Known", words: Sequence[Message]) -> list[str]:
    mine = select(Attachment.id, Attachment.message_id).where(Attachment.conversation_id.in_(book.conversations))
    in_cases = {one.id: case_id for case_id in book.case_ids for one in await cases.files_of(session, case_id)}
    homes = {one.id: one.case_id for one in words}
    return [
        f"the file {file_id} is not with its words"
        for file_id, message_id in await session.execute(mine)
        if in_cases.get(file_id) != homes[message_id]
    ]


async def _misreported(session: AsyncSession, book: "Known", held: dict[str, Case]) -> list[str]:
    """The events tell the state, are numbered without a gap, and say everything that was done."""
    wrong = []
    for case_id, case in held.items():
        history = await cases.history(session, case_id)
        told = cases.replay(history)
        if told != {name: getattr(case, name) for name in told}:
            wrong.append(f"the events of {case.ref} tell {told}")
        if [one.seq for one in history] != list(range(1, case.last_event_seq + 1)):
            wrong.append(f"events of {case.ref} are missing")
        kinds = Counter(one.kind for one in history if one.kind in AUDITED)
        if kinds != book.audit.get(case_id, Counter()):
            wrong.append(f"{case.ref} tells of {dict(kinds)}, and what was done is {dict(book.audit[case_id])}")
    return wrong


async def _clocks_of_nobody(session: AsyncSession, book: "Known") -> list[str]:
    running = select(Case.ref).join(Clock, Clock.case_id == Case.id).where(Case.status == CaseStatus.JOINED)
    running = running.where(Case.id.in_(book.case_ids), Clock.cancelled_at.is_(None), Clock.met_at.is_(None))
    return [f"a clock runs on {ref}, which became part of another" for ref in await session.scalars(running)]


def _joined_strangers(book: "Known") -> list[str]:
    joined = [one for one in book.moves if one.kind == MoveKind.JOIN]
    return [
        "a join of cases of two people stands"
        for one in joined
        if book.owner[one.source] not in book.together(book.owner[one.target])
    ]


async def _seen_by_partners(session: AsyncSession, book: "Known") -> list[str]:
    """Marked words that are in the case still, and facts that were chosen, or corrected in the very case. No more."""
    wrong = []
    for one in book.shared:
        try:
            seen = await shares.read(session, one.token)
        except Gone:
            continue
        if one.is_over:
            wrong.append("a share that ended is open again")
        reach = {one.case_id, await _live(session, one.case_id)}
        for shown in seen.words:
            if shown.id not in one.marked or book.home[shown.id] not in reach:
                wrong.append(f"a partner sees “{shown.text}”, which was never marked or is not in the case")
            if shown.id in book.redacted and (shown.text != REMOVED or shown.files):
                wrong.append("a partner sees what was redacted")
        told = one.pinned | await _corrected(session, book, one)
        wrong += [f"a partner sees {fact.value}" for fact in seen.facts if (fact.name, fact.value) not in told]
    return wrong


async def _live(session: AsyncSession, case_id: str) -> str:
    return (await cases.leads_to(session, await session.get_one(Case, case_id))).id


async def _corrected(session: AsyncSession, book: "Known", share: "Shared") -> set[tuple[str, str]]:
    """What was told for the case itself; what came with a case that was joined into it was told for another."""
    brought = {one for move in book.moves if move.kind == MoveKind.JOIN for one in move.went}
    names = {name for name, _ in share.pinned}
    own = [one for one, home in book.home.items() if home == share.case_id and one not in brought]
    told = await session.scalars(select(Fact).where(Fact.source_message_id.in_(own), Fact.name.in_(names)))
    return {(fact.name, fact.value) for fact in told}


async def _left_of_the_erased(
    session: AsyncSession, book: "Known", words: Sequence[Message], held: dict[str, Case]
) -> list[str]:
    gone = {one for one, customer in book.whose.items() if customer in book.erased}
    facts = await session.scalars(select(Fact).where(Fact.conversation_id.in_(gone)))
    over = [held[one] for one in book.case_ids if book.owner[one] in book.erased]
    talking = await session.scalars(select(Conversation).where(Conversation.id.in_(gone)))
    return [
        *(f"an erased customer still says “{one.text}”" for one in words if one.id in book.silent and one.text),
        *(f"{one.name} is known of an erased customer" for one in facts),
        *(f"{one.ref} of an erased customer is {one.status}" for one in over if one.status in LIVE),
        *("there is talk of a case with an erased customer" for one in talking if one.case_id),
    ]


async def still_said(session: AsyncSession, gone: set[str]) -> list[str]:
    """Where any of these words stand in any table."""
    found = []
    for table in Base.metadata.sorted_tables if gone else ():
        for row in (await session.execute(text(f'SELECT * FROM "{table.name}"'))).mappings():  # noqa: S608
            line = " ".join(map(str, row.values()))
            found += [f"{table.name} still says {one}: {line}" for one in gone if one in line]
    return found
