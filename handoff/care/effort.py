"""The effort ledger: what a case costs its customer. Counted from what happened, never typed in.

`follow` hears of every word and event of a case and keeps each line once, by what it was counted from. Sums stand on
the case, where lists, triggers and reports read them: a new line is added to them, a recount makes them anew. Words
that move to another case are counted there anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, clock, customers, outbox
from handoff.care import before, counting
from handoff.care.counting import Line
from handoff.models import LIVE, Case, CaseEvent, CaseMove, Conversation, Effort, EffortKind, Message, Promise, new_id
from handoff.models import PromiseState as Kept
from handoff.ports import Author

if TYPE_CHECKING:
    from handoff.casework import Happened

SUMS = {
    EffortKind.CONTACT: "contacts",
    EffortKind.TRANSFER: "transfers",
    EffortKind.REPEATED_FACT: "repeats",
    EffortKind.REPEATED_QUESTION: "repeats",
    EffortKind.WAITED: "waited_s",
}
"""Where on the case the lines of a kind are summed up."""
MOVED = frozenset({"split", "split_undone", "joined", "joined_in", "join_undone"})
"""Events after which words stand elsewhere."""
MOST_COUNTED = 500
"""Words looked through when a case begins or its words were moved: the newest."""
THIRD = 3
ALIKE = {"render_nulls": True}
"""Rows with and without a detail are stored by one statement."""


@dataclass(frozen=True)
class EffortView:
    """Sums of one case, or of all cases of a customer. Durations in seconds; `days_open` counts begun days.

    `owed_since` is when the customer was first owed the word they still wait for. `asked_twice` names what was.
    """

    contacts: int = 0
    channels: tuple[str, ...] = ()
    transfers: int = 0
    repeated_facts: int = 0
    repeated_questions: int = 0
    waited_s: int = 0
    days_open: int = 0
    broken_promises: int = 0
    owed_since: datetime | None = None
    asked_twice: tuple[str, ...] = ()
    told_twice: tuple[str, ...] = ()

    @property
    def repeats(self) -> int:
        return self.repeated_facts + self.repeated_questions


async def follow(session: AsyncSession, happened: Happened) -> None:
    """Count what one word or event added. The third contact about one thing calls a person."""
    case = happened.case
    if happened.event and happened.event.kind in MOVED:
        await recount(session, case)
        return
    lines = {(line.kind, line.cause): line for line in await _lines(session, case, happened)}
    added = await _keep(session, case, lines.values())
    if len(added) < len(lines) and await _take_over(session, case, lines.keys()):
        await resum(session, case)
    else:
        await _add_up(session, case, added)
    if EffortKind.CONTACT in {line.kind for line in added} and case.contacts >= THIRD and case.status in LIVE:
        outbox.add_for(session, case.id, "case", "third_contact", {"case_id": case.id})


async def _lines(session: AsyncSession, case: Case, happened: Happened) -> list[Line]:
    if happened.message:
        return await _in_new_words(session, case, happened.message)
    event = happened.event
    if event is None:
        return []
    if event.kind == "opened":
        return await _in_words(session, case)
    if event.kind == "reopened" and (said := await _said_last(session, case, event)):
        return await counting.contact(session, case, said)
    return await counting.in_event(session, case, event)


async def _in_new_words(session: AsyncSession, case: Case, message: Message) -> list[Line]:
    """Of a conversation that was begun before it belonged to this case, nothing was counted yet."""
    if message.case_id != case.id:
        return []
    stood = await before.standing(session, case, message) if message.author == Author.CUSTOMER else None
    if stood is None or stood.is_counted:
        return await counting.in_message(session, case, message, stood)
    return await _in_words(session, case)


async def _in_words(session: AsyncSession, case: Case) -> list[Line]:
    """Everything said in a case, as if it were heard now."""
    newest = select(Message).where(Message.case_id == case.id).order_by(Message.id.desc()).limit(MOST_COUNTED)
    words = list(await session.scalars(newest))[::-1]
    return [line for one in words for line in await counting.in_message(session, case, one)]


async def _said_last(session: AsyncSession, case: Case, event: CaseEvent) -> Message | None:
    """What the customer said to have their case opened again: said while it was closed, so it belongs to none."""
    found: Message | None = await session.scalar(
        select(Message)
        .where(Message.conversation_id.in_(await cases.conversation_ids(session, case)))
        .where(Message.author == Author.CUSTOMER, Message.created_at <= event.created_at)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
    )
    return found if event.actor != "agent" else None


async def _keep(session: AsyncSession, case: Case, lines: Collection[Line]) -> list[Line]:
    """Store what is not stored yet, and give it back. One statement."""
    if not lines:
        return []
    rows = [
        {
            "id": new_id(),
            "case_id": case.id,
            "customer_id": case.customer_id,
            "kind": line.kind,
            "amount": line.amount,
            "detail": line.detail,
            "cause": line.cause,
            "created_at": line.at,
        }
        for line in lines
    ]
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    once = insert(Effort).on_conflict_do_nothing(index_elements=["kind", "cause"]).returning(Effort.kind, Effort.cause)
    stored = {(kind, cause) for kind, cause in await session.execute(once, rows, execution_options=ALIKE)}
    return [line for line in lines if (line.kind, line.cause) in stored]


async def _take_over(session: AsyncSession, case: Case, counted: Collection[tuple[str, str]]) -> bool:
    """What another case counted before its words came here is this one's now. Whether there was any."""
    kinds, causes = {kind for kind, _ in counted} - {EffortKind.TRANSFER}, {cause for _, cause in counted}
    elsewhere = select(Effort).where(Effort.kind.in_(kinds), Effort.cause.in_(causes), Effort.case_id != case.id)
    rows = [row for row in await session.scalars(elsewhere) if (row.kind, row.cause) in counted]
    for row in rows:
        row.case_id, row.customer_id = case.id, case.customer_id
    await session.flush()
    return bool(rows)


