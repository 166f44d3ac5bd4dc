"""What a case is found by, kept in `case_texts` and indexed from there.

The text is written anew from what the case holds now, whatever happened to it: after a split, a join, an undo, an edit
or a redaction nothing can be left over from before. Words of many messages that come at once are written once.
"""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, text
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


def stale(session: AsyncSession, case_id: str) -> None:
    """Have the text written anew after this transaction, for changes that are no event and no message of the case."""
    outbox.add_for(session, case_id, "case", "write_case_text", {})


async def when_stale(session: AsyncSession, item: OutboxItem) -> None:
    if case := await session.get(Case, item.subject_id):
        await rewrite(session, case)


async def is_more_to_come(session: AsyncSession, case: Case) -> bool:
    """Whether more of this case waits to be followed, after which its text is written anyway."""
    waiting = select(OutboxItem.id).where(
        OutboxItem.subject_id == case.id,
        OutboxItem.lane == "case",
        OutboxItem.job.in_(("follow_case", "write_case_text")),
        OutboxItem.is_dead.is_(False),
    )
    return len((await session.scalars(waiting.limit(2))).all()) > 1


async def rewrite(session: AsyncSession, case: Case, *, is_for_good: bool = False) -> None:
    """Write the text from what the case holds now. `is_for_good`: leave no trace of what it said before."""
    head = await _head(session, case)
    body = "\n".join([head, *await _told(session, case), *await _said(session, case)])[:BODY_LIMIT]
    kept = await session.scalar(select(CaseText).where(CaseText.case_id == case.id))
    if kept is None:
        session.add(CaseText(case_id=case.id, head=head, body=body, updated_at=clock.now()))
    elif (kept.head, kept.body) != (head, body):
        kept.head, kept.body, kept.updated_at = head, body, clock.now()
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


async def _head(session: AsyncSession, case: Case) -> str:
    """What names a case, one a line: its reference, title, customer, account and tags."""
    customer = await session.get(Customer, case.customer_id)
    tags = await session.scalars(select(CaseTag.tag).where(CaseTag.case_id == case.id).order_by(CaseTag.tag))
    named = (customer.name, customer.account_number) if customer else ()
    return "\n".join(one for one in (case.ref, case.title, *named, " ".join(tags)) if one)


async def _told(session: AsyncSession, case: Case) -> list[str]:
    """Notes and resolutions, custom fields, facts that hide nothing, and the names of files."""
    happened = select(CaseEvent.data).where(CaseEvent.case_id == case.id, CaseEvent.kind.in_(TOLD))
    notes = [str(data[key]) for data in await session.scalars(happened) for key in ("text", "reason") if data.get(key)]
    facts = select(Fact.value).where(Fact.case_id == case.id, Fact.is_sensitive.is_(False)).distinct()
    files = select(Attachment.name).join(Message, Message.id == Attachment.message_id)
    files = files.where(Message.case_id == case.id, Attachment.redacted_at.is_(None))
    fields = [str(value) for value in case.fields.values() if isinstance(value, str)]
    return [case.resolution or "", *notes, *fields, *await session.scalars(facts), *await session.scalars(files)]


async def _said(session: AsyncSession, case: Case) -> list[str]:
    """Everybody's words as they hold now, the newest first. Not the system's: they are the same in every case."""
    words = select(func.coalesce(Message.edited_text, Message.text)).where(
        Message.case_id == case.id,
        Message.author != Author.SYSTEM,
        Message.withdrawn_at.is_(None),
        Message.redacted_at.is_(None),
    )
    return list(await session.scalars(words.order_by(Message.id.desc()).limit(MESSAGES)))
