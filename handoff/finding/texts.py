"""What a case is found by, kept in `case_texts` and indexed from there.

The text is written anew from what the case holds now, whatever happened to it: after a split, a join, an undo, an edit
or a redaction nothing can be left over from before. Words of many messages that come at once are written once.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Select,
    SQLColumnExpression,
    String,
    bindparam,
    delete,
    func,
    literal_column,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import clock, outbox
from handoff.models import Attachment, Case, CaseEvent, CaseTag, CaseText, Customer, Fact, Message, OutboxItem
from handoff.models.words import CASE_HEADS, CASE_WORDS
from handoff.ports import Author

MESSAGES = 2000
"""A case's newest words; nobody looks for a case by what was said two thousand messages ago."""
BODY_LIMIT = 200_000
TOLD = ("noted", "resolved", "reopened")
"""Events whose own words a case is found by."""

MORE_TO_COME = (
    select(OutboxItem.id)
    .where(OutboxItem.subject_id == Case.id, OutboxItem.lane == "case", OutboxItem.is_dead.is_(False))
    .where(OutboxItem.job.in_(("follow_case", "write_case_text")), OutboxItem.id != bindparam("item_id"))
    .exists()
)
"""In SQL: whether more of a case waits than the item that is followed, after which its text is written anyway."""


def _part(name: str, place: SQLColumnExpression[Any], words: SQLColumnExpression[Any]) -> Select[str, Any, Any]:
    """Rows of what a case holds: which part, its place in it, the words."""
    return select(literal_column(f"'{name}'", String).label("part"), place.label("place"), words.label("words"))


def _notes(key: str) -> Select[str, Any, Any]:
    of_case = _part("note", CaseEvent.id, CaseEvent.data[key].as_string())
    return of_case.where(CaseEvent.case_id == _case_id, CaseEvent.kind.in_(TOLD))


_case_id, _nowhere = bindparam("case_id", type_=Case.id.type), literal_column("''", String)
_said = (
    select(Message.id, func.coalesce(Message.edited_text, Message.text).label("words"))
    .where(Message.case_id == _case_id, Message.author != Author.SYSTEM)
    .where(Message.withdrawn_at.is_(None), Message.redacted_at.is_(None))
    .order_by(Message.id.desc())
    .limit(MESSAGES)
    .subquery("said")
)
HELD = union_all(
    _part("name", _nowhere, Customer.name).where(Customer.id == bindparam("customer_id")),
    _part("account", _nowhere, Customer.account_number).where(Customer.id == bindparam("customer_id")),
    _part("tag", CaseTag.tag, CaseTag.tag).where(CaseTag.case_id == _case_id),
    _notes("text"),
    _notes("reason"),
    _part("fact", Fact.value, Fact.value).where(Fact.case_id == _case_id, Fact.is_sensitive.is_(False)).distinct(),
    _part("file", Attachment.name, Attachment.name)
    .join(Message, Message.id == Attachment.message_id)
    .where(Message.case_id == _case_id, Attachment.redacted_at.is_(None)),
    _part("said", _said.c.id, _said.c.words),
    _part("kept_head", _nowhere, CaseText.head).where(CaseText.case_id == _case_id),
    _part("kept_body", _nowhere, CaseText.body).where(CaseText.case_id == _case_id),
)
"""Everything a case is found by as it is now, and what was written last. Put together once: that costs as much as
asking."""


def stale(session: AsyncSession, case_id: str) -> None:
    """Have the text written anew after this transaction, for changes that are no event and no message of the case."""
    outbox.add_for(session, case_id, "case", "write_case_text", {})


async def when_stale(session: AsyncSession, item: OutboxItem) -> None:
    if case := await session.get(Case, item.subject_id):
        await rewrite(session, case)


async def rewrite(session: AsyncSession, case: Case, *, is_for_good: bool = False) -> None:
    """Write the text from what the case holds now. `is_for_good`: leave no trace of what it said before."""
    held = await _held(session, case)
    head = "\n".join(
        one for one in (case.ref, case.title, *held["name"], *held["account"], " ".join(held["tag"])) if one
    )
    fields = [str(value) for value in case.fields.values() if isinstance(value, str)]
    told = [case.resolution or "", *held["note"], *fields, *held["fact"], *held["file"]]
    body = "\n".join([head, *told, *reversed(held["said"])])[:BODY_LIMIT]
    # Only what changed: the word index of a column that is written is written anew.
    changed = {name: now for name, now in (("head", head), ("body", body)) if held[f"kept_{name}"] != [now]}
    if not held["kept_head"]:
        session.add(CaseText(case_id=case.id, head=head, body=body, updated_at=clock.now()))
    elif changed:
        kept = update(CaseText).where(CaseText.case_id == case.id)
        await session.execute(kept.values(**changed, updated_at=clock.now()))
    await session.flush()
    if is_for_good:
        await compact(session)


async def forget(session: AsyncSession, case_ids: Sequence[str]) -> None:
    """Leave nothing to find these cases by."""
    await session.execute(delete(CaseText).where(CaseText.case_id.in_(case_ids)))
    await compact(session)


async def compact(session: AsyncSession) -> None:
    """Rewrite the word indexes without what was deleted: SQLite otherwise keeps the words until it merges anyway.

    PostgreSQL drops them when it vacuums, as it does with every deleted row.
    """
    if session.get_bind().dialect.name == "sqlite":
        for words in (CASE_WORDS, CASE_HEADS):
            await session.execute(text(f"INSERT INTO {words.name}({words.name}) VALUES ('optimize')"))  # noqa: S608


async def _held(session: AsyncSession, case: Case) -> dict[str, list[str]]:
    """What there is of each part of `HELD`, in its order: tags, facts and files by their letters, the rest by time."""
    rows = await session.execute(HELD, {"case_id": case.id, "customer_id": case.customer_id})
    held: dict[str, list[str]] = defaultdict(list)
    for part, _, words in sorted((row for row in rows if row.words), key=lambda row: row.place):
        held[part].append(words)
    return held
