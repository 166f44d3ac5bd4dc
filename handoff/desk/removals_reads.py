"""What the panel shows that keeps a case as a file and removes what must not be kept."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, cases
from handoff.desk.pages import Me
from handoff.models import Agent, AttachmentState, Case

SHOWN, NEWEST = 80, 200
"""Characters of each message, enough to know it again, and how many of them."""


@dataclass(frozen=True)
class Removable:
    """A message or a file. `key` is `message:<id>` or `file:<id>`."""

    key: str
    who: str
    text: str


@dataclass(frozen=True)
class RemovalsPanel:
    removable: tuple[Removable, ...]
    may_erase: bool


async def panel(session: AsyncSession, case: Case, me: Me) -> RemovalsPanel:
    """Everybody may keep a copy; only who works on the case removes, only a supervisor erases."""
    reader = await session.get_one(Agent, me.id)
    found = await _removable(session, case) if await cases.may_work_on(reader, case) else []
    return RemovalsPanel(tuple(found), me.is_supervisor)


async def _removable(session: AsyncSession, case: Case) -> list[Removable]:
    """The newest first: what must go was mostly just said. Anything older can be removed where it stands."""
    rows = [one for one in await cases.words_of(session, case.id, NEWEST) if one.redacted_at is None][::-1]
    files = await attachments.of_messages(session, [row.id for row in rows])
    out = []
    for row in rows:
        who = row.name or row.author.capitalize()
        out += [Removable(f"message:{row.id}", who, " ".join(row.words.split())[:SHOWN])] if row.words else []
        stored = [one for one in files.get(row.id, ()) if one.state == AttachmentState.STORED]
        out += [Removable(f"file:{one.id}", who, one.name) for one in stored]
    return out
