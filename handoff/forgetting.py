"""Forgetting for good: what else must happen, after the commit, for removed words to be nowhere any more.

The assistant keeps what was said in its sessions: each is deleted there when another begins, so that of a conversation
there is never more than one to be erased. SQLite keeps what was overwritten in its log
until that is folded into the file: that is done at once.
"""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import conversations, outbox
from handoff.db import Database
from handoff.models import Conversation, OutboxItem
from handoff.ports import Assistant

FORGET_SESSION = "forget_session"
LATE_S = 60.0
"""A turn that was under way when its session ended has written whatever it still had to write by then."""
COMPACT = "compact_database"


async def forget_session(session: AsyncSession, conversation: Conversation) -> None:
    """From now on the assistant knows the conversation by another name and remembers only what is carried; what it knew
    under the old one is deleted, and deleted again after `LATE_S`."""
    body = {"sender": conversation.assistant_session}
    for after_s in (0.0, LATE_S):
        await outbox.add(session, conversation.id, "timer", FORGET_SESSION, body, after_s)
    conversations.renew_assistant_session(conversation)


def compact(session: AsyncSession, subject_id: str) -> None:
    """Have the database leave no copy of what this transaction overwrites."""
    outbox.add_for(session, subject_id, "timer", COMPACT)


@dataclass(frozen=True)
class Forgetting:
    """The outbox's side."""

    database: Database
    assistant: Assistant

    async def forget_session(self, item: OutboxItem) -> None:
        await self.assistant.forget(item.body["sender"])

    async def compact(self, item: OutboxItem) -> None:
        await self.database.compact()