async def _add_up(session: AsyncSession, case: Case, added: Sequence[Line]) -> None:
    """Add new lines to the sums. In the database, so that nothing is lost that is added elsewhere meanwhile."""
    more: Counter[str] = Counter()
    for line in added:
        if line.kind in SUMS:
            more[SUMS[line.kind]] += line.amount
    if more:
        sums = {name: getattr(Case, name) + amount for name, amount in more.items()}
        await session.execute(update(Case).where(Case.id == case.id).values(sums))


async def recount(session: AsyncSession, case: Case) -> None:
    """Count a case from the start, because words came to it or left it; the same for every case they moved between.

    Which words begin a sitting depends on the words around them, so lines cannot simply travel along. Transfers can:
    they are counted from events, which stay where they are.
    """
    moves = await session.execute(
        select(CaseMove.from_case_id, CaseMove.to_case_id).where(
            (CaseMove.from_case_id == case.id) | (CaseMove.to_case_id == case.id)
        )
    )
    ids = {case.id, *(one for pair in moves for one in pair)}
    # Held: what is counted for one of them meanwhile is added to the sums after they were made anew.
    touched = select(Case).where(Case.id.in_(ids)).order_by(Case.id).with_for_update()
    held = list(await session.scalars(touched.execution_options(populate_existing=True)))
    await session.execute(delete(Effort).where(Effort.case_id.in_(ids), Effort.kind != EffortKind.TRANSFER))
    for one in held:
        lines = {(line.kind, line.cause): line for line in await _in_words(session, one)}
        if len(await _keep(session, one, lines.values())) < len(lines):
            await _take_over(session, one, lines.keys())
        await resum(session, one)


async def resum(session: AsyncSession, case: Case) -> None:
    """Make the sums on the case equal to its lines."""
    rows = await session.execute(
        select(Effort.kind, func.sum(Effort.amount)).where(Effort.case_id == case.id).group_by(Effort.kind)
    )
    sums = dict.fromkeys(SUMS.values(), 0)
    for kind, amount in rows:
        if kind in SUMS:
            sums[SUMS[EffortKind(kind)]] += int(amount)
    await session.execute(update(Case).where(Case.id == case.id).values(sums))


async def of_case(session: AsyncSession, case_id: str) -> EffortView:
    """What this case cost its customer so far."""
    case = await session.get_one(Case, case_id)
    return await _view(session, [case])


async def of_customer(session: AsyncSession, customer_id: str) -> EffortView:
    """The same over all cases of one person."""
    ids = await customers.together(session, customer_id)
    return await _view(session, list(await session.scalars(select(Case).where(Case.customer_id.in_(ids)))))


async def _view(session: AsyncSession, of: Sequence[Case]) -> EffortView:
    """Two statements, however many cases."""
    ids = [case.id for case in of]
    rows = await session.execute(
        select(Effort.kind, Effort.detail, func.sum(Effort.amount))
        .where(Effort.case_id.in_(ids))
        .group_by(Effort.kind, Effort.detail)
        .order_by(func.min(Effort.id))
    )
    sums: Counter[str] = Counter()
    details: dict[str, list[str]] = defaultdict(list)
    for kind, detail, amount in rows:
        sums[kind] += int(amount)
        details[kind].append(detail or "")
    broken, owed_since = await _broken_and_owed(session, ids)
    return EffortView(
        contacts=sums[EffortKind.CONTACT],
        channels=tuple(details[EffortKind.CHANNEL]),
        transfers=sums[EffortKind.TRANSFER],
        repeated_facts=sums[EffortKind.REPEATED_FACT],
        repeated_questions=sums[EffortKind.REPEATED_QUESTION],
        waited_s=sums[EffortKind.WAITED],
        days_open=max((_days_open(case) for case in of), default=0),
        broken_promises=broken,
        owed_since=owed_since,
        asked_twice=tuple(details[EffortKind.REPEATED_QUESTION]),
        told_twice=tuple(details[EffortKind.REPEATED_FACT]),
    )


def _days_open(case: Case) -> int:
    """From its beginning to its end, or to now: a case of an hour took one day."""
    return ((case.resolved_at or clock.now()) - case.created_at).days + 1


async def _broken_and_owed(session: AsyncSession, case_ids: Sequence[str]) -> tuple[int, datetime | None]:
    """How many promises were broken, and since when a word is owed."""
    broken = select(func.count()).where(Promise.case_id.in_(case_ids), Promise.state == Kept.BROKEN)
    owed = select(func.min(Conversation.waiting_since)).where(Conversation.case_id.in_(case_ids))
    row = (await session.execute(select(broken.scalar_subquery(), owed.scalar_subquery()))).one()
    return row[0] or 0, row[1]
