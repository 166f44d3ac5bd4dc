"""What the panel shows that keeps a case as a file and removes what must not be kept."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handoff.desk.beside import Beside
from handoff.models import AttachmentState, Role

SHOWN = 80
"""Characters of each message: enough to know it again."""


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


async def panel(session: AsyncSession, beside: Beside) -> RemovalsPanel:
    """Everybody may keep a copy; only who works on the case removes, only a supervisor erases."""
    return RemovalsPanel(tuple(_removable(beside)), beside.reader.role != Role.AGENT)


def _removable(beside: Beside) -> list[Removable]:
    """The newest first: what must go was mostly just said. Anything older can be removed where it stands."""
    out = []
    for row in reversed(beside.words):
        if row.redacted_at:
            continue
        who = row.name or row.author.capitalize()
        out += [Removable(f"message:{row.id}", who, " ".join(row.words.split())[:SHOWN])] if row.words else []
        stored = [one for one in beside.files.get(row.id, ()) if one.state == AttachmentState.STORED]
        out += [Removable(f"file:{one.id}", who, one.name) for one in stored]
    return out
