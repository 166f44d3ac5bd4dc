"""What every panel beside a case is handed: read once, so that panels do not each ask for the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, cases
from handoff.models import LIVE, Agent, Attachment, Case, Fact, Message

NEWEST_WORDS = 200


@dataclass(frozen=True)
class Beside:
    """A case and whoever reads its page. `agents` are all who are active, by name.

    `words` are the newest `NEWEST_WORDS`, in the order of time, `files` theirs by message: read only for who may change
    the case, since panels offer them to be shared or removed. `facts`, what was said last first, are read while
    something can still be done for it.
    """

    case: Case
    reader: Agent
    agents: Sequence[Agent]
    may_work: bool
    facts: Sequence[Fact] = ()
    words: Sequence[Message] = ()
    files: Mapping[str, Sequence[Attachment]] = field(default_factory=dict)

    @property
    def can_work(self) -> bool:
        """Whether something can still be done for it, by this reader."""
        return self.may_work and self.case.status in LIVE


async def of(session: AsyncSession, case: Case, agent_id: str) -> Beside:
    """Two statements at most for whoever only reads the case, five for whoever works on it."""
    agents = list(await session.scalars(select(Agent).where(Agent.is_active).order_by(Agent.name)))
    reader = await session.get_one(Agent, agent_id)
    if not await cases.may_work_on(reader, case):
        return Beside(case, reader, agents, may_work=False)
    facts = await cases.facts_of(session, case.id) if case.status in LIVE else ()
    words = await cases.words_of(session, case.id, NEWEST_WORDS)
    files = await attachments.of_messages(session, [one.id for one in words])
    return Beside(case, reader, agents, True, facts, words, files)
